"""The registry as plain values, without secrets, for whoever takes it elsewhere.

Every table is either exported or named as what stays. Knows which columns hold secrets or what
people said; how it is written is decided by who asks. Only reads, but for files that it makes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tmuxclaude.core.secrets import redact, redact_plain, redact_variables, redact_words
from tmuxclaude.store import legible
from tmuxclaude.store.format import SCHEMA_VERSION, connect, restored, storable, translated

Row = dict[str, Any]
Tables = dict[str, list[Row]]

MARK = "tmuxclaude-export"
"""The key by which a JSON export is known; its value tells of ``schema`` and ``at``."""

TABLES = (
    "sessions",
    "chain",
    "halts",
    "attempts",
    "steps",
    "limits",
    "activity",
    "lifetimes",
    "labels",
    "messages",
    "checkpoints",
    "events",
)
"""What is exported, owners before what they own."""

STAYS = frozenset({"pause", "told", "speakers", "standing", "abandoned"})
"""What stays: a brake that is on, what the user was told of, and secrets of sessions."""

SAID = {
    "attempts": {"text": ""},
    "messages": {"text": ""},
    "activity": {"last_prompt": "", "last_reply": ""},
    "checkpoints": {"note": "", "recap": "{}"},
}
"""Columns with what people and Claude said, and what stands there without previews."""

_JSON = frozenset({"evidence", "reasons", "files", "recap", "meta"})

_PLAIN = frozenset({"uid", "session", "conversation", "id", "record", "nonce", "state", "step"})
"""Columns that hold nothing but names of ours; what looks like a key in them is none."""


def export(connection: sqlite3.Connection, previews: bool) -> Tables:
    """Every exported row, in order, without secrets. ``previews``: with what was said."""
    strange = not_understood(connection)
    return {
        table: [
            clean(table, row, previews)
            for rowid, row in _rows(connection, table)
            if rowid not in strange[table]
        ]
        for table in TABLES
    }


def not_understood(connection: sqlite3.Connection) -> dict[str, set[int]]:
    """The rowids that are left out: of each session of which something is not understood, all."""
    found: dict[str, set[int]] = {table: set() for table in legible.TABLES}
    for flaw in legible.flaws(connection, legible.TABLES):
        found[flaw.table].add(flaw.rowid)
        for table, owner in (legible.RESTS_ON | {"events": "session"}).items():
            if flaw.rests:
                query = f"SELECT rowid FROM {table} WHERE {owner} = ?"
                found[table] |= {row[0] for row in connection.execute(query, [flaw.session])}
    return found


def document(tables: Tables, now: float) -> dict[str, object]:
    """What a JSON export holds. ASCII alone can carry names that are no Unicode."""
    return {MARK: {"schema": SCHEMA_VERSION, "at": now}, "tables": tables}


def clean(table: str, row: Row, previews: bool) -> Row:
    """One row without secrets."""
    said = {} if previews else SAID.get(table, {})
    found = {column: _clean(column, value) for column, value in row.items()} | said
    if table == "sessions":
        launch = json.loads(row["launch"])
        parts = {name: redact_words(launch[name]) for name in ("command", "flags")}
        parts["environment"] = redact_variables(launch["environment"])  # type: ignore[assignment]
        found["launch"] = json.dumps(launch | parts)
    return found


def _clean(column: str, value: object) -> object:
    if not isinstance(value, str) or column in _PLAIN:
        return value
    if column not in _JSON:
        return redact(value)
    before = json.loads(value)
    after = redact_plain(before)
    return value if after == before else json.dumps(after)


def write_sqlite(connection: sqlite3.Connection, path: Path, previews: bool) -> None:
    """A database of the same schema at ``path``, an empty private file, without secrets.

    Nothing of what was left out is found in its pages either.
    """
    try:
        with closing(connect(path, "rw", 5.0)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute("BEGIN IMMEDIATE")
            strange = not_understood(copy)
            for table in TABLES:
                for rowid, row in list(_rows(copy, table)):
                    if rowid in strange[table]:
                        continue
                    _replace(copy, table, rowid, row, clean(table, row, previews))
            for table, rowids in strange.items():
                copy.executemany(f"DELETE FROM {table} WHERE rowid = ?", [(i,) for i in rowids])
            for table in STAYS - {"told"}:
                copy.execute(f"DELETE FROM {table}")
            copy.execute("COMMIT")
            copy.execute("VACUUM")
    except sqlite3.Error as error:
        raise translated(error, path) from error
    os.chmod(path, 0o600)  # noqa: PTH101


def read(connection: sqlite3.Connection) -> Tables:
    """Every exported row as it is: of a database that is an export."""
    return {table: [row for _, row in _rows(connection, table)] for table in TABLES}


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[int, Row]]:
    try:
        cursor = connection.execute(f"SELECT rowid AS rowid_, * FROM {table} ORDER BY rowid")
        names = [column[0] for column in cursor.description[1:]]
        for rowid, *values in cursor:
            yield rowid, dict(zip(names, restored(tuple(values)), strict=True))
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error


def _replace(
    connection: sqlite3.Connection, table: str, rowid: int, before: Row, after: Row
) -> None:
    changed = {column: value for column, value in after.items() if before[column] != value}
    if changed:
        columns = ", ".join(f'"{column}" = ?' for column in changed)
        values = [storable(value) for value in changed.values()]
        connection.execute(f"UPDATE {table} SET {columns} WHERE rowid = ?", [*values, rowid])
