"""What follows in the registry from the evidence of one session at one instant.

State, chain of conversations and outlook are brought in line with what the witnesses say; what
becomes of its halt is ``halting``'s. Sends no key and opens no window: whether an attempt is due is
answered here, how it is made in ``act``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tmuxclaude.core import budgets, launching, messages, parting, policy
from tmuxclaude.core.evidence import Evidence, judge
from tmuxclaude.core.messages import Message
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Dialog,
    Halt,
    Outlook,
    Session,
    State,
    Step,
    Want,
)
from tmuxclaude.core.parked import MOVED
from tmuxclaude.core.resume import next_move
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.states import Signal, after
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import brakes
from tmuxclaude.supervisor import messages as waiting
from tmuxclaude.supervisor.halting import answered_by, in_flight, settled, witnesses

START_SECONDS = 5.0
"""How long a starting Claude Code may show an unknown screen before it counts as a dialog."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One session after its evidence was weighed, with its open halt and its latest attempt.

    ``due``: when we may act on the halt if no brake of the user's holds us back. ``message``: the
    first that waits, is on its way, or is in doubt.
    """

    session: Session
    halt: Halt | None
    attempt: Attempt | None
    due: float | None = None
    message: Message | None = None


def decide(books: Books, session: Session, evidence: Evidence, rules: ResumeRules) -> Decided:
    """Brings everything that is remembered of ``session`` in line with ``evidence``, at once:
    nobody reads of a limited session without its halt."""
    with books.db.writing():
        session = _conversation(books, session, evidence)
        evidence = replace(evidence, forked_at=_forked_at(books, session))
        worked = launching.worked(evidence.tail)
        if worked is not None:
            books.limits.lift(session.account, launching.BLOCKING, *worked)
        halt = books.halts.current(session.uid)
        attempt = books.halts.latest_attempt(session.uid)
        session = _state(books, session, evidence, attempt)
        halt = settled(books, session, evidence, halt, attempt, rules)
        message = waiting.first(books, session, evidence.at)
        seen = _outlook(books, session, halt, attempt, evidence, rules)
        seen = messages.outlook(session, message, attempt) or seen
        if seen != session.outlook:
            session = replace(session, outlook=seen)
            books.sessions.save(session)
    limits = books.limits.of(session.account) if halt is not None else []
    due = policy.due_at(halt, limits, evidence, rules) if halt is not None else None
    return Decided(session, halt, attempt, due, message)


def is_due(decided: Decided, evidence: Evidence, rules: ResumeRules) -> bool:
    """Whether a new attempt on the session's halt is to be opened now, by itself."""
    session, halt = decided.session, decided.halt
    if halt is None or halt.needs_human or not rules.enabled or session.want is not Want.UP:
        return False
    if decided.attempt is not None and (decided.attempt.open or answered_by(halt, decided.attempt)):
        return False  # one record is answered once; the next attempt needs a new one
    if session.state not in (State.LIMITED, State.IDLE, State.WAITING, State.LOST):
        return False
    if launching.is_outside(session):
        return False
    return decided.due is not None and evidence.at >= decided.due


def converse(books: Books, session: Session, conversation: str, at: float, why: str) -> Session:
    """The session is in ``conversation`` now: its chain grows by a link when that is another."""
    if conversation == session.conversation:
        return session
    books.sessions.link(session.uid, conversation, at, why)
    halt = books.halts.current(session.uid) if why == MOVED else None
    if halt is not None and halt.conversation == session.conversation:
        books.halts.save(replace(halt, conversation=conversation))
    session = replace(session, conversation=conversation, recorded=False)
    books.sessions.save(session)
    books.events.note(at, session.uid, "conversation", f"{why}: {conversation}")
    return session


def _conversation(books: Books, session: Session, evidence: Evidence) -> Session:
    registry, tail = evidence.registry, evidence.tail
    # Without a status it is the picker of conversations, whose id is thrown away.
    if registry is not None and registry.status is not None and registry.conversation:
        moved = registry.parked is not None and registry.parked.copied_from
        why = (MOVED if moved else "clear") if session.conversation else "start"
        session = converse(books, session, registry.conversation, evidence.at, why)
    spoken = tail is not None and tail.conversation == session.conversation and tail.spoken
    if spoken and not session.recorded:
        session = replace(session, recorded=True)
        books.sessions.save(session)
    return session


