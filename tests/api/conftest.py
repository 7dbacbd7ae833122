from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.api.house import House
from tests.api.served import Bare, Served, serving
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.migrations import bring_up_to_date


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as server:
        yield server


@pytest.fixture
def connect(served: Served) -> Iterator[Callable[[], Bare]]:
    """Makes clients that are closed after the test."""
    made: list[Bare] = []

    def make() -> Bare:
        made.append(Bare(served.path))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a schema and nothing in it: made once, because making one takes a while."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    bring_up_to_date(path)
    return path


@pytest.fixture
def books(tmp_path: Path, blank: Path) -> Iterator[Books]:
    db = open_for_writing(Path(shutil.copyfile(blank, tmp_path / "tmuxclaude.db")))
    yield Books(db)
    db.close()


@pytest.fixture
def house(books: Books) -> House:
    return House(books)
