"""Looks at everything that a session needs, and says what is wrong and how to mend it.

Starts nothing and changes nothing. What is needed, ``app`` knows; here it is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.core import errors
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.paths import Paths, private_directory

RECOMMENDED_TMUX = (3, 5)

_UNTOUCHED = re.compile(r"(?:[;.] )(?:nothing was \w+(?: there)?|it was not read)(?=\.|$)", re.I)
"""What an error says of what was left alone, which goes without saying here."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. ``ok`` is ``None`` for what is no error, but worth knowing."""

    name: str
    ok: bool | None
    text: str
    mend: str = ""


def checks(where: Paths) -> list[Check]:
    """Every check, in the order in which a person would mend what is wrong."""
    rules: list[Rules] = []

    def configuration() -> Check:
        rules.append(app.rules(where))
        found = str(where.config) if where.config.exists() else "none; defaults are used"
        return Check("configuration", True, found)

    def claude() -> Check:
        if not rules:
            return Check("Claude Code", None, "not looked for: the configuration names it")
        return Check("Claude Code", True, " ".join(app.find_claude(rules[0], os.environ)))

    return [
        _checked("tmux", _tmux),
        _checked("configuration", configuration),
        _checked("Claude Code", claude),
        _checked("directories", lambda: _directories(where)),
        _checked("supervisor", lambda: _supervisor(where)),
    ]


def _checked(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except errors.TmuxclaudeError as problem:
        return Check(name, False, _UNTOUCHED.sub("", str(problem)))


def _tmux() -> Check:
    version = app.check_tmux()
    text = f"tmux {version[0]}.{version[1]}"
    if version < RECOMMENDED_TMUX:
        return Check("tmux", None, text, "3.5 or newer is better: older ones miss child signals")
    return Check("tmux", True, text)


def _directories(where: Paths) -> Check:
    for directory in (where.state_dir, where.runtime_dir):
        if directory.exists():
            private_directory(directory)
        else:
            _could_be_made(directory)
    return Check("directories", True, f"{where.state_dir}, {where.runtime_dir}")


def _could_be_made(directory: Path) -> None:
    nearest = next(parent for parent in directory.parents if os.path.lexists(parent))
    if not nearest.is_dir():
        raise errors.UsageError(f"{directory} cannot be made: {nearest} is not a directory")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise errors.UsageError(f"{directory} cannot be made: {nearest} may not be written to")


def _supervisor(where: Paths) -> Check:
    answer = app.ping(where)
    if answer is None:
        return Check("supervisor", None, "does not run", "tmuxclaude supervisor start")
    return Check("supervisor", True, f"process {answer.pid}, {answer.sessions} sessions")
