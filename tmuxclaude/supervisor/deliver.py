"""Moves each delivery on by one step, and says whose turn it is.

Joins the law (``core/resume``), the user's brakes and the hands. Knows which session of an account
went last; what the world looks like is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.messages import Stage, why_not_now, why_withdrawn
from tmuxclaude.core.model import Actor, Attempt, Halt, Session, Step, Want
from tmuxclaude.core.refusals import heeding
from tmuxclaude.core.resume import Deed, Move, next_move
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import brakes, decide
from tmuxclaude.supervisor.act import Hands
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.halting import in_flight

MESSAGE_SECONDS = 3.0
"""How long a message that a person sends may wait for the prompt before it is refused."""

ALONE_SECONDS = 60.0
"""How long after its last step a delivery that is under way keeps the others of its account."""

_FIRST_DEEDS = (Deed.ESCAPE, Deed.STASH, Deed.TYPE, Deed.RELAUNCH)


@dataclass(slots=True)
class Deliveries:
    """``held``: sessions whose delivery a brake of the user's has stopped half-way."""

    books: Books
    hands: Hands
    rules: ResumeRules
    held: set[str] = field(default_factory=set)
    _resumed: dict[str, tuple[str, float]] = field(default_factory=dict)

    def forget_times(self) -> None:
        """The clock has jumped: when an account was resumed last, or tmux refused something, means
        nothing any more."""
        self._resumed.clear()
        self.hands.refusals.clear()

    def advance(
        self, decided: Decided, evidence: Evidence, known: Mapping[str, Decided], unsettled: str
    ) -> Attempt | None:
        """Opens an attempt that is due, and makes the next move of an open one.

        ``known``: every session by its uid. ``unsettled``: why no time can be trusted just now.
        """
        session, halt, attempt = decided.session, decided.halt, decided.attempt
        if decide.is_due(decided, evidence, self.rules):
            if halt is None or not brakes.may_begin(
                self.books, session, halt, evidence.at, self.rules
            ):
                return attempt
            if not self._may_go(session, evidence.at, known, unsettled):
                return attempt
            attempt = self.hands.begin(session, self.rules.text, halt)
        attempt = self._next_message(decided, attempt, evidence)
        if attempt is None or not attempt.open:
            return attempt
        attempt = self.hands.in_time(attempt)
        answered = halt if halt is not None and halt.id == attempt.halt else None
        move = self._withdrawn(attempt, halt, evidence)
        move = move or self._move(session, answered, attempt, evidence)
        begins = answered is not None and attempt.step is Step.DUE and move.deed in _FIRST_DEEDS
        mine = attempt.by_hand or self._may_go(session, evidence.at, known, unsettled)
        if begins and not mine:
            first = "another session of this account goes first"
            move = Move(Deed.WAIT, unsettled or first)
        after = self.hands.perform(session, answered, attempt, move, evidence)
        if begins and (after.step is not Step.DUE or after.keyed_at != attempt.keyed_at):
            self._resumed[session.account] = (session.uid, evidence.at)
        return after

    def _next_message(
        self, decided: Decided, attempt: Attempt | None, evidence: Evidence
    ) -> Attempt | None:
        """The attempt that delivers the first message that waits, opened if it may go now."""
        session, message = decided.session, decided.message
        if message is None or message.stage is not Stage.QUEUED:
            return attempt
        if why_not_now(session, decided.halt, attempt, evidence):
            return attempt
        return self.hands.begin(session, message.text, message=message)

    def _withdrawn(self, attempt: Attempt, halt: Halt | None, evidence: Evidence) -> Move | None:
        """The end of a message's attempt that never began; one of the queue's waits on."""
        if attempt.halt is not None or attempt.step is not Step.DUE:
            return None
        if halt is None and not self.books.messages.of_attempt(attempt.id):
            return None
        why = why_withdrawn(halt, evidence)
        return Move(Deed.SKIP, why, by=Actor.NOBODY) if why else None

    def _move(
        self, session: Session, halt: Halt | None, attempt: Attempt, evidence: Evidence
    ) -> Move:
        """The next move by the law, unless its reason has passed or a brake is on."""
        move = next_move(attempt, evidence, self.rules)
        if attempt.halt is not None and halt is None and move.deed is not Deed.CONFIRM:
            # The session was ended, cleared or stopped anew: whatever this was for is past.
            return Move(Deed.SKIP, "the halt that it was to end is over", by=Actor.NOBODY)
        if session.want is Want.DOWN and move.deed is not Deed.CONFIRM:
            return Move(Deed.SKIP, "the session was stopped", by=Actor.NOBODY)
        move = self._braked(session, halt, attempt, move, evidence.at)
        move = self._heeding_refusals(session, attempt, move, evidence.at)
        if self._is_refused(attempt, move, evidence.at):
            return Move(Deed.SKIP, move.why, by=Actor.NOBODY)
        return move

    def _braked(
        self, session: Session, halt: Halt | None, attempt: Attempt, move: Move, now: float
    ) -> Move:
        """The same move, or a wait while the user's brakes are on, which hurries nobody."""
        after = brakes.brake(self.books, session, halt, attempt, move, now, self.rules)
        (self.held.discard if after is move else self.held.add)(session.uid)
        return after

    def _heeding_refusals(self, session: Session, attempt: Attempt, move: Move, now: float) -> Move:
        """The same move, unless tmux has just refused it; what is not wanted now is forgotten."""
        refusals = self.hands.refusals
        refusal = refusals.get(session.uid)
        if refusal and (move.deed is Deed.WAIT or not refusal.concerns(attempt)):
            refusal = None
            del refusals[session.uid]
        return heeding(refusal, session, attempt, move, now)

    def _is_refused(self, attempt: Attempt, move: Move, now: float) -> bool:
        """A message that a person sends does not wait for hours for a free prompt."""
        waits = attempt.halt is None and attempt.by_hand and attempt.step is Step.DUE
        late = now - attempt.opened_at >= MESSAGE_SECONDS
        return waits and late and move.deed is Deed.WAIT

    def _may_go(
        self, session: Session, now: float, known: Mapping[str, Decided], unsettled: str
    ) -> bool:
        """One at a time for each account, not too soon after the last, by a clock that stands."""
        if unsettled:
            return False
        others = (d for d in known.values() if d.session.account == session.account)
        aside = self.held | {session.uid}
        if any(_goes_first(d.attempt, now) for d in others if d.session.uid not in aside):
            return False
        uid, at = self._resumed.get(session.account, ("", 0.0))
        return uid in ("", session.uid) or now - at >= self.rules.stagger_seconds


def _goes_first(attempt: Attempt | None, now: float) -> bool:
    """Whether keys or a launch are on their way; one that is stuck holds up nobody for long."""
    if attempt is None or not in_flight(attempt):
        return False
    return now - max(attempt.stepped_at, attempt.keyed_at) < ALONE_SECONDS
