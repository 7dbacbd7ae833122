"""What comes from an export, and whether it is what could be kept here.

An export is a file that anybody may have written: rows are believed only as far as they are what
this schema would hold. Changes nothing; what becomes of them is decided in ``merging``.
"""

from __future__ import annotations

import json
import math
import os
import re
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

from tmuxclaude.core import hours, labels
from tmuxclaude.core.errors import RefusedError, TmuxclaudeError, UsageError
from tmuxclaude.core.model import NAME, Step
from tmuxclaude.store.database import Database
from tmuxclaude.store.exporting import MARK, TABLES, Tables, read
from tmuxclaude.store.format import APPLICATION_ID, SCHEMA_VERSION, connect
from tmuxclaude.store.sessions import from_row

LARGEST_BYTES = 256 * 1024 * 1024

READ_SECONDS = 60.0
"""How long reading a database of somebody's may take."""

STEPS = 100_000
"""After how many steps of SQLite's machine it is looked whether that has passed."""

LAST_TIME = 253402300799.0
"""The last second of the year 9999: no calendar here goes beyond."""

_PATHS = {"sessions": ("directory", "account", "socket"), "checkpoints": ("directory", "account")}
_UID = re.compile(r"[0-9a-f]{32}")
_CONVERSATION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAY_BE_EMPTY = ("halts", "attempts")  # of a session that had no conversation then
_PANE = re.compile(r"%[0-9]{1,9} [0-9a-f]{32}")
_CHECKPOINT = re.compile(r"[0-9a-f]{8}")
_OWNED = ("chain", "halts", "attempts", "activity", "lifetimes", "labels", "messages")
_TYPES: dict[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "REAL": (int, float),
}


def load(path: Path) -> Tables:
    """The tables of an export, JSON or SQLite. Raises ``RefusedError`` for anything else."""
    try:
        with os.fdopen(_open(path), "rb") as file:
            beginning = file.read(16)
            if beginning == b"SQLite format 3\0":
                return _of_sqlite(path)
            content = beginning + file.read(LARGEST_BYTES)
    except OSError as error:
        raise RefusedError(
            f"{path} cannot be read: {error.strerror}. Nothing was imported"
        ) from error
    if len(content) > LARGEST_BYTES:
        raise RefusedError(f"{path} is larger than 256 MiB. Nothing was imported")
    if not content:
        raise refused(f"{path} is empty")
    try:
        found = json.loads(content, parse_constant=_no_number, object_pairs_hook=_once_each)
        return of_document(found)
    except (ValueError, RecursionError) as error:
        raise refused(f"{path} is no export: neither JSON nor SQLite") from error


