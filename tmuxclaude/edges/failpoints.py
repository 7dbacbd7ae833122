"""Places where a test can have the process killed, to see what a crash leaves behind.

``TMUXCLAUDE_FAILPOINT=NAME`` kills this process with SIGKILL when it reaches the place ``NAME``;
``NAME:3`` the third time that it does. Without the variable a place costs a comparison. Knows the
names of the places and the environment, read once; knows nothing of what is done there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

VARIABLE = "TMUXCLAUDE_FAILPOINT"

DEEDS = (
    *("type", "enter", "escape", "stash", "launch"),
    *("checkpoint-look", "checkpoint-index", "checkpoint-keep"),
)
"""What is done to the outside world."""

WRITES = (
    *("due", "typing", "typed", "entering", "entered", "escaping", "escaped", "stashing"),
    *("stashed", "launching", "launched", "confirmed", "skipped", "needs_human", "gave_up"),
    *("finish", "halt-opened", "halt-again", "halt-closed"),
    *("checkpoint-begun", "checkpoint-taken", "message-settled"),
)
"""What is written into the journal and the registry. ``finish`` is the transaction around the four
steps that end an attempt; a crash before its end undoes them."""

PLACES = frozenset(f"{name}-{side}" for name in DEEDS + WRITES for side in ("before", "after"))


class _Armed:
    """The place that kills, and how many passes are left until it does."""

    def __init__(self, given: str) -> None:
        self.place, _, count = given.partition(":")
        self.left = int(count or 1)
        if self.place not in PLACES or self.left < 1:
            raise ValueError(f"{VARIABLE}={given}: there is no such place")


def _armed(env: Mapping[str, str]) -> _Armed | None:
    given = env.get(VARIABLE)
    return _Armed(given) if given else None


_ARMED = _armed(os.environ)


def reach(place: str) -> None:
    """Kills this process if ``place`` is the one that the environment names."""
    if _ARMED is None or _ARMED.place != place:
        return
    _ARMED.left -= 1
    if _ARMED.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def around(name: str) -> Iterator[None]:
    """The places ``NAME-before`` and ``NAME-after`` of one deed or write."""
    reach(f"{name}-before")
    yield
    reach(f"{name}-after")
