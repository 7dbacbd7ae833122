"""What lies in the spool for the supervisor: what hooks have told, and what ``run`` has left.

Touches our own files only. A file is removed by who has done what it asks for, so that nothing is
lost between the two; after a crash just there it is taken in once more. What the texts mean is for
``claude/hooks`` and ``api/wire`` to say.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges.claude_files import read_small
from tmuxclaude.edges.paths import private_file

FILES_AT_ONCE = 256
"""How many files one look takes in; the rest waits for the next."""

LARGEST_BYTES = 1_048_576

FRESH = ".new"
"""How the name of a file ends that is not yet whole."""

RUN = "run."
"""How the names begin that ``run`` gives to its files; those of hooks begin with a nonce."""


@dataclass(frozen=True, slots=True)
class Left:
    """One file that lies there until it is removed, its text, and when it was left.

    ``at``: UTC epoch seconds.
    """

    path: Path
    text: str
    at: float

    @property
    def nonce(self) -> str:
        """Whose it is, if a hook left it."""
        return self.path.name.partition(".")[0]

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()


def told(spool: Path) -> list[Left]:
    """What hooks have told, oldest first."""
    return _complete(spool, lambda name: not name.startswith(RUN))


def left(spool: Path) -> list[Left]:
    """What ``run`` has left, oldest first."""
    return _complete(spool, lambda name: name.startswith(RUN))


def leave(spool: Path, pid: int, text: str) -> None:
    """Leaves a session whose process has this pid; raises as ``private_file`` does."""
    write(spool / f"{RUN}{pid:d}.json", text)


def _complete(spool: Path, wanted: Callable[[str], bool]) -> list[Left]:
    """The complete files of such names; what cannot be read does not stay."""
    found: list[tuple[int, Path]] = []
    try:
        with os.scandir(spool) as entries:
            for entry in entries:
                if entry.name.endswith(".json") and wanted(entry.name):
                    with contextlib.suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        found.append((status.st_mtime_ns, Path(entry.path)))
    except OSError:
        return []
    complete = []
    for modified, path in sorted(found)[:FILES_AT_ONCE]:
        text = read_small(path, LARGEST_BYTES)
        file = Left(path, text or "", modified / 1e9)
        if text is None:
            file.remove()
        else:
            complete.append(file)
    return complete


def write(path: Path, text: str) -> None:
    """Write a private file whole, or leave the one that is there. Any number may do so at once."""
    fresh = path.with_name(f".{path.name}.{os.urandom(4).hex()}{FRESH}")
    try:
        with os.fdopen(private_file(fresh, os.O_WRONLY | os.O_EXCL), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
