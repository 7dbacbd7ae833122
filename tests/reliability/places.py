"""The places of a resume at which its supervisor is killed, by the way that leads past them."""

from __future__ import annotations


def sides(*names: str) -> list[str]:
    return [f"{name}-{side}" for name in names for side in ("before", "after")]


KEYS = [
    *sides("due", "escaping", "escape", "escaped"),
    *sides("typing", "type", "typed", "entering", "enter", "entered"),
    *sides("confirmed", "finish", "halt-closed"),
]
"""A living session whose limit menu is open."""

STASH = sides("stashing", "stash", "stashed")
"""One with a draft, when ``resume.draft`` is ``stash``."""

LAUNCH = sides("due", "launching", "launch", "launched", "confirmed", "finish", "halt-closed")
"""A dead process."""

OPENED = sides("halt-opened")
AGAIN = sides("halt-again")
"""A halt begins, or goes on after our attempt."""

SKIPPED = sides("skipped")
NEEDS_HUMAN = sides("needs_human")
GAVE_UP = sides("gave_up")
"""An attempt ends and has not resumed."""

ENDINGS = [*OPENED, *AGAIN, *SKIPPED, *NEEDS_HUMAN, *GAVE_UP]
