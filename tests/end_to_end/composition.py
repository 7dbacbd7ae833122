"""The supervisor, joined as the product joins it, with a clock that a test can shift.

``python -m tests.end_to_end.composition FILE``: its clocks are ahead by what stands in FILE.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.core.clocks import Instant
from tmuxclaude.edges.clock import Clock


class ShiftedClock(Clock):
    """The system's clocks plus what stands in a file, which may change at any time.

    One number: so many seconds more have passed. Three: what is added to the wall clock, to
    ``monotonic`` and to ``boottime``. Only the wall clock ever goes back.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._monotonic = self._boottime = 0.0

    def now(self) -> float:
        return super().now() + self._shift()[0]

    def monotonic(self) -> float:
        return super().monotonic() + self._shift()[1]

    def boottime(self) -> float:
        return super().boottime() + self._shift()[2]

    def instant(self) -> Instant:
        wall, monotonic, boottime = self._shift()
        return Instant(
            super().now() + wall, super().monotonic() + monotonic, super().boottime() + boottime
        )

    def _shift(self) -> tuple[float, float, float]:
        try:
            numbers = [float(word) for word in self._file.read_text().split()] or [0.0]
        except OSError:
            numbers = [0.0]
        wall, monotonic, boottime = numbers if len(numbers) == 3 else numbers * 3
        self._monotonic = max(self._monotonic, monotonic)
        self._boottime = max(self._boottime, boottime)
        return wall, self._monotonic, self._boottime


if __name__ == "__main__":
    sys.exit(app.supervise(app.paths(), ShiftedClock(Path(sys.argv[1]))))
