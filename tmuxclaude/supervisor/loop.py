"""The loop: observe, decide, act, record. It fits on one screen; everything else is below it.

One thread decides and writes. A full round looks at every session each ``poll_seconds``; between
two of them brisk rounds look only at the sessions of which something has just been done, asked or
due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tmuxclaude.core.clocks import GAP_SECONDS, SLIP_SECONDS, Course, Instant, went_on
from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.messages import Stage
from tmuxclaude.core.model import Attempt, Session, State, Want
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError
from tmuxclaude.store.sessions import left_alone
from tmuxclaude.supervisor import brakes, decide
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.deliver import Deliveries
from tmuxclaude.supervisor.intake import Intake
from tmuxclaude.supervisor.observe import Observer
from tmuxclaude.supervisor.pace import Pace, our_time
from tmuxclaude.supervisor.wait import Waiter

log = logging.getLogger(__name__)


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
    _pace: Pace = field(init=False)
    _course: Course = field(default_factory=Course)
    _slipped: float = 0.0
    _next_round: float = 0.0
    _trouble: str = ""
    _mistakes: int = 0

    def __post_init__(self) -> None:
        self._pace = Pace(self.clock)

    def run(self, serve: Callable[[], float | None]) -> None:
        """Until a signal or a ``shutdown`` request ends it.

        ``serve`` closes clients that are too slow and says when the next one will be.
        """
        with suppress(DatabaseUnavailableError):
            self.intake.recall()
            for attempt in self.books.halts.open_attempts():
                self._pace.hurry(attempt.session)
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
        self.round(self.books.sessions.not_ended() if full else self._brisk_sessions())
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
        brisk = self._brisk()
        closely = frozenset(s.uid for s in sessions if s.uid in brisk or self._waits(s.uid, now))
        offsets = self.books.halts.offsets()
        seen, jumps = self.observer.look(sessions, closely, offsets), self._course.jumps
        self._read_clocks()  # what the machine slept during the look, nothing has waited
        if self._course.jumps != jumps:
            return  # what was seen is of a time that is none; all is looked at anew at once
        for uid, evidence in seen.items():
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
        self._weighed.pop(uid, None)
        self._pace.hurry(uid)
        self._next_round = 0.0

    def drop(self, uid: str) -> None:
        """The session is kept no longer: nothing more is done about it."""
        self.observer.drop(uid)
        self._pace.drop(uid)
        for remembered in (self.evidence, self._weighed, self._known):
            remembered.pop(uid, None)

    def goodbye(self, session: Session, why: str) -> None:
        """The session says that it ends: when its process does, it was on purpose."""
        self.intake.goodbye(session, self.clock.now(), why)

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
        found += self.observer.notices()
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
        before = self._known.get(uid)
        self._pace.follow(uid, before.attempt if before is not None else None, attempt)
        self._known[uid] = replace(decided, attempt=attempt)
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
        """Whether the last decision still holds: the same evidence, and time alone changes none."""
        before, known = self._weighed.get(uid), self._known.get(uid)
        if before is None or known is None or replace(before, at=evidence.at) != evidence:
            return False
        return not _ripens(known, before.at, evidence.at)

    # -- the clocks ------------------------------------------------------------------------------

    def _read_clocks(self) -> None:
        """After a step of the wall clock, or a sleep, everything is looked at anew."""
        before, now = self._course, self.clock.instant()
        self._course = went_on(before, now)
        self._let_slip(before.last, now)
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

    def _let_slip(self, before: Instant | None, now: Instant) -> None:
        """What slept with us has not had the time that the wall clock says it had."""
        slipped = now.slipped_since(before) if before is not None else 0.0
        if abs(slipped) > SLIP_SECONDS:
            self._slipped += slipped
        if self._slipped:
            with suppress(DatabaseUnavailableError):
                self.books.halts.shift(self._slipped)
                self._slipped = 0.0

    # -- the pace --------------------------------------------------------------------------------

    def _brisk(self) -> set[str]:
        return self._pace.brisk(self._known, settled=not self._course.unsettled())

    def _brisk_sessions(self) -> list[Session]:
        found = (self.books.sessions.get(uid) for uid in self._brisk())
        return [session for session in found if session is not None]

    def _brisk_at(self) -> float | None:
        """When (monotonic) the next brisk round is needed, if before the next full one."""
        if self._trouble:
            return None
        return self._pace.next_look(self._known, settled=not self._course.unsettled())

    def _waits(self, uid: str, now: float) -> bool:
        """Whether a delivery to this session is open, or due, however long already."""
        known = self._known.get(uid)
        if known is None:
            return False
        due = our_time(known)
        open_one = known.attempt is not None and known.attempt.open
        return open_one or (due is not None and due <= now)

    def _is_over(self, uid: str, known: Decided) -> bool:
        """Whether nothing more can come of a session, unless somebody asks for it."""
        if uid in self.books.sessions.illegible:
            return True
        return known.session.state is State.ENDED and not self._pace.hurries(uid)


def _ripens(known: Decided, since: float, now: float) -> bool:
    """Whether the time from ``since`` to ``now`` may change what was decided."""
    session, halt, due = known.session, known.halt, known.due
    if session.state is State.STARTING:
        return True
    if known.message is not None and known.message.stage is Stage.QUEUED:
        return True
    if halt is None:
        return session.state is State.LIMITED
    told = session.outlook.at
    return (told is not None and told <= now) or (due is not None and since < due <= now)
