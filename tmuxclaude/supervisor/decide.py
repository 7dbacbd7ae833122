"""What follows in the registry from the evidence of one session at one instant.

State, chain of conversations, halts and outlook are brought in line with what the witnesses say.
Sends no key and opens no window: whether an attempt is due is answered here, how it is made in
``act``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tmuxclaude.claude import limits as limit_texts
from tmuxclaude.core import policy, resets
from tmuxclaude.core.clocks import halt_in_time
from tmuxclaude.core.evidence import Ending, Evidence, Origin, explain, judge, limit_of
from tmuxclaude.core.model import (
    ENDED_STEPS,
    Actor,
    Attempt,
    Dialog,
    Halt,
    Limit,
    Outlook,
    Remedy,
    Session,
    Source,
    State,
    Step,
    Want,
)
from tmuxclaude.core.resume import moved_by, same_text
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.states import Signal, after
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import brakes

SCREEN_SECONDS = 10.0
"""How long a limit must stand on the screen before it counts without any record: a transcript that
is only just being written speaks first."""

PRINTED_SECONDS = 60.0
"""A printed time is cut to the minute, so the reset may come that much later."""

SEEN_BEFORE = "it stopped at exactly this before"
"""Why nothing is typed unasked for a limit that is only there again: a session that was ended and
opened anew, or words on a screen that look as they did."""

START_SECONDS = 5.0
"""How long a starting Claude Code may show an unknown screen before it counts as a dialog."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One session after its evidence was weighed, with its open halt and its latest attempt.

    ``due``: when we may act on the halt if no brake of the user's holds us back.
    """

    session: Session
    halt: Halt | None
    attempt: Attempt | None
    due: float | None = None


def decide(books: Books, session: Session, evidence: Evidence, rules: ResumeRules) -> Decided:
    """Brings everything that is remembered of ``session`` in line with ``evidence``."""
    session = _conversation(books, session, evidence)
    halt = books.halts.current(session.uid)
    attempt = books.halts.latest_attempt(session.uid)
    session = _state(books, session, evidence, attempt)
    halt = _halt(books, session, evidence, halt, attempt, rules)
    seen = _outlook(books, session, halt, attempt, evidence, rules)
    if seen != session.outlook:
        session = replace(session, outlook=seen)
        books.sessions.save(session)
    limits = books.limits.of(session.account) if halt is not None else []
    due = policy.due_at(halt, limits, evidence, rules) if halt is not None else None
    return Decided(session, halt, attempt, due)


def in_flight(attempt: Attempt | None) -> bool:
    """Whether keys or a launch of this attempt may be on their way."""
    return attempt is not None and attempt.step not in ENDED_STEPS | {Step.DUE}


def is_due(decided: Decided, evidence: Evidence, rules: ResumeRules) -> bool:
    """Whether a new attempt on the session's halt is to be opened now, by itself."""
    session, halt = decided.session, decided.halt
    if halt is None or halt.needs_human or not rules.enabled or session.want is not Want.UP:
        return False
    if decided.attempt is not None and (decided.attempt.open or _answered(halt, decided.attempt)):
        return False  # one record is answered once; the next attempt needs a new one
    if session.state not in (State.LIMITED, State.IDLE, State.WAITING, State.LOST):
        return False
    return decided.due is not None and evidence.at >= decided.due


def witnesses(evidence: Evidence) -> dict[str, object]:
    """The evidence as an event keeps it."""
    return {"witnesses": explain(evidence)}


def found_limit(evidence: Evidence, zone: str) -> tuple[Limit, str] | None:
    """The limit that the evidence shows, with its reset worked out from its words if need be."""
    found = limit_of(evidence)
    if found is None:
        return None
    limit, record = found
    if limit.resets_at is None and policy.REMEDY[limit.kind] is Remedy.RESET:
        if limit.source is Source.SCREEN and evidence.reading is not None:
            words = evidence.reading.reset_text
        else:
            said = limit_texts.recognise(limit.words)
            words = said.reset_text if said else ""
        resets_at = resets.parse(words, limit.said_at, zone) if words else None
        if resets_at is not None and resets.plausible(limit.kind, resets_at, limit.said_at):
            limit = replace(limit, resets_at=resets_at + PRINTED_SECONDS)
    return limit, record


def converse(books: Books, session: Session, conversation: str, at: float, why: str) -> Session:
    """The session is in ``conversation`` now: its chain grows by a link when that is another."""
    if conversation == session.conversation:
        return session
    books.sessions.link(session.uid, conversation, at, why)
    session = replace(session, conversation=conversation, recorded=False)
    books.sessions.save(session)
    books.events.note(at, session.uid, "conversation", f"{why}: {conversation}")
    return session


