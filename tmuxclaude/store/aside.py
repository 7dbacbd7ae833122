"""A database that cannot be read: it is put aside, and what can still be had of it is read.

Knows the names of the files and the rows of the sessions. Nothing is ever deleted here: what was
put aside is the backup. What comes in its place is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tmuxclaude.core.model import NAME, Session
from tmuxclaude.store.format import connect, family, restored
from tmuxclaude.store.sessions import from_row

PATIENCE = 0.5
"""Seconds that reading what is left may wait for a lock."""


def unborn(path: Path) -> Path:
    """Where the database that replaces the one at ``path`` is made, until it is complete."""
    return path.with_name(f"{path.name}.rebuilt")


def is_gone(path: Path) -> bool:
    """Whether there is no database, nor anything that SQLite keeps beside one."""
    return not any(Path(name).exists() for name in family(path))


def put_aside(path: Path, now: float) -> Path:
    """Rename the database and its side files, and return the new name.

    The database goes first: without it SQLite would not take its log for complete, and whoever
    comes after a crash here finds a log without a database, which is no database either.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept, number = path.with_name(f"{path.name}.unreadable-{stamp}"), 1
    while any(Path(name).exists() for name in family(kept)):
        number += 1
        kept = path.with_name(f"{path.name}.unreadable-{stamp}-{number}")
    for name, new_name in zip(family(path), family(kept), strict=True):
        with contextlib.suppress(FileNotFoundError):
            Path(name).rename(new_name)
    return kept


def settle(path: Path) -> None:
    """After a crash: a rebuilt database that was complete takes its place, any other goes."""
    ready = unborn(path)
    if ready.exists() and is_gone(path):
        ready.rename(path)
    for name in family(ready):
        Path(name).unlink(missing_ok=True)


def remembered(path: Path) -> list[Session]:
    """The sessions that can still be read from a damaged database, in the order of adding."""
    return list(_sessions(path))


def backups(path: Path) -> list[Session]:
    """The sessions in the newest copy that was made before a migration, if it can be read."""
    copies = [(copy.stat().st_mtime, copy) for copy in path.parent.glob(f"{path.name}.v*.backup")]
    for _, copy in sorted(copies, reverse=True):
        found = list(_sessions(copy))
        if found:
            return found
    return []


def _sessions(path: Path) -> Iterator[Session]:
    with contextlib.suppress(sqlite3.Error), closing(connect(path, "ro", PATIENCE)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute("SELECT * FROM sessions ORDER BY rowid"):
            session = _session(row)
            if session is not None:
                yield session


def _session(row: sqlite3.Row) -> Session | None:
    """The session of a row that is whole; damage can leave anything in it."""
    try:
        session = from_row(dict(zip(row.keys(), restored(tuple(row)), strict=True)))
        texts = (session.uid, session.directory, session.account, session.zone, session.socket)
        whole = all(isinstance(text, str) for text in texts) and NAME.fullmatch(session.name)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return session if whole else None
