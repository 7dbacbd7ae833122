"""What time it is. The only place that asks the system's clocks; tests bring a ``Clock``."""

from __future__ import annotations

import time


class Clock:
    """The system's clocks. Subclass it to choose the time."""

    def now(self) -> float:
        """UTC epoch seconds: may jump, either way."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment: never goes back, may stand still while the machine sleeps."""
        return time.monotonic()
