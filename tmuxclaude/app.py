"""Builds: the one place where concrete things are made and joined.

``supervise`` is the supervisor as it runs; a test joins the same with another clock. What only the
supervisor needs is imported when it is built, for every command starts here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmuxclaude.core import errors
from tmuxclaude.edges import listening
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.edges.programs import attach_argv as attach_argv
from tmuxclaude.edges.programs import check_tmux as check_tmux
from tmuxclaude.edges.programs import doors, tmux_program
from tmuxclaude.edges.programs import find_claude as find_claude
from tmuxclaude.edges.programs import resolve_socket as resolve_socket

if TYPE_CHECKING:
    from tmuxclaude.api.client import Client
    from tmuxclaude.api.wire import Pong
    from tmuxclaude.core.rules import Rules
    from tmuxclaude.edges.clock import Clock

START_SECONDS = 10.0
"""How long a supervisor that was just started may take to answer."""

ENDING_SECONDS = 2.0
"""How long one that closed its socket may take to be gone."""


def paths() -> Paths:
    """Where this user's files are, and the supervisor that runs listens."""
    return own_paths().running()


def own_paths() -> Paths:
    """The same, as the caller's environment alone says it: for a supervisor that begins here."""
    return Paths.from_environment(os.environ)


def rules(where: Paths) -> Rules:
    """The user's configuration; raises ``UsageError`` that names the key that is wrong."""
    from tmuxclaude.edges import config

    try:
        return config.load(where.config)
    except errors.UsageError as problem:
        told = f"{problem}" if str(problem).endswith("?") else f"{problem}."
        raise errors.UsageError(f"{told} To mend it: tmuxclaude config edit") from problem


def rules_in_force(where: Paths) -> tuple[Rules, str]:
    """The same, but of a file that is wrong what a supervisor goes on with, and a word about it."""
    from tmuxclaude.edges import config

    try:
        return rules(where), ""
    except errors.TmuxclaudeError as problem:
        good, instead = config.last_good(where.last_good)
        return good, f"{problem}. Until then {instead}"


def config_text(rules: Rules) -> str:
    """The whole configuration as TOML."""
    from tmuxclaude.edges import config

    return config.show(rules)


def go(session: Mapping[str, Any], env: Mapping[str, str]) -> list[str]:
    """Brings a session's window to the caller; what to exec on a terminal outside of tmux.

    ``session``: a row of the view ``session_list``. Raises ``RefusedError``, ``UnreachableError``.
    """
    from tmuxclaude.core.model import Pane, Server
    from tmuxclaude.edges.tmux import view

    server = Server(session["socket"], session["server_pid"], session["server_started"])
    pane = Pane(server, session["pane_id"], session["pane_pid"], session["nonce"])
    return view.go(doors()(server.socket), pane, env)


def picture(socket: str, server_pid: int, pane_id: str, nonce: str) -> str | None:
    """A pane's content with its colours; ``None`` when it is another pane, or cannot be seen."""
    from tmuxclaude.edges.tmux import view

    try:
        return view.picture(tmux_program(), socket, server_pid, pane_id, nonce)
    except errors.UnreachableError:
        return None


def pane_under_popup(env: Mapping[str, str]) -> str | None:
    """The pane from which a popup was opened, which has none of its own; ``None``: no such one."""
    from tmuxclaude.edges.tmux import view

    client = env.get("TMUXCLAUDE_CLIENT", "")
    if not client or not env.get("TMUX"):
        return None
    try:
        return view.pane_of(resolve_socket(None, None, env), client)
    except errors.UnreachableError:
        return None


# -- the supervisor --------------------------------------------------------------------------------


