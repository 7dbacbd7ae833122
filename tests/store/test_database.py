import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tmuxclaude.core.errors import RefusedError, TmuxclaudeError
from tmuxclaude.core.model import Event
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import Database, open_for_writing
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError

from .processes import run
from .values import SESSION


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def other(path: Path) -> sqlite3.Connection:
    """Some other program's connection, which does not wait for locks."""
    return sqlite3.connect(path, timeout=0, isolation_level=None)


def names(books: Books) -> list[str]:
    return [session.name for session in books.sessions.all()]


class TestOpening:
    def test_what_was_kept_is_there_again(self, path: Path) -> None:
        with closing(open_for_writing(path)) as db:
            Books(db).sessions.add(SESSION)
        with closing(open_for_writing(path)) as db:
            assert Books(db).sessions.all() == [SESSION]

    def test_it_makes_one_where_none_is(self, tmp_path: Path) -> None:
        with closing(open_for_writing(tmp_path / "new.db")) as db:
            Books(db).sessions.add(SESSION)
        assert list(contents(tmp_path)) == ["new.db"]

    @pytest.mark.parametrize("umask", ["000", "022", "077"])
    def test_its_files_are_for_nobody_else(self, tmp_path: Path, umask: str) -> None:
        code = """
import os, sys
os.umask(int(sys.argv[2], 8))
from pathlib import Path
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
db = open_for_writing(Path(sys.argv[1]))
Books(db).events.note(1.0, "", "start", "")
for found in sorted(Path(sys.argv[1]).parent.iterdir()):
    print(found.name, oct(found.stat().st_mode & 0o777))
"""
        assert run(code, tmp_path / "x.db", umask).splitlines() == [
            "x.db 0o600",
            "x.db-shm 0o600",
            "x.db-wal 0o600",
        ]

    def test_a_file_that_others_may_read_is_closed_to_them(self, path: Path) -> None:
        path.chmod(0o644)
        open_for_writing(path).close()
        assert path.stat().st_mode & 0o777 == 0o600

    def test_code_in_the_current_directory_is_not_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trap = "import pathlib; pathlib.Path(__file__).with_name('sprung').touch()"
        hostile = tmp_path / "project"
        hostile.mkdir()
        for name in ("sqlite3.py", "tmuxclaude.py", "sqlite_utils.py"):
            (hostile / name).write_text(trap)
        monkeypatch.chdir(hostile)
        open_for_writing(tmp_path / "x.db").close()
        assert not (hostile / "sprung").exists()

    def test_the_supervisor_does_not_carry_the_migrations(self, tmp_path: Path) -> None:
        code = """
import sys
from pathlib import Path
from tmuxclaude.store.database import open_for_writing
open_for_writing(Path(sys.argv[1]))
print("sqlite_utils" in sys.modules)
"""
        assert run(code, tmp_path / "x.db") == "False\n"


