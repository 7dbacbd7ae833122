"""Files of ours that may have outlived their use: settings, what hooks dropped, imports.

Knows where they lie and touches nothing else; a user's transcripts are out of its reach.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges.spool import FRESH

IMPORT = "import-"
"""How the name of a file begins that waits in the state directory to be taken in."""

IMPORT_SECONDS = 3600.0
"""After this whoever put it there has gone."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """``state``, ``hooks``, ``spool``: our directories."""

    state: Path
    hooks: Path
    spool: Path

    def incoming(self, token: str) -> Path:
        """Where an export waits that somebody wants to be taken in."""
        return self.state / f"{IMPORT}{token}"

    def sweep(self, before: float, now: float, known: Collection[str], dry_run: bool) -> int:
        """Removes what was last written before this; how many files there were.

        ``known``: the uids of the sessions, whose settings stay.
        """
        settings = (path for path in _in(self.hooks, "*.json") if path.stem not in known)
        halves = _in(self.hooks, f".*{FRESH}")
        old = [
            path for path in (*settings, *halves, *_in(self.spool, "*")) if _is_older(path, before)
        ]
        old += [
            path
            for path in _in(self.state, f"{IMPORT}*")
            if _is_older(path, max(before, now - IMPORT_SECONDS))
        ]
        for path in () if dry_run else old:
            with suppress(OSError):
                path.unlink()
        return len(old)


def _in(folder: Path, pattern: str) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(folder.glob(pattern))


def _is_older(path: Path, before: float) -> bool:
    with suppress(OSError):
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_mtime < before
    return False
