"""demo: three sessions of a stand-in for Claude Code meet their limits and continue.

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
from tmuxclaude.cli import layout, presence, quick, show
from tmuxclaude.cli.options import Verb
from tmuxclaude.core import errors
from tmuxclaude.demo import stand_in
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store import reader, remembered

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
Three sessions of a stand-in for Claude Code, which replays recorded screens and
files, the product's own supervisor and a tmux server of their own, all in
{place}.
Limits reset within seconds here; everything else is as it will be for you.

  api    meets its 5-hour limit; Claude Code's own continue is switched off
  docs   meets a weekly limit; its menu offers "Switch to usage credits" first,
         so Enter would be wrong there
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


@click.command("demo", cls=Verb)
def demo_command() -> int:
    """See limited sessions continue by themselves.

    Without Claude Code, in under a minute.
    """
    app.check_tmux()
    with tempfile.TemporaryDirectory(prefix="tmuxclaude-demo-") as folder:
        place = Path(folder).resolve()
        layout.out(INTRODUCTION.format(place=place))
        with _supervisor(place) as where:
            tale = Tale(where)
            with app.connect(where) as client:
                for name, part in PARTS.items():
                    client.ask(_order(place, name, part), wire.Opened)
            finished = tale.follow()
            tale.end()
        if not finished:
            layout.complain(f"not every session continued within {SECONDS:g} s; see above")
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
    while not presence.listens(str(where.socket)):
        if child.poll() is not None or time.monotonic() > deadline:
            raise errors.UnreachableError(f"the supervisor did not start: {log.read_text()}")
        time.sleep(0.02)


def _end_tmux(socket: Path) -> None:
    """Ends the demo's tmux server, by its own socket."""
    program = shutil.which("tmux") or "tmux"
    subprocess.run([program, "-S", socket, "kill-server"], capture_output=True, check=False)
    deadline = time.monotonic() + 5
    while presence.listens(str(socket)) and time.monotonic() < deadline:
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
class Tale:
    """What has happened so far, printed as it happens."""

    where: Paths
    began: float = field(default_factory=time.time)
    told: dict[str, int] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)
    bar: bool = field(default_factory=sys.stdout.isatty)

    def follow(self) -> bool:
        """Prints each event; true when every session continued."""
        while time.time() - self.began < SECONDS:
            sessions = self._sessions()
            self._tell(sessions)
            if len(sessions) == len(PARTS) and all(self._continued(one) for one in sessions):
                self._draw("")
                return True
            if self.bar:
                self._draw(self._progress(sessions))
            else:
                self._say_who_waits(sessions)
            time.sleep(0.1)
        self._draw("")
        return False

    def end(self) -> None:
        """The list, and the journal of every session, as the commands print them."""
        layout.out("\n$ tmuxclaude list")
        files = quick.Places(str(self.where.database), str(self.where.socket))
        quick.list_sessions(files, every=False, as_json=False, server=None)
        for session in self._sessions():
            past = show.history(self.where.database, session["uid"])
            layout.out(f"\n$ tmuxclaude show {session['name']}    (its halts and their journal)")
            layout.out(show.halts(past))

    def _sessions(self) -> list[quick.Row]:
        return quick.sessions(str(self.where.database), False, None)

    def _tell(self, sessions: list[quick.Row]) -> None:
        """What is new, in the order in which it happened."""
        new = [line for session in sessions for line in self._new(session)]
        for at, line in sorted(new, key=lambda one: one[0]):
            self._print(f"{at - self.began:5.1f} s  {line}")

    def _new(self, session: quick.Row) -> list[tuple[float, str]]:
        """The events of a session that were not told yet, each with its time."""
        connection = reader.open(self.where.database)
        if connection is None:
            return []
        with closing(connection):
            rows = remembered.events(connection, session["uid"], 1000)
        events = [dict(zip(remembered.EVENT_COLUMNS, row, strict=True)) for row in rows]
        already = self.told.get(session["uid"], 0)
        self.told[session["uid"]] = len(events)
        return [
            (float(str(one["at"])), f"{session['name']:<6} {one['kind']:<13} {one['text']}")
            for one in events[already:]
        ]

    def _say_who_waits(self, sessions: list[quick.Row]) -> None:
        """Once for each session, where no bar can be drawn."""
        for one in sessions:
            if one["outlook_at"] is None or one["name"] in self.waits:
                continue
            self.waits.add(one["name"])
            at = time.strftime("%H:%M:%S", time.localtime(one["outlook_at"]))
            self._print(f"         {one['name']:<6} … waiting for the reset, continues at {at}")

    def _print(self, line: str) -> None:
        """One line, at once, that no terminal wraps."""
        self._draw("")
        room, line = layout.room(), layout.visible(line)
        layout.out(line if room is None else layout.cut(line, room))
        layout.flush()

    def _continued(self, session: quick.Row) -> bool:
        halts = show.history(self.where.database, session["uid"]).halts
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
