"""Files of ours that may have outlived their use: settings, what hooks dropped, imports.

Knows where they lie and what we call them, and touches nothing else: not what somebody put beside
them, and a user's transcripts are out of its reach.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges import processes
from tmuxclaude.edges.spool import FRESH, RUN

IMPORT = "import-"
"""How the name of a file begins that waits in the state directory to be taken in."""

IMPORT_SECONDS = 3600.0
"""After this whoever put it there has gone."""

_HEX = "[0-9a-f]{32}"
_HALF = rf"\.[0-9a-f]{{8}}{re.escape(FRESH)}"  # as ``edges/spool`` calls what is not yet whole
_OWN = rf"{_HEX}\.(?:json|recap)"
_RUN = rf"{re.escape(RUN)}[0-9]+\.json"

_SETTINGS = re.compile(rf"{_OWN}|\.(?:{_OWN}|spool\.sh){_HALF}")
_SPOOLED = re.compile(rf"{_HEX}\.[A-Za-z0-9]{{8}}(?:\.json)?|{_RUN}|\.{_RUN}{_HALF}")
_IMPORTED = re.compile(rf"{IMPORT}{_HEX}")


@dataclass(frozen=True, slots=True)
class Leftovers:
    """``state``, ``hooks``, ``spool``: our directories."""

    state: Path
    hooks: Path
    spool: Path

    def incoming(self, token: str) -> Path:
        """Where an export waits that somebody wants to be taken in."""
        return self.state / f"{IMPORT}{token}"

    def sweep(self, before: float, now: float, known: Collection[str], dry_run: bool) -> list[Path]:
        """Removes what was last written before this; which files those are.

        ``known``: the uids of the sessions, whose settings stay. So do those that a process was
        started with and may look at, though its session is forgotten.
        """
        used = processes.words()
        settings = (
            path
            for path in _in(self.hooks, _SETTINGS)
            if path.stem not in known and str(path.with_suffix(".json")) not in used
        )
        old = [path for path in (*settings, *_in(self.spool, _SPOOLED)) if _is_older(path, before)]
        gone = max(before, now - IMPORT_SECONDS)
        old += [path for path in _in(self.state, _IMPORTED) if _is_older(path, gone)]
        for path in () if dry_run else old:
            with suppress(OSError):
                path.unlink()
        return old


def _in(folder: Path, names: re.Pattern[str]) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(path for path in folder.iterdir() if names.fullmatch(path.name))


def _is_older(path: Path, before: float) -> bool:
    with suppress(OSError):
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_mtime < before
    return False
