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
    storable,
    stored_version,
    translated,
    whole,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

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
    *("account", "directory", "state", "since"),
)
"""The last four are those of the session now."""

MESSAGE_COLUMNS = ("id", "text", "asked_at", "stage", "attempt", "over_at", "reason")
"""``attempt``: the id of the last one that was to deliver it, ``None`` before the first."""

_COLUMNS = ", ".join(SESSION_COLUMNS)

PICKABLE = f"""
    SELECT {_COLUMNS} FROM session_list WHERE state <> 'ended'
    UNION ALL SELECT * FROM (
        SELECT {_COLUMNS} FROM session_list WHERE state = 'ended' ORDER BY since DESC LIMIT 100)
"""
"""What a picker offers: every session that has not ended, and those that ended last."""

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


def pickable(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The sessions that a picker offers, one tuple of ``SESSION_COLUMNS`` each, in no order."""
    return _fetch(connection, PICKABLE)


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
    return _fetch(
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
    return _fetch(
        connection,
        f"SELECT {', '.join(MESSAGE_COLUMNS)} FROM messages WHERE session = ?"
        " AND stage IN ('queued', 'sending', 'in_doubt') ORDER BY id",
        uid,
    )


def message(connection: sqlite3.Connection, number: int) -> tuple[object, ...] | None:
    """One message, over or not: ``MESSAGE_COLUMNS``."""
    columns = ", ".join(MESSAGE_COLUMNS)
    found = _fetch(connection, f"SELECT {columns} FROM messages WHERE id = ?", number)
    return found[0] if found else None


def delivery(connection: sqlite3.Connection, attempt: int) -> tuple[object, ...] | None:
    """Where the text of an attempt went: ``DELIVERY_COLUMNS``."""
    columns = ", ".join(f'a."{column}"' for column in DELIVERY_COLUMNS[:-4])
    found = _fetch(
        connection,
        f"SELECT {columns}, s.account, s.directory, s.state, s.since FROM attempts a"
        " JOIN sessions s ON s.uid = a.session WHERE a.id = ?",
        attempt,
    )
    return found[0] if found else None


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


def held_by(connection: sqlite3.Connection, uid: str, kind: str, beginning: str) -> bool:
    """Whether the last that held the session was told of by an event of this ``kind`` whose text
    begins so; its user's own hold is one of the kind ``held``."""
    found = _fetch(
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
    return _fetch(
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
    return _fetch(
        connection,
        "SELECT h.session, s.name, h.limit_kind, h.limit_said_at, h.opened_at, h.ended_at,"
        " h.ended_by, h.outcome FROM halts h JOIN sessions s ON s.uid = h.session"
        " WHERE (? IS NULL OR s.name = ?) ORDER BY h.id",
        name,
        name,
    )


def checkpoints(
    connection: sqlite3.Connection, begins: str = "", name: str | None = None
) -> list[tuple[object, ...]]:
    """The checkpoints, oldest first: ``CHECKPOINT_COLUMNS``.

    ``begins``: with what their ids begin; ``name``: of the sessions that bear it or bore it.
    """
    columns = ", ".join(
        "s.name" if column == "name" else f'c."{column}"' for column in CHECKPOINT_COLUMNS
    )
    return _fetch(
        connection,
        f"SELECT {columns} FROM checkpoints c LEFT JOIN sessions s ON s.uid = c.session"
        " WHERE substr(c.id, 1, length(?)) = ? AND (? IS NULL OR s.name = ?)"
        " ORDER BY coalesce(c.taken_at, c.asked_at), c.id",
        begins,
        begins,
        name,
        name,
    )


def last_checkpoints(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """The newest that was taken of each transcript: ``LAST_CHECKPOINT_COLUMNS``."""
    return _fetch(
        connection,
        'SELECT account, transcript, id, max(taken_at), "offset" FROM checkpoints'
        " WHERE stage = 'taken' GROUP BY account, transcript",
    )


def owners(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Every conversation that a session had, oldest link first: ``OWNER_COLUMNS``."""
    return _fetch(
        connection,
        f"SELECT c.conversation, {', '.join(f's.{one}' for one in OWNER_COLUMNS[1:])}"
        " FROM chain c JOIN sessions s ON s.uid = c.session ORDER BY c.began_at",
    )


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
        return whole(connection.execute(query, [storable(value) for value in values]))
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error
