"""Where ``tmuxclaude pick`` begins: chooses the form and hands the terminal to it.

It is answered before click is imported, and what may be imported is held by a test: a popup is
waited for by somebody who looks at it.
"""

from __future__ import annotations

import os
import sys

from tmuxclaude.cli.places import Places, places
from tmuxclaude.core.errors import UsageError

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "..", "plugin", "pick")  # noqa: PTH118, PTH120
"""The form in sh and fzf. It comes back to ``pick --builtin`` when that fzf is too old."""


def understood(arguments: list[str]) -> bool | None:
    """Whether the built-in form is asked for; ``None`` when this is not plainly ``pick``."""
    plain = {("pick",): False, ("pick", "--builtin"): True}
    return plain.get(tuple(arguments))


def answer(builtin: bool, only: str | None = None) -> int:
    """Lets the user pick and returns the exit code. Raises errors of ``core/errors``.

    ``only``: the socket of the tmux server whose sessions are offered, by the built-in form.
    """
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("pick needs a terminal; to see the sessions: tmuxclaude list")
    if not (builtin or only) and _has_fzf(os.environ.get("PATH", "")) and os.path.exists(SCRIPT):  # noqa: PTH110
        program = os.path.abspath(sys.argv[0])  # noqa: PTH100
        if os.access(program, os.X_OK):
            os.environ.setdefault("TMUXCLAUDE_BIN", program)
        os.execv("/bin/sh", ["sh", os.path.normpath(SCRIPT)])
    from tmuxclaude.cli.picker import form

    argv = form.show(our_places(), os.environ, only)
    if argv:
        os.execvp(argv[0], argv)
    return 0


def our_places() -> Places:
    """Where our files are, also in unusual surroundings."""
    found = places(os.environ)
    if found is None:
        from tmuxclaude import app

        paths = app.paths()
        found = Places(str(paths.database), str(paths.socket))
    return found


def _has_fzf(path: str) -> bool:
    return any(os.access(f"{folder}/fzf", os.X_OK) for folder in path.split(":") if folder)
