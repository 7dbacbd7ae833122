"""tmuxclaude itself in an isolated home: its own supervisor as a process, a stand-in ``claude`` in
the panes of a private tmux server, its real database.

A limit that is hours away is reached by shifting the supervisor's clock, never by waiting.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import tomli_w

from tests.conftest import PrivateServer
from tests.supervisor.seat import MENU as MENU
from tests.supervisor.seat import NBSP as NBSP
from tests.supervisor.seat import Json
from tests.supervisor.seat import Seat as Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.core import errors
from tmuxclaude.core.rules import DEFAULT_TEXT
from tmuxclaude.demo import stand_in
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store import reader
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing

ROOT = Path(__file__).parents[2]
OURS = DEFAULT_TEXT
TASK = "do the work"
AHEAD = 3600.0
"""How far ahead the limits of these tests reset: out of reach without shifting the clock."""
SLACK = 3.0
"""How far beyond the due time the clock is shifted: a reset is a whole second, rounded up."""

LIMIT: Json = {"resets_in": AHEAD, "lifts_in": 0}
"""The account may work again at once, so only our clock says when a resume is due."""

SHORT: Json = {
    "margin_seconds": 1,
    "jitter_seconds": 0,
    "stagger_seconds": 0,
    "human_quiet_seconds": 0,
    "native_grace_seconds": 120,
}

UNBOUND: Json = {
    "lifetime": {"hours": 0},
    "budget": {"sessions": 0, "session_memory_mb": 0, "memory_mb": 0, "cpu_percent": 0},
}
"""Clocks are shifted by hours, and many sessions run on small machines: none of it is told of."""


class House:
    """One home: its tmux server, its supervisor, its sessions (``Seat``)."""

    def __init__(self, home: Path, server: PrivateServer) -> None:
        self.home = home
        self.server = server
        self.programs = server.directory / "bin"
        self.programs.mkdir()
        self.project = server.directory / "proj"
        self.project.mkdir()
        self.paths = Paths.from_environment(self.env())
        self._shift = server.directory / "clock-shift"
        self._log = server.directory / "supervisor.out"
        self._ahead = 0.0
        self._supervisor: subprocess.Popen[bytes] | None = None
        self.launcher: list[str] = []
        """What stands before the supervisor's command line."""
        self.configure()

    def env(self) -> dict[str, str]:
        inherited = os.environ.get("PATH", os.defpath)
        return {
            "PATH": f"{self.programs}:{inherited}",
            "HOME": str(self.home),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "TMUXCLAUDE_CONFIG": str(self.server.directory / "config.toml"),
            "TMUXCLAUDE_STATE_DIR": str(self.server.directory / "state"),
            "TMUXCLAUDE_RUNTIME_DIR": str(self.server.directory / "run"),
            "PYTHONPATH": str(ROOT),
        }

    # -- the supervisor --------------------------------------------------------------------------

    def configure(self, **resume: Any) -> None:
        table = UNBOUND | {"resume": SHORT | resume, "supervisor": {"poll_seconds": 0.2}}
        self.paths.config.write_text(tomli_w.dumps(table))
        self.paths.config.chmod(0o600)

    def start(self, failpoint: str = "") -> House:
        """Start the supervisor and wait until it answers."""
        self._run(failpoint)
        until(self._answers, what=self.log)
        return self

    def start_to_die(self, failpoint: str) -> None:
        """Start a supervisor that kills itself at this place, and wait until it has."""
        assert self._run(failpoint).wait(15) == -signal.SIGKILL

    def _run(self, failpoint: str) -> subprocess.Popen[bytes]:
        ours = [sys.executable, "-m", "tests.end_to_end.composition", str(self._shift)]
        command = [*self.launcher, *ours]
        env = self.env() | ({"TMUXCLAUDE_FAILPOINT": failpoint} if failpoint else {})
        with self._log.open("ab") as log:
            self._supervisor = subprocess.Popen(
                command, env=env, cwd=self.home, stdout=log, stderr=log
            )
        return self._supervisor

    def dies(self) -> None:
        """Wait until the supervisor has killed itself."""
        assert self._supervisor is not None
        assert self._supervisor.wait(15) == -signal.SIGKILL

    def restart(self, **resume: Any) -> None:
        self.stop()
        self.configure(**resume)
        self.start()

    def kill(self) -> None:
        """kill -9 of the supervisor."""
        assert self._supervisor is not None
        self._supervisor.kill()
        self._supervisor.wait()

    def signal(self, number: int) -> None:
        """A signal to the supervisor."""
        assert self._supervisor is not None
        self._supervisor.send_signal(number)

    def stop(self) -> None:
        if self._supervisor is None or self._supervisor.poll() is not None:
            return
        self._supervisor.terminate()
        try:
            self._supervisor.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _answers(self) -> bool:
        assert self._supervisor is not None
        assert self._supervisor.poll() is None, self.log()
        try:
            return bool(self.ask(wire.Ping(), wire.Pong).pid)
        except Exception:  # noqa: BLE001 - not yet
            return False

    # -- its clock -------------------------------------------------------------------------------

    def shift(self, seconds: float) -> None:
        """From now on the supervisor's wall clock is this far ahead of ours."""
        fresh = self._shift.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._shift)
        self._ahead = seconds

    def until_swept(self, fact: Callable[[], object], what: Callable[[], str]) -> None:
        """Wait for a fact while every screen is read again and again, half a minute each.

        tmux's own clock is not shifted, so whatever a pane prints after a shift looks old.
        """

        def swept() -> object:
            self.shift(self._ahead + 31)
            return fact()

        until(swept, what, every=1.0)

    def shift_clocks(self, wall: float, monotonic: float = 0.0, boottime: float = 0.0) -> None:
        """The same for each of its clocks: a step of the wall clock, or a sleep."""
        fresh = self._shift.with_suffix(".new")
        fresh.write_text(f"{wall} {monotonic} {boottime}")
        fresh.replace(self._shift)

    def let_it_be_due(self, later: float = 0.0) -> None:
        """The reset of ``LIMIT`` and our margin have passed, and so much more."""
        self.shift(AHEAD + SLACK + later)

    # -- asking ----------------------------------------------------------------------------------

    def ask(self, request: wire.Request, kind: type[wire.A]) -> wire.A:
        with Client(self.paths.socket) as client:
            return client.ask(request, kind)

    def resume(self, *names: str, now: bool = False, dry: bool = False) -> list[wire.Verdict]:
        request = wire.Resume(names=list(names), now=now, dry_run=dry)
        return self.ask(request, wire.Verdicts).sessions

    def explain(self, name: str) -> str:
        """The evidence as ``show`` tells it; empty while the supervisor is busy."""
        try:
            return "\n".join(self.ask(wire.Explain(name=name), wire.Explained).evidence)
        except errors.UnreachableError:
            return ""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command, as a user gives it outside of tmux, without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "tmuxclaude", *words],
            env=self.env(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def books(self) -> Iterator[Books]:
        """What is remembered, to be written; only while no supervisor runs."""
        assert self._supervisor is None or self._supervisor.poll() is not None
        database = open_for_writing(self.paths.database)
        try:
            yield Books(database)
        finally:
            database.close()

    # -- sessions --------------------------------------------------------------------------------

    def program(self, name: str, **part: Any) -> Path:
        """A stand-in ``claude`` with this part; its log is ``<name>.log`` in the home."""
        folder = self.programs / name
        folder.mkdir(exist_ok=True)
        given = {"native": False, "work_seconds": 0.05} | part
        return stand_in(folder, given, self.home / f"{name}.log")

    def new(
        self,
        name: str,
        arguments: tuple[str, ...] = (),
        prompt: str | None = None,
        directory: Path | None = None,
        tmux_session: str | None = "user",
        zone: str = "UTC",
        server: PrivateServer | None = None,
        **part: Any,
    ) -> Seat:
        request = wire.New(
            name=name,
            directory=str(directory or self.project),
            command=[str(self.program(name, **part))],
            arguments=list(arguments),
            socket=(server or self.server).socket,
            tmux_session=tmux_session,
            prompt=prompt,
            zone=zone,
            if_limited="allow",
        )
        return Seat(self, self.ask(request, wire.Opened), server or self.server)

    def find(self, name: str, server: PrivateServer | None = None) -> Seat:
        """A session whose opening was not answered; it may have no window."""
        server = server or self.server
        pane = f"#{{?#{{==:#{{window_name}},{name}}},#{{pane_id}},}}"
        found = server.say("list-panes", "-a", "-F", pane).split()
        row = self.find_row(name)
        opened = wire.Opened(
            name=name,
            uid=str(row["uid"]),
            socket=server.socket,
            pane="".join(found),
            directory=str(row["directory"]),
            conversation=str(row["conversation"]),
        )
        return Seat(self, opened, server)

    def find_row(self, name: str) -> dict[str, Any]:
        """What is remembered of the session that has this name now."""
        connection = reader.open(self.paths.database)
        assert connection is not None
        with closing(connection):
            rows = [
                dict(zip(reader.SESSION_COLUMNS, r, strict=True)) for r in reader.rows(connection)
            ]
        [row] = [row for row in rows if row["name"] == name]
        return row

    def limited(self, name: str, **part: Any) -> Seat:
        """A session whose first task has met a limit, with the menu open."""
        seat = self.new(name, **{"limit": LIMIT} | part).idle()
        seat.say(TASK)
        seat.is_("limited")
        until(lambda: seat.row()["halt"] is not None, what=seat.story)
        return seat
