"""How an error is told: one line on standard error, or one object with ``--json``.

Knows every kind of error that can end a command. An error that is nobody's but ours leaves its
traceback in a file, for it is of no use to the person who meets it.
"""

from __future__ import annotations

import os
import time
import traceback
from typing import TYPE_CHECKING

from tmuxclaude.cli import layout
from tmuxclaude.core.errors import TmuxclaudeError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def tell(problem: Exception, as_json: bool) -> int:
    """Says what went wrong and returns the exit code that belongs to it."""
    if isinstance(problem, FileNotFoundError) and _is_nowhere():
        problem = UsageError("the current directory does not exist any more; go to another one: cd")
    if isinstance(problem, TmuxclaudeError):
        code, message, exit_code = problem.code, _mending(problem), problem.exit_code
    else:
        code, message, exit_code = TmuxclaudeError.code, _bug(problem), TmuxclaudeError.exit_code
    say(code, message, as_json)
    return exit_code


def _is_nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError:
        return True
    return False


def say(code: str, message: str, as_json: bool) -> None:
    """With ``--json`` standard output carries one JSON document, also when it is an error."""
    if as_json:
        layout.out(layout.failure(code, message))
        layout.flush()
    else:
        layout.complain(message)


def _mending(problem: TmuxclaudeError) -> str:
    from tmuxclaude.store.format import DatabaseUnreadableError

    mends = isinstance(problem, DatabaseUnreadableError)
    return f"{problem} To mend it: {DatabaseUnreadableError.mend}." if mends else str(problem)


def _bug(problem: Exception) -> str:
    what = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    kept = _keep_traceback(problem)
    where = f"The details are in {kept}" if kept else "The details could not be written down"
    return f"a mistake of tmuxclaude's own ({what}). {where}; please report them."


def _keep_traceback(problem: Exception) -> Path | None:
    """Adds the traceback to ``cli.log`` beside the supervisor's log; ``None`` when it cannot."""
    try:
        from tmuxclaude import app

        log = app.paths().log.with_name("cli.log")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(log, flags, 0o600), "w") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S %z\n"))
            file.write("".join(traceback.format_exception(problem)) + "\n")
    except Exception:  # noqa: BLE001 - telling the first error matters more
        return None
    return log
