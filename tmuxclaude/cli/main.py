"""Where ``tmuxclaude`` begins. Knows which calls are answered at once and which need the rest."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN_PIPE = 141
"""As a shell reports a program that SIGPIPE ended: whoever read our output has left."""


def main() -> int:
    """Runs the command line and returns its exit code; no traceback ever reaches a user."""
    arguments = sys.argv[1:]
    as_json = "--json" in arguments and "--" not in arguments[: arguments.index("--json")]
    return guarded(lambda: _run(arguments), as_json)


def guarded(run: Callable[[], int], as_json: bool) -> int:
    """``run()``, with every error told in its own way and turned into its exit code."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return 130
    except Exception as problem:  # noqa: BLE001 - the last place where it can be told kindly
        from tmuxclaude.cli import failures

        return failures.tell(problem, as_json)
    return code


def _run(arguments: list[str]) -> int:
    if "list" in arguments or "status" in arguments:
        from tmuxclaude.cli import quick

        call = quick.understood(arguments)
        if call is not None:
            return quick.answer(call)
    from tmuxclaude.cli import commands

    return commands.run(arguments)
