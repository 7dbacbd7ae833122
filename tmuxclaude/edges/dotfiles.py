"""The files of a user's own that we add lines to: read whole, and replaced whole.

Knows links, owners and modes, and that nothing of a file may be lost. Knows nothing of what is in
it: bytes that are no UTF-8 and every kind of line break go through unharmed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tmuxclaude.core.errors import RefusedError, UsageError

LARGEST_BYTES = 4 * 1024 * 1024

TURN_SECONDS = 5.0
"""How long one of our processes waits for another that replaces the same file."""


class ChangedError(RefusedError):
    """The file is not as it was read any more, and was left alone."""


def read(path: Path) -> str | None:
    """What is in the file, ``None`` when there is none.

    Raises ``RefusedError`` for what is no file of this user, ``UsageError`` when it cannot be read.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        _check(path, os.fstat(opened))
    except BaseException:
        os.close(opened)
        raise
    with os.fdopen(opened, "rb") as file:
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise RefusedError(f"{path} is larger than {LARGEST_BYTES} bytes; it was left alone")
    return content.decode("utf-8", "surrogateescape")


def write(path: Path, text: str, seen: str | None, mode: int = 0o600) -> None:
    """Replaces the content of the file in one step; a link stays a link to the same file.

    ``seen``: what ``read`` gave. ``mode``: of a file that is made now; another one keeps its own.
    Raises ``ChangedError`` when the file has changed since then, also by another process of ours in
    the same instant, ``RefusedError`` for a link into a directory that is missing, and else as
    ``read`` does.
    """
    target = Path(os.path.realpath(path))
    _must_lead_somewhere(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _turn(target):
            if read(path) != seen:
                raise ChangedError(f"{path} was changed meanwhile; it was left alone. Try again")
            _replace(target, text, None if seen is None else target, mode)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def remove(path: Path) -> None:
    """Removes a file that is ours alone; one that is gone is no error."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be removed: {error.strerror}") from error


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{path} is not a regular file; it was left alone")
    if found.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to another user; it was left alone")
    if found.st_nlink > 1:  # a fresh file in its place would tear its names apart
        raise RefusedError(f"{path} has a second name (a hard link); it was left alone")


@contextmanager
def _turn(target: Path) -> Iterator[None]:
    """While this lasts, no other process of ours replaces the file. Nothing is left behind."""
    path = target.with_name(f".{target.name}.lock")
    until = time.monotonic() + TURN_SECONDS
    while (lock := _locked(path)) is None:
        if time.monotonic() > until:
            raise RefusedError(f"{target} is being changed by another process; it was left alone")
        time.sleep(0.01)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _locked(path: Path) -> int | None:
    """The open lock file; ``None`` when another process has it, or removed it just now."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(opened)):
            return opened
    os.close(opened)
    return None


def _replace(target: Path, text: str, alike: Path | None, mode: int) -> None:
    """Puts a file with this text in the place of ``target``: with the rights of ``alike``, or, when
    that is ``None``, with ``mode``."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        if alike is None:
            fresh.chmod(mode)
        else:
            _same_rights(fresh, alike)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _must_lead_somewhere(path: Path) -> None:
    """Nothing is made at the end of a link where its user may miss a disk. A file may be missing in
    a directory that is there."""
    for one in (path, *path.parents):
        if one.is_symlink() and not one.exists():
            target = Path(os.path.realpath(one))
            if one is not path or not target.parent.is_dir():
                raise RefusedError(
                    f"{one} is a link to {target}, which is missing; it was left alone"
                )


def _same_rights(fresh: Path, old: Path) -> None:
    """Mode, group and extended attributes of ``old``; the times stay those of now."""
    with suppress(OSError):  # a group of which this user is no member
        os.chown(fresh, -1, old.stat().st_gid)
    shutil.copystat(old, fresh)
    os.utime(fresh)
