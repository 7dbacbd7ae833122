"""The usage limit of the part: which turns it refuses, until when, and in which words.

Pure: every method is told the time. Screens, files and Claude Code's own continue are not its.
"""

from __future__ import annotations

import math
import os
import time

from tmuxclaude.demo.part import Json, Part

_NAMES = {
    "five_hour": "5-hour limit",
    "seven_day": "weekly limit",
    "seven_day_opus": "Opus limit",
    "seven_day_sonnet": "Sonnet limit",
}
DAY = 24 * 3600
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Limit:
    """One limit that was met. `resets_at` is what is said, `lifts_at` when work may go on."""

    def __init__(self, claim: str, met_at: float, resets_at: float, lifts_at: float) -> None:
        self.claim = claim
        self.met_at = met_at
        self.resets_at = int(resets_at)
        self.lifts_at = lifts_at

    @property
    def clock(self) -> str:
        """The reset as it was printed when the limit was met: `9pm`, `9:30pm`, `Nov 23, 9pm`."""
        at = time.localtime(self.resets_at)
        minutes = f":{at.tm_min:02}" if at.tm_min else ""
        text = f"{at.tm_hour % 12 or 12}{minutes}{'pm' if at.tm_hour >= 12 else 'am'}"
        if self.resets_at - self.met_at <= DAY:
            return text
        return f"{_MONTHS[at.tm_mon - 1]} {at.tm_mday}, {text}"

    @property
    def words(self) -> str:
        name = _NAMES.get(self.claim, "usage limit")
        return f"You've hit your {name} · resets {self.clock} ({os.environ.get('TZ') or 'UTC'})"


class Allowance:
    """Which turns are refused. `limit`: the one that was met last, also in an earlier process."""

    def __init__(self, part: Part) -> None:
        self._wanted = part.limit
        self._stubborn = part.still_limited
        self._passed = 0
        self.limit: Limit | None = None

    def refusal(self, now: float) -> Limit | None:
        """The limit that this turn meets, or None when it may work."""
        if self._wanted is None:
            return None
        if self.limit is None:
            if self._passed < _number(self._wanted["after_turns"]):
                self._passed += 1
                return None
            self.limit = self._met(self._wanted, now)
            return self.limit
        if now < self.limit.lifts_at:
            return self.limit
        if self._stubborn > 0:
            self._stubborn -= 1
            return self.limit
        return None

    def remember(self, claim: str, met_at: float, resets_at: float) -> Limit:
        """A limit that the conversation's records tell of."""
        wait = self._wanted["lifts_in"] if self._wanted else None
        lifts_at = resets_at if wait is None else met_at + _number(wait)
        if self.limit is not None and met_at >= self.limit.lifts_at:
            self._stubborn -= 1
        else:
            self.limit = Limit(claim, met_at, resets_at, lifts_at)
        return self.limit

    def lift(self) -> None:
        """The user bought credits."""
        self._wanted = None

    def _met(self, wanted: Json, now: float) -> Limit:
        at = wanted["resets_at"]
        resets_at = math.ceil(now + _number(wanted["resets_in"])) if at is None else _number(at)
        wait = wanted["lifts_in"]
        lifts_at = resets_at if wait is None else now + _number(wait)
        return Limit(str(wanted["claim"]), now, resets_at, lifts_at)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise SystemExit(f"limit: not a number: {value!r}")
    return value
