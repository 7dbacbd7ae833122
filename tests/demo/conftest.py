"""An actor in a pane of a private tmux server, with everything it is told and leaves behind."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PrivateServer
from tests.demo.cells import rows
from tests.waiting import until
from tmuxclaude.demo import stand_in

Json = dict[str, Any]
NBSP = "\u00a0"
Plays = Callable[..., "Actor"]


class Actor:
    """A stand-in in a window of its own. `wait` is how tests look at it."""

    def __init__(self, server: PrivateServer, home: Path, part: Json) -> None:
        self.server = server
        self.directory = server.directory / "proj"
        self.directory.mkdir(exist_ok=True)
        self.config = home / ".claude"
        self.log_file = home / "actor.log"
        self.program = stand_in(server.directory, part, self.log_file)
        self.pane = ""

    def start(self, *words: str, behind: str = "exec") -> Actor:
        """Run it; `behind`: what stands before its name in the shell of the pane."""
        self.run(f"{behind} {shlex.join([str(self.program), *words])}")
        return self

    def run(self, command: str) -> None:
        """Any command of the shell, in a pane that stays when it dies."""
        asked = ["new-window", "-d", "-P", "-F", "#{pane_id}", "-c", str(self.directory)]
        given = ["-e", "TZ=UTC", "-e", "LANG=C.UTF-8"]
        self.pane = self.server.say(*asked, *given, f"{command}").strip()
        self.server.say("set-option", "-p", "-t", self.pane, "remain-on-exit", "on")

    def ready(self) -> Actor:
        """Wait until the prompt is there."""
        self.wait(lambda: f"❯{NBSP}" in self.screen())
        return self

    def wait(self, fact: Callable[[], Any]) -> Any:
        return until(fact, what=lambda: f"{fact} on\n{self.screen()}\n{self.log()}")

    def screen(self) -> str:
        return self.server.say("capture-pane", "-p", "-t", self.pane)

    def looks(self) -> list[str]:
        return rows(self.server.say("capture-pane", "-p", "-e", "-t", self.pane))

    def shows(self, text: str) -> None:
        self.wait(lambda: text in self.screen())

    def show(self, what: str) -> str:
        return self.server.say("display-message", "-p", "-t", self.pane, what).strip()

    def type(self, text: str) -> None:
        self.server.say("send-keys", "-t", self.pane, "-l", text)

    def press(self, *keys: str) -> None:
        self.server.say("send-keys", "-t", self.pane, *keys)

    def paste(self, text: str) -> None:
        self.server.say("set-buffer", "-b", "test", "--", text)
        self.server.say("paste-buffer", "-p", "-r", "-d", "-b", "test", "-t", self.pane)

    def enter(self, text: str) -> None:
        """Text and Enter, in two writes."""
        self.type(text)
        self.press("Enter")

    def box(self) -> str:
        """What stands in the prompt box, its rows joined by line breaks."""
        lines = self.screen().split("\n")
        start = max(at for at, line in enumerate(lines) if line.startswith(f"❯{NBSP}"))
        end = next(at for at in range(start, len(lines)) if lines[at].startswith("──"))
        return "\n".join(line[2:].rstrip() for line in lines[start:end])

    def box_holds(self, text: str) -> None:
        self.wait(lambda: f"❯{NBSP}" in self.screen() and self.box() == text)

    def dead(self) -> str:
        """The exit status of a pane that died, else empty; a signal as `-9`.

        tmux 3.3a can miss the end of a child; it looks again when it is told.
        """
        told = self.show("#{pane_dead},#{pane_dead_status},#{pane_dead_signal}").split(",")
        if told == ["1", "", ""]:
            os.kill(self.server.process().pid, signal.SIGCHLD)
        return "" if told[0] != "1" else told[1] or (told[2] and f"-{told[2]}")

    def log(self, event: str | None = None) -> list[Json]:
        """The lines of the actor's log, of one event if it is named."""
        text = self.log_file.read_text() if self.log_file.exists() else ""
        lines: list[Json] = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if event is None or line.get("event") == event]

    def bytes(self) -> str:
        """Everything that it read."""
        return "".join(line["bytes"] for line in self.log() if "bytes" in line)

    def submitted(self) -> list[str]:
        return [line["text"] for line in self.log("submit") if not line["own"]]

    def registry(self) -> Json:
        """The one registry entry, or an empty one."""
        found = list((self.config / "sessions").glob("*.json"))
        assert len(found) <= 1
        entry: Json = json.loads(found[0].read_text()) if found else {}
        return entry

    def status(self) -> tuple[str, str]:
        entry = self.registry()
        return entry.get("status", ""), entry.get("waitingFor", "")

    def transcript(self) -> Path:
        [path] = self.config.glob("projects/*/*.jsonl")
        return path

    def records(self, **wanted: str) -> list[Json]:
        """The records of the one transcript that have these values."""
        lines = [json.loads(line) for line in self.transcript().read_text().splitlines()]
        return [r for r in lines if all(r.get(key) == value for key, value in wanted.items())]


@pytest.fixture
def play(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Plays:
    """Makes an actor with a part, on a server of this size; it is not started."""

    def make(width: int = 120, height: int = 40, **part: Any) -> Actor:
        return Actor(new_tmux_server().start(width, height), tmp_path, part)

    return make
