"""How soon each session is looked at again: briskly for a while, then in full rounds.

Knows what was asked, done or due, and when; nothing of what a look shows. Times are the clock's
``monotonic``, so that a sleep of the machine is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tmuxclaude.core.model import Actor, Attempt, Step
from tmuxclaude.edges.clock import Clock
from tmuxclaude.supervisor.decide import Decided

BRISK_SECONDS = 0.05
"""The pace of looking at a session of which something has just been done, asked or due."""

FRESH_SECONDS = 5.0
"""How long that lasts; whatever waits longer is looked at in full rounds."""


@dataclass(slots=True)
class Pace:
    """One value for each session: until when it is looked at briskly."""

    clock: Clock
    _until: dict[str, float] = field(default_factory=dict)

    def hurry(self, uid: str) -> None:
        """Something was asked or done."""
        self._until[uid] = self.clock.monotonic() + FRESH_SECONDS

    def follow(self, uid: str, before: Attempt | None, attempt: Attempt | None) -> None:
        """After a look: brisk again after a real step of a delivery, slow at once without one.

        ``before`` and ``attempt``: the session's latest, by the look before and by this one.
        """
        if attempt is None or not attempt.open:
            self._until.pop(uid, None)
        elif _progress(attempt) != _progress(before):
            self.hurry(uid)

    def drop(self, uid: str) -> None:
        """The session is kept no longer."""
        self._until.pop(uid, None)

    def hurries(self, uid: str) -> bool:
        """Whether something was asked or done of this session, and is not yet settled."""
        return self.clock.monotonic() < self._until.get(uid, 0.0)

    def brisk(self, known: Mapping[str, Decided], settled: bool) -> set[str]:
        """The sessions to be looked at briskly. ``settled``: our own times can be trusted."""
        now = self.clock.now()
        found = {uid for uid in self._until if self.hurries(uid)}
        if settled:
            dues = ((uid, our_time(one)) for uid, one in known.items())
            found |= {u for u, due in dues if due is not None and 0 <= now - due < FRESH_SECONDS}
        return found

    def next_look(self, known: Mapping[str, Decided], settled: bool) -> float | None:
        """When a look is needed at any of them, if before the next full round."""
        now, monotonic = self.clock.now(), self.clock.monotonic()
        if self.brisk(known, settled):
            return monotonic + BRISK_SECONDS
        dues = (due for one in known.values() if (due := our_time(one)) is not None)
        ahead = [due - now for due in dues if due > now]
        return monotonic + min(ahead) if ahead else None


def _progress(attempt: Attempt | None) -> tuple[int, Step, float] | None:
    """What changes with each deed that was really done, and with none that was refused."""
    return (attempt.id, attempt.step, attempt.keyed_at) if attempt is not None else None


def our_time(known: Decided) -> float | None:
    """When it is our turn on a session's halt. A time that only others act at hurries nobody."""
    outlook = known.session.outlook
    return outlook.at if known.halt is not None and outlook.actor is Actor.US else None
