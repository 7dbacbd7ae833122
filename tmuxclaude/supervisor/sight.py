"""What a session's screen showed when it was read last, and whether it must be read again.

Reading screens is what costs most in a look, so one is read only where nothing better speaks and
something may have changed. Asks tmux nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Reading, Session, State
from tmuxclaude.edges.tmux import PaneFacts

SWEEP_SECONDS = 30.0
"""A screen that was not read for about this long is read again, whatever tmux says of activity."""

BLIND_SECONDS = 5.0
"""The shortest time between two readings of a busy screen that is our only witness."""

ACTIVITY_SECONDS = 1.0
"""tmux tells in whole seconds when a window was last active: a screen that was read so long after
that is known whole."""

NEVER = -1e9


@dataclass(slots=True)
class Sight:
    """Times are the clock's ``monotonic``. ``blind``: no better witness speaks."""

    reading: Reading | None = None
    read_at: float = NEVER
    activity: int = 0
    active_at: float = NEVER
    blind: bool = False

    def must_read(
        self,
        session: Session,
        facts: PaneFacts | None,
        evidence: Evidence,
        closely: bool,
        now: float,
    ) -> bool:
        """Whether the screen is to be read in this look; ``closely``: whatever it showed before."""
        registry = evidence.registry
        self.blind = registry is None or registry.status is None or evidence.tail is None
        if closely:
            return True
        parked = registry is not None and registry.parked is not None
        if not (self.blind or parked) and session.state not in (State.LIMITED, State.WAITING):
            self.reading = None  # better witnesses speak, and what it showed is past
            return False
        if facts is None:
            return False
        if self.reading is None or now - self.read_at >= _sweep_seconds(session.uid):
            return True
        if self.activity != facts.window_activity:
            self.activity, self.active_at = facts.window_activity, now
        if self.read_at - self.active_at >= ACTIVITY_SECONDS:
            return False
        if self.blind and session.state is not State.STARTING and not facts.found:
            return now - self.read_at >= BLIND_SECONDS
        return True

    def was_read(self, reading: Reading | None, now: float) -> None:
        """``None``: it could not be read."""
        self.reading, self.read_at = reading, now


def _sweep_seconds(uid: str) -> float:
    """Each session's own share around ``SWEEP_SECONDS``, so that not all are due in one look."""
    return SWEEP_SECONDS * (0.5 + int(uid[:4], 16) / 0x10000)
