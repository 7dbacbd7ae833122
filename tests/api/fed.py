"""A journal of events in memory, for servers that are tested without a database."""

from __future__ import annotations

from collections.abc import Collection

from tmuxclaude.store.events import Told


class Happenings:
    """What ``Feed`` asks of the events of a database. Only ever added to."""

    def __init__(self) -> None:
        self._told: list[Told] = []
        self.read = 0

    @property
    def added(self) -> int:
        return len(self._told)

    def happen(self, times: int = 1, session: str = "u1", text: str = "") -> None:
        first = len(self._told) + 1
        self._told += [
            Told(number, 0.5, session, "api", "state", text)
            for number in range(first, first + times)
        ]

    def newest(self) -> int:
        return len(self._told)

    def after(self, number: int, sessions: Collection[str], most: int) -> list[Told]:
        found = [one for one in self._told[number:] if not sessions or one.session in sessions]
        self.read += len(found[:most])
        return found[:most]
