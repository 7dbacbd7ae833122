"""Applies the user's brakes: asks ``core/budgets`` with what is remembered, and notes it once.

Sends nothing. What holds a resume back becomes the session's outlook and, when it really keeps one
from being made, an event; so does its end.
"""

from __future__ import annotations

from tmuxclaude.core import budgets, hours
from tmuxclaude.core.budgets import Brake, Hold
from tmuxclaude.core.model import Attempt, Halt, Outlook, Session
from tmuxclaude.core.resume import Deed, Move
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.store.books import Books

HELD = "held"
TAKEN_UP = "taken up"
"""Kinds of events; the user is told of the first."""


def hold_of(
    books: Books, session: Session, at: float, rules: ResumeRules, besides: int = 0
) -> Hold | None:
    """What would hold back an unasked resume of ``session`` at the instant ``at``.

    ``besides``: the id of an attempt that does not count among those of the day.
    """
    delivered: list[float] = []
    if rules.max_per_day:
        delivered = books.brakes.delivered(hours.day_of(at, session.zone)[0], besides)
    return budgets.held_back(at, session, rules, books.brakes.pause(), delivered)


def foreseen(
    books: Books,
    session: Session,
    attempt: Attempt | None,
    seen: Outlook,
    now: float,
    rules: ResumeRules,
) -> Outlook:
    """``seen``, the outlook without any brake, as it is with what will hold when its time comes."""
    at = now if seen.at is None else max(now, seen.at)
    besides = attempt.id if attempt is not None else 0
    hold = hold_of(books, session, at, rules, besides)
    if hold is not None and not budgets.binds(hold, attempt):
        return seen
    return budgets.outlook(seen, hold)


def may_begin(books: Books, session: Session, halt: Halt, now: float, rules: ResumeRules) -> bool:
    """Whether an attempt on ``halt``, which is due, may be opened unasked."""
    hold = hold_of(books, session, now, rules)
    _note(books, halt, hold, now)
    return hold is None


def brake(
    books: Books,
    session: Session,
    halt: Halt | None,
    attempt: Attempt,
    move: Move,
    now: float,
    rules: ResumeRules,
) -> Move:
    """``move``, or a wait where it would touch what is held back. ``halt``: what it answers."""
    if move.deed not in budgets.TOUCHING:
        return move
    hold = hold_of(books, session, now, rules, attempt.id)
    stopped = hold is not None and budgets.stops(hold, attempt, move.deed)
    if halt is not None:
        _note(books, halt, hold if stopped else None, now)
    return Move(Deed.WAIT, hold.reason) if hold is not None and stopped else move


def end_pause(books: Books, now: float) -> bool:
    """Ends the pause when its time is over; whether it did."""
    pause = books.brakes.pause()
    if pause is None or pause.until is None or now < pause.until:
        return False
    books.brakes.end()
    books.events.note(now, "", "unpaused", "its time is over")
    return True


def _note(books: Books, halt: Halt, hold: Hold | None, now: float) -> None:
    """One event when a budget begins to hold back, another when it does no longer."""
    if hold is not None and hold.brake is Brake.HOLD:  # noted when it was asked for
        return
    last = books.events.latest(halt.session, (HELD, TAKEN_UP), halt.opened_at)
    held = last.text if last is not None and last.kind == HELD else ""
    if hold is not None and hold.reason != held:
        books.events.note(now, halt.session, HELD, hold.reason)
    elif hold is None and held:
        books.events.note(now, halt.session, TAKEN_UP, "nothing holds it back any more")
