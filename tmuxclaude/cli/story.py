"""The demo: three sessions of a stand-in for Claude Code meet their limits and continue.

The supervisor is the product's own and sees no difference; only the command, the paths and the
times are the demo's. Everything lives in one temporary directory, which is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import portrait, quick, show
from tmuxclaude.core import errors
from tmuxclaude.demo import stand_in
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store import reader

SECONDS = 55.0
"""When the story must be over; on any machine in a hurry it takes half of it."""

CONFIG = """\
[resume]
margin_seconds = 1
jitter_seconds = 0
stagger_seconds = 2

[supervisor]
poll_seconds = 0.5
"""

INTRODUCTION = """\
Three sessions of a stand-in for Claude Code (it replays recorded screens and files), the product's
own supervisor and a tmux server of their own, all in {place}.
Limits reset within seconds here; everything else is as it will be for you.

  api    meets its 5-hour limit; Claude Code's own continue is switched off
  docs   meets a weekly limit; the menu offers "Switch to usage credits" first, so no Enter there
  tests  meets its 5-hour limit, and then its process dies
"""

PARTS: dict[str, dict[str, object]] = {
    "api": {"limit": {"claim": "five_hour", "resets_in": 12}, "native": False},
    "docs": {"limit": {"claim": "seven_day", "resets_in": 14}, "native": False}
    | {"credits_first": True},
    "tests": {"limit": {"claim": "five_hour", "resets_in": 16}, "native": False, "dies_after": 3},
}
TASKS = {
    "api": "Write the endpoints and their tests",
    "docs": "Go through the handbook",
    "tests": "Make the test suite fast",
}


def tell() -> int:
    """Plays the story; 0 when every session continued once, 1 when one did not in time."""
    app.check_tmux()
    with tempfile.TemporaryDirectory(prefix="tmuxclaude-demo-") as folder:
        place = Path(folder).resolve()
        show.out(INTRODUCTION.format(place=place))
        with _supervisor(place) as where:
            tale = _Tale(where)
            with app.connect(where) as client:
                for name, part in PARTS.items():
                    client.ask(_order(place, name, part), wire.Opened)
            finished = tale.follow()
            tale.end()
        if not finished:
            show.complain(f"not every session continued within {SECONDS:g} s; see above")
        return 0 if finished else 1


@contextmanager
def _supervisor(place: Path) -> Iterator[Paths]:
    """The supervisor as a child of ours, with its own tmux server; both are gone afterwards."""
    where = Paths(place / "config.toml", place / "state", place / "run")
    where.config.write_text(CONFIG)
    where.config.chmod(0o600)
    environment = {
        name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ
    }
    environment |= {
        "HOME": str(place),
        "TMUXCLAUDE_CONFIG": str(where.config),
        "TMUXCLAUDE_STATE_DIR": str(where.state_dir),
        "TMUXCLAUDE_RUNTIME_DIR": str(where.runtime_dir),
    }
    log = place / "supervisor.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "tmuxclaude", "supervisor", "run"],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(where, child, log)
        yield where
    finally:
        child.terminate()
        child.wait()
        _end_tmux(place / "tmux")


def _wait_for(where: Paths, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + app.START_SECONDS
    while not quick.listens(str(where.socket)):
        if child.poll() is not None or time.monotonic() > deadline:
            raise errors.UnreachableError(f"the supervisor did not start: {log.read_text()}")
        time.sleep(0.02)


def _end_tmux(socket: Path) -> None:
    """Ends the demo's tmux server, by its own socket."""
    program = shutil.which("tmux") or "tmux"
    subprocess.run([program, "-S", socket, "kill-server"], capture_output=True, check=False)
    deadline = time.monotonic() + 5
    while quick.listens(str(socket)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _order(place: Path, name: str, part: dict[str, object]) -> wire.New:
    """What ``tmuxclaude new NAME`` asks for, with the stand-in as the command."""
    project, program = place / "projects" / name, place / "programs" / name
    for folder in (project, program):
        folder.mkdir(parents=True)
    return wire.New(
        name=name,
        directory=str(project),
        command=[str(stand_in(program, part))],
        socket=str(place / "tmux"),
        config_dir=str(place / f"account-{name}"),
        prompt=TASKS[name],
    )


@dataclass
class _Tale:
    """What has happened so far, printed as it happens."""

    where: Paths
    began: float = field(default_factory=time.time)
    told: dict[str, int] = field(default_factory=dict)
    bar: bool = field(default_factory=sys.stdout.isatty)

    def follow(self) -> bool:
        """Prints each event; true when every session continued."""
        while time.time() - self.began < SECONDS:
            sessions = self._sessions()
            for session in sessions:
                self._tell(session)
            if len(sessions) == len(PARTS) and all(self._continued(one) for one in sessions):
                self._draw("")
                return True
            self._draw(self._progress(sessions))
            time.sleep(0.1)
        self._draw("")
        return False

    def end(self) -> None:
        """The list, and the journal of every session, as the commands print them."""
        show.out("\n$ tmuxclaude list")
        files = quick.Places(str(self.where.database), str(self.where.socket))
        quick.list_sessions(files, every=False, as_json=False, server=None)
        for session in self._sessions():
            past = portrait.history(self.where.database, session["uid"])
            show.out(f"\n$ tmuxclaude show {session['name']}    (its halts and their journal)")
            show.out(portrait.halts(past))

    def _sessions(self) -> list[quick.Row]:
        return quick.sessions(str(self.where.database), False, None)

    def _tell(self, session: quick.Row) -> None:
        connection = reader.open(self.where.database)
        if connection is None:
            return
        with closing(connection):
            events = reader.events(connection, session["uid"], 1000)
        for row in events[self.told.get(session["uid"], 0) :]:
            event = dict(zip(reader.EVENT_COLUMNS, row, strict=True))
            after = float(str(event["at"])) - self.began
            text = f"{after:5.1f} s  {session['name']:<6} {event['kind']:<13} {event['text']}"
            self._draw("")
            show.out(show.visible(text))
        self.told[session["uid"]] = len(events)

    def _continued(self, session: quick.Row) -> bool:
        halts = portrait.history(self.where.database, session["uid"]).halts
        return bool(halts) and session["state"] == "idle" and session["halt"] is None

    def _progress(self, sessions: list[quick.Row]) -> str:
        """A bar from the halt to the soonest moment at which something happens."""
        waiting = [one for one in sessions if one["outlook_at"] is not None]
        if not waiting:
            return ""
        soonest = min(waiting, key=lambda one: float(one["outlook_at"]))
        begin, due = float(soonest["halted_at"] or self.began), float(soonest["outlook_at"])
        share = min(max((time.time() - begin) / max(due - begin, 0.1), 0.0), 1.0)
        left = max(due - time.time(), 0.0)
        done = round(share * 30)
        return f"[{'█' * done}{'░' * (30 - done)}] {soonest['name']} continues in {left:.0f} s"

    def _draw(self, line: str) -> None:
        """The last line of the terminal, drawn over and over; nothing where there is none."""
        if self.bar:
            click.echo(f"\r\x1b[K{line}", nl=False)
