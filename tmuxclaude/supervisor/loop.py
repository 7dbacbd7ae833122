"""The loop: observe, decide, act, record. It fits on one screen; everything else is below it.

One thread decides and writes. A full round looks at every session each ``poll_seconds``; between
two of them a brisk round looks only at the sessions whose resume is under way, or due right now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tmuxclaude.claude import hooks
from tmuxclaude.core.clocks import Course, went_on
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Actor, Attempt, Halt, Session, State, Step, Want
from tmuxclaude.core.resume import Deed, Move, next_move
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import spool
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError
from tmuxclaude.supervisor import brakes, decide
from tmuxclaude.supervisor.act import Hands
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.observe import Observer, at_prompt, claude_process
from tmuxclaude.supervisor.wait import Waiter

log = logging.getLogger(__name__)

BRISK_SECONDS = 0.05
"""The pace of looking while keys are on their way."""

FRESH_SECONDS = 5.0
"""How long after its last step an attempt that waits is still looked at briskly."""

MESSAGE_SECONDS = 3.0
"""How long a message that a person sends may wait for the prompt before it is refused."""

_FIRST_DEEDS = (Deed.ESCAPE, Deed.STASH, Deed.TYPE, Deed.RELAUNCH)


@dataclass(slots=True)
class Loop:
    """Joined in ``app``. ``evidence`` is what the last look at each session gave.

    ``lock_held`` says whether this is still the one supervisor; when it is not, the loop ends
    before the next look, and sends nothing more. ``tell`` says to the user what happened.
    """

    books: Books
    observer: Observer
    hands: Hands
    waiter: Waiter
    clock: Clock
    rules: Rules
    spool: Path
    lock_held: Callable[[], bool] = lambda: True
    tell: Callable[[Iterable[Decided], Mapping[str, Evidence]], None] = lambda *_: None
    evidence: dict[str, Evidence] = field(default_factory=dict)
    _weighed: dict[str, Evidence] = field(default_factory=dict)
    _known: dict[str, Decided] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _held: set[str] = field(default_factory=set)
    _resumed: dict[str, tuple[str, float]] = field(default_factory=dict)
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
            self._find_panes()
        while not self.waiter.stopping:
            if not self.lock_held():
                log.error("the lock was taken away; another supervisor may run. This one ends")
                return
            self._read_clocks()
            try:
                self._one_round(self.clock.monotonic())
            except DatabaseUnavailableError as problem:
                self._without_database(str(problem))
            deadlines = (self._next_round, self._brisk_at(), serve())
            first = min(at for at in deadlines if at is not None)
            self.waiter.wait(first - self.clock.monotonic())

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
        self.tell(self._known.values(), self.evidence)
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
        self._take_spool()
        now = self.clock.now()
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

    def reconsider(self) -> None:
        """What holds for every session has changed: weigh all of them anew, at once."""
        self._weighed.clear()
        self._next_round = 0.0

    def notices(self) -> list[str]:
        """What keeps the supervisor from its work just now, for people."""
        unsettled = self._course.unsettled()
        found = [self._trouble] if self._trouble else []
        found += [f"nothing is resumed yet: {unsettled}"] if unsettled else []
        if self._mistakes:
            found.append(f"{self._mistakes} looks failed by a mistake of ours; see the log")
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
        session = self._find_process(session, evidence)
        session = self._find_program(session, evidence)
        decided = decide.decide(self.books, session, evidence, self.rules.resume)
        attempt = self._attempt(decided, evidence)
        self._known[uid] = replace(decided, attempt=attempt)
        self._touched.discard(uid)
        if decided.session.state is State.ENDED and decided.session.want is Want.DOWN:
            self.hands.windows.close(decided.session)

    def _nothing_new(self, uid: str, evidence: Evidence) -> bool:
        """Whether the last decision still holds: the same evidence, and no state that ripens."""
        before, known = self._weighed.get(uid), self._known.get(uid)
        if before is None or known is None or replace(before, at=evidence.at) != evidence:
            return False
        session = known.session
        ripens = session.state is State.LIMITED and known.halt is None
        outlook = known.session.outlook
        passed = known.halt is not None and outlook.at is not None and outlook.at <= evidence.at
        due = known.due is not None and before.at < known.due <= evidence.at
        return session.state is not State.STARTING and not (ripens or passed or due)

    def _attempt(self, decided: Decided, evidence: Evidence) -> Attempt | None:
        """Opens an attempt that is due, and makes the next move of an open one."""
        session, halt, attempt = decided.session, decided.halt, decided.attempt
        if decide.is_due(decided, evidence, self.rules.resume):
            rules = self.rules.resume
            if halt is None or not brakes.may_begin(self.books, session, halt, evidence.at, rules):
                return attempt
            if not self._may_go(session, evidence.at):
                return attempt
            attempt = self.hands.begin(session, self.rules.resume.text, halt)
        if attempt is None or not attempt.open:
            return attempt
        attempt = self.hands.in_time(attempt, evidence.at)
        move = next_move(attempt, evidence, self.rules.resume)
        answered = halt if halt is not None and halt.id == attempt.halt else None
        if attempt.halt is not None and answered is None and move.deed is not Deed.CONFIRM:
            # The session was ended, cleared or stopped anew: whatever this was for is past.
            move = Move(Deed.SKIP, "the halt that it was to end is over", by=Actor.NOBODY)
        if session.want is Want.DOWN and move.deed is not Deed.CONFIRM:
            move = Move(Deed.SKIP, "the session was stopped", by=Actor.NOBODY)
        move = self._braked(session, answered, attempt, move, evidence.at)
        if self._is_refused(attempt, move, evidence.at):
            move = Move(Deed.SKIP, move.why, by=Actor.NOBODY)
        begins = answered is not None and attempt.step is Step.DUE and move.deed in _FIRST_DEEDS
        if begins and not (attempt.by_hand or self._may_go(session, evidence.at)):
            first = "another session of this account goes first"
            move = Move(Deed.WAIT, self._course.unsettled() or first)
        elif begins:
            self._resumed[session.account] = (session.uid, evidence.at)
        after = self.hands.perform(session, answered, attempt, move, evidence)
        if after.launches != attempt.launches:
            self.observer.forget(session.uid)
        if not after.open:
            self._weighed.pop(session.uid, None)
        return after

    def _braked(
        self, session: Session, halt: Halt | None, attempt: Attempt, move: Move, now: float
    ) -> Move:
        """The same move, or a wait while the user's brakes are on, which hurries nobody."""
        after = brakes.brake(self.books, session, halt, attempt, move, now, self.rules.resume)
        (self._held.discard if after is move else self._held.add)(session.uid)
        return after

    def _is_refused(self, attempt: Attempt, move: Move, now: float) -> bool:
        """A message that a person sends does not wait for hours for a free prompt."""
        waits = attempt.halt is None and attempt.by_hand and attempt.step is Step.DUE
        late = now - attempt.opened_at >= MESSAGE_SECONDS
        return waits and late and move.deed is Deed.WAIT

    def _may_go(self, session: Session, now: float) -> bool:
        """One at a time for each account, not too soon after the last, by a clock that stands."""
        if self._course.unsettled():
            return False
        others = (d for d in self._known.values() if d.session.account == session.account)
        aside = self._held | {session.uid}
        if any(decide.in_flight(d.attempt) for d in others if d.session.uid not in aside):
            return False
        uid, at = self._resumed.get(session.account, ("", 0.0))
        return uid in ("", session.uid) or now - at >= self.rules.resume.stagger_seconds

    def _find_panes(self) -> None:
        """At the start: a crash may lie between the opening of a pane and its being kept."""
        attempts = self.books.halts.open_attempts()
        launching = {one.session for one in attempts if one.step is Step.LAUNCHING}
        for session in self.books.sessions.not_ended():
            if session.pane is None or session.uid in launching:
                self.hands.windows.find_again(session)

    def _find_process(self, session: Session, evidence: Evidence) -> Session:
        """While it starts: the process may be a child of what the pane was opened with."""
        starting = session.state is State.STARTING and evidence.alive
        if not starting or evidence.registry is not None or session.pane is None:
            return session
        process = claude_process(session, session.pane)
        if process is None or process == session.process:
            return session
        session = replace(session, process=process)
        self.books.sessions.save(session)
        return session

    def _find_program(self, session: Session, evidence: Evidence) -> Session:
        """At its first prompt: what tmux calls Claude Code, so that keys go to nothing else."""
        if session.program or not at_prompt(evidence):
            return session
        program = self.observer.program(session)
        if program is None:
            return session
        session = replace(session, program=program)
        self.books.sessions.save(session)
        return session

    def _take_spool(self) -> None:
        for dropped in spool.take(self.spool):
            event, session = hooks.parse(dropped.text), self.books.sessions.get(dropped.nonce)
            if event is None or session is None or event.subagent:
                continue
            if event.kind is hooks.Hook.SESSION_END and event.reason == "prompt_input_exit":
                self.observer.goodbye(session.uid)
            elif event.kind is hooks.Hook.SESSION_START and session.state is not State.ENDED:
                why = event.source if event.source != "startup" else "start"
                after = decide.converse(
                    self.books, session, event.conversation, self.clock.now(), why or "start"
                )
                if after != session:
                    self.observer.forget(session.uid)

    # -- the clocks ------------------------------------------------------------------------------

    def _read_clocks(self) -> None:
        """After a step of the wall clock, or a sleep, everything is looked at anew."""
        jumps, self._course = self._course.jumps, went_on(self._course, self.clock.instant())
        if self._course.jumps == jumps:
            return
        log.warning("%s", self._course.why)
        self.observer.clocks_jumped()
        self._resumed.clear()
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
            return (decide.in_flight(attempt) and uid not in self._held) or fresh
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
