import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tmuxclaude.core import past
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.core.model import Actor, Attempt, State, Step
from tmuxclaude.store import reader, remembered
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.format import APPLICATION_ID, DatabaseUnreadableError

from .processes import run
from .values import LIMIT, NOT_UTF8, SESSION, session

OF_THE_HALT = reader.SESSION_COLUMNS[reader.SESSION_COLUMNS.index("halt") :]


def opened(path: Path) -> sqlite3.Connection:
    connection = reader.open(path)
    assert connection is not None
    return connection


@pytest.fixture
def connection(books: Books) -> Iterator[sqlite3.Connection]:
    with closing(opened(books.db.path)) as connection:
        yield connection


def shown(connection: sqlite3.Connection, **filters: object) -> list[dict[str, object]]:
    rows = reader.rows(connection, **filters)  # type: ignore[arg-type]
    return [dict(zip(reader.SESSION_COLUMNS, row, strict=True)) for row in rows]


def test_a_session_in_a_row(books: Books, connection: sqlite3.Connection) -> None:
    books.sessions.add(SESSION)
    assert SESSION.pane is not None
    assert shown(connection) == [
        {
            "uid": "s1",
            "name": "api",
            "state": "limited",
            "want": "hold",
            "since": 1791000000.25,
            "reason": "told\nso\0",
            "directory": NOT_UTF8,
            "account": "/home/ann/.claude",
            "conversation": "c1",
            "socket": "/tmp/tmux-1000/default",
            "tmux_session": "claude",
            "pane_id": "%12",
            "server_pid": SESSION.pane.server.pid,
            "server_started": SESSION.pane.server.started,
            "pane_pid": SESSION.pane.pane_pid,
            "nonce": SESSION.pane.nonce,
            "opened_by_us": 0,
            "created_at": 1790999999.5,
            "zone": "Europe/Berlin",
            "outlook_actor": "claude",
            "outlook_at": 1791003600.0,
            "outlook_why": "its own continue is armed",
            "prompts": None,
            "active_at": None,
            "ends_at": None,
            "in_group": "",
            "meta": "{}",
            "abandoned_since": None,
            "uncommitted": None,
            "queued": 0,
        }
        | dict.fromkeys(OF_THE_HALT)
    ]


def test_its_open_halt_and_latest_attempt(books: Books, connection: sqlite3.Connection) -> None:
    books.sessions.add(SESSION)
    books.sessions.add(session("s2", created_at=SESSION.created_at + 1))
    over = books.halts.open_halt("s1", "c1", LIMIT, "r1", 1.0)
    books.halts.begin(Attempt(0, "s1", 1, "Go on.", Step.DUE, 2.0, over.id, "r1"))
    books.halts.save(replace(over, ended_at=3.0, ended_by=Actor.YOU))
    halt = books.halts.open_halt("s1", "c1", LIMIT, "r2", 4.0, not_before=5.0, needs_human="why")
    for number in (1, 2):
        attempt = Attempt(0, "s1", number, "Go on.", Step.DUE, 6.0, halt.id, f"r{number}")
        attempt = books.halts.begin(attempt)
    books.halts.step(attempt, Step.TYPING, 7.0, "box empty")

    first, second = shown(connection)
    assert {name: first[name] for name in OF_THE_HALT} == {
        "halt": halt.id,
        "limit_kind": "seven_day_opus",
        "limit_words": "limit \ud83d",
        "limit_source": "transcript",
        "resets_at": LIMIT.resets_at,
        "halted_at": 4.0,
        "attempts": 0,
        "not_before": 5.0,
        "needs_human": "why",
        "attempt": 2,
        "step": "typing",
        "attempt_reason": "box empty",
    }
    assert second["halt"] is second["step"] is None


def test_which_sessions(books: Books, connection: sqlite3.Connection) -> None:
    for number, (uid, state, socket) in enumerate(
        [("c", State.IDLE, "/a"), ("b", State.ENDED, "/a"), ("a", State.LOST, NOT_UTF8)]
    ):
        books.sessions.add(session(uid, state=state, socket=socket, created_at=float(number)))
    for filters, expected in (
        ({}, "ca"),
        ({"include_ended": True}, "cba"),
        ({"socket": "/a"}, "c"),
        ({"socket": "/a", "include_ended": True}, "cb"),
        ({"socket": NOT_UTF8}, "a"),
        ({"socket": "/b"}, ""),
    ):
        names = [str(row["name"]) for row in shown(connection, **filters)]
        assert "".join(names) == expected, filters
    assert reader.counts(connection) == {"idle": 1, "ended": 1, "lost": 1}


def test_the_limits_of_the_accounts(books: Books, connection: sqlite3.Connection) -> None:
    books.limits.note("/b", LIMIT)
    books.limits.note("/a", replace(LIMIT, resets_at=None))
    assert [
        dict(zip(reader.LIMIT_COLUMNS, row, strict=True))
        for row in reader.account_limits(connection)
    ] == [
        {
            "account": account,
            "kind": "seven_day_opus",
            "words": LIMIT.words,
            "source": "transcript",
            "said_at": LIMIT.said_at,
            "resets_at": resets_at,
            "lifted_at": None,
        }
        for account, resets_at in (("/a", None), ("/b", LIMIT.resets_at))
    ]


