"""What the operations want of the rest of the house: the shapes that ``app`` fills."""

from __future__ import annotations

from typing import Protocol

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Attempt, Halt, Session
from tmuxclaude.core.rules import Rules


class Windows(Protocol):
    """Opens and ends what sessions live in; raises an error with the reason when it cannot."""

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]: ...

    def reopen(self, session: Session, text: str | None) -> tuple[Session, list[str]]: ...

    def close(self, session: Session) -> None: ...

    def terminate(self, session: Session) -> bool: ...


class Watch(Protocol):
    """The loop, as far as a request concerns it."""

    rules: Rules
    evidence: dict[str, Evidence]

    def touch(self, uid: str) -> None: ...

    def reconsider(self) -> None: ...


class Journal(Protocol):
    """Opens the journal of a delivery."""

    def begin(
        self, session: Session, text: str, halt: Halt | None = None, by_hand: bool = False
    ) -> Attempt: ...
