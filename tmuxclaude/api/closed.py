"""What the supervisor answers while its database is not available: that it is there, and waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.store.format import DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class Closed:
    """``why``: what the database waits for; ``pong`` gives the answer to a ping with notices."""

    why: str
    pong: Callable[[list[str]], wire.Pong]
    stop: Callable[[], None]

    def answer(self, request: wire.AnyRequest, _peer: int | None) -> wire.Answer:
        """Raises ``DatabaseUnavailableError`` for everything that needs the database."""
        match request:
            case wire.Ping():
                return self.pong([self.why])
            case wire.Shutdown():
                self.stop()
                return wire.Done()
        raise DatabaseUnavailableError(self.why)
