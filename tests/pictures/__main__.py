"""Takes the pictures of the README and the tour from a real tmux: ``make pictures``.

    python -m tests.pictures [DIRECTORY]

The sessions are invented, everything else is real: tmux, the supervisor, the plugin, fzf. Stand-ins
play Claude Code.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import PrivateServer
from tests.pictures.svg import picture
from tests.plugin.desk import Desk
from tests.supervisor.house import House, Seat
from tests.waiting import until
from tmuxclaude.api import wire

SIZE = (150, 40)
DIRECTORY = Path(__file__).parents[2] / "docs" / "pictures"
SESSIONS: dict[str, tuple[str, str, str, dict[str, object]]] = {
    "web": (
        "code/shop-web",
        "Make the basket usable by keyboard",
        "working",
        {"work_seconds": 900},
    ),
    "docs": (
        "code/handbook",
        "Publish the handbook to the staging site",
        "waiting",
        {"permission": {"command": "make publish STAGE=staging", "turn": 1}},
    ),
    "infra": ("code/infra", "", "idle", {}),
    "thesis": ("writing/thesis", "Check the references of chapter three", "idle", {}),
    "api": (
        "code/shop-api",
        "Move the order tests to the new fixtures and run them",
        "limited",
        {"limit": {"claim": "five_hour", "resets_in": 5040}},
    ),
    "migrations": (
        "code/shop-api",
        "Write the migration that splits customers from accounts",
        "limited",
        {"limit": {"claim": "five_hour", "resets_in": 5045}},
    ),
}


class Shop(House):
    """A house whose sessions have directories of their own, and a tmux with our plugin."""

    def open_all(self) -> dict[str, Seat]:
        seats = {}
        for name, (folder, task, state, part) in SESSIONS.items():
            directory = self.home / folder
            directory.mkdir(parents=True, exist_ok=True)
            seats[name] = self.new(name, directory=directory, **part)
            seats[name].idle()
            if task:
                seats[name].say(task)
                seats[name].is_(state)
        self.ask(wire.Hold(names=["migrations"]), wire.Verdicts)
        seats["migrations"].waits_because("release migrations")
        return seats

    def load_plugin(self) -> None:
        for name, value in self.env().items():
            self.server.say("set-environment", "-g", name, value)
        command = self.server.directory / "tmuxclaude"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tmuxclaude "$@"\n')
        command.chmod(0o755)
        self.server.say("set-option", "-g", "@tmuxclaude-bin", str(command))
        self.server.say("set-option", "-g", "@tmuxclaude-status", "on")
        self.server.say("set-option", "-g", "status-right", "")
        self.server.say("run-shell", str(Path(__file__).parents[2] / "tmuxclaude.tmux"))
        self.server.say("set-option", "-g", "status-style", "bg=colour236,fg=colour250")


@contextmanager
def shop() -> Iterator[tuple[Shop, Desk]]:
    """The shop with everything open, and somebody at a terminal."""
    with tempfile.TemporaryDirectory(prefix="ann-", ignore_cleanup_errors=True) as home:
        os.environ |= {"HOME": home, "TMUX": ""}
        terminals, server = PrivateServer().start(), PrivateServer().start(*SIZE)
        house = Shop(Path(home).resolve(), server)
        try:
            house.start()
            house.open_all()
            house.load_plugin()
            yield house, Desk(terminals, server, SIZE)
        finally:
            house.stop()
            server.remove()
            terminals.remove()


def listed(house: Shop) -> str:
    """What ``tmuxclaude list`` prints to a terminal with colours."""
    call = [sys.executable, "-m", "tmuxclaude", "list"]
    env = house.env() | {"COLUMNS": "130", "FORCE_COLOR": "1"}
    shown = subprocess.check_output(call, env=env, cwd=house.home, text=True)
    return f"$ tmuxclaude list\n{shown}"


def main(target: Path = DIRECTORY) -> int:
    target.mkdir(parents=True, exist_ok=True)
    with shop() as (house, desk):
        house.server.say("select-window", "-t", "user:api")
        desk.shows("⏳2")
        pictures = {"status": (desk.screen(colours=True), SIZE[0])}
        pictures["list"] = (listed(house), 130)
        desk.press("C-b", "C").shows("STATE", "6/6")
        until(lambda: "> api" in desk.screen() or not desk.press("Down"), every=0.5)
        desk.shows("> api", "continue automatically at")
        pictures["picker"] = (desk.screen(colours=True), SIZE[0])
        desk.press("Escape")
    for name, (screen, width) in pictures.items():
        path = target / f"{name}.svg"
        path.write_text(picture(screen, width, "tmuxclaude", name))
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
