"""The loop: observe, decide, act, record. It fits on one screen; everything else is below it.

One thread decides and writes. A full round looks at every session each ``poll_seconds``; between
two of them a brisk round looks only at the sessions whose resume is under way, or due right now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tmuxclaude.claude import hooks
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Actor, Attempt, Session, State, Step, Want
from tmuxclaude.core.resume import Deed, Move, next_move
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import spool
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import decide
from tmuxclaude.supervisor.act import Hands
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.observe import Observer, claude_process
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
    before the next look, and sends nothing more.
    """

    books: Books
    observer: Observer
    hands: Hands
    waiter: Waiter
    clock: Clock
    rules: Rules
    spool: Path
    lock_held: Callable[[], bool] = lambda: True
    evidence: dict[str, Evidence] = field(default_factory=dict)
    _weighed: dict[str, Evidence] = field(default_factory=dict)
    _known: dict[str, Decided] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _resumed: dict[str, tuple[str, float]] = field(default_factory=dict)
    _next_round: float = 0.0

    def run(self, serve: Callable[[], float | None]) -> None:
        """Until a signal or a ``shutdown`` request ends it.

        ``serve`` closes clients that are too slow and says when the next one will be.
        """
        self._touched |= {attempt.session for attempt in self.books.halts.open_attempts()}
        while not self.waiter.stopping:
            now = self.clock.monotonic()
            if not self.lock_held():
                log.error("the lock was taken away; another supervisor may run. This one ends")
                return
            if now >= self._next_round:
                self._next_round = now + self.rules.supervisor.poll_seconds
                self.round(self.books.sessions.not_ended())
            else:
                self.round(self._pressing_sessions())
            deadlines = (self._next_round, self._brisk_at(), serve())
            self.waiter.until(min(at for at in deadlines if at is not None))

    def round(self, sessions: list[Session]) -> None:
        """Observe, decide, act, record: once for each of ``sessions``."""
        self._take_spool()
        now = self.clock.now()
        closely = frozenset(
            s.uid for s in sessions if self._is_pressing(s.uid, now) or self._is_open(s.uid)
        )
        for uid, evidence in self.observer.look(sessions, closely).items():
            try:
                self._advance(uid, evidence, uid in closely)
            except Exception:
                log.exception("session %s was left as it is", uid)

    def touch(self, uid: str) -> None:
        """Somebody asked for something: look at this session closely, and at once."""
        self.observer.forget(uid)
        self._touched.add(uid)
        self._next_round = 0.0

    # -- one session -----------------------------------------------------------------------------

    def _advance(self, uid: str, evidence: Evidence, closely: bool) -> None:
        self.evidence[uid] = evidence
        session = self.books.sessions.get(uid)
        if session is None or (not closely and self._nothing_new(session, evidence)):
            return
        self._weighed[uid] = evidence
        session = self._find_process(session, evidence)
        decided = decide.decide(self.books, session, evidence, self.rules.resume)
        attempt = self._attempt(decided, evidence)
        self._known[uid] = replace(decided, attempt=attempt)
        self._touched.discard(uid)
        if decided.session.state is State.ENDED and decided.session.want is Want.DOWN:
            self.hands.windows.close(decided.session)

    def _nothing_new(self, session: Session, evidence: Evidence) -> bool:
        """Whether the last decision still holds: the same evidence, and no state that ripens."""
        before, known = self._weighed.get(session.uid), self._known.get(session.uid)
        if before is None or known is None or replace(before, at=evidence.at) != evidence:
            return False
        ripens = session.state is State.LIMITED and known.halt is None
        return session.state is not State.STARTING and not ripens

    def _attempt(self, decided: Decided, evidence: Evidence) -> Attempt | None:
        """Opens an attempt that is due, and makes the next move of an open one."""
        session, halt, attempt = decided.session, decided.halt, decided.attempt
        if decide.is_due(decided, self.books, evidence, self.rules.resume):
            if halt is None or not self._may_go(session, evidence.at):
                return attempt
            attempt = self.hands.begin(session, self.rules.resume.text, halt)
        if attempt is None or not attempt.open:
            return attempt
        move = next_move(attempt, evidence, self.rules.resume)
        if self._is_refused(attempt, move, evidence.at):
            move = Move(Deed.SKIP, move.why, by=Actor.NOBODY)
        begins = halt is not None and attempt.step is Step.DUE and move.deed in _FIRST_DEEDS
        if begins and not (attempt.by_hand or self._may_go(session, evidence.at)):
            move = Move(Deed.WAIT, "another session of this account goes first")
        elif begins:
            self._resumed[session.account] = (session.uid, evidence.at)
        after = self.hands.perform(session, halt, attempt, move, evidence)
        if after.launches != attempt.launches:
            self.observer.forget(session.uid)
        if not after.open:
            self._weighed.pop(session.uid, None)
        return after

    def _is_refused(self, attempt: Attempt, move: Move, now: float) -> bool:
        """A message that a person sends does not wait for hours for a free prompt."""
        waits = attempt.halt is None and attempt.by_hand and attempt.step is Step.DUE
        late = now - attempt.opened_at >= MESSAGE_SECONDS
        return waits and late and move.deed is Deed.WAIT

    def _may_go(self, session: Session, now: float) -> bool:
        """One at a time for each account, and not too soon after the last."""
        others = (d for d in self._known.values() if d.session.account == session.account)
        if any(decide.in_flight(d.attempt) for d in others if d.session.uid != session.uid):
            return False
        uid, at = self._resumed.get(session.account, ("", 0.0))
        return uid in ("", session.uid) or now - at >= self.rules.resume.stagger_seconds

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

    def _take_spool(self) -> None:
        for dropped in spool.take(self.spool):
            event, session = hooks.parse(dropped.text), self.books.sessions.get(dropped.nonce)
            if event is None or session is None or event.subagent:
                continue
            if event.kind is hooks.Hook.SESSION_END and event.reason == "prompt_input_exit":
                self.observer.goodbye(session.uid)
            elif event.kind is hooks.Hook.SESSION_START and session.state is not State.ENDED:
                why = event.source if event.source != "startup" else "start"
                decide.converse(
                    self.books, session, event.conversation, self.clock.now(), why or "start"
                )

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
            return decide.in_flight(attempt) or fresh
        due = known.session.outlook.at
        return known.halt is not None and due is not None and due <= now

    def _brisk_at(self) -> float | None:
        """When (monotonic) the next brisk round is needed, if before the next full one."""
        now, monotonic = self.clock.now(), self.clock.monotonic()
        if any(self._is_pressing(uid, now) for uid in self._known):
            return monotonic + BRISK_SECONDS
        dues = [
            d.session.outlook.at
            for d in self._known.values()
            if d.halt is not None and d.session.outlook.at is not None
        ]
        return monotonic + max(0.0, min(dues) - now) if dues else None
