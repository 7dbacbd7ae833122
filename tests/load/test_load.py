"""The short form of ``make load``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import PrivateServer
from tests.load.run import run
from tests.supervisor.house import House


def test_nothing_is_lost_doubled_or_crossed(
    new_tmux_server: Callable[[], PrivateServer], tmp_path: Path
) -> None:
    house = House(tmp_path, new_tmux_server().start())
    try:
        tally = run(house.start(), sessions=3, messages=8, kills=3)
    finally:
        house.stop()
    assert tally.promise_holds(), tally
    assert (tally.arrived, tally.kills) == (24, 3), tally
    before, after = tally.held
    assert (after.files, after.zombies) <= (before.files + 3, 0), tally
