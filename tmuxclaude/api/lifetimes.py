"""extend: a user gives sessions time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import being_ended, refused
from tmuxclaude.api.finding import named
from tmuxclaude.api.wants import Watch
from tmuxclaude.core import errors, hours, lifetimes, parting
from tmuxclaude.core.model import Session
from tmuxclaude.core.states import LIVING
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """What a lifetime is, ``core/lifetimes`` says; whose is over, the supervisor sees."""

    books: Books
    watch: Watch
    now: Callable[[], float]

    def extend(self, order: wire.Extend) -> wire.Verdicts:
        """Extends the lifetime of each of the named sessions."""
        rules, now = self.watch.rules.lifetime, self.now()
        if not rules.hours:
            raise errors.RefusedError(
                "lifetimes are switched off (lifetime.hours is 0), and no session is ended for its "
                "age; nothing was done"
            )
        if not order.names:
            raise errors.UsageError("name one or more sessions; nothing was done")
        seconds = rules.hours * lifetimes.HOUR
        if order.lasting is not None:
            seconds = hours.length(order.lasting)
        sessions = [named(self.books, name) for name in order.names]
        return wire.Verdicts(sessions=[self._one(one, now + seconds) for one in sessions])

    def _one(self, session: Session, until: float) -> wire.Verdict:
        if session.state not in LIVING:
            why = (
                f"{session.name} is {session.state}; nothing was done. To bring it back: "
                f"tmuxclaude resume {session.name}"
            )
            return refused(session, why)
        if parting.is_ending(session):
            return refused(session, being_ended(session))
        kept = self.books.lifetimes.of_watched()[session.uid]
        last = max(kept.active_at or 0.0, session.since)
        life = lifetimes.lifetime(last, kept.extended_to, self.watch.rules.lifetime)
        if life.ends_at is not None and life.ends_at >= until:
            why = f"it lives until {hours.said(life.ends_at, session.zone, self.now())} as it is"
            return wire.Verdict(name=session.name, done="extended", why=why, due=life.ends_at)
        said = hours.said(until, session.zone, self.now())
        with self.books.db.writing():
            self.books.lifetimes.extend(session.uid, until)
            self.books.events.note(self.now(), session.uid, "extended", f"by you, until {said}")
        self.watch.reconsider()
        return wire.Verdict(name=session.name, done="extended", why=f"until {said}", due=until)
