"""The loop: observe, decide, act, record. It fits on one screen; everything else is below it.

One thread decides and writes. A full round looks at every session each ``poll_seconds``; between
two of them a brisk round looks only at the sessions whose resume is under way, or due right now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tmuxclaude.core.clocks import GAP_SECONDS, Course, went_on
from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.messages import Stage
from tmuxclaude.core.model import Actor, Attempt, Session, State, Want
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError
from tmuxclaude.store.sessions import left_alone
from tmuxclaude.supervisor import brakes, decide
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.deliver import Deliveries
from tmuxclaude.supervisor.halting import in_flight
from tmuxclaude.supervisor.intake import Intake
from tmuxclaude.supervisor.observe import Observer
from tmuxclaude.supervisor.wait import Waiter

log = logging.getLogger(__name__)

BRISK_SECONDS = 0.05
"""The pace of looking while keys are on their way."""

FRESH_SECONDS = 5.0
"""How long after its last step an attempt that waits is still looked at briskly."""


@dataclass(slots=True)
class Loop:
    """Joined in ``app``. ``evidence`` is what the last look at each session gave.

    ``past`` says why this supervisor must end, if it must: then the loop ends before the next look,
    and sends nothing more. ``tell`` says to the user what happened;
    ``restore`` brings back what was lost with its tmux server;
    ``reread`` takes up a changed configuration; ``completed`` is told of each round that ended.
    """

    books: Books
    observer: Observer
    deliveries: Deliveries
    intake: Intake
    waiter: Waiter
    clock: Clock
    rules: Rules
    past: Callable[[], str] = lambda: ""
    tell: Callable[[Iterable[Decided], Mapping[str, Evidence]], None] = lambda *_: None
    restore: Callable[[Mapping[str, Evidence]], None] = lambda _: None
    reread: Callable[[], object] = lambda: None
    completed: Callable[[float], None] = lambda _: None
    evidence: dict[str, Evidence] = field(default_factory=dict)
    _weighed: dict[str, Evidence] = field(default_factory=dict)
    _known: dict[str, Decided] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _course: Course = field(default_factory=Course)
    _next_round: float = 0.0
    _trouble: str = ""
    _mistakes: int = 0

    def run(self, serve: Callable[[], float | None]) -> None:
        """Until a signal or a ``shutdown`` request ends it.

        ``serve`` closes clients that are too slow and says when the next one will be.
        """
        with suppress(DatabaseUnavailableError):
            self._touched |= {attempt.session for attempt in self.books.halts.open_attempts()}
        while not self.waiter.stopping:
            if why := self.past():
                log.error("%s. This supervisor ends", why)
                return
            self._read_clocks()
            try:
                if self.waiter.take_reload():
                    with suppress(UsageError, RefusedError):  # said where it is read
                        self.reread()
                self._one_round(self.clock.monotonic())
            except DatabaseUnavailableError as problem:
                self._without_database(str(problem))
            self.completed(self.clock.monotonic())
            self._serve(serve, self._brisk_at())

    def _serve(self, serve: Callable[[], float | None], brisk_at: float | None) -> None:
        """Answers until the next look is due, or is wanted because something has changed."""
        written, woken = self.books.db.version, False
        while not (woken or self.waiter.stopping) and self.books.db.version == written:
            due = self._next_round if brisk_at is None else min(self._next_round, brisk_at)
            clients = serve()
            first = due if clients is None else min(due, clients)
            if due <= (now := self.clock.monotonic()):
                return
            woken = self.waiter.wait(first - now)

    def _one_round(self, now: float) -> None:
        """A full round if it is time for one, else a brisk one."""
        full = now >= self._next_round
        if full:
            self._next_round = now + self.rules.supervisor.poll_seconds
        if self._trouble and not full:
            return
        if self._trouble:
            self.books.db.prove_writable()
        self.round(self.books.sessions.not_ended() if full else self._pressing_sessions())
        if full:
            self.restore(self.evidence)
        self.tell(self._known.values(), self.evidence)
        for uid in [uid for uid, known in self._known.items() if self._is_over(uid, known)]:
            self.drop(uid)
        if self._trouble:
            log.warning("the database is available again")
            self._trouble = ""

    def _without_database(self, problem: str) -> None:
        """No journal, no keys: nothing is looked at until something can be written again."""
        if problem != self._trouble:
            log.error("%s", problem)
        self._trouble = problem
        self.reconsider()
        self._next_round = self.clock.monotonic() + self.rules.supervisor.poll_seconds

    def round(self, sessions: list[Session]) -> None:
        """Observe, decide, act, record: once for each of ``sessions``."""
        now = self.clock.now()
        self.intake.take_spool(now)
        if not self._course.unsettled() and brakes.end_pause(self.books, now):
            self.reconsider()
        closely = frozenset(
            s.uid for s in sessions if self._is_pressing(s.uid, now) or self._is_open(s.uid)
        )
        for uid, evidence in self.observer.look(sessions, closely).items():
            try:
                self._advance(uid, evidence, uid in closely)
            except (DatabaseUnavailableError, DatabaseUnreadableError):
                raise
            except Exception:
                log.exception("session %s was left as it is", uid)
                self._weighed.pop(uid, None)
                self._mistakes += 1

    def touch(self, uid: str) -> None:
        """Somebody asked for something: look at this session closely, and at once."""
        self.observer.forget(uid)
        self._touched.add(uid)
        self._next_round = 0.0

    def drop(self, uid: str) -> None:
        """The session is kept no longer: nothing more is done about it."""
        self.observer.forget(uid)
        self._touched.discard(uid)
        for remembered in (self.evidence, self._weighed, self._known):
            remembered.pop(uid, None)

    def goodbye(self, uid: str) -> None:
        """The session says that it ends: when its process does, it was on purpose."""
        self.observer.goodbye(uid)

    def reconsider(self) -> None:
        """What holds for every session has changed: weigh all of them anew, at once."""
        self._weighed.clear()
        self._next_round = 0.0

    def unsettled(self) -> str:
        """Why nothing may be done by itself just now; empty when it may."""
        return self._course.unsettled()

    def notices(self) -> list[str]:
        """What keeps the supervisor from its work just now, for people."""
        unsettled = self._course.unsettled()
        found = [self._trouble] if self._trouble else []
        found += [f"nothing is resumed yet: {unsettled}"] if unsettled else []
        with suppress(DatabaseUnavailableError, DatabaseUnreadableError):
            found += map(left_alone, self.books.sessions.illegible.values())
        mistakes = self._mistakes + self.observer.mistakes
        if mistakes:
            found.append(f"{mistakes} looks failed by a mistake of ours; see the log")
        return found

    # -- one session -----------------------------------------------------------------------------

    def _advance(self, uid: str, evidence: Evidence, closely: bool) -> None:
        self.evidence[uid] = evidence
        if not closely and self._nothing_new(uid, evidence):
            return
        session = self.books.sessions.get(uid)
        if session is None:
            return
        self._weighed[uid] = evidence
        session = self.intake.learn(session, evidence)
        decided = decide.decide(self.books, session, evidence, self.rules.resume)
        unsettled = self._course.unsettled()
        attempt = self.deliveries.advance(decided, evidence, self._known, unsettled)
        if attempt is not decided.attempt and attempt is not None:
            self._moved(decided.session, attempt)
        self._known[uid] = replace(decided, attempt=attempt)
        self._touched.discard(uid)
        if decided.session.state is State.ENDED and decided.session.want is Want.DOWN:
            self.intake.windows.close(decided.session)

    def _moved(self, session: Session, attempt: Attempt) -> None:
        """After a deed: a new process has no past looks, an ended attempt leaves much to decide."""
        now = self.books.sessions.get(session.uid)
        if now is not None and now.pane != session.pane:
            self.observer.forget(session.uid)
        if not attempt.open:
            self._weighed.pop(session.uid, None)

    def _nothing_new(self, uid: str, evidence: Evidence) -> bool:
        """Whether the last decision still holds: the same evidence, nothing that ripens."""
        before, known = self._weighed.get(uid), self._known.get(uid)
        if before is None or known is None or replace(before, at=evidence.at) != evidence:
            return False
        session = known.session
        ripens = session.state is State.LIMITED and known.halt is None
        outlook = known.session.outlook
        passed = known.halt is not None and outlook.at is not None and outlook.at <= evidence.at
        due = known.due is not None and before.at < known.due <= evidence.at
        waits = known.message is not None and known.message.stage is Stage.QUEUED
        return session.state is not State.STARTING and not (ripens or passed or due or waits)

    # -- the clocks ------------------------------------------------------------------------------

    def _read_clocks(self) -> None:
        """After a step of the wall clock, or a sleep, everything is looked at anew."""
        before, now = self._course, self.clock.instant()
        self._course = went_on(before, now)
        if self._course.jumps == before.jumps:
            return
        log.warning("%s", self._course.why)
        if before.last is not None and now.asleep_since(before.last) > GAP_SECONDS:
            with suppress(DatabaseUnavailableError):
                since = now.wall - now.asleep_since(before.last)
                self.books.events.unwatched(since, now.wall, self._course.why)
        self.observer.clocks_jumped()
        self.deliveries.forget_times()
        self.reconsider()

    # -- the pace --------------------------------------------------------------------------------

    def _pressing_sessions(self) -> list[Session]:
        now = self.clock.now()
        uids = [uid for uid in {*self._known, *self._touched} if self._is_pressing(uid, now)]
        found = (self.books.sessions.get(uid) for uid in uids)
        return [session for session in found if session is not None]

    def _is_open(self, uid: str) -> bool:
        """Whether a delivery to this session is open, however long it waits already."""
        known = self._known.get(uid)
        return known is not None and known.attempt is not None and known.attempt.open

    def _is_over(self, uid: str, known: Decided) -> bool:
        """Whether nothing more can come of a session, unless somebody asks for it."""
        if uid in self.books.sessions.illegible:
            return True
        return known.session.state is State.ENDED and uid not in self._touched

    def _is_pressing(self, uid: str, now: float) -> bool:
        """Whether a session is to be looked at briskly: keys are on their way, or due."""
        known = self._known.get(uid)
        if uid in self._touched:
            return True
        if known is None or known.session.state is State.ENDED:
            return False
        attempt = known.attempt
        if attempt is not None and attempt.open:
            fresh = now - max(attempt.stepped_at, attempt.keyed_at) < FRESH_SECONDS
            return (in_flight(attempt) and uid not in self.deliveries.held) or fresh
        due = _our_time(known)
        return due is not None and due <= now and not self._course.unsettled()

    def _brisk_at(self) -> float | None:
        """When (monotonic) the next brisk round is needed, if before the next full one."""
        now, monotonic = self.clock.now(), self.clock.monotonic()
        if self._trouble:
            return None
        if any(self._is_pressing(uid, now) for uid in self._known):
            return monotonic + BRISK_SECONDS
        dues = [due for known in self._known.values() if (due := _our_time(known)) is not None]
        ahead = [due - now for due in dues if due > now]
        return monotonic + min(ahead) if ahead else None


def _our_time(known: Decided) -> float | None:
    """When it is our turn on a session's halt. A time that only others act at hurries nobody."""
    outlook = known.session.outlook
    return outlook.at if known.halt is not None and outlook.actor is Actor.US else None
