"""A window of ours with the prompt box in it, for the tests of this room."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PrivateServer
from tests.edges import prompt_box
from tests.waiting import until
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux import Opened, Tmux

PROGRAM = [sys.executable, "-IS", prompt_box.__file__]


@dataclass(frozen=True)
class Box:
    """The pane, and the file with what its program has read."""

    pane: Pane
    log: Path

    def read(self) -> bytes:
        return self.log.read_bytes()


def nonce() -> str:
    return secrets.token_hex(16)


def open_window(
    server: PrivateServer, *argv: str, door: Tmux | None = None, **given: object
) -> Opened:
    """A window of ours in the user's tmux session; ``given`` replaces arguments."""
    wanted: dict[str, object] = {
        "tmux_session": "user",
        "name": "ours",
        "directory": "/",
        "environment": (),
        "argv": argv,
        "nonce": nonce(),
    }
    return (door or server.tmux).open_window(**(wanted | given))  # type: ignore[arg-type]


def open_box(server: PrivateServer, *screen: str, deaf: bool = False) -> Box:
    """Open a window of ours; ``screen`` is what its program shows instead of an empty prompt."""
    log = server.directory / f"{nonce()}.log"
    log.touch()
    pane = open_window(server, *PROGRAM, "-" if deaf else str(log), *screen).pane
    until(lambda: server.tmux.capture([pane.pane_id])[pane.pane_id].strip(), what="a screen")
    return Box(pane, log)