def connect(where: Paths) -> Client:
    """A connection to the supervisor that runs; raises ``UnreachableError`` when none answers."""
    from tmuxclaude.api.client import Client, NobodyListensError

    try:
        client = Client(where.running().socket)
    except NobodyListensError:
        if ping(where) is None:  # it raises when one runs that cannot be reached from here
            raise
        client = Client(where.running().socket)
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
    from tmuxclaude.edges import single, units

    answer = ping(where)
    if answer is not None:
        return answer
    rules(where)
    own_paths().ensure()  # it is started with this environment
    arguments = ["-m", "tmuxclaude", "supervisor", "run"]
    home = Path(os.environ.get("HOME", ""))
    keeper, said = None, _size(where.raw_log)
    if not units.start_installed(home, os.environ, where.state_dir):
        keeper = single.keep_running(arguments, where.raw_log, where.down, os.environ)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(errors.UnreachableError):  # its first round may take a while
            answer = ping(where)
        if answer is not None:
            return answer
        status = keeper.poll() if keeper is not None else None
        if status not in (None, errors.AlreadyRunningError.exit_code):
            kinds = {kind.exit_code: kind for kind in errors.BY_CODE.values()}
            words = _last_words(where.raw_log, said) or "It ended without a word"
            raise kinds.get(status, errors.UnreachableError)(
                f"the supervisor could not start. {words}"
            )
        time.sleep(0.05)
    words = _last_words(where.raw_log, said)
    raise errors.UnreachableError(
        "the supervisor was started but does not answer"
        + (f": {words}. It is tried again until: tmuxclaude supervisor stop" if words else "")
        + f"; its log is {where.log}"
    )


def stop_supervisor(where: Paths) -> bool:
    """Ends the supervisor in order; whether one ran. Sessions go on.

    Raises ``UnreachableError`` when it does not answer, or does not end.
    """
    from tmuxclaude.api import wire
    from tmuxclaude.edges import processes, single

    answer = ping(where)
    if answer is None:
        if where.lock.exists() or where.raw_log.exists():
            private_directory(where.state_dir)
            single.stay_down(where.down)
            with suppress(errors.UnreachableError):  # it heeds that by itself
                answer = ping(where)  # one that was just being brought back
        if answer is None:
            return False
    supervisor = processes.identify(answer.pid)
    deadline, unanswered = time.monotonic() + START_SECONDS, None
    try:
        with connect(where) as client:
            client.ask(wire.Shutdown(), wire.Done)
    except errors.UnreachableError as problem:  # perhaps because it is ending by itself
        deadline, unanswered = time.monotonic() + ENDING_SECONDS, problem
    while supervisor is not None and processes.life(supervisor) is processes.Life.ALIVE:
        if time.monotonic() > deadline and unanswered is not None:
            raise unanswered
        if time.monotonic() > deadline:
            raise errors.UnreachableError(
                f"the supervisor (process {answer.pid}) was told to end and has not yet; "
                f"its log is {where.log}"
            )
        time.sleep(0.02)
    return True


def older_logs(log: Path) -> list[Path]:
    """The logs before this one that are still kept, the oldest first."""
    from tmuxclaude.edges import logs

    return logs.older(log)


def run_supervisor(where: Paths) -> int:
    """Runs the supervisor in the foreground until it is told to end; its exit status."""
    return supervise(where)


def supervise(where: Paths, clock: Clock | None = None) -> int:
    """Joins the supervisor and runs it. ``clock``: the time it lives by.

    Raises ``AlreadyRunningError`` when another one holds the lock, and as ``rules`` does where it
    is its user who starts it.
    """
    from tmuxclaude import supervising
    from tmuxclaude.edges.clock import Clock

    return supervising.run(where, clock or Clock())


def _last_words(log: Path, after: int) -> str:
    """The last line that was added to the log after so many bytes: why a supervisor ended that did
    not begin to answer."""
    try:
        lines = log.read_bytes()[after:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("tmuxclaude: ") if lines else ""


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def ping(where: Paths) -> Pong | None:
    """The answer of the supervisor, ``None`` when none runs.

    Raises ``UnreachableError`` when it hangs, or cannot be reached from here.
    """
    from tmuxclaude.api.client import Client, ClosedError, NobodyListensError

    deadline = time.monotonic() + ENDING_SECONDS
    while True:
        try:
            here = where.running()
            with Client(here.socket) as client:
                return client.ping()
        except NobodyListensError:
            elsewhere = listening.out_of_reach(str(here.lock), str(here.runtime_dir))
            if not elsewhere:
                return None
            if time.monotonic() > deadline:  # it may be just beginning
                raise errors.UnreachableError(elsewhere) from None
        except (ClosedError, errors.EndingError):
            if time.monotonic() > deadline:
                raise
        except errors.UnreachableError as problem:
            hanging = listening.hanging(str(where.lock))
            raise errors.UnreachableError(hanging or str(problem)) from problem
        time.sleep(0.02)
