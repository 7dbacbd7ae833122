"""Keeps the marks behind the names of windows: which session has one, and that none is left behind.

Remembers only what it has done on each server; what was done before a crash is found in tmux. How
a name is put back, ``edges/tmux/marks`` knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tmuxclaude.core import segment, symbols
from tmuxclaude.core.model import Pane
from tmuxclaude.core.rules import StatusRules
from tmuxclaude.edges import tmux
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.workers import Workers


@dataclass(frozen=True, slots=True)
class Mark:
    """What the window of a pane is to have behind its name; ``name`` is the session's."""

    pane: Pane
    name: str
    text: str


Marked = frozenset[Mark]
"""The marks of one tmux server."""


@dataclass(slots=True)
class Marks:
    """``door`` gives the tmux server at a socket; ``wake``: a server that was slow has answered."""

    door: Callable[[str], tmux.Tmux]
    rules: StatusRules
    now: Callable[[], float]
    wake: Callable[[], None]
    _workers: Workers[Marked | None] = field(init=False)
    _done: dict[str, Marked] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._workers = Workers(self.wake)

    def tell(self, known: Iterable[Decided]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        self._bring_about(dict.fromkeys(self._done, Marked()) | self._wanted(known))

    def close(self) -> None:
        """Puts every name back that is not as its user gave it."""
        self._bring_about(dict.fromkeys(self._done, Marked()))
        self._workers.close()

    def _wanted(self, known: Iterable[Decided]) -> dict[str, Marked]:
        """The marks of each server that has a session; what it had before we came goes too."""
        found: dict[str, set[Mark]] = {}
        shown, now = symbols.chosen(self.rules.symbols), self.now()
        for decided in known:
            session, pane = decided.session, decided.session.pane
            if pane is None:
                continue
            marks = found.setdefault(pane.server.socket, set())
            text = segment.mark(session, decided.halt, now, shown)
            if text and self.rules.window_marks:
                marks.add(Mark(pane, session.name, text))
        return {socket: frozenset(marks) for socket, marks in found.items()}

    def _bring_about(self, wanted: Mapping[str, Marked]) -> None:
        tasks = {
            socket: partial(self._mark, socket, marks, self._done.get(socket, Marked()))
            for socket, marks in wanted.items()
            if self._done.get(socket) != marks and self._workers.idle(socket)
        }
        for socket, done in self._workers.run(tasks).items():
            if done.value is not None:
                self._done[socket] = done.value

    def _mark(self, socket: str, wanted: Marked, before: Marked) -> Marked | None:
        """The marks that the server has now; ``None`` when it did not answer."""
        door = self.door(socket)
        try:
            door.unmark(keep={mark.pane.nonce for mark in wanted})
            for mark in wanted - before:
                door.mark(mark.pane, mark.name, mark.text)
        except tmux.ServerGone:  # and its windows with it
            return wanted
        except tmux.Silent:
            return None
        return wanted
