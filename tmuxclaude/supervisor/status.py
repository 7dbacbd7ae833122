"""What tmux shows of the sessions, kept up to date: the segment of its status line.

Says after each round what the segment is and on which servers; the observer takes that along with
its next look at each of them, so that it costs no question of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tmuxclaude.core import segment, symbols
from tmuxclaude.core.model import State
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.tmux.status import Segment
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.observe import Observer

PATIENCE_SECONDS = 30.0
"""How long beyond three rounds no look may be made before the segment says that we are gone. A
server that was slow to answer is left in peace for up to half a minute."""


@dataclass(slots=True)
class Status:
    """``rules``: the whole configuration."""

    books: Books
    observer: Observer
    rules: Rules
    now: Callable[[], float]

    def tell(self, known: Iterable[Decided]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        living = [one for one in known if one.session.state is not State.ENDED]
        shown = symbols.chosen(self.rules.status.symbols)
        pairs = [(one.session, one.halt) for one in living]
        paused = bool(living) and self.books.brakes.pause() is not None
        self.observer.watched = frozenset(one.session.socket for one in living)
        self.observer.segment = Segment(
            text=segment.text(pairs, paused, self.now(), shown),
            gone=shown.gone,
            patience=int(PATIENCE_SECONDS + 3 * self.rules.supervisor.poll_seconds),
            owner=f"{zlib.crc32(bytes(self.books.db.path)):08x}",  # hashlib: 3 MB of memory
        )
