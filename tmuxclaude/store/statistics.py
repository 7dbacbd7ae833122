"""What the figures of ``core/stats`` are made of, read by whoever may only read.

The only SQL for it; what the rows mean is said there.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tmuxclaude.core.stats import KINDS
from tmuxclaude.store.format import storable, translated, whole

Row = dict[str, Any]


def sessions(connection: sqlite3.Connection) -> list[Row]:
    """Every session, in the order of adding."""
    return _rows(
        connection,
        "SELECT uid, name, directory, account, socket, state, since, created_at FROM sessions"
        " ORDER BY rowid",
    )


def links(connection: sqlite3.Connection) -> list[Row]:
    """Which session came to which conversation when."""
    return _rows(connection, "SELECT session, conversation, began_at FROM chain")


def events(connection: sqlite3.Connection) -> list[Row]:
    """The events of ``stats.KINDS``, oldest first; ``evidence`` only of those that need it."""
    marks = ", ".join("?" * len(KINDS))
    found = _rows(
        connection,
        "SELECT at, session, kind, text, CASE kind WHEN 'state' THEN '{}' ELSE evidence END"
        f" AS evidence FROM events WHERE kind IN ({marks}) ORDER BY id",
        *KINDS,
    )
    for row in found:
        row["evidence"] = _evidence(row["evidence"])
    return found


def _evidence(kept: str) -> Row:
    try:
        found = json.loads(kept)
    except ValueError:  # changed by hand
        return {}
    return found if isinstance(found, dict) else {}


def halts(connection: sqlite3.Connection) -> list[Row]:
    """Every halt, oldest first."""
    return _rows(
        connection,
        "SELECT id, session, limit_kind, limit_said_at, limit_resets_at, opened_at, ended_at,"
        " ended_by, outcome FROM halts ORDER BY id",
    )


def checkpoints(connection: sqlite3.Connection) -> list[Row]:
    """Every checkpoint that was taken."""
    return _rows(
        connection,
        "SELECT session, account, directory, taken_at FROM checkpoints WHERE stage = 'taken'",
    )


def _rows(connection: sqlite3.Connection, query: str, *values: object) -> list[Row]:
    try:
        cursor = connection.execute(query, [storable(value) for value in values])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in whole(cursor)]
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error
