"""Ends sessions that nobody asked to end: in order, at their empty prompt, with the reason said.

Looks closely right before, and sends SIGTERM to exactly the session's process; nothing is ever
killed. Whose time has come, others decide (``lifetimes``, ``resources``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from tmuxclaude.core import parting
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Session, State, Want
from tmuxclaude.core.parting import FRESH_SECONDS, OVERDUE
from tmuxclaude.core.states import LIVING
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.decide import Decided

LOOK_SECONDS = 30.0
"""How long what a close look has found against an end is believed: looking costs."""

END_SECONDS = 10.0
"""How long a session may take to end before its user is told that it does not."""

LOOKING = "its screen is being looked at"
"""What ``keeps`` says for the moment until it knows."""

UNWELL, KEPT = "unwell", "kept"
"""Kinds of events: of a process that does not do what it should, which its user is told; and of a
session whose end was called off."""


class Windows(Protocol):
    """Ends a process."""

    def terminate(self, session: Session) -> bool: ...


@dataclass(slots=True)
class Parting:
    """``touch``: has a session looked at closely, at once. ``quiet_seconds``: how long nobody may
    have typed in its pane.
    """

    books: Books
    windows: Windows
    clock: Clock
    touch: Callable[[str], None]
    quiet_seconds: float
    _awaited: dict[str, float] = field(default_factory=dict)
    _seen: dict[str, tuple[float, str]] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)

    def keeps(self, decided: Decided, evidence: Evidence | None) -> str:
        """What keeps this session from being ended now; empty when nothing does."""
        return occupied(decided) or self._shown(decided.session.uid, evidence)

    def _shown(self, uid: str, evidence: Evidence | None) -> str:
        """What its screen and its terminal say against its end, by a close look."""
        now = self.clock.monotonic()
        if evidence is not None and parting.seen(evidence, self.clock.now()):
            self._awaited.pop(uid, None)
            why = parting.hindrance(evidence, self.quiet_seconds)
            self._seen[uid] = now, why
            return why
        at, why = self._seen.get(uid, (now, ""))
        if why and now - at < LOOK_SECONDS:
            return why
        if uid not in self._awaited:
            self._awaited[uid] = now
            self.touch(uid)
        return LOOKING

    @property
    def looks(self) -> bool:
        """Whether a close look that was asked for is still to come."""
        return bool(self._awaited)

    def end(self, session: Session, kind: str, why: str) -> None:
        """Asks it to end; what is between us and its end survives us. ``kind``: of the event."""
        known = self.books.sessions.get(session.uid)
        if known is None or known.state is not State.IDLE or known.want is not Want.UP:
            return
        ending = replace(known, want=Want.DOWN, reason=f"{parting.UNASKED}{why}")
        with self.books.db.writing(durable=True):
            self.books.sessions.save(ending)
            words = f"ended, for {why}; back with: tmuxclaude resume {session.name}"
            self.books.events.note(self.clock.now(), session.uid, kind, words)
        self._terminate(ending)

    @property
    def under_way(self) -> bool:
        """Whether a session was asked to end and is expected to, any moment now."""
        now = self.clock.monotonic()
        return any(now - at < END_SECONDS for at in self._asked.values())

    def turn(self, known: Iterable[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Once in each loop: what was asked for before a crash, and what does not end.

        Whoever asked; but only an end that nobody asked for is taken back by itself.
        """
        living = {one.session.uid: one.session for one in known if one.session.state in LIVING}
        now = self.clock.monotonic()
        self._awaited = {u: at for u, at in self._awaited.items() if now - at < FRESH_SECONDS}
        self._seen = {uid: last for uid, last in self._seen.items() if uid in living}
        ending = {uid: self._fresh(one) for uid, one in living.items() if parting.is_ending(one)}
        self._asked = {
            uid: at
            for uid, at in self._asked.items()
            if ending.get(uid) is not None or (uid in living and now - at < END_SECONDS)
        }
        for uid, session in ending.items():
            if session is not None:
                self._pursue(session, evidence.get(uid))

    def _fresh(self, session: Session) -> Session | None:
        """The session as it is remembered, unless it is to end no longer."""
        known = self.books.sessions.get(session.uid)
        return known if known is not None and parting.is_ending(known) else None

    def _pursue(self, session: Session, evidence: Evidence | None) -> None:
        now, ours = self.clock.monotonic(), parting.is_ours(session)
        if session.uid not in self._asked:
            if ours:
                self._resume(session, evidence)
            else:
                self._asked[session.uid] = now
            return
        waited = now - self._asked[session.uid]
        if waited < END_SECONDS:
            return
        asked_at = self.clock.now() - waited
        if ours and (why := parting.used_since(session, evidence, asked_at)):
            self._keep(session, why)
        else:
            self._tell(session)

    def _resume(self, session: Session, evidence: Evidence | None) -> None:
        """Asks again after a crash, unless its user has taken it up meanwhile."""
        idle = session.state is State.IDLE
        why = self._shown(session.uid, evidence) if idle else f"it is {session.state}"
        if not why:
            self._terminate(session)
        elif why != LOOKING:
            self._keep(session, why)

    def _keep(self, session: Session, why: str) -> None:
        """It is not to end any more: its user has taken it up."""
        self._asked.pop(session.uid, None)
        with self.books.db.writing():
            self.books.sessions.save(replace(session, want=Want.UP, reason=""))
            self.books.standing.end(OVERDUE, session.uid)
            self.books.events.note(self.clock.now(), session.uid, KEPT, f"not ended: {why}")
        self.touch(session.uid)

    def _terminate(self, session: Session) -> None:
        self._asked[session.uid] = self.clock.monotonic()
        self.windows.terminate(session)
        self.touch(session.uid)

    def _tell(self, session: Session) -> None:
        """It was told once before we were restarted, or now."""
        now = self.clock.now()
        if self.books.standing.begin(OVERDUE, session.uid, now):
            name = session.name
            again = f"to ask again: tmuxclaude stop {name}; to keep it: tmuxclaude release {name}"
            words = f"it was asked to end and has not; {again}"
            self.books.events.note(now, session.uid, UNWELL, words)


def occupied(decided: Decided) -> str:
    """What keeps this session from being ended, without a look at its screen."""
    waits = decided.message is not None
    return parting.occupied(decided.session, decided.halt, decided.attempt, waits)
