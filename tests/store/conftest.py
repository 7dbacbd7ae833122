import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tmuxclaude.store.books import Books
from tmuxclaude.store.database import Database, open_for_writing
from tmuxclaude.store.migrations import bring_up_to_date


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a schema and nothing in it: made once, because making one takes a while."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    bring_up_to_date(path)
    return path


@pytest.fixture
def path(tmp_path: Path, blank: Path) -> Path:
    """A closed database of the current schema."""
    return Path(shutil.copyfile(blank, tmp_path / "tmuxclaude.db"))


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    db = open_for_writing(path, busy_timeout=0.1)
    yield db
    db.close()


@pytest.fixture
def books(db: Database) -> Books:
    return Books(db)
