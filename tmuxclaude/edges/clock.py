"""What time it is. The only place that asks the system's clocks; tests bring a ``Clock``."""

from __future__ import annotations

import time

from tmuxclaude.core.clocks import Instant

# macOS has no CLOCK_BOOTTIME; its CLOCK_MONOTONIC is the one that goes on while it sleeps.
_BOOTTIME: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The system's clocks. Subclass it to choose the time."""

    def now(self) -> float:
        """UTC epoch seconds: may jump, either way."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment: never goes back, may stand still while the machine sleeps."""
        return time.monotonic()

    def boottime(self) -> float:
        """Seconds since some moment: never goes back, and goes on while the machine sleeps."""
        return time.clock_gettime(_BOOTTIME)

    def instant(self) -> Instant:
        """All three, read one right after the other."""
        return Instant(self.now(), self.monotonic(), self.boottime())
