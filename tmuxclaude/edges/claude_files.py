"""Touches the files that Claude Code writes: bounded, and without trusting them.

Whoever can write there can leave a FIFO, a link to /dev/zero, a line of 300 MB. So a file is opened
without following a link and without waiting, must be a regular file of our own, and is read in
bounded pieces; what cannot be read is named in a value and never raised. Knows where the files are
(Claude Code 2.1.329), not what they mean: out come texts and plain objects.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

LINE_BYTES = 1_048_576
"""A longer line is skipped, and counted as a problem."""

FIRST_LOOK_BYTES = 1_048_576
"""How much of its end is read of a transcript that was never looked at, if no more is needed."""

FURTHEST_BYTES = 67_108_864
"""How far before its end a first look begins at most."""

CALL_BYTES = 2_097_152
"""How much one ``follow`` reads at most; what is left is read by the next one."""

ENTRIES = 4096
"""How many files of a directory are looked at."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_REGISTRY_NAME = re.compile(r"([1-9][0-9]{0,9})\.json", re.ASCII)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]")
_TOO_LONG = "lines longer than 1 MiB"
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class _UnreadableError(Exception):
    """Why a file is not read, in a few words."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file was read: everything before byte ``offset`` of this very file.

    ``skipping``: the offset lies inside a line that is too long, whose rest is skipped.
    """

    device: int
    inode: int
    offset: int
    skipping: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was new in a transcript.

    ``lines``: byte offset and object of each complete line. ``restarted``: the lines do not follow
    the ones before; what was made of those is void (the first look, a shorter or another file).
    ``begins``: the byte where this piece was read from. ``more``: there is more to read at once, so
    the end is not known yet. ``problems``: what was skipped, or why nothing could be read; then
    ``position`` is the one that was given.
    """

    position: Position | None
    lines: list[tuple[int, dict[str, object]]]
    size: int = 0
    mtime_ns: int = 0
    problems: tuple[str, ...] = ()
    restarted: bool = False
    begins: int = 0
    more: bool = False


# Where the files are


def account_dir(env: Mapping[str, str]) -> Path:
    """The configuration directory that Claude Code uses in this environment."""
    return Path(account(env.get("CLAUDE_CONFIG_DIR", ""), env.get("HOME", "")))


def account(config_dir: str, home: str) -> str:
    """The account of a configuration directory; the default one, ``~/.claude``, when it is empty.

    However a directory is spelled, it is one account: every other one is named without links.
    """
    default = f"{home or Path.home()}/.claude"
    real = os.path.realpath(config_dir or default)
    return default if real == os.path.realpath(default) else real


def registry_path(account: Path, pid: int) -> Path:
    """The registry file of one process; it need not be there."""
    return account / "sessions" / f"{pid:d}.json"


def registry_entries(account: Path) -> Iterator[tuple[int, str]]:
    """The pid and the text of each registry file that can be read."""
    for path in _listed(account / "sessions"):
        name = _REGISTRY_NAME.fullmatch(path.name)
        text = read_small(path) if name else None
        if name and text is not None:
            yield int(name[1]), text


def transcript_path(account: Path, conversation: str, cwd: str = "") -> Path | None:
    """The transcript of a conversation, or ``None`` when there is none (yet).

    ``cwd`` is where it probably began: found there, no directory is searched. Otherwise, as behind
    a link, this looks into every project's folder, so the caller keeps the answer. The directory
    itself is not touched, for it may lie on a mount that hangs.
    """
    if not _UUID.fullmatch(conversation):
        return None
    name = f"{conversation.lower()}.jsonl"
    projects = account / "projects"
    folder = _project_folder(cwd)
    if folder and _modified(projects / folder / name) is not None:
        return projects / folder / name
    candidates = [path / name for path in _listed(projects)]
    found_at = {path: at for path in candidates if (at := _modified(path)) is not None}
    return max(found_at, key=lambda path: found_at[path], default=None)


def future_transcript_path(account: Path, conversation: str, cwd: str) -> Path:
    """Where Claude Code will write the transcript of a conversation that begins in ``cwd``."""
    try:
        real = os.path.realpath(cwd)
    except (OSError, ValueError):
        real = ""
    return account / "projects" / _project_folder(real) / f"{conversation.lower()}.jsonl"


def _project_folder(real: str) -> str:
    """Claude Code's folder name for a directory, by its path without links.

    A name above 200 characters it cuts and ends by a hash, so that one is not found by this.
    """
    # It replaces each UTF-16 unit, of which a character beyond U+FFFF has two.
    return _NOT_PLAIN.sub(lambda found: "--" if found[0] > "\uffff" else "-", real)


def _listed(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as entries:
            return [directory / entry.name for entry in islice(entries, ENTRIES)]
    except OSError:
        return []


def _modified(path: Path) -> int | None:
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns if stat.S_ISREG(status.st_mode) else None


# Reading

Mark = tuple[int, int, int, int, int]
"""What a file has of its own; it changes whenever the file does."""

YOUNG_NS = 2_000_000_000
"""A file that changed so lately may change again within one tick of the kernel's clock."""


