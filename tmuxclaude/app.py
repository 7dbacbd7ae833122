"""Builds: the one place where concrete things are made and joined.

``supervise`` is the supervisor as it runs; a test joins the same with another clock. What only the
supervisor needs is imported when it is built, for every command starts here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tmuxclaude import __version__
from tmuxclaude.core import errors
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.edges.programs import Door, doors, tmux_program
from tmuxclaude.edges.programs import attach_argv as attach_argv
from tmuxclaude.edges.programs import check_tmux as check_tmux
from tmuxclaude.edges.programs import find_claude as find_claude
from tmuxclaude.edges.programs import resolve_socket as resolve_socket

if TYPE_CHECKING:
    from tmuxclaude.api.client import Client
    from tmuxclaude.api.server import Server
    from tmuxclaude.api.wire import Pong
    from tmuxclaude.core.rules import Rules
    from tmuxclaude.edges.clock import Clock
    from tmuxclaude.store.database import Database
    from tmuxclaude.supervisor.rebuild import World
    from tmuxclaude.supervisor.wait import Waiter

START_SECONDS = 10.0
"""How long a supervisor that was just started may take to answer."""

LOCK_SECONDS = 0.5
"""How long a write waits for a lock: the supervisor is the only writer, and deaf while it waits."""

DATABASE_SECONDS = 2.0
"""How often a database that is not available is tried again."""


def paths() -> Paths:
    """Where this user's files are."""
    return Paths.from_environment(os.environ)


def rules(where: Paths) -> Rules:
    """The user's configuration; raises ``UsageError`` that names the key that is wrong."""
    from tmuxclaude.edges import config

    return config.load(where.config)


def config_text(rules: Rules) -> str:
    """The whole configuration as TOML."""
    from tmuxclaude.edges import config

    return config.show(rules)


# -- the supervisor --------------------------------------------------------------------------------


def connect(where: Paths) -> Client:
    """A connection to the supervisor that runs; raises ``UnreachableError`` when none answers."""
    from tmuxclaude.api.client import Client

    client = Client(where.socket)
    try:
        client.ping()
    except BaseException:
        client.close()
        raise
    return client


def connect_or_start(where: Paths) -> Client:
    """The same, after starting a supervisor when none runs. One that hangs is not replaced."""
    start_supervisor(where)
    return connect(where)


def start_supervisor(where: Paths) -> Pong:
    """Makes sure that a supervisor runs and answers; starting twice never makes two."""
    from tmuxclaude.edges import single

    answer = ping(where)
    if answer is not None:
        return answer
    rules(where)
    where.ensure()
    arguments = ["-m", "tmuxclaude", "supervisor", "run"]
    keeper = single.keep_running(arguments, where.log, _down(where), os.environ)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(errors.UnreachableError):  # its first round may take a while
            answer = ping(where)
        if answer is not None:
            return answer
        status = keeper.poll()
        if status not in (None, errors.AlreadyRunningError.exit_code):
            kinds = {kind.exit_code: kind for kind in errors.BY_CODE.values()}
            raise kinds.get(status, errors.UnreachableError)(_last_words(where.log))
        time.sleep(0.05)
    raise errors.UnreachableError(
        f"the supervisor was started but does not answer; its log is {where.log}"
    )


def stop_supervisor(where: Paths) -> bool:
    """Ends the supervisor in order; whether one ran. Sessions go on.

    Raises ``UnreachableError`` when it does not answer, or does not end.
    """
    from tmuxclaude.api import wire
    from tmuxclaude.edges import processes, single

    answer = ping(where)
    if answer is None:
        if where.lock.exists():
            private_directory(where.state_dir)
            single.stay_down(_down(where))
        return False
    supervisor = processes.identify(answer.pid)
    with connect(where) as client:
        client.ask(wire.Shutdown(), wire.Done)
    deadline = time.monotonic() + START_SECONDS
    while supervisor is not None and processes.life(supervisor) is processes.Life.ALIVE:
        if time.monotonic() > deadline:
            raise errors.UnreachableError(
                f"the supervisor (process {answer.pid}) was told to end and has not yet; "
                f"its log is {where.log}"
            )
        time.sleep(0.02)
    return True


def run_supervisor(where: Paths) -> int:
    """Runs the supervisor in the foreground until it is told to end; its exit status."""
    return supervise(where, rules(where))