def _open(path: Path) -> int:
    """A descriptor to read from. Nobody is waited for at a pipe that nobody writes to."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(opened, True)
    return opened


def of_document(found: object) -> Tables:
    """The tables of a JSON export. Raises ``RefusedError`` unless it is one of this schema."""
    about = found.get(MARK) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(about, dict):
        raise refused("this JSON is no export of tmuxclaude")
    schema, tables = about.get("schema"), found.get("tables")
    if schema != SCHEMA_VERSION or isinstance(schema, bool):
        newer = isinstance(schema, int) and schema > SCHEMA_VERSION
        why = "a newer" if newer else "another"
        raise refused(f"it was written by {why} tmuxclaude (schema {schema!r})")
    if not isinstance(tables, dict) or set(tables) != set(TABLES):
        raise refused("the tables in it are not those of an export")
    for name, rows in tables.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise refused(f"its table {name} is damaged")
    return tables


def _of_sqlite(path: Path) -> Tables:
    late = False

    def is_late() -> bool:
        nonlocal late
        late = time.monotonic() >= until
        return late

    until = time.monotonic() + READ_SECONDS
    try:
        with closing(connect(path, "ro", 2.0)) as connection:
            connection.set_progress_handler(is_late, STEPS)
            connection.execute("PRAGMA trusted_schema = OFF")
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise refused(f"{path} is a database of another program")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise refused(f"it was written by another tmuxclaude (schema {version})")
            _refuse_what_computes(connection)
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise refused(f"{path} is damaged ({verdict})")
            return read(connection)
    except (sqlite3.Error, TmuxclaudeError) as error:
        if isinstance(error, RefusedError):
            raise
        if late:
            raise refused(f"reading {path} takes too long") from error
        raise refused(f"{path} is damaged ({str(error).rstrip('.')})") from error


def _refuse_what_computes(connection: sqlite3.Connection) -> None:
    """Raises ``RefusedError`` unless what is read are plain tables, which hold what they give."""
    objects = connection.execute("SELECT name, type, sql FROM sqlite_schema").fetchall()
    kinds = {name: kind for name, kind, _ in objects}
    for name, kind, sql in objects:
        if kind == "trigger" or (kind == "table" and "VIRTUAL" in sql.upper()):
            raise refused(f"{name!r:.40} is no table as ours")
    for table in TABLES:
        columns = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
        if kinds.get(table) != "table" or any(column[-1] for column in columns):
            raise refused(f"its {table} is no table as ours")


# -- what may come in ------------------------------------------------------------------------------


def check(db: Database, tables: Tables) -> None:
    """Raises ``RefusedError`` unless every row has the columns and the values of its table."""
    for table in TABLES:
        columns = {row["name"]: row for row in db.rows(f"PRAGMA table_info({table})")}
        for row in tables[table]:
            if set(row) != set(columns):
                raise refused(f"a row of {table} has other columns than ours")
            for name, column in columns.items():
                _check_value(table, column, row[name])
    try:
        _check_meaning(tables)
    except (KeyError, ValueError, TypeError, AttributeError, UsageError) as error:
        raise refused(f"something in it cannot be ours ({error})") from error


def _check_value(table: str, column: Mapping[str, Any], value: object) -> None:
    if value is None:
        fits = not column["notnull"] and not (column["pk"] and column["type"] != "INTEGER")
    else:
        fits = isinstance(value, _TYPES[column["type"]]) and not isinstance(value, bool)
        fits = fits and not (isinstance(value, float) and not math.isfinite(value))
        fits = fits and not (isinstance(value, int) and abs(value) >= 2**63)
        if column["type"] == "REAL":  # all of them are times
            fits = fits and isinstance(value, int | float) and 0 <= value <= LAST_TIME
        if column["name"] in _PATHS.get(table, ()):
            outside = column["name"] == "socket" and value == ""  # of a session without tmux
            fits = fits and isinstance(value, str) and "\0" not in value
            fits = fits and (outside or str(value).startswith("/"))
        if column["name"] == "conversation":
            empty = table in _MAY_BE_EMPTY and value == ""
            fits = fits and (empty or _CONVERSATION.fullmatch(str(value)) is not None)
    if not fits:
        raise refused(f"{value!r:.40} cannot stand in {table}.{column['name']}")


def _check_meaning(tables: Tables) -> None:
    uids = [row["uid"] for row in tables["sessions"]]
    for row in tables["sessions"]:
        from_row(row)
        if not _UID.fullmatch(row["uid"]) or not NAME.fullmatch(row["name"]):
            raise refused(f"{row['uid']!r:.40} is no session of ours")
        pane = row["pane_id"] is None or _PANE.fullmatch(f"{row['pane_id']} {row['nonce']}")
        if not pane or (row["pane_id"] is not None and row["pane_pid"] <= 0):
            raise refused(f"{row['pane_id']!r:.40} is no pane of ours")
        if row["zone"] != "UTC" and hours.place(row["zone"]) is UTC:
            raise refused(f"{row['zone']!r:.40} is no time zone that is known here")
    owned = (row["session"] for name in _OWNED
             for row in tables[name])  # fmt: skip
    if len(set(uids)) != len(uids) or not set(owned) <= set(uids):
        raise refused("something in it belongs to no session, or to two")
    for row in tables["labels"]:
        labels.changed(labels.Labels(), row["in_group"], json.loads(row["meta"]))
    for row in tables["attempts"]:
        Step(row["step"])
    for row in tables["checkpoints"]:
        if not _CHECKPOINT.fullmatch(row["id"]):
            raise refused(f"{row['id']!r:.40} is no checkpoint of ours")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise refused(f"{twice!r:.40} is in it twice")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def refused(why: str) -> RefusedError:
    """The error for an export that is not taken in, and why."""
    return RefusedError(f"{why}. Nothing was imported")
