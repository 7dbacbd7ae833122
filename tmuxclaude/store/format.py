"""What the writer and the readers of the database agree on.

Knows which files may be a database of ours, which version of the schema this code speaks, how text
that is not Unicode is kept, and whose fault an SQLite error is. Knows no table. The command line
loads it before it prints its first row, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator

from tmuxclaude.core.errors import RefusedError, TmuxclaudeError, UnreachableError

SCHEMA_VERSION = 1
"""The number of migrations this code knows; the file keeps it as SQLite's ``user_version``."""

APPLICATION_ID = 0x746D_636C
"""Marks a file as ours (SQLite's ``application_id``; the letters ``tmcl``)."""

NUMBERS = frozenset(
    (
        *("since", "until", "created_at", "rebuilt_at", "outlook_at", "began_at", "active_at"),
        *("ends_at", "opened_at", "ended_at", "halted_at", "resets_at", "not_before", "said_at"),
        *("limit_said_at", "limit_resets_at", "lifted_at", "stepped_at", "keyed_at", "asked_at"),
        *("over_at", "taken_at", "next_at", "at", "abandoned_since", "uncommitted", "position"),
        *("prompts", "replies", "compactions", "queued", "attempts", "launches", "number"),
        *("server_pid", "server_started", "pane_pid", "offset", "tries", "tokens", "changed"),
    )
)
"""What columns are called, in tables, views and answers, that hold numbers or nothing."""

_URI_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-~")

AnyPath = str | os.PathLike[str]

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PERM: "access is denied",
}

_NOTHING_BESIDE = (
    "its directory cannot be written, as on a read-only file system, and after a crash whoever"
    " reads it must do so. Make the directory writable"
)


class DatabaseUnreadableError(TmuxclaudeError):
    """The file is damaged or is no database of ours. Waiting does not help; a rebuild does.

    To other programs it is one more thing that does not answer.
    """

    exit_code = UnreachableError.exit_code
    code = UnreachableError.code
    mend = "tmuxclaude supervisor restart: it is put aside, and what lives is found again"


class DatabaseUnavailableError(TmuxclaudeError):
    """Locked, full, read-only or unreachable just now. Nothing was written; trying again may help.

    Who gets this error from a write must not do what the write was to record. To other programs it
    is one more thing that does not answer.
    """

    exit_code = UnreachableError.exit_code
    code = UnreachableError.code


def family(path: AnyPath) -> Iterator[str]:
    """The names of every file that SQLite keeps for the database at ``path``, itself first."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        yield os.fspath(path) + suffix


def refuse_strange_files(path: AnyPath) -> None:
    """Raise ``RefusedError`` unless each file of the database is missing or plainly our own.

    A symlink would let somebody else choose what is written, a FIFO would block for ever.
    """
    for name in family(path):
        try:
            found = os.lstat(name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unavailable(path, error.strerror or str(error)) from error
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError(
                f"{name} is not a regular file, and a database is not opened through anything else."
                " Nothing was changed. Move it away and start again."
            )
        if found.st_uid != os.geteuid():
            raise RefusedError(
                f"{name} belongs to another user (uid {found.st_uid}). Nothing was changed."
            )


def at_rest(path: AnyPath) -> bool:
    """Whether nobody can be writing the database: nothing can be made beside it, as readers want
    too, and no writer has left anything that is not yet in it."""
    if can_be_written(path):
        return False
    return not any(os.path.lexists(name) for name in list(family(path))[1:])


def can_be_written(path: AnyPath) -> bool:
    """Whether files can be made beside the database."""
    return os.access(os.path.dirname(os.path.abspath(path)), os.W_OK)  # noqa: PTH100, PTH120


def connect(path: AnyPath, mode: str, timeout: float) -> sqlite3.Connection:
    """Open an existing database without Python's implicit transactions.

    ``mode``: ``"ro"`` or ``"rw"``, or the former with ``&immutable=1`` for one that is ``at_rest``.
    ``timeout``: seconds to wait for a lock.
    """
    raw = os.fsencode(os.path.abspath(path))  # noqa: PTH100 - pathlib would cost every command
    quoted = "".join(chr(byte) if byte in _URI_PLAIN else f"%{byte:02X}" for byte in raw)
    return sqlite3.connect(
        f"file://{quoted}?mode={mode}", uri=True, timeout=timeout, isolation_level=None
    )


def stored_version(connection: sqlite3.Connection, path: AnyPath) -> int:
    """The schema version of an open database, at most ours.

    Raises ``RefusedError`` for a newer one and ``DatabaseUnreadableError`` when it is not ours.
    """
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise DatabaseUnreadableError(
            f"{os.fspath(path)} is no database of tmuxclaude (or an emptied one)."
            " It was left as it is. Move it away to start with a new one."
        )
    if version > SCHEMA_VERSION:
        raise RefusedError(
            f"{os.fspath(path)} was written by a newer tmuxclaude: it has schema version {version},"
            f" this one knows versions up to {SCHEMA_VERSION}. The file is untouched."
            " Update tmuxclaude, or name another state directory in TMUXCLAUDE_STATE_DIR."
        )
    return version


def translated(error: sqlite3.Error, path: AnyPath) -> TmuxclaudeError:
    """The error of ours that says what an SQLite error means for the caller."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _BROKEN:
        return DatabaseUnreadableError(
            f"The database {os.fspath(path)} is damaged or is no database ({error})."
            " It was left as it is."
        )
    if primary in _UNAVAILABLE:
        if primary == sqlite3.SQLITE_CANTOPEN and not can_be_written(path):
            return _unavailable(path, _NOTHING_BESIDE)
        return _unavailable(path, f"{_UNAVAILABLE[primary]} ({error})")
    return TmuxclaudeError(f"The database {os.fspath(path)} refused a statement: {error}")


def _unavailable(path: AnyPath, why: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(
        f"The database {os.fspath(path)} is not available: {why}. Nothing was written."
    )


def storable(value: object) -> object:
    """``value`` as SQLite can hold it.

    Names of files and halves of emoji can be strings that have no UTF-8 form. They are kept as a
    BLOB, which ``restored`` turns back into the same string; no column holds a BLOB otherwise.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    return value


def restored(row: tuple[object, ...]) -> tuple[object, ...]:
    """A row as it was given to ``storable``, value by value."""
    if bytes not in map(type, row):
        return row
    return tuple(_decoded(value) if isinstance(value, bytes) else value for value in row)


def whole(cursor: sqlite3.Cursor) -> list[tuple[object, ...]]:
    """Its rows, restored, but for those with a text where a number belongs: no code of ours, and
    none of theirs who read, knows what to make of these (``legible`` finds them)."""
    numbers = [i for i, column in enumerate(cursor.description) if column[0] in NUMBERS]
    rows = map(restored, cursor)
    return [row for row in rows if not any(type(row[i]) is str for i in numbers)]


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # nothing that we wrote
        return value.decode("utf-8", "replace")
