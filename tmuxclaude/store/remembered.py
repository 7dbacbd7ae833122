"""What is remembered of sessions: their conversations, halts, attempts, messages and events.

Read as ``store/reader`` reads, by its connection and under its rules: rows are plain tuples, the
tuples of column names say what stands where, and times are UTC epoch seconds.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tmuxclaude.store.reader import fetch
from tmuxclaude.store.reader import open as open_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import Any

CHAIN_COLUMNS = (
    *("position", "conversation", "began_at", "why", "active_at"),
    *("prompts", "replies", "compactions", "last_prompt", "last_reply"),
)
"""From ``active_at`` on ``None`` before anything was seen of the conversation."""

HALT_COLUMNS = (
    "id",
    "conversation",
    "limit_kind",
    "limit_words",
    "limit_source",
    "limit_said_at",
    "limit_resets_at",
    "record",
    "opened_at",
    "attempts",
    "not_before",
    "needs_human",
    "ended_at",
    "ended_by",
    "outcome",
)

ATTEMPT_COLUMNS = (
    "id",
    "halt",
    "number",
    "text",
    "step",
    "opened_at",
    "stepped_at",
    "launches",
    "by_hand",
    "reason",
)
"""``halt`` is ``None`` for a message that a person sent."""

DELIVERY_COLUMNS = (
    *("text", "step", "opened_at", "offset", "conversation", "reason"),
    *("account", "directory", "state", "since", "name"),
)
"""The last five are those of the session now."""

MESSAGE_COLUMNS = ("id", "text", "asked_at", "stage", "attempt", "over_at", "reason")
"""``attempt``: the id of the last one that was to deliver it, ``None`` before the first."""

STEP_COLUMNS = ("attempt", "at", "step", "note")

EVENT_COLUMNS = ("at", "kind", "text", "evidence")
"""``evidence`` is JSON."""

PAST_EVENT_COLUMNS = ("at", "session", "name", "kind", "text")
"""``name`` is ``None`` for what is about no session that is kept."""

PAST_HALT_COLUMNS = (
    "session",
    "name",
    "limit_kind",
    "limit_said_at",
    "opened_at",
    "ended_at",
    "ended_by",
    "outcome",
)


def chain(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The conversations of a session, oldest first: ``CHAIN_COLUMNS``."""
    return fetch(
        connection,
        f"SELECT {', '.join(CHAIN_COLUMNS)} FROM chain"
        " LEFT JOIN activity USING (session, conversation) WHERE session = ? ORDER BY position",
        uid,
    )


def halts(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The halts of a session, oldest first: ``HALT_COLUMNS``."""
    return _of_session(connection, HALT_COLUMNS, "halts", uid, "id")


def attempts(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The attempts of a session, oldest first: ``ATTEMPT_COLUMNS``."""
    return _of_session(connection, ATTEMPT_COLUMNS, "attempts", uid, "id")


def messages(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The messages of a session that wait, in their order: ``MESSAGE_COLUMNS``."""
    return fetch(
        connection,
        f"SELECT {', '.join(MESSAGE_COLUMNS)} FROM messages WHERE session = ?"
        " AND stage IN ('queued', 'sending', 'in_doubt') ORDER BY id",
        uid,
    )


def message(connection: sqlite3.Connection, number: int) -> tuple[object, ...] | None:
    """One message, over or not: ``MESSAGE_COLUMNS``."""
    columns = ", ".join(MESSAGE_COLUMNS)
    found = fetch(connection, f"SELECT {columns} FROM messages WHERE id = ?", number)
    return found[0] if found else None


def delivery(database: Path, attempt: int) -> dict[str, Any] | None:
    """Where the text of an attempt went, by ``DELIVERY_COLUMNS``; ``None`` when it is not kept.

    It is asked again and again over minutes, so the database is opened for each question alone.
    """
    connection = open_database(database)
    if connection is None:
        return None
    with closing(connection):
        row = _delivery(connection, attempt)
    return None if row is None else dict(zip(DELIVERY_COLUMNS, row, strict=True))


def _delivery(connection: sqlite3.Connection, attempt: int) -> tuple[object, ...] | None:
    columns = ", ".join(f'a."{column}"' for column in DELIVERY_COLUMNS[:-5])
    found = fetch(
        connection,
        f"SELECT {columns}, s.account, s.directory, s.state, s.since, s.name FROM attempts a"
        " JOIN sessions s ON s.uid = a.session WHERE a.id = ?",
        attempt,
    )
    return found[0] if found else None


def steps(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The journal of every attempt of a session, oldest line first: ``STEP_COLUMNS``."""
    return fetch(
        connection,
        f"SELECT {', '.join(f's.{column}' for column in STEP_COLUMNS)} FROM steps s"
        " JOIN attempts a ON a.id = s.attempt WHERE a.session = ? ORDER BY s.id",
        uid,
    )


def events(connection: sqlite3.Connection, uid: str, last: int) -> list[tuple[object, ...]]:
    """The last events of a session, oldest first: ``EVENT_COLUMNS``."""
    found = fetch(
        connection,
        f"SELECT {', '.join(EVENT_COLUMNS)} FROM events WHERE session = ?"
        " ORDER BY at DESC, id DESC LIMIT ?",
        uid,
        last,
    )
    return found[::-1]


def held_by(connection: sqlite3.Connection, uid: str, kind: str, beginning: str) -> bool:
    """Whether the last that held the session was told of by an event of this ``kind`` whose text
    begins so; its user's own hold is one of the kind ``held``."""
    found = fetch(
        connection,
        "SELECT kind FROM events WHERE session = ? AND (kind IN ('held', 'released')"
        " OR (kind = ? AND text LIKE ?)) ORDER BY at DESC, id DESC LIMIT 1",
        *(uid, kind, f"{beginning}%"),
    )
    return found == [(kind,)]


def past_events(
    connection: sqlite3.Connection,
    kinds: Collection[str],
    moves: Collection[str],
    name: str | None = None,
) -> list[tuple[object, ...]]:
    """Every event of these kinds, and of the kind ``state`` those whose text holds one of
    ``moves``: ``PAST_EVENT_COLUMNS``, oldest first.

    ``name``: only of the sessions that have it, or had it when they ended.
    """
    of_kind = ", ".join("?" for _ in kinds)
    of_move = " OR ".join("instr(e.text, ?)" for _ in moves)
    return fetch(
        connection,
        "SELECT e.at, e.session, s.name, e.kind, e.text FROM events e"
        f" LEFT JOIN sessions s ON s.uid = e.session WHERE (e.kind IN ({of_kind})"
        f" OR e.kind = 'state' AND ({of_move})) AND (? IS NULL OR s.name = ?) ORDER BY e.id",
        *kinds,
        *moves,
        name,
        name,
    )


def past_halts(connection: sqlite3.Connection, name: str | None = None) -> list[tuple[object, ...]]:
    """Every halt of the same sessions, oldest first: ``PAST_HALT_COLUMNS``."""
    return fetch(
        connection,
        "SELECT h.session, s.name, h.limit_kind, h.limit_said_at, h.opened_at, h.ended_at,"
        " h.ended_by, h.outcome FROM halts h JOIN sessions s ON s.uid = h.session"
        " WHERE (? IS NULL OR s.name = ?) ORDER BY h.id",
        name,
        name,
    )


def _of_session(
    connection: sqlite3.Connection, columns: tuple[str, ...], table: str, uid: str, order: str
) -> list[tuple[object, ...]]:
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE session = ? ORDER BY {order}"
    return fetch(connection, query, uid)
