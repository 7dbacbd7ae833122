"""What the operations want of the rest of the house: the shapes that ``app`` fills."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import Attempt, Halt, Process, Session
from tmuxclaude.core.rules import Rules


class Windows(Protocol):
    """Opens and ends what sessions live in; raises an error with the reason when it cannot."""

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]: ...

    def enter(self, session: Session, entrance: Entrance) -> tuple[Session, list[str]]: ...

    def reopen(self, session: Session) -> tuple[Session, list[str]]: ...

    def check(self, session: Session) -> None: ...

    def rename(self, session: Session, name: str) -> bool: ...

    def close(self, session: Session) -> None: ...

    def terminate(self, session: Session) -> bool: ...


class Watch(Protocol):
    """The loop, as far as a request concerns it."""

    rules: Rules
    evidence: dict[str, Evidence]

    def touch(self, uid: str) -> None: ...

    def drop(self, uid: str) -> None: ...

    def goodbye(self, session: Session, why: str) -> None: ...

    def reconsider(self) -> None: ...


class Surroundings(Protocol):
    """What an operation must know of the machine; raises an error when something is not there."""

    def claude(self) -> list[str]:
        """The command that starts Claude Code."""

    def home(self) -> str:
        """The home directory, for which ``~`` stands."""

    def socket(self) -> str:
        """The default tmux server."""

    def attach(self, socket: str, pane_id: str) -> list[str]:
        """What to exec at a terminal outside of tmux to see a pane."""

    def program(self, path: str) -> None:
        """Raises ``NotFoundError`` unless a program is there that can be run."""

    def directory(self, path: str) -> str:
        """An absolute path of a directory that is there."""

    def account(self, config_dir: str) -> str:
        """The account of a configuration directory; the default one when that is empty."""

    def transcript(self, account: str, conversation: str, directory: str) -> str:
        """Where a conversation's transcript is, or will be."""

    def identify(self, pid: int) -> Process | None:
        """The process with this pid, as it is now."""

    def descends_from(self, pid: int, ancestor: int) -> bool:
        """Whether a process is another one, or a child of its, however far down."""


class Leftovers(Protocol):
    """Files of ours beside the database."""

    def incoming(self, token: str) -> Path:
        """Where an export waits to be taken in."""

    def sweep(self, before: float, now: float, known: Collection[str], dry_run: bool) -> list[Path]:
        """Removes what is older and belongs to no session of ``known``; which files."""


class Journal(Protocol):
    """Opens the journal of a delivery."""

    def begin(
        self, session: Session, text: str, halt: Halt | None = None, by_hand: bool = False
    ) -> Attempt: ...


class Checkpointer(Protocol):
    """Has checkpoints taken, and dropped, in a moment; gives the id of the one that is wanted."""

    def ask(self, wish: Wish) -> str: ...

    def prune(self, rows: Iterable[Mapping[str, Any]], gone: bool = False) -> None: ...
