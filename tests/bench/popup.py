"""From the key to the first row in the popup, on the pty of a real client, with 300 rows.

Beside a popup that only prints the first of them (``head``), one with fzf alone, and one that
starts a Python that lists the sessions.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Figure, table, wall
from tests.conftest import PrivateServer
from tests.plugin.desk import listed, load, publish

ROWS = 300
SIZE = (120, 40)
FIRST = b"s-000"
PREFIX = b"\x02"
QUIET_SECONDS = 0.3
KEYS = {
    "popup with head": b"c",
    "popup with fzf alone": b"f",
    "tmuxclaude, fzf": b"C",
    "tmuxclaude, built in": b"B",
    "popup with a Python that lists": b"L",
}
CLOSE = {key: b"\r" if key in b"cL" else b"\x1b" for key in KEYS.values()}


class Client:
    """Somebody attached, whose terminal is a pty of ours."""

    def __init__(self, socket: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.environ.pop("TMUX", None)
            os.execvp("tmux", ["tmux", "-S", socket, "attach"])
        os.set_blocking(self.terminal, False)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *reversed(SIZE), 0, 0))
        self.calm()

    def write(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        return os.read(self.terminal, 65536) if ready else b""

    def calm(self) -> None:
        """Until nothing more is drawn."""
        while self._read(QUIET_SECONDS):
            pass

    def rest(self) -> None:
        """A while in which all that is drawn is read; fzf draws on and on."""
        end = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < end:
            self._read(QUIET_SECONDS)

    def sees(self, text: bytes) -> None:
        seen, end = b"", time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < end, seen.decode(errors="replace")[-4000:]
            seen += self._read(1)


@contextmanager
def client() -> Iterator[Client]:
    """A client of a tmux with the plugin, its rows published."""
    server = PrivateServer().start(*SIZE)
    with tempfile.TemporaryDirectory(prefix="tcb-", dir="/tmp") as folder:
        runtime = Path(folder)
        publish(runtime, *(listed(f"s-{number:03}") for number in range(ROWS)))
        server.say("set-environment", "-g", "TMUXCLAUDE_RUNTIME_DIR", folder)
        server.say("set-environment", "-g", "TMUXCLAUDE_STATE_DIR", folder)
        program = runtime / "tmuxclaude"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m tmuxclaude "$@"\n')
        program.chmod(0o755)
        server.say("set-option", "-g", "@tmuxclaude-bin", str(program))
        server.say("set-option", "-s", "escape-time", "0")
        load(server)
        rows = runtime / "rows"
        popups = {
            "c": f"head -20 {rows}; read x",
            "f": f"fzf --ansi --no-sort --layout=reverse <{rows}",
            "B": f"{program} pick --builtin",
            "L": f"{program} pick --rows >/dev/null; head -20 {rows}; read x",
        }
        for key, command in popups.items():
            server.say("bind-key", key, "display-popup", "-E", "-w", "90%", "-h", "80%", command)
        try:
            yield Client(server.socket)
        finally:
            server.remove()


def measure(rounds: int) -> dict[str, Figure]:
    """Milliseconds by the clock, for each way to open a popup; closing it is not counted."""
    took: dict[str, list[float]] = {name: [] for name in KEYS}
    with client() as somebody:
        for number in range(rounds):
            turn = number % len(KEYS)
            for name in [*KEYS][turn:] + [*KEYS][:turn]:
                began = wall()
                somebody.write(PREFIX + KEYS[name])
                somebody.sees(FIRST)
                took[name].append(wall() - began)
                somebody.rest()
                somebody.write(CLOSE[KEYS[name]])
                somebody.calm()
    return {name: Figure.of(values) for name, values in took.items()}


def main(rounds: int = 11) -> None:
    found = measure(rounds)
    bare = found["popup with head"].median
    print(f"\nKEY TO FIRST ROW: milliseconds, {ROWS} sessions, on the pty of a client")
    rows = [[name, str(one), f"{one.median / bare:.1f}"] for name, one in found.items()]
    print(table(["", "clock", "of head"], rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
