"""A row that is not understood costs its own session, and nothing else."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tmuxclaude.core.errors import RefusedError
from tmuxclaude.core.labels import Labels
from tmuxclaude.core.model import Attempt, State, Step
from tmuxclaude.store import exporting, reader, statistics
from tmuxclaude.store.books import Books
from tmuxclaude.store.health import strange
from tmuxclaude.store.legible import JSON, RESTS_ON, WORDS

from .values import LIMIT, session

KEYS = {"uid", "name", "session", "id", "attempt", "halt"}
"""What says whose a row is cannot be spoilt without making it another's."""


def fill(books: Books, uid: str) -> None:
    """A session with a row in every table that it rests on."""
    books.sessions.add(replace(session(uid), state=State.IDLE))
    books.sessions.link(uid, f"c-{uid}", 1.0, "start")
    halt = books.halts.open_halt(uid, f"c-{uid}", LIMIT, "r1", 1.0)
    books.messages.add(uid, "hello", 1.0)
    books.halts.begin(Attempt(0, uid, 1, "text", Step.DUE, 1.0, halt=halt.id))
    books.activity.note(uid, f"c-{uid}", 1, 1.0, settled=True)
    books.lifetimes.extend(uid, 1.0)
    books.labels.save(uid, Labels("crew", {"a": "b"}))


def spoil(path: Path, table: str, column: str, value: object, uid: str) -> None:
    """As somebody does by hand, with another program."""
    with closing(sqlite3.connect(path)) as hand, hand:
        mine = f"SELECT rowid FROM {table} WHERE {RESTS_ON.get(table, 'session')} = ?"
        changed = hand.execute(
            f'UPDATE {table} SET "{column}" = ? WHERE rowid IN ({mine})', [value, uid]
        )
        assert changed.rowcount == 1, (table, column)


def spoilable(path: Path) -> Iterator[tuple[str, str, object]]:
    """Every column in which not everything may stand, and what may not."""
    with closing(sqlite3.connect(path)) as connection:
        for table in RESTS_ON:
            for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})"):
                if name in WORDS.get(table, {}):
                    yield table, name, "flying"
                elif name in JSON.get(table, {}):
                    yield table, name, "{"
                elif kind != "TEXT" and name not in KEYS:
                    yield table, name, "soon"


def names(books: Books) -> list[str]:
    return [one.name for one in books.sessions.not_ended()]


def test_whatever_column_of_a_session_is_spoilt_the_others_are_kept(books: Books) -> None:
    path = books.db.path
    fill(books, "sound")
    wrongs = list(spoilable(path))
    assert len(wrongs) > 40
    for number, (table, column, value) in enumerate(wrongs):
        uid = f"s{number}"
        fill(books, uid)
        assert names(books) == ["sound", uid]
        spoil(path, table, column, value, uid)
        assert names(books) == ["sound"], (table, column)
        flaw = books.sessions.illegible[uid]
        assert (flaw.table, flaw.column, flaw.value) == (table, column, value)
        assert books.sessions.get(uid) is None
        assert books.sessions.of_conversation(f"c-{uid}") is None
        assert [one.name for one in books.sessions.all()] == ["sound"]
        assert uid not in [row["uid"] for row in books.sessions.pickable()]
        assert {attempt.session for attempt in books.halts.open_attempts()} >= {"sound"}
        with pytest.raises(RefusedError, match=f"{table}.{column}"):
            books.sessions.by_name(uid)
        exported = exporting.export(books.db.reading, previews=True)
        assert {row["uid"] for row in exported["sessions"]} == {"sound"}
        assert {row["session"] for row in exported["attempts"]} == {"sound"}
        listed = [
            dict(zip(reader.SESSION_COLUMNS, row, strict=True))
            for row in reader.rows(books.db.reading)
        ]
        assert "sound" in [row["name"] for row in listed]
        assert all(isinstance(row["since"] + row["created_at"], float) for row in listed)
        statistics.halts(books.db.reading)
        books.sessions.remove(uid)
    assert strange(path) == []


def test_halves_of_a_pane_are_no_pane(books: Books) -> None:
    fill(books, "s1")
    spoil(books.db.path, "sessions", "pane_socket", None, "s1")
    assert names(books) == []


def test_one_that_is_mended_is_watched_again(books: Books) -> None:
    fill(books, "s1")
    spoil(books.db.path, "sessions", "state", "flying", "s1")
    assert names(books) == []
    spoil(books.db.path, "sessions", "state", "idle", "s1")
    assert names(books) == ["s1"]


def test_what_no_session_rests_on_is_passed_over(books: Books) -> None:
    books.limits.note("/a", LIMIT)
    with closing(sqlite3.connect(books.db.path)) as hand, hand:
        hand.execute("INSERT INTO limits VALUES ('/a', 'flying', 'w', 'moon', 1, 2, NULL)")
        hand.execute("INSERT INTO limits VALUES ('/a', 'seven_day', 'w', 'screen', 1, 'x', NULL)")
    assert books.limits.of("/a") == [LIMIT]
    assert [row["kind"] for row in books.limits.known()] == [LIMIT.kind]
    fill(books, "s1")
    books.events.note(1.0, "s1", "state", "idle → working", {"seen": "this"})
    spoil(books.db.path, "events", "evidence", "{", "s1")
    [event] = books.events.take_untold()
    assert (event.text, event.evidence) == ("idle → working", {})
    assert [row["evidence"] for row in statistics.events(books.db.reading)] == [{}]
    assert names(books) == ["s1"]
    found = [(flaw.table, flaw.column, flaw.rests) for flaw in strange(books.db.path)]
    assert sorted(found) == [
        ("events", "evidence", False),
        ("limits", "kind", False),
        ("limits", "resets_at", False),
    ]
