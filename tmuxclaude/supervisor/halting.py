"""What becomes of a session's halt: opened, continued after an attempt, or closed.

Sends nothing and decides nothing about *when*; that is ``core/policy``. A banner that vanished
closes nothing, and one record is never answered twice.
"""

from __future__ import annotations

from dataclasses import replace

from tmuxclaude.claude import limits as limit_texts
from tmuxclaude.core import policy, resets
from tmuxclaude.core.clocks import halt_in_time
from tmuxclaude.core.evidence import (
    SCREEN,
    Ending,
    Evidence,
    Origin,
    explain,
    judge,
    limit_of,
)
from tmuxclaude.core.model import (
    ENDED_STEPS,
    Actor,
    Attempt,
    Halt,
    Limit,
    Remedy,
    Session,
    Source,
    State,
    Step,
)
from tmuxclaude.core.resume import is_turn, moved_by
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.states import Signal
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books

SCREEN_SECONDS = 10.0
"""How long a limit must stand on the screen before it counts without any record: a transcript that
is only just being written speaks first."""

PRINTED_SECONDS = 60.0
"""A printed time is cut to the minute, so the reset may come that much later."""

SEEN_BEFORE = "it stopped at exactly this before"
"""Why nothing is typed unasked for a limit that is only there again: a session that was ended and
opened anew, or words on a screen that look as they did."""


def in_flight(attempt: Attempt | None) -> bool:
    """Whether keys or a launch of this attempt may be on their way."""
    return attempt is not None and attempt.step not in ENDED_STEPS | {Step.DUE}


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


def settled(
    books: Books,
    session: Session,
    evidence: Evidence,
    halt: Halt | None,
    attempt: Attempt | None,
    rules: ResumeRules,
) -> Halt | None:
    """The session's open halt after this evidence: opened, continued, or closed (``None``)."""
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
        told = limit.structured or halt.needs_human or not answered_by(halt, attempt)
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


def answered_by(halt: Halt, attempt: Attempt | None) -> bool:
    """Whether our text was delivered because of exactly the record that the halt rests on."""
    if attempt is None or attempt.step is not Step.CONFIRMED:
        return False
    return (attempt.halt, attempt.record) == (halt.id, halt.record)


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
    resumed = answered_by(halt, attempt)
    if resumed and evidence.dead:
        return _close(books, halt, evidence.at, Actor.US, "resumed, and then its process ended")
    if halt.record.startswith(SCREEN):
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
        and is_turn(last, attempt.text)
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
