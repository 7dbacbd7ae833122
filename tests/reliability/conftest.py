"""Houses whose supervisor may be killed at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.reliability.fragile import Fragile


@pytest.fixture
def fragile(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[Fragile]:
    """Its tmux server runs, no supervisor yet."""
    house = Fragile(tmp_path, new_tmux_server().start(100, 30))
    yield house
    house.stop()
