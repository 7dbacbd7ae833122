"""The one connection that writes.

Knows transactions, durability and the file itself; knows no table. Only the supervisor opens it,
from one thread: SQLite 3.7.0 to 3.51.2 can corrupt a database when two connections write or
checkpoint at the same time, so there is never a second one.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tmuxclaude.core.errors import TmuxclaudeError
from tmuxclaude.store.format import (
    SCHEMA_VERSION,
    DatabaseUnavailableError,
    DatabaseUnreadableError,
    connect,
    family,
    refuse_strange_files,
    restored,
    storable,
    stored_version,
    translated,
)

Row = dict[str, Any]

_TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_SAVEPOINT = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))


def open_for_writing(path: Path, busy_timeout: float = 5.0) -> Database:
    """Open the database, made or migrated as needed, with its files at mode 0600.

    ``busy_timeout``: seconds that a write waits for a lock. Raises ``RefusedError`` (a newer
    schema, a symlink, another user's file: untouched), ``DatabaseUnreadableError`` (damaged, or no
    database of ours: untouched) or ``DatabaseUnavailableError`` (locked, full, read-only).
    """
    path = path.absolute()
    refuse_strange_files(path)
    try:
        if _version_of(path, busy_timeout) < SCHEMA_VERSION:
            _bring_up_to_date(path)
        for name in family(path):
            if os.path.exists(name):  # noqa: PTH110 - a name of `family`, not a path
                os.chmod(name, 0o600)  # noqa: PTH101
        connection = connect(path, "rw", busy_timeout)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync stops at the drive
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return Database(connection, path, busy_timeout)


def _version_of(path: Path, busy_timeout: float) -> int:
    """The version of a healthy database, 0 when there is none yet.

    Looks through a connection that cannot write, so that what is refused stays as it is.
    """
    if not path.exists():
        orphans = [name for name in family(path) if os.path.exists(name)]  # noqa: PTH110
        if orphans:
            raise DatabaseUnreadableError(
                f"The database {path} is gone, but {orphans[0]} is still there. A new database"
                " beside it would take in its pages, so nothing was made."
            )
        return 0
    with closing(connect(path, "ro", busy_timeout)) as connection:
        version = stored_version(connection, path)
        verdict: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DatabaseUnreadableError(
            f"The database {path} is damaged ({verdict}). It was left as it is."
        )
    return version


def _bring_up_to_date(path: Path) -> None:
    """Run the migrations in a process of their own (see there why)."""
    done = subprocess.run(
        [sys.executable, "-m", "tmuxclaude.store.migrations", path],
        cwd=Path(__file__).parents[2],  # what `-m` searches first: our own root, never the user's
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise DatabaseUnavailableError(
            f"The database {path} could not be brought to schema version {SCHEMA_VERSION}:"
            f" {done.stderr.strip().rpartition(chr(10))[2] or done.returncode}."
            " It was left as it was."
        )


class Database:
    """The open database. Use ``open_for_writing``."""

    def __init__(self, connection: sqlite3.Connection, path: Path, busy_timeout: float) -> None:
        self.path = path
        self._connection = connection
        self._busy_timeout = busy_timeout
        self._durable = False

    @contextmanager
    def writing(self, durable: bool = False) -> Iterator[None]:
        """One transaction: all of the block is kept, or none of it.

        It takes the write lock at its beginning, for one that starts as a reader cannot wait for
        it later. ``durable``: on the disk when the block ends, so that it outlives a power cut (an
        ordinary one outlives only the death of this process). A block within a block belongs to
        the outer one; it may fail alone, but not be more durable. Raises
        ``DatabaseUnavailableError`` when nothing could be written.
        """
        nested = self._connection.in_transaction
        if durable and nested and not self._durable:
            raise TmuxclaudeError("A durable transaction was begun within an ordinary one.")
        begin, keep, drop = _SAVEPOINT if nested else _TRANSACTION
        raised = durable and not nested
        try:
            if raised:
                self._be_durable(True)
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute(keep)
            except BaseException:
                # SQLite may have rolled back by itself: it does on a full disk.
                for statement in drop if self._connection.in_transaction else ():
                    self._connection.execute(statement)
                raise
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            if raised:
                self._be_durable(False)

    def _be_durable(self, durable: bool) -> None:
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._durable = durable

    @property
    def reading(self) -> sqlite3.Connection:
        """The connection, for what only reads (``reader``); nothing is ever written past us."""
        return self._connection

    @property
    def version(self) -> int | None:
        """Grows with each row that is written; ``None`` in a transaction, which may be undone."""
        return None if self._connection.in_transaction else self._connection.total_changes

    @property
    def written_by_others(self) -> object:
        """Another value whenever another program has changed the file, as people do by hand."""
        row = self.row("PRAGMA data_version")
        return None if row is None else row["data_version"]

    def rows(self, query: str, *values: object) -> list[Row]:
        """Every row of a query, as dictionaries by column."""
        try:
            cursor = self._connection.execute(query, [storable(value) for value in values])
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, restored(row), strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    def row(self, query: str, *values: object) -> Row | None:
        """The first row of a query, if there is one."""
        return next(iter(self.rows(query, *values)), None)

    def insert(self, table: str, row: Mapping[str, object]) -> int:
        """Add a row and return its rowid. Constraints raise ``sqlite3.IntegrityError``."""
        columns = ", ".join(f'"{column}"' for column in row)
        marks = ", ".join("?" * len(row))
        cursor = self._write(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *row.values())
        return cursor.lastrowid or 0

    def update(self, table: str, row: Mapping[str, object], where: str, *values: object) -> int:
        """Change rows and return how many. Constraints raise ``sqlite3.IntegrityError``."""
        columns = ", ".join(f'"{column}" = ?' for column in row)
        return self._write(
            f"UPDATE {table} SET {columns} WHERE {where}", *row.values(), *values
        ).rowcount

    def delete(self, table: str, where: str, *values: object) -> int:
        """Remove rows and return how many."""
        return self._write(f"DELETE FROM {table} WHERE {where}", *values).rowcount

    def _write(self, statement: str, *values: object) -> sqlite3.Cursor:
        if not self._connection.in_transaction:
            raise TmuxclaudeError("A write outside of a transaction.")
        return self._connection.execute(statement, [storable(value) for value in values])

    def prove_writable(self) -> None:
        """Writes nothing new. Raises ``DatabaseUnavailableError`` while nothing could be written.

        Waits for no lock.
        """
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            with self.writing(durable=True):
                self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}")

    def tidy(self) -> bool:
        """Move the write-ahead log into the database and shorten it to nothing.

        For idle moments: readers hold the log back while they look, and it grows. Never waits for
        one; returns whether the log is empty now.
        """
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            busy: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}")
        return not busy

    def close(self) -> None:
        """Close the connection; without other readers the write-ahead log goes with it."""
        self._connection.close()
