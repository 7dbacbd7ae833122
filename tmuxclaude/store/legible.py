"""Which rows this code cannot understand: a newer tmuxclaude wrote them, or a hand did.

Knows of each column what may stand in it, and changes nothing. Such a row costs its own session
(``sessions.Sessions.illegible``) and no other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from tmuxclaude.core import checkpoints, messages
from tmuxclaude.core.model import Actor, LimitKind, Source, State, Step, Want
from tmuxclaude.store.format import restored, translated

WORDS: dict[str, dict[str, type[StrEnum]]] = {
    "sessions": {"state": State, "want": Want, "outlook_actor": Actor},
    "halts": {"limit_kind": LimitKind, "limit_source": Source, "ended_by": Actor},
    "attempts": {"step": Step},
    "steps": {"step": Step},
    "messages": {"stage": messages.Stage},
    "limits": {"kind": LimitKind, "source": Source},
    "checkpoints": {"stage": checkpoints.Stage},
}
"""Columns that hold one of few words."""

JSON = {
    "sessions": {"launch": "object"},
    "labels": {"meta": "object"},
    "events": {"evidence": "object"},
    "checkpoints": {"reasons": "array", "files": "array", "recap": "object"},
}
"""Columns that hold JSON, and what kind of it."""

_PARTS = {"launch": {"command": "array", "flags": "array", "environment": "array"}}
"""What must be found in such an object."""

_OF_ITS_SESSION = "(SELECT session FROM attempts WHERE id = attempt)"

RESTS_ON = {
    "sessions": "uid",
    "steps": _OF_ITS_SESSION,
    **dict.fromkeys(
        ("chain", "halts", "attempts", "messages", "activity", "lifetimes", "labels"), "session"
    ),
}
"""The tables without which a session is not known, and whose session their rows are."""

ELSE = {"events": "session", "checkpoints": "session", "limits": "''", "pause": "''"}
"""The tables of which a row that is not understood is passed over."""

TABLES = (*RESTS_ON, *ELSE)

_STORED = {
    "TEXT": ("text", "blob"),
    "INTEGER": ("integer",),
    "REAL": ("real", "integer"),
}

_SHOWN = 40


TOGETHER = {
    "pane_id": ("pane_socket", "server_pid", "server_started", "pane_pid", "nonce"),
    "process_pid": ("process_started", "process_boot"),
}
"""Columns of a session beside which these others are not empty."""


class Flaw(NamedTuple):
    """One row. ``session``: the uid, empty for none; ``name``: what that is called."""

    table: str
    rowid: int
    column: str
    value: object
    session: str
    name: str

    @property
    def rests(self) -> bool:
        """Whether a session rests on it, which is left alone therefore."""
        return self.table in RESTS_ON

    @property
    def words(self) -> str:
        """For people, without its session."""
        return f"{self.table}.{self.column} is {self.value!r:.{_SHOWN}}"


def flaws(connection: sqlite3.Connection, tables: Iterable[str]) -> list[Flaw]:
    """The rows of these tables that are not understood, one column of each."""
    try:
        return [flaw for table in tables for flaw in _flaws(connection, table)]
    except sqlite3.Error as error:
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        raise translated(error, path) from error


def _flaws(connection: sqlite3.Connection, table: str) -> Iterator[Flaw]:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    cases = " ".join(
        f"WHEN {wrong} THEN '{name}'"
        for _, name, kind, needed, *_ in columns
        for wrong in _wrong(table, name, kind, bool(needed))
    )
    owner = (RESTS_ON | ELSE)[table]
    cursor = connection.execute(
        f"SELECT t.*, t.rowid AS rowid_, {owner} AS whose_, CASE {cases} END AS flaw_"
        f" FROM {table} t WHERE flaw_ IS NOT NULL"
    )
    names = [column[0] for column in cursor.description]
    for values in cursor.fetchall():
        row: dict[str, Any] = dict(zip(names, restored(values), strict=True))
        session = str(row["whose_"])
        found = connection.execute("SELECT name FROM sessions WHERE uid = ?", [session]).fetchone()
        name = "" if found is None else str(found[0])
        yield Flaw(table, row["rowid_"], row["flaw_"], row[row["flaw_"]], session, name)


def _wrong(table: str, name: str, kind: str, needed: bool) -> Iterator[str]:
    """The conditions under which the value of a column is not understood."""
    column = f'"{name}"'
    types = _STORED[kind] if needed else (*_STORED[kind], "null")
    yield f"typeof({column}) NOT IN ({_listed(types)})"
    if table == "sessions" and name in TOGETHER:
        yield f"{column} IS NOT NULL AND {' + '.join(TOGETHER[name])} IS NULL"
    if name in WORDS.get(table, {}):
        yield f"{column} NOT IN ({_listed(WORDS[table][name])})"
    if name in JSON.get(table, {}):
        yield f"NOT json_valid({column})"
        yield f"json_type({column}) <> '{JSON[table][name]}'"
        for part, shape in _PARTS.get(name, {}).items():
            yield f"json_type({column}, '$.{part}') IS NOT '{shape}'"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
