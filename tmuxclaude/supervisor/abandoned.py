"""Notices sessions that were left with work that is not committed, every few minutes.

Looking at a work tree may take long, so a worker does it. What it means that a session is
abandoned, ``core/abandoned`` knows; whoever is told of it, is told by the event.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tmuxclaude.core import abandoned
from tmuxclaude.core.conversations import Uncommitted
from tmuxclaude.core.rules import AbandonedRules
from tmuxclaude.edges.git import looks
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.workers import Workers

LOOK_SECONDS = 600.0
"""How often the work trees of quiet sessions are looked at."""

BUDGET_SECONDS = 60.0
"""How long all looks of one time may take together."""

EVENT = "abandoned"

KEY = "work trees"


@dataclass(slots=True)
class Finder:
    """``home``: the home directory, which is no work tree. ``wake``: a look has ended."""

    books: Books
    rules: AbandonedRules
    now: Callable[[], float]
    home: str
    wake: Callable[[], None]
    _workers: Workers[Mapping[str, Uncommitted]] = field(init=False)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._workers = Workers(self.wake)

    def turn(self) -> None:
        """Once in each loop."""
        tasks = {}
        if time.monotonic() >= self._next and self._workers.idle(KEY):
            self._next = time.monotonic() + LOOK_SECONDS
            found = self._candidates()
            self._unmark_all_but(found)
            places = {row["directory"] for row in found.values()}
            look = partial(looks.uncommitted, places, self.home, BUDGET_SECONDS)
            tasks = {KEY: look} if places else {}
        for done in self._workers.run(tasks).values():
            self._learn(done.value)

    def close(self) -> None:
        self._workers.close()

    def _candidates(self) -> dict[str, abandoned.Row]:
        rows = self.books.sessions.pickable()
        return abandoned.candidates(rows, self.now(), self.rules.hours)

    def _unmark_all_but(self, found: Mapping[str, abandoned.Row]) -> None:
        self.books.abandoned.unmark(self.books.abandoned.marks().keys() - found.keys())

    def _learn(self, work: Mapping[str, Uncommitted]) -> None:
        """What is not known of a work tree changes nothing."""
        marks, now = self.books.abandoned.marks(), self.now()
        for uid, row in self._candidates().items():
            files = work.get(row["directory"], looks.TOO_SLOW).files
            since = abandoned.quiet_since(row) or now
            if files == 0:
                self.books.abandoned.unmark([uid] if uid in marks else [])
            elif files is not None:
                with self.books.db.writing():
                    self.books.abandoned.mark(uid, since, files)
                    if marks.get(uid) != since:
                        words = abandoned.words(since, files, now)
                        self.books.events.note(now, uid, EVENT, words)