class TestRefusing:
    """Whatever is refused is as it was, byte for byte."""

    def refused(self, path: Path, error: type[TmuxclaudeError], words: str) -> None:
        before = contents(path.parent)
        with pytest.raises(error, match=words):
            open_for_writing(path, busy_timeout=0.1)
        after = contents(path.parent)
        for name in (f"{path.name}-wal", f"{path.name}-shm"):
            # A look at the database may leave an empty log and its index behind.
            if name not in before and not after.get(f"{path.name}-wal"):
                after.pop(name, None)
        assert after == before

    def test_a_newer_schema(self, path: Path) -> None:
        with closing(other(path)) as connection:
            connection.execute("PRAGMA user_version = 999")
        self.refused(path, RefusedError, "version 999.*up to 1.*Update")

    def test_a_newer_schema_after_a_crash(self, path: Path, tmp_path: Path) -> None:
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        with closing(other(path)) as connection:
            connection.execute("PRAGMA user_version = 999")
            for suffix in ("", "-wal"):
                shutil.copyfile(f"{path}{suffix}", crashed / f"x.db{suffix}")
        assert (crashed / "x.db-wal").stat().st_size
        before = contents(crashed)
        with pytest.raises(RefusedError, match="999"):
            open_for_writing(crashed / "x.db")
        after = contents(crashed)
        after.pop("x.db-shm", None)
        assert after == before

    def test_no_database(self, tmp_path: Path) -> None:
        path = tmp_path / "x.db"
        path.write_text("[resume]\nenabled = true\n" * 400)
        self.refused(path, DatabaseUnreadableError, "no database")

    def test_an_emptied_file(self, tmp_path: Path) -> None:
        path = tmp_path / "x.db"
        path.touch()
        self.refused(path, DatabaseUnreadableError, "emptied")

    def test_a_database_of_another_program(self, tmp_path: Path) -> None:
        path = tmp_path / "x.db"
        with closing(other(path)) as connection:
            connection.execute("CREATE TABLE moz_places (id)")
        self.refused(path, DatabaseUnreadableError, "no database of tmuxclaude")

    def test_a_damaged_page(self, path: Path) -> None:
        with closing(open_for_writing(path)) as db:
            books = Books(db)
            with db.writing():
                for at in range(500):
                    books.events.note(float(at), "s1", "seen", "x" * 90)
        raw = bytearray(path.read_bytes())
        raw[-3 * 4096 : -2 * 4096] = b"\xff" * 4096
        path.write_bytes(raw)
        self.refused(path, DatabaseUnreadableError, "damaged")

    def test_a_truncated_file(self, path: Path) -> None:
        os.truncate(path, path.stat().st_size // 2)
        self.refused(path, DatabaseUnreadableError, "damaged")

    def test_the_log_of_a_lost_database(self, path: Path) -> None:
        path.rename(f"{path}-wal")
        self.refused(path, DatabaseUnreadableError, "-wal is still there")

    @pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
    def test_a_symlink(self, path: Path, tmp_path: Path, suffix: str) -> None:
        target = path.rename(tmp_path / "elsewhere")
        if suffix:
            shutil.copyfile(target, path)
        Path(f"{path}{suffix}").symlink_to(target)
        self.refused(path, RefusedError, "not a regular file")

    def test_a_symlink_to_nowhere(self, tmp_path: Path) -> None:
        path = tmp_path / "x.db"
        path.symlink_to(tmp_path / "victim")
        with pytest.raises(RefusedError, match="not a regular file"):
            open_for_writing(path)
        assert not (tmp_path / "victim").exists()

    def test_a_fifo(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "x.db")
        with pytest.raises(RefusedError, match="not a regular file"):
            open_for_writing(tmp_path / "x.db")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_the_file_of_another_user(self, path: Path) -> None:
        os.chown(path, 65534, -1)
        self.refused(path, RefusedError, "another user")

    def test_a_directory_that_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUnavailableError, match="No such file or directory"):
            open_for_writing(tmp_path / "none" / "x.db")


