"""Holds the sessions to the budgets of this machine: says what is exceeded, holds or stops.

What is a breach is ``core/resources``'s. A stop goes the way of ``parting``, and after a checkpoint
of what the session has done since its last one; who may not be stopped is named, and left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tmuxclaude.core import resources
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Session, Want
from tmuxclaude.core.resources import Breach, Budget, Use
from tmuxclaude.core.rules import BudgetRules
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import unsaved
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.parting import LOOKING, Parting, occupied
from tmuxclaude.supervisor.unsaved import Unsaved

EVENT, WITHIN = resources.OVER, "within budget"
"""Kinds of events; the user is told of the first."""

BUDGETS = frozenset(map(str, Budget))

UNSTOPPED = "nothing can be stopped: "
"""What stands of a breach, before the budget, once it was said that it cannot be helped."""

HELD = "held for: "
"""What stands of a breach, before the budget, once somebody was held for it."""

ACTIVE = "it was opened or active just now"

PASSING = (LOOKING, unsaved.LOOKING, unsaved.TAKING, ACTIVE)
"""What keeps a session for a while only: it is waited for, and nobody else ends in its place."""


@dataclass(slots=True)
class Resources:
    """``unsaved``: what of a session's work keeps it from being stopped."""

    books: Books
    rules: BudgetRules
    clock: Clock
    parting: Parting
    unsaved: Unsaved
    _breaches: list[Breach] = field(default_factory=list)

    def judge(self, uses: Collection[Use]) -> None:
        """What the sessions take by the last look: each breach is said when it begins."""
        stands = self.books.standing.all()
        standing = [(Budget(what), whose) for what, whose in stands if what in BUDGETS]
        self._breaches = resources.breaches(uses, self.rules, standing)
        keys = {breach.key for breach in self._breaches}
        now = self.clock.now()
        for breach in self._breaches:
            if breach.key not in standing:
                with self.books.db.writing():
                    self.books.standing.begin(*breach.key, now)
                    self._note(breach, EVENT, breach.words)
            if breach.users and (f"{HELD}{breach.budget}", breach.whose) not in stands:
                self._hold(breach)
        for budget, whose in set(standing) - keys:
            with self.books.db.writing():
                self.books.standing.end(budget, whose)
                for said in (UNSTOPPED, HELD):
                    self.books.standing.end(f"{said}{budget}", whose)
                self._note(Breach(budget, whose), WITHIN, f"{budget} is within the budget again")

    def enforce(self, known: Collection[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Has a session end where a budget that is exceeded says so: one, then it is measured."""
        breaches = [
            breach
            for breach in self._breaches
            if breach.excess > 0 and resources.action(breach.budget, self.rules) == "stop"
        ]
        if not breaches or self.parting.under_way:
            return
        by_uid, active = {one.session.uid: one for one in known}, self.books.lifetimes.active()
        for breach in breaches:
            users = [by_uid[uid] for uid in breach.users if uid in by_uid]
            if breach.budget is Budget.SESSIONS:  # they take one each, so who rests goes first
                users.sort(key=lambda one: _used_at(one.session, active))
            if self._stopped(breach, users, evidence, active):
                self._breaches = []
                return

    def _stopped(
        self,
        breach: Breach,
        users: Collection[Decided],
        evidence: Mapping[str, Evidence],
        active: Mapping[str, float],
    ) -> bool:
        """Ends the first of its users that may be, if with the next ones that is enough."""
        kept = {one.session.uid: occupied(one) for one in users}
        free = [one for one in users if not kept[one.session.uid]]
        hope = sum(breach.users[one.session.uid] for one in free)
        wanted, first, waits = breach.excess, None, False
        for decided in free:
            if wanted <= 0 or hope < breach.excess:
                break
            session, takes = decided.session, breach.users[decided.session.uid]
            why = self._unsaved(session, active.get(session.uid))
            why = why or self.parting.keeps(decided, evidence.get(session.uid))
            if why and why not in PASSING:
                kept[session.uid], hope = why, hope - takes
                continue
            wanted, waits, first = wanted - takes, waits or bool(why), first or session
        if hope < breach.excess:
            reasons = {one.session.name: kept[one.session.uid] for one in users}
            self._unhelped(breach, [f"{name}: {why}" for name, why in reasons.items() if why])
        elif first is not None and not waits:
            self.parting.end(first, EVENT, breach.words)
            return True
        return False

    def _unhelped(self, breach: Breach, kept: Sequence[str]) -> None:
        """Says once that nobody's end would be enough, and whom it cannot be."""
        what, now = f"{UNSTOPPED}{breach.budget}", self.clock.now()
        if kept and self.books.standing.begin(what, breach.whose, now):
            words = "; ".join(kept[: resources.NAMED])
            self._note(breach, EVENT, f"nothing can be stopped for it now ({words})")

    def _hold(self, breach: Breach) -> None:
        """A hold is made once for each breach; to end it is for the user."""
        if resources.action(breach.budget, self.rules) != "hold":
            return
        now = self.clock.now()
        with self.books.db.writing():
            self.books.standing.begin(f"{HELD}{breach.budget}", breach.whose, now)
            for uid in breach.users:
                session = self.books.sessions.get(uid)
                if session is not None and session.want is Want.UP:
                    self.books.sessions.save(replace(session, want=Want.HOLD))
                    words = f"{resources.HELD}; to go on: tmuxclaude release {session.name}"
                    self.books.events.note(now, uid, EVENT, words)
                    return

    def _unsaved(self, session: Session, active_at: float | None) -> str:
        """What of its work keeps it from being stopped: it is fresh, or not kept."""
        last_at = max(session.since, active_at or 0.0)
        if self.clock.now() - last_at < resources.GRACE_SECONDS:
            return ACTIVE
        return self.unsaved.why(session, active_at)

    @property
    def looks(self) -> bool:
        """Whether a look that decides about an end is still to come, or has come just now."""
        return self.parting.looks or self.unsaved.looks

    def _note(self, breach: Breach, kind: str, words: str) -> None:
        about = breach.whose if breach.budget is Budget.SESSION_MEMORY else ""
        self.books.events.note(self.clock.now(), about, kind, words, {"budget": breach.budget})


def _used_at(session: Session, active: Mapping[str, float]) -> float:
    """When it last did anything."""
    return max(session.since, active.get(session.uid, 0.0))
