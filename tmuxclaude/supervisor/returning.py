"""When its user comes back to a session that went on without them; figures rest on it.

The first prompt of a person after a resume tells from when on it would have gone on anyway. What
was queued before is delivered by us, with nobody there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tmuxclaude.core.evidence import Origin, Tail
from tmuxclaude.core.model import Actor, Halt, Session
from tmuxclaude.core.resume import is_turn
from tmuxclaude.core.stats import BACK
from tmuxclaude.store.books import Books


@dataclass(slots=True)
class Returns:
    """Writes one event for each halt that ended without its user. Knows up to which turn of a
    transcript it has looked."""

    books: Books
    _looked: dict[str, int] = field(default_factory=dict)

    def note(self, session: Session, tail: Tail | None) -> None:
        """After a look at a session: whether its user has typed again."""
        last = tail.turns[-1].offset if tail is not None and tail.turns else None
        if tail is None or last is None or self._looked.get(session.uid) == last:
            return
        halt = self.books.halts.last(session.uid)
        if halt is not None and halt.open:
            return
        self._looked[session.uid] = last
        if halt is None or halt.ended_by not in (Actor.US, Actor.CLAUDE):
            return
        if self.books.events.latest(session.uid, (BACK,), halt.opened_at) is not None:
            return
        at = self._typed_after(halt, tail)
        if at is not None:
            text = "the first prompt of its user since it went on"
            self.books.events.note(at, session.uid, BACK, text, {"halt": halt.id})

    def _typed_after(self, halt: Halt, tail: Tail) -> float | None:
        ours = [attempt.text for attempt in self.books.halts.attempts(halt.id)]
        ours += self.books.messages.sent(halt.session, halt.ended_at or halt.opened_at)
        for turn in tail.turns:
            typed = turn.origin is Origin.TYPED and turn.at > halt.opened_at
            if typed and not any(is_turn(turn, text) for text in ours):
                return turn.at
        return None