class TestWriting:
    def test_all_or_nothing(self, books: Books) -> None:
        def half() -> None:
            with books.db.writing():
                books.sessions.add(SESSION)
                raise KeyError("some bug")

        with pytest.raises(KeyError):
            half()
        assert names(books) == []

    def test_a_part_may_fail_alone(self, books: Books) -> None:
        with books.db.writing():
            books.sessions.add(SESSION)
            with pytest.raises(RefusedError):
                books.sessions.add(SESSION)
            books.sessions.add(replace(SESSION, uid="s2", name="web"))
        assert names(books) == ["api", "web"]

    def test_a_failed_part_leaves_nothing(self, books: Books) -> None:
        def part() -> None:
            with books.db.writing():
                books.sessions.add(SESSION)
                raise KeyError("some bug")

        with books.db.writing():
            with pytest.raises(KeyError):
                part()
            books.sessions.add(replace(SESSION, uid="s2", name="web"))
        assert names(books) == ["web"]

    def test_the_lock_is_taken_at_the_beginning(self, db: Database) -> None:
        with (
            closing(other(db.path)) as late,
            db.writing(),
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            late.execute("BEGIN IMMEDIATE")

    def test_a_lock_that_stays_is_an_error_of_ours(self, books: Books) -> None:
        with closing(other(books.db.path)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailableError, match="another program keeps it locked"):
                books.sessions.add(SESSION)
            assert 0.1 <= time.monotonic() - began < 15
            holder.execute("COMMIT")
        books.sessions.add(SESSION)
        assert names(books) == ["api"]

    def test_durable_is_on_the_disk_and_only_then(self, books: Books) -> None:
        def synchronous() -> object:
            return books.db.row("PRAGMA synchronous")

        assert synchronous() == {"synchronous": 1}
        with books.db.writing(durable=True):
            books.sessions.add(SESSION)
            assert synchronous() == {"synchronous": 2}
        assert synchronous() == {"synchronous": 1}
        with books.db.writing():
            assert synchronous() == {"synchronous": 1}

    def test_durable_within_ordinary_would_be_a_lie(self, db: Database) -> None:
        with db.writing(), pytest.raises(TmuxclaudeError, match="durable"), db.writing(True):
            pass

    def test_a_write_needs_a_transaction(self, db: Database) -> None:
        with pytest.raises(TmuxclaudeError, match="outside of a transaction"):
            db.insert("events", {"at": 1.0})
        with pytest.raises(TmuxclaudeError, match="outside of a transaction"):
            db.update("events", {"at": 1.0}, "id = 1")

    def test_a_database_that_may_not_grow(self, books: Books) -> None:
        def fill() -> None:
            with books.db.writing():
                for at in range(1000):
                    books.events.note(float(at), "s1", "seen", "x" * 1000)

        books.db.row("PRAGMA max_page_count = 1")  # no page is left: what SQLite calls a full disk
        with pytest.raises(DatabaseUnavailableError, match="the disk is full"):
            fill()
        assert books.events.of("s1") == []
        books.db.row("PRAGMA max_page_count = 100000")
        books.events.note(1.0, "s1", "seen", "again")
        assert len(books.events.of("s1")) == 1

    def test_a_full_disk_loses_nothing_and_heals(self, path: Path) -> None:
        code = """
import resource, sys
from pathlib import Path
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.format import DatabaseUnavailableError
books = Books(open_for_writing(Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
kept = 0
try:
    while kept < 10_000:
        with books.db.writing(durable=True):
            books.events.note(float(kept), "s1", "seen", "x" * 1000)
        kept += 1
except DatabaseUnavailableError as error:
    print("refused:", "Nothing was written" in str(error))
print(len(books.events.of("s1", last=20_000)) == kept > 10)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
books.events.note(float(kept), "s1", "seen", "again")
print(books.events.of("s1", last=1)[0].text, books.db.row("PRAGMA integrity_check"))
"""
        assert run(code, path).splitlines() == [
            "refused: True",
            "True",
            "again {'integrity_check': 'ok'}",
        ]


class TestTidying:
    def wal(self, db: Database) -> int:
        return Path(f"{db.path}-wal").stat().st_size

    def test_it_empties_the_log(self, books: Books) -> None:
        books.events.add(Event(1.0, "s1", "seen", ""))
        assert self.wal(books.db) > 0
        assert books.db.tidy() is True
        assert self.wal(books.db) == 0
        assert len(books.events.of("s1")) == 1

    def test_it_does_not_wait_for_a_reader(self, path: Path) -> None:
        with closing(open_for_writing(path, busy_timeout=30)) as db, closing(other(path)) as reader:
            Books(db).events.add(Event(1.0, "s1", "seen", ""))
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM events").fetchall()
            began = time.monotonic()
            assert db.tidy() is False
            assert time.monotonic() - began < 20
            assert db.row("PRAGMA busy_timeout") == {"timeout": 30_000}
            reader.execute("COMMIT")
            assert db.tidy() is True
