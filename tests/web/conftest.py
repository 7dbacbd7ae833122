from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.home import Home
from tests.web.door import Door


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home whose supervisor runs; its path is short, for a socket lies below it."""
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as directory:
        home = Home(Path(directory).resolve())
        try:
            home.start()
            yield home
        finally:
            home.clean()


@pytest.fixture(scope="module")
def door(home: Home) -> Iterator[Door]:
    door = Door(home)
    yield door
    door.end()
