"""Joins the supervisor and runs it: every part of it is made here, and nowhere else.

Three things are said to all parts: that a round has ended (``turn``), that the configuration has
changed (``follow``), and that it is over (``close``).
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tmuxclaude import __version__
from tmuxclaude.api import wire
from tmuxclaude.api.closed import Closed
from tmuxclaude.api.joined import Joined
from tmuxclaude.api.operations import Operations
from tmuxclaude.api.server import Server
from tmuxclaude.core import errors
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import claude_files, config, logs, single, tmux
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.notify import Notifier
from tmuxclaude.edges.paths import Paths
from tmuxclaude.edges.programs import countdown, doors, tmux_program
from tmuxclaude.edges.service_notify import Service
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import Database
from tmuxclaude.store.format import DatabaseUnavailableError
from tmuxclaude.supervisor.abandoned import Finder
from tmuxclaude.supervisor.act import Hands
from tmuxclaude.supervisor.adopt import Adopter
from tmuxclaude.supervisor.care import Care
from tmuxclaude.supervisor.checkpoints import Checkpointer, children
from tmuxclaude.supervisor.configured import Configured, at_start
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.deliver import Deliveries
from tmuxclaude.supervisor.guard import Guard
from tmuxclaude.supervisor.intake import Intake
from tmuxclaude.supervisor.leftovers import Leftovers
from tmuxclaude.supervisor.loop import Loop
from tmuxclaude.supervisor.marks import Marks
from tmuxclaude.supervisor.observe import Observer
from tmuxclaude.supervisor.publish import Publisher
from tmuxclaude.supervisor.rebuild import World, open_or_rebuild
from tmuxclaude.supervisor.restore import Restorer
from tmuxclaude.supervisor.settings import SettingsFiles
from tmuxclaude.supervisor.status import Status
from tmuxclaude.supervisor.surroundings import Surroundings
from tmuxclaude.supervisor.tell import Teller
from tmuxclaude.supervisor.unsaved import Unsaved, looker
from tmuxclaude.supervisor.wait import Waiter
from tmuxclaude.supervisor.windows import Windows

LOCK_SECONDS = 0.5
"""How long a write waits for a lock: the supervisor is the only writer, and deaf while it waits."""

TMUX_SECONDS = 1.0
"""How long a deed in tmux may take: whoever does it waits. A look has a worker, and more time."""

DATABASE_SECONDS = 2.0
"""How often a database that is not available is tried again."""


def run(where: Paths, clock: Clock) -> int:
    """The supervisor from its start to its end; its exit status.

    Raises ``AlreadyRunningError`` when another one holds the lock, and ``UsageError`` or
    ``RefusedError`` for a configuration that is wrong, unless it is brought back.
    """
    service = Service(os.environ)
    if service.kept_by == "keeper" and single.is_unwanted(where.down):
        return 0
    if not (service.kept_by and where.database.exists()):  # else nobody waits for what it says
        config.load(where.config)
    where.ensure()
    lock = single.Lock(where.lock, where.runtime_dir)
    logs.begin(where.log, also_shown=service.kept_by not in ("keeper", "launchd"))
    here = Standing(where, service, lock, clock.now())
    rules, spoiled = at_start(where.config, where.last_good)
    waiter = _waiter()
    try:
        opened = _open_patiently(here, rules, waiter, clock)
        if opened is not None:
            _Supervisor(here, rules, clock, waiter, opened, spoiled).run()
            logging.info("supervisor ended")
    finally:
        waiter.close()
        lock.release()
    return 0


def _waiter() -> Waiter:
    """HUP means to read the configuration again; of a terminal it means that it was closed."""
    waiter = Waiter()
    if sys.stderr.isatty():
        waiter.heed((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
    else:
        waiter.heed((signal.SIGTERM, signal.SIGINT), signal.SIGHUP)
    return waiter


@dataclass(frozen=True, slots=True)
class Standing:
    """Where this supervisor runs, who keeps it, and whether it is still the one."""

    where: Paths
    service: Service
    lock: single.Lock
    started_at: float

    def past(self) -> str:
        """Why it must end, if it must."""
        if self.service.kept_by == "keeper" and single.is_unwanted(self.where.down):
            return "it is to stay down"
        return "" if self.lock.held() else "the lock was taken away; another supervisor may run"

    def pong(self, notices: list[str], sessions: int = 0) -> wire.Pong:
        return wire.Pong(
            version=__version__,
            pid=os.getpid(),
            started_at=self.started_at,
            sessions=sessions,
            notices=notices,
            kept_by=self.service.kept_by,
        )


# -- the database ----------------------------------------------------------------------------------


class _Opened(NamedTuple):
    """``rebuilt``: what is to be told of it. ``server``: who answered while it was waited for."""

    database: Database
    rebuilt: list[str]
    server: Server | None


def _open_patiently(here: Standing, rules: Rules, waiter: Waiter, clock: Clock) -> _Opened | None:
    """The database; ``None`` when the supervisor was told to end before it could be had.

    One that is locked, or whose disk is full, is waited for. Meanwhile it is answered that the
    supervisor is there and waits.
    """
    where, world = here.where, _world(here.where, rules, clock.now)
    server: Server | None = None
    while not waiter.stopping and not here.past():
        try:
            database, rebuilt = open_or_rebuild(where.database, world, LOCK_SECONDS)
        except DatabaseUnavailableError as problem:
            logging.warning("%s", problem)
            closed = Closed(str(problem), here.pong, waiter.stop)
        else:
            return _Opened(database, [rebuilt] if rebuilt else [], server)
        if server is None:
            server = Server(where.socket, waiter.selector, closed.answer, clock.monotonic)
        server.answer = closed.answer
        again = clock.monotonic() + DATABASE_SECONDS
        while not waiter.stopping and not here.past() and clock.monotonic() < again:
            due = server.serve()
            waiter.wait(min(again, due if due is not None else again) - clock.monotonic())
    if server is not None:
        server.close(clock.now())
    return None


def _world(where: Paths, rules: Rules, now: Callable[[], float]) -> World:
    """Where sessions of ours can be found when the database cannot be read."""
    more = [rules.claude.config_dir, *(one.config_dir for one in rules.accounts.values())]
    directories = ["", *(str(Path(path).expanduser()) for path in more if path)]
    return World(
        door=doors(),
        sockets=tuple(tmux.sockets(os.environ)),
        accounts=tuple(claude_files.account(path, _home()) for path in directories),
        settings=where.hooks,
        command=rules.claude.command,
        now=now,
    )


def _home() -> str:
    return os.environ.get("HOME", "")


# -- the parts -------------------------------------------------------------------------------------


class _Supervisor:
    """All parts, and what is said to all of them."""

    def __init__(
        self,
        here: Standing,
        rules: Rules,
        clock: Clock,
        waiter: Waiter,
        opened: _Opened,
        spoiled: str,
    ) -> None:
        where, wake, now = here.where, waiter.wake, clock.now
        door, at_once = doors(), doors(TMUX_SECONDS, where.socket)
        self._here, self._clock, self._waiter, self._opened = here, clock, waiter, opened
        self.books = books = Books(opened.database)
        before = countdown(where.lock)
        self.windows = Windows(books, at_once, where.hooks, where.spool, now, before)
        self.hands = Hands(books, at_once, self.windows, now)
        self.observer = Observer(door, clock, wake)
        self.deliveries = Deliveries(books, self.hands, rules.resume)
        self.intake = Intake(books, self.observer, self.windows, where.spool)
        self.loop = Loop(
            *(books, self.observer, self.deliveries, self.intake),
            *(waiter, clock, rules, here.past),
        )
        self.restorer = Restorer(books, self.windows, rules.supervisor, clock, self.loop.touch)
        self.notifier = Notifier(rules.notify, tmux_program())
        self.teller = Teller(books, rules.resume, self.notifier.send, self.hands.refusals)
        self.guard = Guard()
        self.publisher = Publisher(books, where.rows, rules, now, self._notices)
        self.status = Status(books, self.observer, rules, now)
        self.marks = Marks(door, rules.status, now, wake)
        self.finder = Finder(books, rules.abandoned, now, _home(), wake)
        makers = children(os.environ, where.scratch, wake)
        self.checkpointer = Checkpointer(books, rules, clock, *makers, _home())
        looks = looker(os.environ, where.scratch, wake)
        unsaved = Unsaved(books, rules, clock, self.checkpointer.ask, looks, _home())
        self.care = Care(books, rules, clock, self.windows, self.loop, unsaved, wake)
        self.configured = Configured(
            rules,
            lambda: config.load_and_keep(where.config, where.last_good),
            self._follow,
            books,
            now,
            spoiled,
        )
        files = SettingsFiles(where.hooks, where.spool)
        self.adopter = Adopter(books, at_once, files, lambda: self.configured.rules, now)
        self.windows.recap = self.checkpointer.recap
        self.intake.follow(rules.chain)
        self.loop.restore, self.loop.tell = self._restore, self._turn
        self.loop.completed, self.loop.reread = here.service.completed_round, self.configured.reload

    def run(self) -> None:
        """Until it is told to end."""
        where, operations = self._here.where, Operations(self._joined())
        self.server = server = self._opened.server or Server(
            where.socket, self._waiter.selector, operations.answer, self._clock.monotonic
        )
        server.answer = operations.answer
        self.intake.late = operations.late
        with suppress(errors.TmuxclaudeError):  # figures only
            events = self.books.events
            events.unwatched(events.last_sign(), self._clock.now(), "no supervisor ran")
        with suppress(errors.TmuxclaudeError):  # a notice says it all the same
            self.configured.begin()
        logging.info("supervisor %s runs as process %d", __version__, os.getpid())
        try:
            self.loop.run(server.serve)
        finally:
            self._here.service.stopping()
            server.close(self._clock.now())
            self._close()

    def _joined(self) -> Joined:
        where = self._here.where
        return Joined(
            books=self.books,
            windows=self.windows,
            watch=self.loop,
            journal=self.hands,
            now=self._clock.now,
            stop=self._waiter.stop,
            pong=self._pong,
            adopter=self.adopter,
            around=Surroundings(lambda: self.configured.rules, os.environ),
            checkpointer=self.checkpointer,
            leftovers=Leftovers(where.state_dir, where.hooks, where.spool),
            reload=self.configured.reload,
            figures=self.care.figures,
        )

    def _pong(self) -> wire.Pong:
        try:
            sessions = len(self.books.sessions.not_ended())
        except errors.TmuxclaudeError:  # it is not available just now, and a notice says so
            sessions = 0
        return self._here.pong([*self._notices(), *self._opened.rebuilt], sessions)

    def _notices(self) -> list[str]:
        return [*self.loop.notices(), *self.guard.notices(), *self.configured.notices()]

    # -- what is said to all of them -------------------------------------------------------------

    def _restore(self, evidence: Mapping[str, Evidence]) -> None:
        self.guard.run("bringing sessions back", lambda: self.restorer.turn(evidence))

    def _turn(self, known: Iterable[Decided], evidence: Mapping[str, Evidence]) -> None:
        for name, part in (
            ("care for lifetimes, budgets and health", lambda: self.care.turn(known, evidence)),
            ("notifying", lambda: self.teller.tell(known, evidence)),
            ("writing the rows of the picker", self.publisher.publish),
            ("the status line", lambda: self.status.tell(known)),
            ("marking windows", lambda: self.marks.tell(known)),
            ("taking checkpoints", self.checkpointer.turn),
            ("looking for abandoned work", self.finder.turn),
            ("staying reachable", self._stay_reachable),
        ):
            self.guard.run(name, part)

    def _stay_reachable(self) -> None:
        """A runtime directory is cleared at its user's logout, and tmux may live on."""
        where = self._here.where
        if not where.socket.exists():
            with suppress(errors.TmuxclaudeError, OSError):  # until there is a place for it again
                where.ensure()
                self.server.listen_anew()
                logging.warning("the socket was removed; listening again at %s", where.socket)

    def _follow(self, fresh: Rules) -> None:
        self.loop.rules = self.status.rules = self.publisher.rules = fresh
        self.checkpointer.rules = fresh
        self.deliveries.rules = self.teller.rules = fresh.resume
        self.restorer.rules = fresh.supervisor
        self.marks.rules = fresh.status
        self.finder.rules = fresh.abandoned
        self.intake.follow(fresh.chain)
        self.care.follow(fresh)
        self.notifier.follow(fresh.notify)
        self.loop.reconsider()

    def _close(self) -> None:
        for part in (
            *(self.publisher, self.checkpointer, self.marks, self.finder, self.care),
            *(self.observer, self.notifier),
        ):
            part.close()
        with suppress(errors.TmuxclaudeError):  # it may be locked, or the disk full
            self._opened.database.tidy()
        self._opened.database.close()
