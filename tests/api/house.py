"""A supervisor without tmux: real books, and collaborators that write down what they were told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tmuxclaude.api import wire
from tmuxclaude.api.operations import Operations
from tmuxclaude.core import errors
from tmuxclaude.core.evidence import Evidence, Life
from tmuxclaude.core.model import (
    Attempt,
    Box,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Look,
    Pane,
    Reading,
    Server,
    Session,
    Source,
    State,
    Step,
)
from tmuxclaude.core.rules import Rules
from tmuxclaude.store.books import Books

NOW = 1_800_000_000.0
OVER = 120.0
"""Seconds after a reset when margin and jitter are over."""

PANE = Pane(Server("/s", 1, 1), "%7", 2, "0f" * 16)


@dataclass
class Windows:
    """Opens nothing; keeps what it was told, as the real one does."""

    books: Books
    told: list[tuple[Any, ...]] = field(default_factory=list)
    obstacle: errors.TmuxclaudeError | None = None
    lives: bool = True
    notes: list[str] = field(default_factory=list)

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]:
        self._tell("open", session.name, arguments, caller_pane, select)
        session = replace(session, pane=PANE, conversation="c1")
        self.books.sessions.add(session)
        return session, ["a note"]

    def reopen(self, session: Session, text: str | None) -> tuple[Session, list[str]]:
        self._tell("reopen", session.name, session.want, text)
        return session, self.notes

    def close(self, session: Session) -> None:
        self._tell("close", session.name)

    def terminate(self, session: Session) -> bool:
        self._tell("terminate", session.name)
        return self.lives

    def _tell(self, *what: Any) -> None:
        if self.obstacle is not None:
            raise self.obstacle
        self.told.append(what)


@dataclass
class Watch:
    rules: Rules = field(default_factory=Rules)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)
    reconsidered: int = 0

    def reconsider(self) -> None:
        self.reconsidered += 1

    def touch(self, uid: str) -> None:
        self.touched.append(uid)


@dataclass
class Journal:
    books: Books

    def begin(
        self, session: Session, text: str, halt: Halt | None = None, by_hand: bool = False
    ) -> Attempt:
        return self.books.halts.begin(
            Attempt(
                id=0,
                session=session.uid,
                number=1,
                text=text,
                step=Step.DUE,
                opened_at=NOW,
                halt=halt.id if halt is not None else None,
                by_hand=by_hand,
            )
        )


class House:
    """The operations, and what they are joined to."""

    def __init__(self, books: Books) -> None:
        self.books, self.windows = books, Windows(books)
        self.watch, self.journal = Watch(), Journal(books)
        self.stopped = 0
        self.now = NOW
        self.operations = Operations(
            books,
            self.windows,
            self.watch,
            self.journal,
            lambda: self.now,
            self._stop,
            "/home/ann/.claude",
            lambda: wire.Pong(version="1", pid=1, started_at=NOW, sessions=0),
        )

    def ask(self, request: wire.AnyRequest) -> Any:
        return self.operations.answer(request)

    def new(self, directory: str = "/srv/api", **more: Any) -> Any:
        plain: dict[str, Any] = {"directory": directory, "command": ["/bin/claude"], "socket": "/s"}
        return self.ask(wire.New(**(plain | more)))

    def keep(self, name: str, state: State, **more: Any) -> Session:
        """A session that is in the registry already."""
        plain: dict[str, Any] = {
            "uid": f"uid-{name}",
            "name": name,
            "directory": "/srv/api",
            "account": "/home/ann/.claude",
            "launch": Launch(("/bin/claude",)),
            "state": state,
            "since": NOW,
            "conversation": "c1",
            "pane": PANE,
        }
        session = Session(**(plain | more))
        self.books.sessions.add(session)
        return session

    def halt(
        self, session: Session, in_seconds: float | None, needs_human: str = "", **more: Any
    ) -> Halt:
        """A 5-hour limit that resets in so many seconds, or nobody knows when."""
        at = None if in_seconds is None else NOW + in_seconds
        limit = Limit(LimitKind.FIVE_HOUR, "you have hit it", Source.TRANSCRIPT, NOW - 60, at)
        return self.books.halts.open_halt(
            session=session.uid,
            conversation="c1",
            limit=limit,
            record="r1",
            opened_at=NOW - 60,
            needs_human=needs_human,
        )

    def see(self, session: Session, box: Box = Box.EMPTY) -> None:
        """What the loop saw of it last."""
        reading = Reading(Look.IDLE, box, draft="half a thou" if box is Box.DRAFT else "")
        self.watch.evidence[session.uid] = Evidence(NOW, Life.ALIVE, reading=reading)

    def _stop(self) -> None:
        self.stopped += 1


def verdict(house: House, request: wire.Resume | wire.Stop) -> wire.Verdict:
    """The answer that concerns one session."""
    [only] = house.ask(request).sessions
    assert isinstance(only, wire.Verdict)
    return only
