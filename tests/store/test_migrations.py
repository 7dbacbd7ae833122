import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.format import APPLICATION_ID, SCHEMA_VERSION
from tmuxclaude.store.migrations import MIGRATIONS, bring_up_to_date, first_schema

from .values import SESSION


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def followed_by(change: Callable[[sqlite_utils.Database], None]) -> sqlite_utils.Migrations:
    """The migrations of some later release that has one more."""
    later = sqlite_utils.Migrations("tmuxclaude")
    later()(first_schema)
    later(name="change")(change)
    return later


def renamed(db: sqlite_utils.Database) -> None:
    db.execute("ALTER TABLE sessions RENAME COLUMN want TO wish")


@pytest.fixture
def kept(path: Path) -> Path:
    """A closed database with a session, its chain and an event in it."""
    with closing(open_for_writing(path)) as db:
        books = Books(db)
        books.sessions.add(SESSION)
        books.sessions.link("s1", "c1", 1.0, "start")
        books.events.note(1.0, "s1", "seen", "")
    return path


def test_the_version_is_the_number_of_migrations(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        applied = MIGRATIONS.applied(sqlite_utils.Database(connection))
    assert len(applied) == SCHEMA_VERSION == version(path)


def test_a_view_that_the_migration_breaks_breaks_the_migration(kept: Path) -> None:
    before = dump(kept)
    with pytest.raises(sqlite3.OperationalError, match=r"s\.want"):
        bring_up_to_date(kept, followed_by(renamed))
    assert dump(kept) == before
    assert version(kept) == 1


def test_an_older_database_is_migrated_and_copied_before(kept: Path) -> None:
    def wider(db: sqlite_utils.Database) -> None:
        db.table("sessions").add_column("colour", str)
        db.table("sessions").transform(types={"nonce": bytes})

    before = dump(kept)
    bring_up_to_date(kept, followed_by(wider))
    assert version(kept) == 2
    with closing(sqlite3.connect(kept)) as connection:
        rows = connection.execute("SELECT uid, colour FROM sessions").fetchall()
        assert rows == [("s1", None)]
        assert connection.execute("SELECT count(*) FROM session_list").fetchone() == (1,)

    backup = kept.with_name("tmuxclaude.db.v1.backup")
    assert dump(backup) == before
    assert version(backup) == 1
    assert backup.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in kept.parent.iterdir()} == {kept.name, backup.name}


def test_the_copy_has_what_stood_only_in_the_log(kept: Path, tmp_path: Path) -> None:
    """A copy of the database's file alone would lack it."""
    crashed = tmp_path / "crashed" / kept.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("UPDATE sessions SET name = 'late'")
        connection.commit()
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{kept}{suffix}", f"{crashed}{suffix}")
    bring_up_to_date(crashed, followed_by(lambda db: db.table("sessions").add_column("x", str)))
    with closing(sqlite3.connect(crashed.with_name(f"{kept.name}.v1.backup"))) as connection:
        assert connection.execute("SELECT name FROM sessions").fetchall() == [("late",)]


def test_a_failed_migration_changes_nothing(kept: Path) -> None:
    def half(db: sqlite_utils.Database) -> None:
        db.execute("DELETE FROM events")
        raise KeyError("some bug")

    before = dump(kept)
    with pytest.raises(KeyError):
        bring_up_to_date(kept, followed_by(half))
    assert dump(kept) == before
    assert version(kept) == 1


def test_a_migration_cannot_leave_rows_without_their_owner(kept: Path) -> None:
    def careless(db: sqlite_utils.Database) -> None:
        db.execute("DELETE FROM sessions")

    before = dump(kept)
    with pytest.raises(sqlite3.IntegrityError, match="without their owner in chain"):
        bring_up_to_date(kept, followed_by(careless))
    assert dump(kept) == before


def test_an_earlier_unfinished_database_is_in_nobodys_way(tmp_path: Path, kept: Path) -> None:
    path = tmp_path / "x.db"
    for leftover in ("x.db.new", "x.db.new-journal"):
        (tmp_path / leftover).write_bytes(kept.read_bytes())
    bring_up_to_date(path)
    with closing(open_for_writing(path)) as db:
        assert Books(db).sessions.all() == []
    assert {found.name for found in tmp_path.iterdir()} == {path.name, kept.name}


def test_opening_migrates(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE heirloom (words)")
    with closing(open_for_writing(path)) as db:
        Books(db).sessions.add(SESSION)
        assert db.rows("SELECT * FROM heirloom") == []
    assert version(path) == SCHEMA_VERSION
    assert dump(tmp_path / "x.db.v0.backup")[1] == "CREATE TABLE heirloom (words);"
