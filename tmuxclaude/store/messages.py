"""The messages that wait for a session, or waited. Knows the rows; when one goes is decided
elsewhere (``core/messages``).

Together with the journal of the attempts (``halts``) they keep a message from being sent twice: its
attempt begins in the same transaction in which it leaves the queue, and the schema lets a session
have one on its way. Times are UTC epoch seconds.
"""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from tmuxclaude.core.messages import WAITING, Message, Stage
from tmuxclaude.core.model import Attempt, Step
from tmuxclaude.store.database import Database, Row
from tmuxclaude.store.halts import Halts, JournalError

_WAITS = "stage IN ({})".format(", ".join(f"'{stage}'" for stage in WAITING))


class Messages:
    """What is written is on the disk when the call returns, unless in a larger transaction."""

    def __init__(self, db: Database, halts: Halts) -> None:
        self._db = db
        self._halts = halts

    def add(self, session: str, text: str, now: float, key: str = "") -> Message:
        """Keep one more message for the session with this uid, behind those that wait.

        ``key``: as in ``Message``; no other message may have it.
        """
        message = Message(id=0, session=session, text=text, asked_at=now, key=key)
        with self._db.writing(durable=True):
            return replace(message, id=self._db.insert("messages", _row(message)))

    def waiting(self, session: str) -> list[Message]:
        """Those that are not over, in their order."""
        rows = self._db.rows(
            f"SELECT * FROM messages WHERE session = ? AND {_WAITS} ORDER BY id", session
        )
        return [_message(row) for row in rows]

    def first(self, session: str) -> Message | None:
        """The one whose turn it is."""
        row = self._db.row(
            f"SELECT * FROM messages WHERE session = ? AND {_WAITS} ORDER BY id LIMIT 1", session
        )
        return None if row is None else _message(row)

    def get(self, message: int) -> Message | None:
        """The message with this id, over or not."""
        row = self._db.row("SELECT * FROM messages WHERE id = ?", message)
        return None if row is None else _message(row)

    def by_key(self, key: str) -> Message | None:
        """The message that was asked for with this key, over or not."""
        row = self._db.row('SELECT * FROM messages WHERE "key" = ? AND "key" <> \'\'', key)
        return None if row is None else _message(row)

    def before(self, message: Message) -> int:
        """How many messages waited for the session when this one was asked for."""
        row = self._db.row(
            "SELECT count(*) AS count FROM messages WHERE session = ? AND id < ?"
            " AND (over_at IS NULL OR over_at > ?)",
            message.session,
            message.id,
            message.asked_at,
        )
        return 0 if row is None else int(row["count"])

    def sent(self, session: str, asked_until: float) -> list[str]:
        """The texts of those that went on their way, whenever, and were asked for until then."""
        rows = self._db.rows(
            "SELECT text FROM messages WHERE session = ? AND attempt IS NOT NULL AND asked_at <= ?",
            session,
            asked_until,
        )
        return [row["text"] for row in rows]

    def of_attempt(self, attempt: int) -> bool:
        """Whether a message of the queue is on its way by this attempt."""
        return self._db.row("SELECT 1 FROM messages WHERE attempt = ?", attempt) is not None

    def begin(self, message: Message, attempt: Attempt) -> Attempt:
        """Keep the attempt that delivers a message which is queued, both or neither.

        Raises ``JournalError`` when it is not queued any more, or another one is on its way.
        """
        with self._db.writing(durable=True):
            begun = self._halts.begin(attempt)
            after = {"stage": Stage.SENDING, "attempt": begun.id, "reason": ""}
            self._move(message, Stage.QUEUED, after)
        return begun

    def settle(self, message: Message) -> None:
        """Keep what became of a message that was on its way."""
        after = {"stage": message.stage, "over_at": message.over_at, "reason": message.reason}
        with self._db.writing():
            self._move(message, Stage.SENDING, after)

    def drop(self, message: Message, now: float) -> None:
        """Give up one that is queued or in doubt. Raises ``JournalError`` for any other."""
        before = message.stage if message.stage is Stage.IN_DOUBT else Stage.QUEUED
        with self._db.writing(durable=True):
            self._move(message, before, {"stage": Stage.DROPPED, "over_at": now})

    def left_at(self, attempt: Attempt) -> Step:
        """The last step at which an attempt that has ended was open."""
        steps = [line.step for line in self._halts.steps(attempt.id)]
        return next((step for step in reversed(steps) if step is not attempt.step), Step.DUE)

    def _move(self, message: Message, before: Stage, after: Row) -> None:
        try:
            changed = self._db.update("messages", after, "id = ? AND stage = ?", message.id, before)
        except sqlite3.IntegrityError as error:
            raise JournalError(f"Another message of {message.session} is on its way.") from error
        if changed != 1:
            raise JournalError(f"Message {message.id} is not {before} any more.")


def _row(message: Message) -> Row:
    return {
        "session": message.session,
        "text": message.text,
        "asked_at": message.asked_at,
        "stage": message.stage,
        "attempt": message.attempt,
        "over_at": message.over_at,
        "reason": message.reason,
        "key": message.key,
    }


def _message(row: Row) -> Message:
    return Message(**row | {"stage": Stage(row["stage"])})
