"""A shell in a pane, in which a user types ``tmuxclaude run``."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.supervisor.house import House
from tests.supervisor.seat import Json, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.store import reader

PROMPT = "ready> "
OURS = (sys.executable, "-m", "tmuxclaude")


class Shell:
    """An interactive ``sh`` in a window of its own; ``claude`` is the stand-in called ``name``."""

    def __init__(self, house: House, name: str, more: dict[str, str] | None = None, **part: Any):
        self.house = house
        self.name = name
        program = house.program(name, **part)
        env = house.env() | {"PS1": PROMPT} | (more or {})
        env["PATH"] = f"{program.parent}:{env['PATH']}"
        given = [f"{key}={value}" for key, value in env.items()]
        window = ("-d", "-P", "-F", "#{pane_id}", "-t", "user:", "-c", str(house.project))
        self.pane = house.server.say("new-window", *window, "--", "env", *given, "sh", "-i").strip()
        self.written = house.home / f"written-{self.pane[1:]}"
        record = f"cat >{shlex.quote(str(self.written))}"
        house.server.say("pipe-pane", "-t", self.pane, record)
        self.shows(PROMPT)

    def run(self, *words: str) -> Shell:
        """Types ``tmuxclaude run`` with these words."""
        return self.type(shlex.join([*OURS, "run", *words]))

    def type(self, line: str) -> Shell:
        self.house.server.say("send-keys", "-t", self.pane, "-l", line)
        self.press("Enter")
        return self

    def press(self, *keys: str) -> None:
        self.house.server.say("send-keys", "-t", self.pane, *keys)

    def tidy(self, said: str) -> Shell:
        """After the death of a program (of which ``said`` is said) that used the terminal raw.

        The next line is typed only when the terminal is sane: an Enter that comes before stays
        the carriage return of a raw terminal and would not end it.
        """
        self.shows(said)
        self.house.server.say("send-keys", "-t", self.pane, "-l", "stty sane; echo ti''dy")
        self.press("C-j")
        return self.shows("tidy").type("clear")

    def screen(self) -> str:
        return self.house.server.say("capture-pane", "-p", "-J", "-t", self.pane)

    def shows(self, text: str) -> Shell:
        until(lambda: text in self.screen(), what=lambda: f"{text!r}: {self.screen()}")
        return self

    def has_shown(self, text: str) -> Shell:
        """What Claude Code draws over at once stands in all that was written to the pane."""
        self.written.touch()
        until(lambda: text.encode() in self.written.read_bytes(), what=self.screen)
        return self

    def seat(self, name: str) -> Seat:
        """The session of this name, when it is kept and has not ended."""
        found: list[Seat] = []

        def kept() -> bool:
            living = [row for row in sessions(self.house) if row["state"] != "ended"]
            rows = [row for row in living if row["name"] == name]
            for row in rows:
                opened = wire.Opened(
                    name=self.name,
                    uid=str(row["uid"]),
                    socket=str(row["socket"]),
                    pane=self.pane,
                    directory=str(row["directory"]),
                    conversation=row["conversation"],
                )
                found.append(Seat(self.house, opened))
            return bool(rows)

        until(kept, what=lambda: f"{name}: {sessions(self.house)} {self.screen()}")
        return found[-1]


def sessions(house: House) -> list[Json]:
    """The rows of ``list --all``."""
    connection = reader.open(house.paths.database)
    assert connection is not None
    with closing(connection):
        rows = reader.rows(connection, True)
    return [dict(zip(reader.SESSION_COLUMNS, row, strict=True)) for row in rows]


def recorder(folder: Path) -> Path:
    """A program ``claude`` that writes down exactly what it was started with, and ends with 3."""
    folder.mkdir(exist_ok=True)
    program, out = folder / "claude", folder / "argv"
    program.write_text(
        f"#!{sys.executable} -IS\nimport os, sys\n"
        f"open({str(out)!r}, 'wb').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))\n"
        "os._exit(3)\n"
    )
    program.chmod(0o755)
    return program


def on_terminal(
    house: House,
    folder: Path,
    *words: bytes,
    more: dict[str, str] | None = None,
    before: Sequence[str] = (),
) -> tuple[int, str]:
    """The exit code of ``tmuxclaude run`` on a terminal outside tmux, and what it said.

    ``folder``: where ``claude`` is; ``before``: what stands before the command line.
    """
    env = house.env() | (more or {})
    env["PATH"] = f"{folder}:{env['PATH']}"
    leader, follower = pty.openpty()
    done = subprocess.run(
        [*before, *OURS, "run", *words],
        env=env,
        cwd=house.project,
        stdin=follower,
        stdout=follower,
        stderr=subprocess.PIPE,
        timeout=20,
        check=False,
    )
    os.close(follower)
    os.close(leader)
    return done.returncode, done.stderr.decode()


def argv(folder: Path) -> list[bytes]:
    """What the recorder was started with."""
    return (folder / "argv").read_bytes().split(b"\0")
