"""Claude Code's own continue at a usage limit: armed, cancelled, fired, tried again, given up.

It says what is to be seen and recorded through the two functions it is given; the turn that it
starts is `turns`'.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tmuxclaude.demo.limit import DAY, Limit
from tmuxclaude.demo.log import Log
from tmuxclaude.demo.part import Part
from tmuxclaude.demo.stage import View

After = Callable[[float, Callable[[], None]], None]

REACHED = "Usage limit reached · continuing automatically at {} · esc to cancel"
REACHED_AGAIN = "Usage limit reached again · continuing automatically at {} · esc to cancel"
FIRED = "Usage limit reset · Continuing automatically"
CANCELLED = "Automatic continue cancelled · /rate-limit-options to re-arm"
STOPPED = (
    "Automatic continue stopped after repeated usage limit hits · This task will not resume on "
    "its own (/rate-limit-options to try again)"
)
PROMPT = (
    "Your claude.ai usage limit has reset. Continue the task you were working on when the limit "
    "was reached; do not repeat work that is already complete."
)


class Native:
    """`fire` is called when it continues. It lives and dies with this process."""

    def __init__(self, part: Part, view: View, after: After, log: Log) -> None:
        self._part = part
        self._view = view
        self._after = after
        self._log = log
        self._limit: Limit | None = None
        self._token: object = None
        self._cancelled: set[int] = set()
        self._tries = 0
        self.fire: Callable[[], None] = lambda: None

    @property
    def armed(self) -> bool:
        return self._limit is not None

    def arms_itself(self, limit: Limit) -> bool:
        """Not for a reset that is more than a day ahead, nor for one that was cancelled."""
        return limit.resets_at - time.time() <= DAY and limit.resets_at not in self._cancelled

    def arm(self, limit: Limit) -> None:
        """Wait for the reset and a little longer."""
        low, high = self._part.native_jitter
        jitter = low + (high - low) * int.from_bytes(os.urandom(4)) / 2**32
        self._tries = 0
        self._wait(limit, max(0.0, limit.resets_at - time.time()) + jitter)

    def arm_again(self, limit: Limit) -> bool:
        """Fired and still limited: wait for the next try. False: that was the last one."""
        if self._tries > len(self._part.native_again):
            return False
        self._wait(limit, self._part.native_again[self._tries - 1])
        return True

    def disarm(self) -> bool:
        """A prompt takes over, or the conversation ends; whether it was armed."""
        was, self._limit, self._token, self._view.armed = self._limit, None, None, None
        return was is not None

    def cancel(self) -> None:
        """Escape: it does not arm itself again for the same reset."""
        if self._limit is not None:
            self._cancelled.add(self._limit.resets_at)
        self.disarm()

    def _wait(self, limit: Limit, seconds: float) -> None:
        token = self._token = object()
        self._limit = limit
        self._log.event("armed", seconds=seconds)
        left = limit.resets_at - time.time()
        self._view.armed = ("armed" if left > 0 else "armed-shortly", limit.clock)
        self._after(max(0.0, left), lambda: self._shortly(token))
        self._after(seconds, lambda: self._fire(token))

    def _shortly(self, token: object) -> None:
        if token is self._token and self._limit is not None:
            self._view.armed = ("armed-shortly", self._limit.clock)

    def _fire(self, token: object) -> None:
        if token is self._token:
            self._tries += 1
            self._log.event("fired", tries=self._tries)
            self.disarm()
            self.fire()
