"""Where ``tmuxclaude`` begins. Knows which calls are answered at once and which need the rest."""

from __future__ import annotations

import os
import sys

from tmuxclaude.cli import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN_PIPE = 141
"""As a shell reports a program that SIGPIPE ended: whoever read our output has left."""


def main() -> int:
    """Runs the command line and returns its exit code; no traceback ever reaches a user."""
    _open_streams()
    arguments = sys.argv[1:]
    as_json = "--json" in arguments and "--" not in arguments[: arguments.index("--json")]
    return guarded(lambda: _run(arguments), as_json)


def guarded(run: Callable[[], int], as_json: bool) -> int:
    """``run()``, with every error told in its own way and turned into its exit code."""
    try:
        return _told(run, as_json)
    except BrokenPipeError:
        layout.to_nowhere(sys.stdout)
        return BROKEN_PIPE
    except layout.OutputError as problem:
        layout.to_nowhere(sys.stdout)
        layout.complain(str(problem))
        return problem.exit_code


def _told(run: Callable[[], int], as_json: bool) -> int:
    try:
        code = run()
        layout.flush()
    except (BrokenPipeError, layout.OutputError):
        raise
    except KeyboardInterrupt:
        return 130
    except Exception as problem:  # noqa: BLE001 - the last place where it can be told kindly
        from tmuxclaude.cli import failures

        return failures.tell(problem, as_json)
    return code


def _open_streams() -> None:
    """Whatever the caller closed leads to nowhere, so that no file of ours takes its place.

    What the encoding of a stream cannot say is escaped.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, so this one
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["run"]:
        from tmuxclaude.cli import run

        wrapped = run.understood(arguments)
        if wrapped is not None:
            return run.start(wrapped)
    if "list" in arguments or "status" in arguments:
        from tmuxclaude.cli import quick

        call = quick.understood(arguments)
        if call is not None:
            return quick.answer(call)
    if "pick" in arguments:
        from tmuxclaude.cli.picker import start

        builtin = start.understood(arguments)
        if builtin is not None:
            return start.answer(builtin)
    from tmuxclaude.cli import commands

    return commands.run(arguments)
