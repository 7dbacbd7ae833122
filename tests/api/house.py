"""A supervisor without tmux: real books, and collaborators that write down what they were told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tmuxclaude.api import wire
from tmuxclaude.api.joined import Joined
from tmuxclaude.api.operations import Operations
from tmuxclaude.core import errors
from tmuxclaude.core.adopting import Found
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.evidence import Evidence, Life
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import (
    Attempt,
    Box,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Look,
    Pane,
    Process,
    Reading,
    Server,
    Session,
    Source,
    State,
    Step,
)
from tmuxclaude.core.resources import Figures
from tmuxclaude.core.rules import Rules
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.leftovers import Leftovers

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

    def enter(self, session: Session, entrance: Entrance) -> tuple[Session, list[str]]:
        self._tell("enter", entrance)
        pane = PANE if entrance.pane_id else None
        conversation = entrance.arguments[-1]
        process = Process(entrance.pid, "1", "boot")
        name = session.name or f"p{entrance.pid}"
        session = replace(session, name=name, process=process, conversation=conversation, pane=pane)
        self.books.sessions.add(session)
        self.books.sessions.link(session.uid, conversation, NOW, "start")
        return session, []

    def reopen(self, session: Session) -> tuple[Session, list[str]]:
        self._tell("reopen", session.name, session.want)
        return session, self.notes

    def check(self, session: Session) -> None:
        self._tell("check", session.name)

    def rename(self, session: Session, name: str) -> bool:
        self._tell("rename", session.name, name)
        return self.lives

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
    dropped: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def drop(self, uid: str) -> None:
        self.dropped.append(uid)

    def goodbye(self, session: Session, why: str) -> None:
        self.ended.append(f"{session.uid}: {why}")

    def reconsider(self) -> None:
        self.reconsidered += 1

    def touch(self, uid: str) -> None:
        self.touched.append(uid)


@dataclass
class Checkpointer:
    """Takes and drops nothing; keeps what it was told."""

    wishes: list[Wish] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)

    def ask(self, wish: Wish) -> str:
        self.wishes.append(wish)
        return f"{len(self.wishes):08x}"

    def prune(self, rows: Iterable[Mapping[str, Any]], gone: bool = False) -> None:
        self.pruned += [row["id"] for row in rows]


@dataclass
class Adopter:
    """Finds what it was given; marks no pane, and keeps what it was told to take or let go."""

    books: Books
    found: list[Found] = field(default_factory=list)
    let: list[str] = field(default_factory=list)
    obstacle: errors.TmuxclaudeError | None = None

    def find(self, socket: str, pane_id: str | None, zone: str) -> list[Found]:
        return [one for one in self.found if pane_id in (None, one.pane_id)]

    def take(self, found: Found, session: Session) -> Session:
        self.books.sessions.add(session)
        return session

    def let_go(self, session: Session) -> None:
        if self.obstacle is not None:
            raise self.obstacle
        self.let.append(session.name)


@dataclass
class Around:
    """A machine with one tmux server and whatever processes it was given, by their parents."""

    parents: dict[int, int] = field(default_factory=dict)
    started: str = "1"
    links: dict[str, str] = field(default_factory=dict)

    def claude(self) -> list[str]:
        return ["/bin/claude"]

    def home(self) -> str:
        return "/home/ann"

    def socket(self) -> str:
        return "/s"

    def attach(self, socket: str, pane_id: str) -> list[str]:
        return ["tmux", "-S", socket, "attach-session", "-t", pane_id]

    def program(self, path: str) -> None:
        if path.startswith("/nonexistent"):
            raise errors.NotFoundError(path)

    def directory(self, path: str) -> str:
        if not path.startswith("/"):
            raise errors.UsageError(f"{path!r} is no directory")
        return path

    def account(self, config_dir: str) -> str:
        return self.links.get(config_dir, config_dir) or "/home/ann/.claude"

    def transcript(self, account: str, conversation: str, directory: str) -> str:
        return f"{account}/{conversation}.jsonl"

    def identify(self, pid: int) -> Process | None:
        return Process(pid, self.started, "boot") if pid in self.parents else None

    def descends_from(self, pid: int, ancestor: int) -> bool:
        while pid != ancestor and pid in self.parents:
            pid = self.parents[pid]
        return pid == ancestor


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
        self.adopter = Adopter(books)
        self.stopped = 0
        self.now = NOW
        self.around = Around()
        self.folder = books.db.path.parent
        self.checkpointer = Checkpointer()
        self.figures = Figures()
        joined = Joined(
            books=books,
            windows=self.windows,
            watch=self.watch,
            journal=self.journal,
            now=lambda: self.now,
            stop=self._stop,
            pong=lambda: wire.Pong(version="1", pid=1, started_at=NOW, sessions=0),
            adopter=self.adopter,
            around=self.around,
            checkpointer=self.checkpointer,
            leftovers=Leftovers(self.folder, self.folder / "hooks", self.folder / "spool"),
            figures=lambda: self.figures,
        )
        self.operations = Operations(joined)

    def ask(self, request: wire.AnyRequest, peer: int | None = None) -> Any:
        return self.operations.answer(request, peer)

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
