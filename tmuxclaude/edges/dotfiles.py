"""The files of a user's own that we add lines to: read whole, and replaced whole.

Knows links, owners and modes, and that nothing of a file may be lost. Knows nothing of what is in
it: bytes that are no UTF-8 and every kind of line break go through unharmed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tmuxclaude.core.errors import RefusedError, UsageError

LARGEST_BYTES = 4 * 1024 * 1024


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

    ``seen``: what ``read`` gave; a file that has changed since then is refused. ``mode``: of a file
    that is made now; another one keeps its own. Raises as ``read`` does.
    """
    if read(path) != seen:
        raise RefusedError(f"{path} was changed meanwhile; it was left alone. Try again")
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(file.fileno())
        if seen is None:
            fresh.chmod(mode)
        else:
            _same_rights(fresh, target)
        fresh.replace(target)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)


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


def _same_rights(fresh: Path, old: Path) -> None:
    """Mode, group and extended attributes of ``old``; the times stay those of now."""
    with suppress(OSError):  # a group of which this user is no member
        os.chown(fresh, -1, old.stat().st_gid)
    shutil.copystat(old, fresh)
    os.utime(fresh)
