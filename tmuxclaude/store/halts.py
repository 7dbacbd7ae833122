"""Halts, and the journal of the attempts to resume from them.

The journal is what keeps a text from being delivered twice: intent is on the disk before the deed,
and the rules that forbid a second deed are constraints of the schema. Knows the rows; which step
comes next is decided elsewhere.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, replace
from typing import NamedTuple, TypedDict, Unpack

from tmuxclaude.core.clocks import shifted
from tmuxclaude.core.errors import TmuxclaudeError
from tmuxclaude.core.model import (
    ENDED_STEPS,
    Actor,
    Attempt,
    Halt,
    Limit,
    LimitKind,
    Source,
    Step,
)
from tmuxclaude.store.database import Database, Row


class JournalError(TmuxclaudeError):
    """The journal does not allow this. Nothing was written, and nothing may be sent for it."""


class StepTaken(NamedTuple):
    """One line of an attempt's journal. ``at``: UTC epoch seconds; ``note``: the reason, if any."""

    at: float
    step: Step
    note: str


class Noticed(TypedDict, total=False):
    """What may change about an attempt beside its step; the fields are those of ``Attempt``."""

    conversation: str
    offset: int
    keyed_at: float
    escapes: int
    launches: int
    stashed: bool
    by_hand: bool


class Halts:
    """The halts of all sessions, and every attempt with its journal.

    A session has at most one halt that is open. What is written about an attempt is on the disk
    when the call returns, unless it stands in a larger durable transaction.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def open_halt(
        self,
        session: str,
        conversation: str,
        limit: Limit,
        record: str,
        opened_at: float,
        *,
        not_before: float = 0.0,
        needs_human: str = "",
    ) -> Halt:
        """Begin a halt of the session with this uid; the fields mean what they mean in ``Halt``.

        Raises ``JournalError`` when the session has an open halt or does not exist.
        """
        halt = Halt(
            id=0,
            session=session,
            conversation=conversation,
            limit=limit,
            record=record,
            opened_at=opened_at,
            not_before=not_before,
            needs_human=needs_human,
        )
        with self._db.writing():
            try:
                return replace(halt, id=self._db.insert("halts", _halt_row(halt)))
            except sqlite3.IntegrityError as error:
                raise JournalError(
                    f"No halt was opened for session {session}: it has one, or is not kept."
                ) from error

    def save(self, halt: Halt) -> bool:
        """Keep what changed about a halt, and return whether anything did."""
        row = self._db.row("SELECT * FROM halts WHERE id = ?", halt.id)
        if row is None:
            raise JournalError(f"There is no halt {halt.id}.")
        if _halt(row) == halt:
            return False
        with self._db.writing():
            try:
                self._db.update("halts", _halt_row(halt), "id = ?", halt.id)
            except sqlite3.IntegrityError as error:
                raise JournalError(f"Session {halt.session} has another open halt.") from error
        return True

    def get(self, halt: int) -> Halt | None:
        """The halt with this id."""
        row = self._db.row("SELECT * FROM halts WHERE id = ?", halt)
        return None if row is None else _halt(row)

    def current(self, session: str) -> Halt | None:
        """The open halt of the session with this uid."""
        row = self._db.row("SELECT * FROM halts WHERE session = ? AND ended_at IS NULL", session)
        return None if row is None else _halt(row)

    def last(self, session: str) -> Halt | None:
        """The newest halt of the session with this uid, open or not."""
        row = self._db.row(
            "SELECT * FROM halts WHERE session = ? ORDER BY id DESC LIMIT 1", session
        )
        return None if row is None else _halt(row)

    def of(self, session: str) -> list[Halt]:
        """Every halt of the session with this uid, oldest first."""
        rows = self._db.rows("SELECT * FROM halts WHERE session = ? ORDER BY id", session)
        return [_halt(row) for row in rows]

    def knows(self, session: str, record: str) -> bool:
        """Whether any halt or attempt of the session with this uid is about this error record."""
        found = self._db.row(
            "SELECT 1 FROM halts WHERE session = ? AND record = ? UNION ALL"
            " SELECT 1 FROM attempts WHERE session = ? AND record = ? LIMIT 1",
            session,
            record,
            session,
            record,
        )
        return found is not None

    def begin(self, attempt: Attempt) -> Attempt:
        """Keep a new attempt and its first line; returns it with the id it was given.

        Raises ``JournalError`` when its halt has an attempt of that number, or is not known.
        """
        with self._db.writing(durable=True):
            try:
                row = _attempt_row(attempt) | {"left_due": attempt.step is not Step.DUE}
                begun = replace(attempt, id=self._db.insert("attempts", row))
            except sqlite3.IntegrityError as error:
                raise JournalError(
                    f"Attempt {attempt.number} of halt {attempt.halt} cannot begin: {error}."
                ) from error
            self._line(begun, attempt.opened_at, attempt.reason)
        return begun

    def step(
        self,
        attempt: Attempt,
        to: Step,
        at: float,
        reason: str = "",
        *,
        line: bool = True,
        **noticed: Unpack[Noticed],
    ) -> Attempt:
        """Take an attempt from the step it is at to another, or to the same one anew.

        ``attempt`` is what the caller believes; ``at`` is UTC epoch seconds; an empty ``reason``
        leaves the one before. Without a ``line`` the history of the journal does not show it.
        Raises ``JournalError`` when the attempt has ended, when what is kept is not at that step,
        or when its error record was answered by another attempt: once one of a halt has left
        ``due``, only a person's (``by_hand``) may for the same record.
        """
        after = replace(attempt, step=to, stepped_at=at, reason=reason or attempt.reason, **noticed)
        return self._write(attempt, after, at, reason, line)

    def step_back(
        self, attempt: Attempt, before: Attempt, at: float, reason: str, *, line: bool = True
    ) -> Attempt:
        """Take back a deed that was not done: all is as it was ``before`` it, but the reason."""
        return self._write(attempt, replace(before, reason=reason), at, reason, line)

    def shift(self, seconds: float) -> None:
        """Move the stamps of every open attempt: so far the wall clock went without any time."""
        with self._db.writing(durable=True):
            for attempt in self.open_attempts():
                self._write(attempt, shifted(attempt, seconds), 0.0, "", line=False)

    def note(self, attempt: Attempt, at: float, reason: str, **noticed: Unpack[Noticed]) -> Attempt:
        """Note more about an attempt that stays at its step; ``stepped_at`` stays too."""
        after = replace(attempt, reason=reason or attempt.reason, **noticed)
        return self._write(attempt, after, at, reason)

    def _write(
        self, attempt: Attempt, after: Attempt, at: float, reason: str, line: bool = True
    ) -> Attempt:
        if not attempt.open:
            raise JournalError(f"Attempt {attempt.id} has ended ({attempt.step}).")
        row = _attempt_row(after)
        if after.step is not Step.DUE:
            row["left_due"] = True
        with self._db.writing(durable=True):
            try:
                changed = self._db.update(
                    "attempts", row, "id = ? AND step = ?", attempt.id, attempt.step
                )
            except sqlite3.IntegrityError as error:
                raise JournalError(
                    f"The record {attempt.record!r} of halt {attempt.halt} was answered before."
                ) from error
            if changed != 1:
                raise JournalError(f"Attempt {attempt.id} is not at {attempt.step} any more.")
            if line:
                self._line(after, at, reason)
        return after

    def _line(self, attempt: Attempt, at: float, note: str) -> None:
        row = {"attempt": attempt.id, "at": at, "step": attempt.step, "note": note}
        self._db.insert("steps", row)

    def attempt(self, attempt: int) -> Attempt | None:
        """The attempt with this id."""
        row = self._db.row("SELECT * FROM attempts WHERE id = ?", attempt)
        return None if row is None else _attempt(row)

    def attempts(self, halt: int) -> list[Attempt]:
        """The attempts of one halt, in order."""
        rows = self._db.rows("SELECT * FROM attempts WHERE halt = ? ORDER BY number", halt)
        return [_attempt(row) for row in rows]

    def offsets(self) -> dict[str, int]:
        """By session, where the text of its open attempt may stand in the transcript."""
        steps = ", ".join(f"'{step}'" for step in Step if step not in ENDED_STEPS | {Step.DUE})
        found = self._db.rows(f'SELECT session, "offset" FROM attempts WHERE step IN ({steps})')
        return {row["session"]: row["offset"] for row in found}

    def latest_attempt(self, session: str) -> Attempt | None:
        """The newest attempt of the session with this uid, for whichever halt or for none."""
        row = self._db.row(
            "SELECT * FROM attempts WHERE session = ? ORDER BY id DESC LIMIT 1", session
        )
        return None if row is None else _attempt(row)

    def open_attempts(self) -> list[Attempt]:
        """Every attempt that has not ended: what a new supervisor must look at first."""
        steps = [step for step in Step if step not in ENDED_STEPS]
        marks = ", ".join("?" * len(steps))
        rows = self._db.rows(f"SELECT * FROM attempts WHERE step IN ({marks}) ORDER BY id", *steps)
        return [_attempt(row) for row in rows]

    def steps(self, attempt: int) -> list[StepTaken]:
        """The journal of one attempt, in the order it was written."""
        rows = self._db.rows(
            "SELECT at, step, note FROM steps WHERE attempt = ? ORDER BY id", attempt
        )
        return [StepTaken(row["at"], Step(row["step"]), row["note"]) for row in rows]


def _halt_row(halt: Halt) -> Row:
    limit = halt.limit
    return {
        "session": halt.session,
        "conversation": halt.conversation,
        "limit_kind": limit.kind,
        "limit_words": limit.words,
        "limit_source": limit.source,
        "limit_said_at": limit.said_at,
        "limit_resets_at": limit.resets_at,
        "record": halt.record,
        "opened_at": halt.opened_at,
        "attempts": halt.attempts,
        "not_before": halt.not_before,
        "needs_human": halt.needs_human,
        "ended_at": halt.ended_at,
        "ended_by": halt.ended_by,
        "outcome": halt.outcome,
    }


def _halt(row: Row) -> Halt:
    return Halt(
        id=row["id"],
        session=row["session"],
        conversation=row["conversation"],
        limit=Limit(
            kind=LimitKind(row["limit_kind"]),
            words=row["limit_words"],
            source=Source(row["limit_source"]),
            said_at=row["limit_said_at"],
            resets_at=row["limit_resets_at"],
        ),
        record=row["record"],
        opened_at=row["opened_at"],
        attempts=row["attempts"],
        not_before=row["not_before"],
        needs_human=row["needs_human"],
        ended_at=row["ended_at"],
        ended_by=None if row["ended_by"] is None else Actor(row["ended_by"]),
        outcome=row["outcome"],
    )


def _attempt_row(attempt: Attempt) -> Row:
    """The columns of the table are the fields of the value."""
    row = asdict(attempt)
    del row["id"]
    return row


def _attempt(row: Row) -> Attempt:
    row = row | {
        "step": Step(row["step"]),
        "stashed": bool(row["stashed"]),
        "by_hand": bool(row["by_hand"]),
    }
    del row["left_due"]
    return Attempt(**row)