def test_it_cannot_write(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM sessions")


def test_no_database_is_no_error(tmp_path: Path) -> None:
    assert reader.open(tmp_path / "x.db") is None
    assert reader.open(str(tmp_path / "none" / "x.db")) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a?b#c%20d", "ü \n'\"&=", "%", b"\xe9".decode("utf8", "surrogateescape")]
)
def test_any_directory_will_do(tmp_path: Path, path: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    moved = path.rename(home / "x?mode=rwc#.db")
    with closing(open_for_writing(moved)) as db:
        Books(db).sessions.add(SESSION)
        with closing(opened(moved)) as connection:
            assert reader.counts(connection) == {"limited": 1}
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert [found.name for found in home.iterdir()] == [moved.name]


def test_after_the_supervisor_stopped(path: Path) -> None:
    with closing(open_for_writing(path)) as db:
        Books(db).sessions.add(SESSION)
    with closing(opened(path)) as connection:
        assert reader.counts(connection) == {"limited": 1}


def test_after_the_supervisor_crashed(path: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed.db"
    with closing(open_for_writing(path)) as db:
        Books(db).sessions.add(SESSION)
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{crashed}{suffix}")
    with closing(opened(crashed)) as connection:
        assert reader.counts(connection) == {"limited": 1}


def test_a_newer_schema_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(RefusedError, match="newer tmuxclaude"):
        reader.open(path)
    assert path.read_bytes() == before


def test_an_older_schema_waits_for_the_supervisor(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    with pytest.raises(RefusedError, match="supervisor restart"):
        reader.open(path)


def test_what_is_no_database_of_ours(tmp_path: Path, path: Path) -> None:
    for content in (b"", b"text " * 1000):
        (tmp_path / "x.db").write_bytes(content)
        with pytest.raises(DatabaseUnreadableError):
            reader.open(tmp_path / "x.db")
    (tmp_path / "link.db").symlink_to(path)
    with pytest.raises(RefusedError, match="not a regular file"):
        reader.open(tmp_path / "link.db")


def test_damage_that_shows_while_reading(books: Books, connection: sqlite3.Connection) -> None:
    with books.db.writing():
        for number in range(200):
            books.sessions.add(session(f"s{number}"))
    books.db.tidy()
    raw = bytearray(books.db.path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    damaged = books.db.path.with_name("damaged.db")
    damaged.write_bytes(raw)
    with closing(opened(damaged)) as other, pytest.raises(DatabaseUnreadableError, match="damaged"):
        reader.rows(other)


def test_it_is_quick_to_import() -> None:
    code = """
import sys
before = set(sys.modules)
import tmuxclaude.store.reader
print(*sorted(set(sys.modules) - before))
"""
    imported = set(run(code).split())
    assert "sqlite3" in imported
    slow = {"dataclasses", "enum", "inspect", "json", "pathlib", "re", "typing", "urllib"}
    assert imported & slow == set()


def test_a_mark_of_an_abandoned_session_holds_while_it_is_quiet(
    books: Books, connection: sqlite3.Connection
) -> None:
    def mark() -> tuple[object, object]:
        [row] = shown(connection)
        return row["abandoned_since"], row["uncommitted"]

    books.sessions.add(replace(SESSION, state=State.IDLE, since=50.0))
    books.activity.note("s1", "c1", 1, 40.0)
    books.abandoned.mark("s1", 40.0, 3)
    assert mark() == (40.0, 3)
    books.sessions.save(replace(SESSION, state=State.WORKING, since=50.0))
    assert mark() == (None, None)
    books.sessions.save(replace(SESSION, state=State.LOST, since=60.0))
    assert mark() == (40.0, 3)
    books.activity.note("s1", "c1", 2, 41.0)
    assert mark() == (None, None)
    assert books.abandoned.marks() == {"s1": 40.0}
    books.sessions.remove("s1")
    assert books.abandoned.marks() == {}


def test_all_that_the_history_knows_is_read(books: Books, connection: sqlite3.Connection) -> None:
    books.sessions.add(SESSION)
    books.sessions.add(session("s2", name="web"))
    texts = [f"idle {move}: why" if move[0] == "→" else f"{move}: why" for move in past.STATES]
    for text in (*texts, "lost → starting", "idle → working", "100% → en_ed"):
        books.events.note(1.0, SESSION.uid, "state", text)
    for kind in (*past.KINDS, "limit"):
        books.events.note(2.0, SESSION.uid, kind, kind)
    books.events.note(3.0, "s2", "started", "another")
    found = remembered.past_events(connection, past.KINDS, past.STATES, "api")
    rows = [dict(zip(remembered.PAST_EVENT_COLUMNS, row, strict=True)) for row in found]
    assert [row["text"] for row in rows] == [*texts, *past.KINDS]
    assert [entry.what for entry in past.history(rows, [])] == [
        *past.STATES.values(),
        *past.KINDS.values(),
    ]
    assert len(remembered.past_events(connection, past.KINDS, past.STATES)) == len(rows) + 1