def _conversation(books: Books, session: Session, evidence: Evidence) -> Session:
    registry, tail = evidence.registry, evidence.tail
    # Without a status it is the picker of conversations, whose id is thrown away.
    if registry is not None and registry.status is not None and registry.conversation:
        why = "clear" if session.conversation else "start"
        session = converse(books, session, registry.conversation, evidence.at, why)
    spoken = tail is not None and tail.conversation == session.conversation and tail.prompts
    if spoken and not session.recorded:
        session = replace(session, recorded=True)
        books.sessions.save(session)
    return session


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
    if signal is None:
        return session
    state = after(session.state, signal)
    if state is session.state:
        return session
    reason = _reason(session, state, evidence)
    books.events.note(
        evidence.at, session.uid, "state", f"{session.state} → {state}", witnesses(evidence)
    )
    session = replace(session, state=state, since=evidence.at, reason=reason)
    books.sessions.save(session)
    return session


def _still_starting(session: Session, evidence: Evidence) -> bool:
    reading = evidence.reading
    known = reading is not None and reading.dialog not in (None, Dialog.OTHER)
    young = 0 <= evidence.at - session.since < START_SECONDS
    return session.state is State.STARTING and young and not known


def _reason(session: Session, state: State, evidence: Evidence) -> str:
    reading, registry = evidence.reading, evidence.registry
    if state is State.WAITING:
        if reading is not None and reading.dialog is not None:
            return str(reading.dialog)
        return registry.waiting_for if registry is not None else ""
    if state is State.ENDED and session.want is Want.DOWN:
        return "stopped by you"
    return evidence.last_words if state in (State.LOST, State.ENDED) else ""


def _halt(
    books: Books,
    session: Session,
    evidence: Evidence,
    halt: Halt | None,
    attempt: Attempt | None,
    rules: ResumeRules,
) -> Halt | None:
    """Opens, continues or closes the session's halt."""
    if session.state is State.ENDED:
        return _close(books, halt, evidence.at, Actor.YOU, "the session ended")
    if halt is not None and session.conversation not in (None, halt.conversation):
        halt = _close(books, halt, evidence.at, Actor.YOU, "a new conversation was begun")
    if halt is not None:
        backoff = policy.backoff_seconds(halt.attempts, rules)
        halt = halt_in_time(halt, evidence.at, backoff)
        books.halts.save(halt)
    found = found_limit(evidence, session.zone)
    if found is None:
        return _perhaps_over(books, evidence, halt, attempt)
    limit, record = found
    if limit.structured and limit.resets_at is not None:
        books.limits.note(session.account, limit)
    if halt is not None and halt.record == record:
        told = limit.structured or halt.needs_human or not _answered(halt, attempt)
        return halt if told or not _stands(session, evidence) else _unsure(books, halt, evidence.at)
    if halt is not None and not limit.structured and halt.limit.structured:
        return halt  # its transcript cannot be read at the moment
    if halt is not None and in_flight(attempt) and attempt is not None and attempt.halt == halt.id:
        return halt  # what our own text met: the attempt is confirmed first
    if not limit.structured and not _stands(session, evidence):
        return halt
    if halt is not None and limit.structured and not halt.limit.structured and not halt.attempts:
        return _better_known(books, halt, limit, record, evidence.at)
    if halt is not None:
        answered = attempt is not None and attempt.halt == halt.id and not attempt.open
        if answered and policy.same_family(halt, limit):
            return _again(books, halt, limit, record, evidence.at, rules)
        _close(books, halt, evidence.at, moved_by(halt.record, evidence), "it went on")
    return _open(books, session, evidence, limit, record)


def _stands(session: Session, evidence: Evidence) -> bool:
    """Whether a limit that only the screen shows has stood there long enough to be believed."""
    young = 0 <= evidence.at - session.since < SCREEN_SECONDS
    return session.state is State.LIMITED and not young


def _answered(halt: Halt, attempt: Attempt | None) -> bool:
    """Whether our text was delivered because of exactly the record that the halt rests on."""
    delivered = attempt is not None and attempt.step is Step.CONFIRMED
    return (
        delivered
        and attempt is not None
        and (attempt.halt, attempt.record)
        == (
            halt.id,
            halt.record,
        )
    )


def _unsure(books: Books, halt: Halt, now: float) -> Halt:
    """The same words on a screen after our text: nobody can tell whether they are new."""
    halt = replace(halt, needs_human=f"{SEEN_BEFORE}; it was resumed after that")
    books.halts.save(halt)
    books.events.note(now, halt.session, "needs you", halt.needs_human, {"halt": halt.id})
    return halt