def mark(path: Path) -> Mark | None:
    """The mark of a file, to see without opening it that nothing changed since it was read.

    Take it before you read. ``None`` when the file must be read to know: it is missing, not a
    regular file, or changed in the last two seconds (or, as its clock says, later than now).
    """
    try:
        found = path.lstat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_mtime_ns + YOUNG_NS > time.time_ns():
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def read_small(path: Path, limit: int = 65536, *, named_by_user: bool = False) -> str | None:
    """The text of a file of at most ``limit`` bytes, or ``None`` when it cannot be read so.

    A file that the user named on the command line may be a link, and another user's.
    """
    try:
        descriptor, status = _open(path, named_by_user=named_by_user)
    except _UnreadableError:
        return None
    try:
        data = os.pread(descriptor, limit + 1, 0) if status.st_size <= limit else None
        return data.decode("utf-8") if data is not None and len(data) <= limit else None
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def follow(
    path: Path,
    position: Position | None,
    reach: int = FIRST_LOOK_BYTES,
    since: int | None = None,
) -> Chunk:
    """What was added to a transcript since ``position``; ``None`` is the first look.

    A first look starts ``reach`` bytes before the end of a big file; at byte ``since``, if that is
    further back but within ``FURTHEST_BYTES``. So does a look at a file that is not the one of
    ``position`` any more: another inode, or shorter, or no line ends where we stopped.
    """
    try:
        descriptor, status = _open(path)
    except _UnreadableError as reason:
        return Chunk(position, [], problems=(str(reason),))
    try:
        begins = max(0, status.st_size - reach)
        if since is not None and status.st_size - since <= FURTHEST_BYTES:
            begins = min(begins, since)
        return _follow(descriptor, status, position, begins)
    except OSError as error:
        return Chunk(position, [], problems=(_why(error),))
    finally:
        os.close(descriptor)


def _follow(
    descriptor: int, status: os.stat_result, position: Position | None, begins: int
) -> Chunk:
    restarted = position is None or not _continues(descriptor, status, position)
    if position is None or restarted:
        cut = not _is_line_start(descriptor, begins)
        position = Position(status.st_dev, status.st_ino, begins, skipping=cut)
    data = os.pread(descriptor, min(status.st_size - position.offset, CALL_BYTES), position.offset)
    found = _Found()
    start, skipping = 0, False
    if position.skipping:
        start = data.find(b"\n") + 1
        skipping = start == 0
        if skipping and restarted:
            found.skip(_TOO_LONG)
    if not skipping:
        start, skipping = _take_lines(data, start, position.offset, found)
    return Chunk(
        position=replace(
            position,
            offset=position.offset + (len(data) if skipping else start),
            skipping=skipping,
        ),
        lines=found.lines,
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        problems=tuple(f"{why}: {count}" for why, count in found.skipped.items()),
        restarted=restarted,
        begins=position.offset,
        more=bool(data) and position.offset + len(data) < status.st_size,
    )


def _continues(descriptor: int, status: os.stat_result, position: Position) -> bool:
    """Whether this is still the file that was read up to ``position``."""
    if (status.st_dev, status.st_ino) != (position.device, position.inode):
        return False
    if status.st_size < position.offset:
        return False
    return position.skipping or _is_line_start(descriptor, position.offset)


def _is_line_start(descriptor: int, offset: int) -> bool:
    return offset == 0 or os.pread(descriptor, 1, offset - 1) == b"\n"


def _take_lines(data: bytes, start: int, base: int, found: _Found) -> tuple[int, bool]:
    """Take the complete lines of ``data`` from ``start`` on; ``base`` is its offset in the file.

    Returns where the line begins that is not complete yet, and whether it is too long already.
    """
    while (end := data.find(b"\n", start)) >= 0:
        line = data[start:end]
        if len(line) > LINE_BYTES:
            found.skip(_TOO_LONG)
        elif line.strip():
            found.take(base + start, line)
        start = end + 1
    too_long = len(data) - start > LINE_BYTES
    if too_long:
        found.skip(_TOO_LONG)
    return start, too_long


@dataclass(slots=True)
class _Found:
    """What one ``follow`` collects."""

    lines: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def take(self, offset: int, line: bytes) -> None:
        """Keep the line's object; a line that holds none is skipped."""
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            self.lines.append((offset, value))
        else:
            self.skip("lines without a JSON object")

    def skip(self, why: str) -> None:
        self.skipped[why] = self.skipped.get(why, 0) + 1


def _open(path: Path, *, named_by_user: bool = False) -> tuple[int, os.stat_result]:
    """An open descriptor of a regular file; raises ``_UnreadableError``."""
    try:
        descriptor = os.open(path, _FLAGS if named_by_user else _FLAGS | os.O_NOFOLLOW)
    except OSError as error:
        raise _UnreadableError(_why(error)) from error
    except ValueError as error:
        raise _UnreadableError("no path") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        reason = "not a regular file"
    elif status.st_uid != os.geteuid() and not named_by_user:
        reason = "another user's"
    else:
        return descriptor, status
    os.close(descriptor)
    raise _UnreadableError(reason)


def _why(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "missing"
    if error.errno == errno.ELOOP:
        return "a symbolic link"
    return error.strerror or str(error)