def _forked_at(books: Books, session: Session) -> float | None:
    """When the session's conversation began, if it is a fork of another."""
    last = books.sessions.chain(session.uid)[-1:]
    forks = (link for link in last if link.conversation == session.conversation)
    return next((link.began_at for link in forks if link.why == "fork"), None)


def _state(books: Books, session: Session, evidence: Evidence, attempt: Attempt | None) -> Session:
    signal = judge(evidence)
    if signal is Signal.GONE and session.want is Want.DOWN:
        signal = Signal.GOODBYE
    if signal is Signal.DIALOG and _still_starting(session, evidence):
        signal = None
    if attempt is not None and in_flight(attempt):
        starts = attempt.step is Step.LAUNCHING  # it may show the trust dialog, and die again
        ours = Signal.GONE if starts else Signal.DIALOG
        signal = Signal.WOKEN if signal in (Signal.LIMIT, Signal.IDLE, ours) else signal
    if launching.waits(session):
        signal = _of_queued(signal, evidence)
    if signal is None:
        return session
    state = after(session.state, signal)
    if state is session.state:
        return session
    reason = _reason(session, state, evidence)
    words = f"{session.state} → {state}"
    if state is State.ENDED and reason:
        words += f": {reason}"
    books.events.note(evidence.at, session.uid, "state", words, witnesses(evidence))
    session = replace(session, state=state, since=evidence.at, reason=reason)
    books.sessions.save(session)
    return session


def _of_queued(signal: Signal | None, evidence: Evidence) -> Signal | None:
    """What the pane of a countdown shows is nothing of Claude Code's until its file is there."""
    if evidence.alive:
        return Signal.LAUNCHED if evidence.registry is not None else None
    return Signal.FAILED if signal is Signal.GONE else signal


def _still_starting(session: Session, evidence: Evidence) -> bool:
    reading = evidence.reading
    known = reading is not None and reading.dialog not in (None, Dialog.OTHER)
    young = 0 <= evidence.at - session.since < START_SECONDS
    return session.state is State.STARTING and young and not known


def _reason(session: Session, state: State, evidence: Evidence) -> str:
    reading, registry = evidence.reading, evidence.registry
    if parting.is_ours(session):
        return session.reason
    if state is State.WAITING:
        if reading is not None and reading.dialog is not None:
            return str(reading.dialog)
        return (registry.waiting_for if registry is not None else "") or evidence.aside
    if state is State.ENDED and session.want is Want.DOWN:
        return "stopped by you"
    return evidence.last_words if state in (State.LOST, State.ENDED) else ""


def _outlook(
    books: Books,
    session: Session,
    halt: Halt | None,
    attempt: Attempt | None,
    evidence: Evidence,
    rules: ResumeRules,
) -> Outlook:
    if parting.is_ending(session):
        return parting.outlook(session)
    if halt is not None and session.state is not State.WORKING:
        ours = attempt if attempt is not None and attempt.halt == halt.id else None
        limits = books.limits.of(session.account)
        seen = policy.outlook(halt, ours, limits, evidence, rules)
        if launching.is_outside(session):
            return launching.outside(seen)
        braked = brakes.foreseen(books, session, ours, seen, evidence.at, rules)
        yours = ours is not None and ours.open and next_move(ours, evidence, rules).yours
        return replace(seen, actor=Actor.YOU) if yours and braked == seen else braked
    if launching.waits(session):
        limits = books.limits.standing(session.account)
        seen = launching.queued(limits, evidence.at, rules.margin_seconds)
        if session.reason == launching.WAITS_FOR_SLOT:
            seen = launching.FOR_SLOT
        return budgets.outlook(seen, budgets.held(session))
    if session.state is State.WAITING:
        return Outlook(Actor.YOU, None, session.reason)
    if evidence.aside and session.state is not State.WORKING:
        return Outlook(Actor.YOU, None, evidence.aside)
    held = session.want is Want.HOLD and session.state is not State.ENDED
    return Outlook(why="held, never touched") if held else Outlook()
