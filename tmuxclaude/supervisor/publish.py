"""Publishes what others only read: files that a picker or a status line shows without asking us.

Knows when something may look different and how a file is put in place; what it says is ``core/``'s.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.core import rows, symbols
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import spool
from tmuxclaude.store.books import Books

log = logging.getLogger(__name__)


LEAST_SECONDS = 0.2
"""How long what was published stands at least, however much is written meanwhile."""


def put(path: Path, text: str) -> bool:
    """Make ``text`` the content of ``path``, mode 0600; returns whether it was not yet.

    Readers see the old file or the new one, never a part. Raises ``OSError``, and ``RefusedError``
    when something that is no file of ours stands in the way.
    """
    with suppress(OSError):
        if path.read_bytes() == text.encode():
            return False
    spool.write(path, text)
    return True


@dataclass(slots=True)
class Publisher:
    """Keeps ``path``, the rows of the pickers (docs/internals/picker.md).

    ``rules``: the whole configuration. ``notices``: what keeps the supervisor from its work.
    """

    books: Books
    path: Path
    rules: Rules
    now: Callable[[], float]
    notices: Callable[[], Sequence[str]]
    _shown: object = None
    _at: float = 0.0
    _failing: bool = False

    def publish(self) -> None:
        """Once in each loop; looks only when something was written, or a minute has turned."""
        now, notices = self.now(), self.notices()
        version = self.books.db.version
        shows = (version, int(now // 60), notices)
        if (version is not None and shows == self._shown) or 0 <= now - self._at < LEAST_SECONDS:
            return
        self._at = now
        try:
            put(self.path, self._text(now, notices))
            self._shown, self._failing = shows, False
        except (OSError, RefusedError) as problem:
            if not self._failing:
                log.warning("the pickers are shown nothing new for now: %s", problem)
            self._failing = True

    def close(self) -> None:
        """Nobody shall take what was published for alive. Another supervisor's rows stay."""
        with suppress(OSError):
            first = self.path.read_bytes().partition(b"\n")[0]
            if first.split(b"\t")[2:3] == [str(os.getpid()).encode()]:
                self.path.unlink()

    def _text(self, now: float, notices: Sequence[str]) -> str:
        pause = self.books.brakes.pause()
        return rows.text(
            self.books.sessions.pickable(),
            self.books.limits.known(),
            None if pause is None else {"until": pause.until},
            notices,
            now,
            time.localtime,
            os.environ.get("HOME", ""),
            os.getpid(),
            symbols.chosen(self.rules.status.symbols),
        )
