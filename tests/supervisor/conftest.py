"""The house that every test of the supervisor lives in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.supervisor.house import House


@pytest.fixture
def closed_house(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[House]:
    """Its tmux server runs with the tmux session ``user``, no supervisor yet."""
    house = House(tmp_path, new_tmux_server().start())
    yield house
    house.stop()


@pytest.fixture
def house(closed_house: House) -> House:
    """The supervisor runs."""
    return closed_house.start()
