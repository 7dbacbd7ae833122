"""What was read of transcripts: a cache of derived facts, in a file of its own.

Losing it costs one new scan and nothing else, so a file that is damaged, or that another version
wrote, is made anew without a word. Whoever scans writes it, the command line too. That is why it
has a rollback journal: with a write-ahead log, SQLite 3.7.0 to 3.51.2 can corrupt a database that
two connections write at the same time.

The only SQL for it. Knows nothing of files but their paths and numbers.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from tmuxclaude.core.conversations import Activity, Mark, Transcript
from tmuxclaude.store.format import (
    DatabaseUnavailableError,
    DatabaseUnreadableError,
    connect,
    family,
    refuse_strange_files,
    restored,
    storable,
    translated,
)

LOCK_SECONDS = 5.0

_SCHEMA = """
    CREATE TABLE transcripts (
        path TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL,
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        skipping INTEGER NOT NULL,
        last_at REAL,
        problems TEXT NOT NULL,
        activity TEXT NOT NULL
    );
    CREATE INDEX marks ON transcripts (account, path, device, inode, size, mtime_ns);
    CREATE INDEX latest ON transcripts (account, last_at DESC, path);
    CREATE INDEX faulty ON transcripts (account, path, problems) WHERE problems <> '';
"""

_COLUMNS = "path, account, device, inode, size, mtime_ns, offset, skipping, problems, activity"

_activity: msgspec.json.Decoder[Activity] = msgspec.json.Decoder(Activity)
"""Thousands are read at once; it makes and checks one in a third of the time that ``json`` takes to
make dictionaries."""

_UNSIGNED = 2**64 - 1
"""Some file systems number their files beyond what SQLite's integers hold."""


class Cache:
    """The open cache. Raises ``DatabaseUnreadableError`` and ``DatabaseUnavailableError``."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path, version: int) -> Cache:
        """The cache at ``path``, mode 0600, made when there is none.

        ``version``: of the way in which activities are made of records; one of another version
        counts as unreadable. Then ``remove`` it.
        """
        refuse_strange_files(path)
        try:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR, 0o600))
            connection = connect(path, "rw", LOCK_SECONDS)
        except OSError as error:
            raise DatabaseUnavailableError(f"{path} cannot be made: {error.strerror}") from error
        except sqlite3.Error as error:
            raise translated(error, path) from error
        cache = cls(connection, str(path))
        try:
            cache._prepare(_stamp(version))
        except BaseException:
            cache.close()
            raise
        return cache

    @staticmethod
    def remove(path: Path) -> None:
        """Away with all of it."""
        for name in family(path):
            Path(name).unlink(missing_ok=True)

    @classmethod
    def in_memory(cls) -> Cache:
        """One that lasts as long as it is open, for want of a place."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(_SCHEMA)
        return cls(connection, ":memory:")

    def _prepare(self, stamp: int) -> None:
        with self._translating():
            self._connection.execute("PRAGMA synchronous = OFF")  # a power cut costs one new scan
            if self._stamp() == stamp:
                return
        with self._writing():
            if self._stamp() == stamp:  # somebody else was faster
                return
            for statement in filter(str.strip, _SCHEMA.split(";")):  # fails for another version
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {stamp}")

    def _stamp(self) -> int:
        found: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return found

    def close(self) -> None:
        self._connection.close()

    # -- reading ---------------------------------------------------------------------------------

    def marks(self, account: str) -> dict[str, Mark]:
        """The path of each transcript of an account, with what its file was like."""
        query = "SELECT path, device, inode, size, mtime_ns FROM transcripts WHERE account = ?"
        with self._translating():
            return {
                path if type(path) is str else _text(path): (
                    device & _UNSIGNED,
                    inode & _UNSIGNED,
                    size,
                    mtime_ns,
                )
                for path, device, inode, size, mtime_ns in self._connection.execute(
                    query, (storable(account),)
                )
            }

    def get(self, path: str) -> Transcript | None:
        """What is known of one transcript."""
        query = f"SELECT {_COLUMNS} FROM transcripts WHERE path = ?"
        return next(iter(self._transcripts(query, path)), None)

    def since(self, account: str, at: float | None) -> list[Transcript]:
        """The transcripts of an account whose last record is not older, the latest first.

        ``at``: UTC epoch seconds; ``None`` for all of them, those without a time at the end.
        """
        young, values = ("", ()) if at is None else (" AND last_at >= ?", (at,))
        query = f"SELECT {_COLUMNS} FROM transcripts WHERE account = ?{young}"
        return self._transcripts(f"{query} ORDER BY last_at DESC, path", account, *values)

    def problems(self, account: str) -> dict[str, str]:
        """What had to be skipped in which transcript."""
        query = "SELECT path, problems FROM transcripts WHERE account = ? AND problems <> ''"
        with self._translating():
            found = self._connection.execute(query, (storable(account),)).fetchall()
        return {str(path): str(why) for path, why in map(restored, found)}

    def _transcripts(self, query: str, *values: object) -> list[Transcript]:
        with self._translating():
            found = self._connection.execute(query, [storable(one) for one in values])
            return [_transcript(*restored(row)) for row in found]

    # -- writing ---------------------------------------------------------------------------------

    def save(self, transcripts: Iterable[Transcript]) -> None:
        """Keeps these, each in place of what was known of its path."""
        rows = [_row(one) for one in transcripts]
        if rows:
            with self._writing():
                self._connection.executemany(
                    f"INSERT OR REPLACE INTO transcripts ({_COLUMNS}, last_at)"
                    f" VALUES ({', '.join('?' * 11)})",
                    rows,
                )

    def forget(self, paths: Iterable[str]) -> None:
        """Drops what is known of these paths."""
        gone = [(storable(path),) for path in paths]
        if gone:
            with self._writing():
                self._connection.executemany("DELETE FROM transcripts WHERE path = ?", gone)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._translating():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            problem = translated(error, self._path)
            if isinstance(problem, DatabaseUnavailableError):
                raise problem from error
            raise DatabaseUnreadableError(str(problem)) from error
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            raise DatabaseUnreadableError(f"what is kept in {self._path} is damaged") from error


def _stamp(version: int) -> int:
    """Another number whenever what is kept looks different; SQLite keeps it as user_version."""
    shape = f"{_SCHEMA} {[field.name for field in fields(Activity)]} {version}"
    return zlib.crc32(shape.encode()) & 0x7FFF_FFFF


def _text(path: object) -> str:
    return str(restored((path,))[0])


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _row(one: Transcript) -> list[object]:
    row = [
        *(one.path, one.account, _signed(one.device), _signed(one.inode)),
        *(one.size, one.mtime_ns, one.offset, one.skipping, one.problems),
        *(msgspec.json.encode(one.activity).decode(), one.activity.last_at),
    ]
    return [storable(value) for value in row]


def _transcript(
    path: Any,
    account: Any,
    device: Any,
    inode: Any,
    size: Any,
    mtime_ns: Any,
    offset: Any,
    skipping: Any,
    problems: Any,
    kept: Any,
) -> Transcript:
    if not type(size) is type(mtime_ns) is type(offset) is int:
        raise ValueError(path)
    return Transcript(
        path=path,
        account=account,
        device=device & _UNSIGNED,
        inode=inode & _UNSIGNED,
        size=size,
        mtime_ns=mtime_ns,
        offset=offset,
        skipping=bool(skipping),
        problems=problems,
        activity=_activity.decode(kept),
    )
