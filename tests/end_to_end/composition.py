"""The supervisor, joined as the product joins it, with a clock that a test can shift.

``python -m tests.end_to_end.composition FILE``: the wall clock is ahead by the seconds in FILE.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.edges.clock import Clock


class ShiftedClock(Clock):
    """The system's clock plus what stands in a file, which may change at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> float:
        return super().now() + self._shift()

    def _shift(self) -> float:
        try:
            return float(self._file.read_text() or 0)
        except OSError:
            return 0.0


if __name__ == "__main__":
    where = app.paths()
    sys.exit(app.supervise(where, app.rules(where), ShiftedClock(Path(sys.argv[1]))))
