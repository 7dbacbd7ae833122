"""Our own files: that they can be made, that nobody else reads them, that they are whole."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tmuxclaude.chores.doctor.check import Check
from tmuxclaude.core import errors
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.model import NAME
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.store.format import DatabaseUnreadableError
from tmuxclaude.store.health import health, strange
from tmuxclaude.store.legible import Flaw

MEGABYTE = 1_048_576

OTHERS = "name others, in TMUXCLAUDE_STATE_DIR and TMUXCLAUDE_RUNTIME_DIR"
"""What to do about directories of ours that cannot be."""

LEAST_FREE = 64 * MEGABYTE
"""With less than this the next event may not be kept, and then nothing is resumed."""

LITTLE_FREE = 1024 * MEGABYTE

LARGE_DATABASE = 512 * MEGABYTE

MOST_ROWS = 5
"""How many rows without a session are named."""

_UID = re.compile("[0-9a-f]{32}")


def directories(where: Paths) -> Check:
    """Whether our directories are private, or can be made."""
    for directory in (where.state_dir, where.runtime_dir):
        if directory.exists():
            private_directory(directory)
        else:
            _could_be_made(directory)
    return Check("directories", True, f"{where.state_dir}, {where.runtime_dir}")


def _could_be_made(directory: Path) -> None:
    nearest = _nearest(directory)
    if not nearest.is_dir():
        raise errors.UsageError(f"{directory} cannot be made: {nearest} is not a directory")
    try:  # what may be written to by its mode, as /proc, need not take anything
        with tempfile.TemporaryDirectory(prefix=".tc-", dir=nearest):
            pass
    except OSError as error:
        raise errors.UsageError(
            f"{directory} cannot be made: nothing can be made in {nearest} ({error.strerror})"
        ) from error


def _nearest(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if os.path.lexists(path))


def permissions(where: Paths) -> Check:
    """Whether everything below our directories is for this user alone."""
    count = 0
    for path in _below(where.state_dir, where.runtime_dir):
        count += 1
        found = path.lstat()
        if found.st_uid != os.geteuid():
            return Check("permissions", False, f"{path} belongs to another user", f"look at {path}")
        if found.st_mode & 0o077 and not stat.S_ISLNK(found.st_mode):
            right = 700 if stat.S_ISDIR(found.st_mode) else 600
            text = f"{path} is open to other users (mode {found.st_mode & 0o777:o})"
            return Check("permissions", False, text, f"chmod {right} {path}")
    return Check("permissions", True, f"{counted(count, 'thing')} of ours, none open to others")


def _below(*directories: Path) -> Iterator[Path]:
    for directory in directories:
        for folder, folders, names in os.walk(directory):
            for name in (*folders, *names):
                path = Path(folder) / name
                if os.path.lexists(path):  # the supervisor may just have taken it
                    yield path


def disk(where: Paths) -> Check:
    """Whether there is room to write down what is done."""
    free = shutil.disk_usage(_nearest(where.state_dir)).free
    text = f"{free // MEGABYTE} MiB free for {where.state_dir}"
    mend = "make room, or name another directory in TMUXCLAUDE_STATE_DIR"
    if free < LEAST_FREE:
        return Check("disk", False, text, mend)
    return Check("disk", True, text) if free >= LITTLE_FREE else Check("disk", None, text, mend)


def database(where: Paths) -> Check:
    """Whether it is whole and of our schema, and how large."""
    found = health(where.database)
    if found is None:
        return Check("database", True, "none yet")
    if found.verdict != "ok":
        text = f"{where.database} is damaged: {found.verdict}"
        return Check("database", False, text, DatabaseUnreadableError.mend)
    size = found.bytes / MEGABYTE
    sessions = counted(found.sessions, "session")
    text = f"whole, {size:.1f} MiB, schema {found.schema}, {sessions}"
    if found.bytes > LARGE_DATABASE:
        return Check("database", None, text, "tmuxclaude cleanup --older-than 30d")
    return Check("database", True, text)


def rows(where: Paths) -> list[Check]:
    """What is kept and not understood: each session that is left alone for it, and the rest."""
    try:
        found = strange(where.database)
    except errors.TmuxclaudeError:  # the database itself says why
        return []
    update = "update tmuxclaude, if a newer one wrote it"
    sessions = {
        flaw.session: Check(
            "session",
            False,
            f"{flaw.name} is left alone: {flaw.words}, which is not understood",
            f"{update}; else: {_forgotten(where, flaw)}",
        )
        for flaw in found
        if flaw.rests
    }
    others = [
        Check("database", None, f"{flaw.words}, which is not understood and is passed over", update)
        for flaw in found
        if not flaw.rests
    ]
    return [*sessions.values(), *others[:MOST_ROWS]]


def _forgotten(where: Paths, flaw: Flaw) -> str:
    """How to be rid of a session, also of one whose name nobody can type."""
    if NAME.fullmatch(flaw.name):
        return f"tmuxclaude forget {flaw.name}, then adopt --all"
    if not _UID.fullmatch(flaw.session):
        return f"nothing can name it; it can only be taken out of {where.database} by hand"
    name = f"nameless-{flaw.session[:8]}"
    query = f"UPDATE sessions SET name = '{name}' WHERE uid = '{flaw.session}'"
    command = shlex.join(["sqlite3", str(where.database), query])
    first = f"tmuxclaude supervisor stop, then {command}"
    return f"{first}, then supervisor start, forget {name} and adopt --all"
