"""Cares for sessions that live for days: joins their lifetimes, the budgets, and their health."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.resources import Figures
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.health import Health
from tmuxclaude.supervisor.lifetimes import Lifetimes
from tmuxclaude.supervisor.parting import Parting, Windows
from tmuxclaude.supervisor.resources import Resources
from tmuxclaude.supervisor.unsaved import Unsaved


class Loop(Protocol):
    """The loop, as far as it is wanted here."""

    def touch(self, uid: str) -> None: ...

    def unsettled(self) -> str: ...


class Care:
    """``unsaved`` is closed with this; ``wake`` ends a wait of the loop, from any thread."""

    def __init__(
        self,
        books: Books,
        rules: Rules,
        clock: Clock,
        windows: Windows,
        loop: Loop,
        unsaved: Unsaved,
        wake: Callable[[], None],
    ) -> None:
        quiet = rules.resume.human_quiet_seconds
        self._parting = Parting(books, windows, clock, loop.touch, quiet)
        self._lifetimes = Lifetimes(books, rules.lifetime, clock, self._parting, loop.unsettled)
        self._unsaved = unsaved
        self._resources = Resources(books, rules.budget, clock, self._parting, unsaved)
        self._health = Health(books, rules, clock, wake, self._resources)

    def turn(self, known: Iterable[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        known = list(known)
        self._parting.turn(known, evidence)
        self._unsaved.turn()
        self._health.turn(known, evidence)
        self._lifetimes.turn(known, evidence)

    def follow(self, rules: Rules) -> None:
        """Lives by a changed configuration."""
        self._parting.quiet_seconds = rules.resume.human_quiet_seconds
        self._lifetimes.rules = rules.lifetime
        self._resources.rules = rules.budget
        self._unsaved.rules = rules
        self._health.rules = rules

    def figures(self) -> Figures:
        """What the sessions took at the last look."""
        return self._health.figures

    def close(self) -> None:
        """Looks no more."""
        self._health.close()
        self._unsaved.close()
