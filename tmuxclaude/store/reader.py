"""What a command reads by itself, without the supervisor and whether or not one runs.

Read-only, and quick to import: ``tmuxclaude list`` is answered within a few milliseconds of a bare
interpreter's start, so nothing is imported here but SQLite (no dataclasses, no ``re``, no JSON).
Rows are plain tuples; the tuples of column names below say what stands where. Times are UTC epoch
seconds. What is shown, and how, is not decided here.
"""

from __future__ import annotations

import os
import sqlite3

from tmuxclaude.core.errors import RefusedError
from tmuxclaude.store.format import (
    SCHEMA_VERSION,
    AnyPath,
    connect,
    refuse_strange_files,
    restored,
    storable,
    stored_version,
    translated,
)

SESSION_COLUMNS = (
    "uid",
    "name",
    "state",
    "want",
    "since",
    "reason",
    "directory",
    "account",
    "conversation",
    "socket",
    "tmux_session",
    "pane_id",
    "opened_by_us",
    "created_at",
    "zone",
    "outlook_actor",
    "outlook_at",
    "outlook_why",
    "halt",
    "limit_kind",
    "limit_words",
    "limit_source",
    "resets_at",
    "halted_at",
    "attempts",
    "not_before",
    "needs_human",
    "attempt",
    "step",
    "attempt_reason",
)
"""One row for each session. From ``halt`` on: the open halt (all ``None`` without one); from
``attempt`` on: its latest attempt (``None`` before the first)."""

LIMIT_COLUMNS = ("account", "kind", "words", "source", "said_at", "resets_at")
"""One row for each account and kind of limit: what was said last."""

PAUSE_COLUMNS = ("since", "until", "zone")
"""``until`` is ``None`` when the pause ends by hand alone."""

CHAIN_COLUMNS = ("position", "conversation", "began_at", "why")

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

STEP_COLUMNS = ("attempt", "at", "step", "note")

EVENT_COLUMNS = ("at", "kind", "text", "evidence")
"""``evidence`` is JSON."""


def open(path: AnyPath, timeout: float = 2.0) -> sqlite3.Connection | None:
    """A connection that cannot write, or ``None`` when there is no database yet.

    ``timeout``: seconds to wait for a lock (one is held only while a crash is being repaired).
    Raises ``RefusedError`` for a schema that is newer or older than this code, and for a symlink;
    ``DatabaseUnreadableError``; ``DatabaseUnavailableError``.
    """
    if not os.path.lexists(path):
        return None
    refuse_strange_files(path)
    try:
        connection = connect(path, "ro", timeout)
        try:
            version = stored_version(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise translated(error, path) from error
    if version < SCHEMA_VERSION:
        connection.close()
        raise RefusedError(
            f"{os.fspath(path)} was written by an older tmuxclaude (schema version {version},"
            f" this one reads {SCHEMA_VERSION}). Run 'tmuxclaude supervisor restart': it brings"
            " the database up to date."
        )
    return connection


def rows(
    connection: sqlite3.Connection, include_ended: bool = False, socket: str | None = None
) -> list[tuple[object, ...]]:
    """The sessions in the order they were made, one tuple of ``SESSION_COLUMNS`` each.

    ``socket``: only those on this tmux server.
    """
    return _fetch(
        connection,
        f"SELECT {', '.join(SESSION_COLUMNS)} FROM session_list"
        " WHERE (? OR state <> 'ended') AND (? IS NULL OR socket = ?) ORDER BY created_at, name",
        include_ended,
        socket,
        socket,
    )


def account_limits(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The limits of every account, one tuple of ``LIMIT_COLUMNS`` each."""
    return _fetch(
        connection, f"SELECT {', '.join(LIMIT_COLUMNS)} FROM limits ORDER BY account, kind"
    )


def pause(connection: sqlite3.Connection) -> tuple[object, ...] | None:
    """The pause that was asked for, over or not: ``PAUSE_COLUMNS``."""
    found = _fetch(connection, f"SELECT {', '.join(PAUSE_COLUMNS)} FROM pause")
    return found[0] if found else None


def chain(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The conversations of a session, oldest first: ``CHAIN_COLUMNS``."""
    return _of_session(connection, CHAIN_COLUMNS, "chain", uid, "position")


def halts(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The halts of a session, oldest first: ``HALT_COLUMNS``."""
    return _of_session(connection, HALT_COLUMNS, "halts", uid, "id")


def attempts(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The attempts of a session, oldest first: ``ATTEMPT_COLUMNS``."""
    return _of_session(connection, ATTEMPT_COLUMNS, "attempts", uid, "id")


def steps(connection: sqlite3.Connection, uid: str) -> list[tuple[object, ...]]:
    """The journal of every attempt of a session, oldest line first: ``STEP_COLUMNS``."""
    return _fetch(
        connection,
        f"SELECT {', '.join(f's.{column}' for column in STEP_COLUMNS)} FROM steps s"
        " JOIN attempts a ON a.id = s.attempt WHERE a.session = ? ORDER BY s.id",
        uid,
    )


def events(connection: sqlite3.Connection, uid: str, last: int) -> list[tuple[object, ...]]:
    """The last events of a session, oldest first: ``EVENT_COLUMNS``."""
    found = _fetch(
        connection,
        f"SELECT {', '.join(EVENT_COLUMNS)} FROM events WHERE session = ?"
        " ORDER BY at DESC, id DESC LIMIT ?",
        uid,
        last,
    )
    return found[::-1]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many sessions are in each state that any is in."""
    found = _fetch(connection, "SELECT state, count(*) FROM sessions GROUP BY state")
    return {str(state): int(str(count)) for state, count in found}


def _of_session(
    connection: sqlite3.Connection, columns: tuple[str, ...], table: str, uid: str, order: str
) -> list[tuple[object, ...]]:
    query = f"SELECT {', '.join(columns)} FROM {table} WHERE session = ? ORDER BY {order}"
    return _fetch(connection, query, uid)


def _fetch(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[object, ...]]:
    try:
        found = connection.execute(query, [storable(value) for value in values]).fetchall()
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error
    return [restored(row) for row in found]
