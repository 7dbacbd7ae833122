"""What the operations are joined to: one value that ``app`` fills and every family takes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.api.adopting import Adopter
from tmuxclaude.api.wants import (
    Checkpointer,
    Journal,
    Leftovers,
    Surroundings,
    Watch,
    Windows,
)
from tmuxclaude.core.resources import Figures
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Joined:
    """``stop`` ends the loop. ``reload`` takes up a changed configuration and says what changed.

    ``figures``: what the last look at the processes found.
    """

    books: Books
    windows: Windows
    watch: Watch
    journal: Journal
    now: Callable[[], float]
    stop: Callable[[], None]
    pong: Callable[[], wire.Pong]
    adopter: Adopter
    around: Surroundings
    checkpointer: Checkpointer
    leftovers: Leftovers
    reload: Callable[[], list[str]] = list
    figures: Callable[[], Figures] = Figures
