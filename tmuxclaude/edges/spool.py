"""What hooks left in the spool, and the files that tell Claude Code to leave it there.

Touches our own files only. A spool file is taken once: read, removed, handed on. What it means is
for ``claude/hooks`` to say.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges.claude_files import read_small
from tmuxclaude.edges.paths import private_file

FILES_AT_ONCE = 256
"""How many files one look takes in; the rest waits for the next."""

LARGEST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file: whose it is (the nonce in its name) and its text."""

    nonce: str
    text: str


def take(spool: Path) -> list[Dropped]:
    """The complete files of the spool, oldest first; they are gone afterwards."""
    found: list[tuple[int, Path]] = []
    try:
        with os.scandir(spool) as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    with contextlib.suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        found.append((status.st_mtime_ns, Path(entry.path)))
    except OSError:
        return []
    dropped = []
    for _, path in sorted(found)[:FILES_AT_ONCE]:
        text = read_small(path, LARGEST_BYTES)
        with contextlib.suppress(OSError):
            path.unlink()
        if text is not None:
            dropped.append(Dropped(path.name.partition(".")[0], text))
    return dropped


def write(path: Path, text: str) -> None:
    """Write a private file whole, or leave the one that is there."""
    fresh = path.with_name(f".{path.name}.new")
    with os.fdopen(private_file(fresh, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
