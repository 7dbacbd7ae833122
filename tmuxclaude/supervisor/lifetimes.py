"""Lets sessions end that have done nothing for long: warns, extends, and has them end in order.

How long is long is ``core/lifetimes``'s; how a session is ended, ``parting``'s. What was said is
remembered (``standing``), so that each is said once, until the session does something again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from tmuxclaude.core import hours, lifetimes
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.lifetimes import GRACE_SECONDS, HOUR, Lifetime
from tmuxclaude.core.model import Session
from tmuxclaude.core.rules import LifetimeRules
from tmuxclaude.core.states import LIVING
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.lifetimes import Kept
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.parting import Parting, occupied

PACE_SECONDS = 2.0
"""How often the lifetimes are looked at, by the clock that never jumps."""

EVENT, EXTENDED = "lifetime", "extended"
"""Kinds of events; the user is told of the first."""

WARNED, IDLE = "end of life", "idle"
"""What stands, once it was said."""


@dataclass(slots=True)
class Lifetimes:
    """``unsettled``: why the clocks are not to be trusted just now; then nothing is done."""

    books: Books
    rules: LifetimeRules
    clock: Clock
    parting: Parting
    unsettled: Callable[[], str] = lambda: ""
    _next: float = 0.0
    _standing: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def turn(self, known: Collection[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        monotonic = self.clock.monotonic()
        if monotonic < self._next and not self.parting.looks:
            return
        self._next = monotonic + PACE_SECONDS
        if self.unsettled():
            return
        watched, self._standing = self.books.lifetimes.of_watched(), self.books.standing.all()
        for decided in known:
            session = decided.session
            if session.state not in LIVING:
                continue
            kept = watched.get(session.uid, Kept())
            last = max(kept.active_at or 0.0, session.since)
            life = self._renewed(session, lifetimes.lifetime(last, kept.extended_to, self.rules))
            self.books.lifetimes.show(session.uid, life.ends_at, kept.ends_at)
            self._one(decided, life, evidence.get(session.uid))

    def _renewed(self, session: Session, life: Lifetime) -> Lifetime:
        """The lifetime after ``lifetime.keep_alive`` has extended it, if it is its time."""
        now, at = self.clock.now(), lifetimes.renews_at(life)
        if not self.rules.keep_alive or at is None or now < at:
            return life
        until = now + self.rules.hours * HOUR
        with self.books.db.writing():
            self.books.lifetimes.extend(session.uid, until)
            words = f"by itself, until {hours.said(until, session.zone, now)}"
            self.books.events.note(now, session.uid, EXTENDED, words)
        return lifetimes.lifetime(now, until, self.rules)

    def _one(self, decided: Decided, life: Lifetime, evidence: Evidence | None) -> None:
        session, now = decided.session, self.clock.now()
        if self.rules.keep_alive or occupied(decided):
            life = Lifetime()  # it does not run out as long as this holds
        warns = life.warns_at is not None and now >= life.warns_at
        idles = life.idles_at is not None and now >= life.idles_at
        # Who is told of its end need not be told this too.
        idle = "" if warns else f"idle for {lifetimes.lasts(self.rules.idle_minutes / 60)}"
        self._say(IDLE, session, idles, idle)
        self._say(WARNED, session, warns, _warning(session, life, now) if warns else "")
        warned_at = self._standing.get((WARNED, session.uid))
        over = lifetimes.is_over(life, warned_at, now)
        if over and not self.parting.keeps(decided, evidence):
            spent = lifetimes.lasts(self.rules.hours)
            self.parting.end(session, EVENT, f"its lifetime of {spent} is over")

    def _say(self, what: str, session: Session, holds: bool, words: str) -> None:
        """``words`` when it begins to hold; empty ones are not said."""
        if holds == ((what, session.uid) in self._standing):
            return
        now = self.clock.now()
        with self.books.db.writing():
            if not holds:
                self.books.standing.end(what, session.uid)
            elif self.books.standing.begin(what, session.uid, now) and words:
                self.books.events.note(now, session.uid, EVENT, words)


def _warning(session: Session, life: Lifetime, now: float) -> str:
    ends_at = max(life.ends_at or now, now + GRACE_SECONDS)
    ends = hours.said(ends_at, session.zone, now)
    return f"idle; it is ended at {ends}; to keep it: tmuxclaude extend {session.name}"