def _better_known(books: Books, halt: Halt, limit: Limit, record: str, now: float) -> Halt:
    """The same halt, now by its record instead of by its words on the screen."""
    session = books.sessions.get(halt.session)
    lost = session.rebuilt_at if session is not None else None
    before, needs_human = halt.needs_human, policy.needs_human(limit, halt.opened_at, lost)
    halt = replace(halt, limit=limit, record=record, needs_human=needs_human)
    books.halts.save(halt)
    if needs_human and not before:
        books.events.note(now, halt.session, "needs you", needs_human, {"halt": halt.id})
    return halt


def _open(books: Books, session: Session, evidence: Evidence, limit: Limit, record: str) -> Halt:
    needs_human = policy.needs_human(limit, evidence.at, session.rebuilt_at)
    if books.halts.knows(session.uid, record):
        needs_human = needs_human or SEEN_BEFORE
    with around("halt-opened"):
        halt = books.halts.open_halt(
            session=session.uid,
            conversation=session.conversation or "",
            limit=limit,
            record=record,
            opened_at=evidence.at,
            needs_human=needs_human,
        )
    why = witnesses(evidence) | {"halt": halt.id}
    books.events.note(evidence.at, session.uid, "limit", limit.words, why)
    return halt


def _again(
    books: Books, halt: Halt, limit: Limit, record: str, now: float, rules: ResumeRules
) -> Halt:
    """The same limit stands after our attempt: one more, later, or a person."""
    gave_up = halt.attempts >= rules.max_attempts
    halt = replace(
        halt,
        limit=limit,
        record=record,
        not_before=now + policy.backoff_seconds(halt.attempts, rules),
        needs_human=f"gave up after {halt.attempts} attempts" if gave_up else "",
    )
    with around("halt-again"):
        books.halts.save(halt)
    words = f"still there after attempt {halt.attempts}: {limit.words}"
    books.events.note(now, halt.session, "limit", words, {"halt": halt.id})
    return halt


def _perhaps_over(
    books: Books, evidence: Evidence, halt: Halt | None, attempt: Attempt | None
) -> Halt | None:
    """Closes a halt that somebody has moved past. A banner that vanished closes nothing."""
    if halt is None or (attempt is not None and attempt.open and attempt.halt == halt.id):
        return halt
    resumed = _answered(halt, attempt)
    if resumed and evidence.dead:
        return _close(books, halt, evidence.at, Actor.US, "resumed, and then its process ended")
    if halt.record.startswith("screen:"):
        if judge(evidence) is Signal.WORK:
            who = Actor.US if resumed else Actor.NOBODY
            return _close(books, halt, evidence.at, who, "it works again")
        return halt
    tail = evidence.tail
    by = moved_by(halt.record, evidence)
    if tail is None or by is None:
        return halt
    last = tail.turns[-1] if tail.turns else None
    ours = (
        attempt is not None
        and attempt.halt == halt.id
        and attempt.step is Step.CONFIRMED
        and last is not None
        and last.origin is Origin.TYPED
        and same_text(last.text, attempt.text)
    )
    if not ours:
        return _close(books, halt, evidence.at, by, "it went on")
    if tail.ending in (Ending.DONE, Ending.INTERRUPTED):
        return _close(books, halt, evidence.at, Actor.US, "resumed, and the turn was finished")
    return halt


def _close(
    books: Books, halt: Halt | None, now: float, by: Actor | None, outcome: str
) -> Halt | None:
    if halt is None:
        return None
    by = by or Actor.NOBODY
    with around("halt-closed"):
        books.halts.save(replace(halt, ended_at=now, ended_by=by, outcome=outcome))
    words = f"{outcome} (by {by})"
    books.events.note(now, halt.session, "halt over", words, {"halt": halt.id})
    return None


def _outlook(
    books: Books,
    session: Session,
    halt: Halt | None,
    attempt: Attempt | None,
    evidence: Evidence,
    rules: ResumeRules,
) -> Outlook:
    if halt is not None and session.state is not State.WORKING:
        ours = attempt if attempt is not None and attempt.halt == halt.id else None
        limits = books.limits.of(session.account)
        seen = policy.outlook(halt, ours, limits, evidence, rules)
        return brakes.foreseen(books, session, ours, seen, evidence.at, rules)
    if session.state is State.WAITING:
        return Outlook(Actor.YOU, None, session.reason)
    held = session.want is Want.HOLD and session.state is not State.ENDED
    return Outlook(why="held, never touched") if held else Outlook()