def supervise(where: Paths, rules: Rules, clock: Clock | None = None) -> int:
    """Joins the supervisor and runs it. ``clock``: the time it lives by.

    Raises ``AlreadyRunningError`` when another one holds the lock.
    """
    import logging
    import signal

    from tmuxclaude.api import wire
    from tmuxclaude.api.operations import Operations
    from tmuxclaude.api.server import Server
    from tmuxclaude.edges import claude_files, single
    from tmuxclaude.edges.clock import Clock
    from tmuxclaude.edges.notify import Notifier
    from tmuxclaude.store.books import Books
    from tmuxclaude.supervisor.act import Hands
    from tmuxclaude.supervisor.deliver import Deliveries
    from tmuxclaude.supervisor.intake import Intake
    from tmuxclaude.supervisor.loop import Loop
    from tmuxclaude.supervisor.observe import Observer
    from tmuxclaude.supervisor.tell import Teller
    from tmuxclaude.supervisor.wait import Waiter
    from tmuxclaude.supervisor.windows import Windows

    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    where.ensure()
    lock = single.Lock(where.lock)
    clock = clock or Clock()
    started_at = clock.now()
    waiter = Waiter()
    waiter.stop_on((signal.SIGTERM, signal.SIGINT))
    door = doors()

    def alone(notices: list[str], sessions: int = 0) -> Pong:
        return wire.Pong(
            version=__version__,
            pid=os.getpid(),
            started_at=started_at,
            sessions=sessions,
            notices=notices,
        )

    opened = _open_patiently(where, _world(where, rules, door, clock.now), waiter, clock, alone)
    if opened is None:
        return 0
    database, rebuilt, waiting_room = opened
    books = Books(database)
    windows = Windows(books, door, where.hooks, where.spool, clock.now)
    hands = Hands(books, door, windows, clock.now)
    observer = Observer(door, clock, waiter.wake)
    deliveries = Deliveries(books, hands, rules.resume)
    intake = Intake(books, observer, windows, where.spool)
    loop = Loop(books, observer, deliveries, intake, waiter, clock, rules, lock.held)
    notifier = Notifier(rules.notify, tmux_program())
    loop.tell = Teller(books, rules.resume, notifier.send).tell

    def pong() -> Pong:
        try:
            sessions = len(books.sessions.names_taken())
        except errors.TmuxclaudeError:  # it is not available just now, and a notice says so
            sessions = 0
        return alone([*loop.notices(), *rebuilt], sessions)

    account = str(claude_files.account_dir({"HOME": os.environ.get("HOME", "")}))
    operations = Operations(books, windows, loop, hands, clock.now, waiter.stop, account, pong)
    server = waiting_room or Server(
        where.socket, waiter.selector, operations.answer, clock.monotonic
    )
    server.answer = operations.answer
    logging.info("supervisor %s runs as process %d", __version__, os.getpid())
    try:
        loop.run(server.serve)
    finally:
        server.close()
        observer.close()
        notifier.close()
        with suppress(errors.TmuxclaudeError):  # it may be locked, or the disk full
            database.tidy()
        database.close()
        waiter.close()
        lock.release()
    logging.info("supervisor ended")
    return 0


def _world(where: Paths, rules: Rules, door: Door, now: Callable[[], float]) -> World:
    """Where sessions of ours can be found when the database cannot be read."""
    from tmuxclaude.edges import claude_files, tmux
    from tmuxclaude.supervisor.rebuild import World

    account = claude_files.account_dir({"HOME": os.environ.get("HOME", "")})
    configured = rules.claude.config_dir
    accounts = (account, Path(configured).expanduser()) if configured else (account,)
    return World(
        door=door,
        sockets=tuple(tmux.sockets(os.environ)),
        accounts=tuple(str(path) for path in accounts),
        settings=where.hooks,
        command=rules.claude.command,
        now=now,
    )


def _open_patiently(
    where: Paths,
    world: World,
    waiter: Waiter,
    clock: Clock,
    pong: Callable[[list[str]], Pong],
) -> tuple[Database, list[str], Server | None] | None:
    """The database and what is to be told of it; ``None`` when it was told to end before.

    A database that is locked, or whose disk is full, is waited for. Meanwhile it is answered that
    the supervisor is there and waits, by the third value.
    """
    import logging

    from tmuxclaude.api.closed import Closed
    from tmuxclaude.api.server import Server
    from tmuxclaude.store.format import DatabaseUnavailableError
    from tmuxclaude.supervisor.rebuild import open_or_rebuild

    server: Server | None = None
    while not waiter.stopping:
        try:
            database, rebuilt = open_or_rebuild(where.database, world, LOCK_SECONDS)
        except DatabaseUnavailableError as problem:
            logging.warning("%s", problem)
            closed = Closed(str(problem), pong, waiter.stop)
        else:
            return database, [rebuilt] if rebuilt else [], server
        if server is None:
            server = Server(where.socket, waiter.selector, closed.answer, clock.monotonic)
        server.answer = closed.answer
        again = clock.monotonic() + DATABASE_SECONDS
        while not waiter.stopping and clock.monotonic() < again:
            due = server.serve()
            waiter.wait(min(again, due if due is not None else again) - clock.monotonic())
    if server is not None:
        server.close()
    return None


def _down(where: Paths) -> Path:
    """The file that keeps a keeper from bringing the supervisor back."""
    return where.lock.with_name("supervisor.down")


def _last_words(log: Path) -> str:
    """The last line of the log: why a supervisor ended that did not begin to answer."""
    lines = log.read_text(errors="replace").splitlines() or ["it ended without a word"]
    return f"the supervisor could not start. {lines[-1].removeprefix('tmuxclaude: ')}"


def ping(where: Paths) -> Pong | None:
    """The answer of the supervisor, ``None`` when nobody listens; raises when it hangs."""
    from tmuxclaude.api.client import Client, NobodyListensError

    try:
        with Client(where.socket) as client:
            return client.ping()
    except NobodyListensError:
        return None
