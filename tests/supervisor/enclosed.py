"""A house whose default tmux server and Claude Code are private: for requests that name neither."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libtmux
import tomli_w

from tests.conftest import PrivateServer
from tests.supervisor.house import House
from tmuxclaude.edges.tmux import Tmux


@contextmanager
def enclosed(home: Path, server: PrivateServer) -> Iterator[House]:
    """The supervisor runs. ``server`` was not started yet; it becomes tmux's default one."""
    place = server.directory / f"tmux-{os.geteuid()}"
    place.mkdir(mode=0o700)
    server.socket = str(place / "default")
    server.tmux = Tmux(server.socket)
    server.user = libtmux.Server(socket_path=server.socket, config_file="/dev/null")
    house = House(home, server.start())
    table = tomllib.loads(house.paths.config.read_text())
    table |= {"claude": {"command": [str(house.program("plain"))]}, "lifetime": {"hours": 24}}
    table["budget"] |= {"sessions": 1000, "memory_mb": 1_000_000, "cpu_percent": 100}
    table["supervisor"]["health_seconds"] = 0.5
    house.paths.config.write_text(tomli_w.dumps(table))
    house.launcher = ["env", f"TMUX_TMPDIR={server.directory}"]
    try:
        yield house.start()
    finally:
        house.stop()
