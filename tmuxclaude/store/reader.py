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
    at_rest,
    connect,
    refuse_strange_files,
    storable,
    stored_version,
    translated,
    whole,
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
    "server_pid",
    "server_started",
    "pane_pid",
    "nonce",
    "opened_by_us",
    "created_at",
    "zone",
    "outlook_actor",
    "outlook_at",
    "outlook_why",
    "prompts",
    "active_at",
    "queued",
    "abandoned_since",
    "uncommitted",
    "ends_at",
    "in_group",
    "meta",
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
"""One row for each session. ``prompts`` and ``active_at`` are ``None`` before anything was seen of
its conversation; ``queued``: how many messages wait; ``abandoned_since``, and how many files are
``uncommitted``: ``None`` unless it was left so; ``ends_at``: when its lifetime ends, ``None`` for
never; ``in_group`` is empty for none, ``meta`` is JSON. From ``halt`` on: the open halt (all
``None`` without one); from ``attempt`` on: its latest attempt (``None`` before the first)."""

LIMIT_COLUMNS = ("account", "kind", "words", "source", "said_at", "resets_at", "lifted_at")
"""One row for each account and kind of limit: what was said last."""

PAUSE_COLUMNS = ("since", "until", "zone")
"""``until`` is ``None`` when the pause ends by hand alone."""


_COLUMNS = ", ".join(SESSION_COLUMNS)

PICKABLE = f"""
    SELECT {_COLUMNS} FROM session_list WHERE state <> 'ended'
    UNION ALL SELECT * FROM (
        SELECT {_COLUMNS} FROM session_list WHERE state = 'ended' ORDER BY since DESC LIMIT 100)
"""
"""What a picker offers: every session that has not ended, and those that ended last."""


CHECKPOINT_COLUMNS = (
    "id",
    "conversation",
    "account",
    "session",
    "name",
    "directory",
    "asked_at",
    "reasons",
    "note",
    "stage",
    "tries",
    "next_at",
    "taken_at",
    "transcript",
    "offset",
    "tokens",
    "root",
    "repository",
    "head",
    "branch",
    "snapshot",
    "changed",
    "files",
    "recap",
    "problem",
)
"""``reasons``, ``files`` and ``recap`` are JSON; ``name`` is the session's now, or ``None``."""

LAST_CHECKPOINT_COLUMNS = ("account", "transcript", "id", "taken_at", "offset")


OWNER_COLUMNS = ("conversation", "account", "name", "state")


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
        connection, version = _opened(path, "ro", timeout)
    except sqlite3.Error as error:
        if not at_rest(path):
            raise translated(error, path) from error
        try:
            connection, version = _opened(path, "ro&immutable=1", timeout)
        except sqlite3.Error as second:
            raise translated(second, path) from second
    if version < SCHEMA_VERSION:
        connection.close()
        raise RefusedError(
            f"{os.fspath(path)} was written by an older tmuxclaude (schema version {version},"
            f" this one reads {SCHEMA_VERSION}). Run 'tmuxclaude supervisor restart': it brings"
            " the database up to date."
        )
    return connection


def _opened(path: AnyPath, mode: str, timeout: float) -> tuple[sqlite3.Connection, int]:
    """A connection and the version of the schema."""
    connection = connect(path, mode, timeout)
    try:
        return connection, stored_version(connection, path)
    except BaseException:
        connection.close()
        raise


def rows(
    connection: sqlite3.Connection, include_ended: bool = False, socket: str | None = None
) -> list[tuple[object, ...]]:
    """The sessions in the order they were made, one tuple of ``SESSION_COLUMNS`` each.

    ``socket``: only those on this tmux server.
    """
    return fetch(
        connection,
        f"SELECT {', '.join(SESSION_COLUMNS)} FROM session_list"
        " WHERE (? OR state <> 'ended') AND (? IS NULL OR socket = ?) ORDER BY created_at, name",
        include_ended,
        socket,
        socket,
    )


def pickable(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The sessions that a picker offers, one tuple of ``SESSION_COLUMNS`` each, in no order."""
    return fetch(connection, PICKABLE)


def account_limits(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The limits of every account, one tuple of ``LIMIT_COLUMNS`` each."""
    return fetch(
        connection, f"SELECT {', '.join(LIMIT_COLUMNS)} FROM limits ORDER BY account, kind"
    )


def pause(connection: sqlite3.Connection) -> tuple[object, ...] | None:
    """The pause that was asked for, over or not: ``PAUSE_COLUMNS``."""
    found = fetch(connection, f"SELECT {', '.join(PAUSE_COLUMNS)} FROM pause")
    return found[0] if found else None


def checkpoints(
    connection: sqlite3.Connection,
    begins: str = "",
    name: str | None = None,
    columns: tuple[str, ...] = CHECKPOINT_COLUMNS,
    last: int = -1,
) -> list[tuple[object, ...]]:
    """The checkpoints, oldest first: these of ``CHECKPOINT_COLUMNS``.

    ``begins``: with what their ids begin; ``name``: of the sessions that bear it or bore it;
    ``last``: how many at most, the newest; -1 for all.
    """
    wanted = ", ".join("s.name" if column == "name" else f'c."{column}"' for column in columns)
    found = fetch(
        connection,
        f"SELECT {wanted} FROM checkpoints c LEFT JOIN sessions s ON s.uid = c.session"
        " WHERE substr(c.id, 1, length(?)) = ? AND (? IS NULL OR s.name = ?)"
        " ORDER BY coalesce(c.taken_at, c.asked_at) DESC, c.id DESC LIMIT ?",
        begins,
        begins,
        name,
        name,
        last,
    )
    return found[::-1]


def last_checkpoints(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The newest that was taken of each transcript: ``LAST_CHECKPOINT_COLUMNS``."""
    return fetch(
        connection,
        'SELECT account, transcript, id, max(taken_at), "offset" FROM checkpoints'
        " WHERE stage = 'taken' GROUP BY account, transcript",
    )


def owners(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Every conversation that a session had, oldest link first: ``OWNER_COLUMNS``."""
    return fetch(
        connection,
        f"SELECT c.conversation, {', '.join(f's.{one}' for one in OWNER_COLUMNS[1:])}"
        " FROM chain c JOIN sessions s ON s.uid = c.session ORDER BY c.began_at",
    )


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many sessions are in each state that any is in."""
    found = fetch(connection, "SELECT state, count(*) FROM sessions GROUP BY state")
    return {str(state): int(str(count)) for state, count in found}


def fetch(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[object, ...]]:
    """What a query of ours finds; raises as ``open`` does."""
    try:
        return whole(connection.execute(query, [storable(value) for value in values]))
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error
