"""What a check is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tmuxclaude.core import errors
from tmuxclaude.store.format import DatabaseUnreadableError

_UNTOUCHED = re.compile(
    r"(?:[;.] )(?:nothing was \w+(?: there)?|it was not read|it was left as it is)(?=\.|$)", re.I
)
"""What an error says of what was left alone, which goes without saying here."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. ``ok`` is ``None`` for what is no error, but worth knowing."""

    name: str
    ok: bool | None
    text: str
    mend: str = ""


def checked(name: str, check: Callable[[], Check], mend: str = "") -> Check:
    """What the check says; an error of ours that it meets is its result, and ``mend`` its cure."""
    try:
        return check()
    except errors.TmuxclaudeError as problem:
        if isinstance(problem, DatabaseUnreadableError):
            mend = problem.mend
        return Check(name, False, _UNTOUCHED.sub("", str(problem)), mend)
    except OSError as problem:
        return Check(name, False, f"{problem.filename or name}: {problem.strerror}", mend)


def once(checks: Iterable[Check]) -> list[Check]:
    """The checks, what kept several of them from looking told by the first alone."""
    found: list[Check] = []
    for check in checks:
        same = [one.name for one in found if not one.ok and one.text == check.text]
        if check.ok is False and same and same[0] != check.name:
            check = Check(check.name, None, f"not known; see {same[0]}")
        found.append(check)
    return found
