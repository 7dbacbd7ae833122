"""A clock whose hands are moved by a test."""

from __future__ import annotations

from dataclasses import dataclass

from tmuxclaude.core.clocks import Instant
from tmuxclaude.edges.clock import Clock

NOW = 1_800_000_000.0


@dataclass
class Hands(Clock):
    """So many seconds after ``NOW``, without any sleep or step."""

    passed: float = 0.0

    def now(self) -> float:
        return NOW + self.passed

    def monotonic(self) -> float:
        return self.passed

    def instant(self) -> Instant:
        return Instant(self.now(), self.passed, self.passed)
