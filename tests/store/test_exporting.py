"""An export holds the registry without secrets, and coming back it is the same registry."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.core.labels import Labels
from tmuxclaude.core.model import Actor, Attempt, Launch, State, Step, Want
from tmuxclaude.store import exporting, importing, merging
from tmuxclaude.store.activity import Said
from tmuxclaude.store.books import Books
from tmuxclaude.store.checkpoints import BRINGS
from tmuxclaude.store.database import Database, open_for_writing
from tmuxclaude.store.exporting import STAYS, TABLES, Tables

from . import values
from .values import LIMIT, NOT_UTF8, session

S1, S2 = "1" * 32, "2" * 32
C0, C1, C2 = (f"0a1b2c3d-0000-4000-8000-00000000000{number}" for number in range(3))

SESSION = session(S1, "api", conversation=C1)
HALT = replace(values.HALT, session=S1, conversation=C1)
ATTEMPT = replace(values.ATTEMPT, session=S1, conversation=C1)


@pytest.fixture
def full(books: Books) -> Books:
    """A registry with something in every table."""
    books.sessions.add(SESSION)
    books.sessions.add(session(S2, "api", state=State.ENDED, conversation=C0))
    books.sessions.link(S1, C1, 1.5, "start")
    books.sessions.link(S1, C2, 2.5, "clear")
    gone = books.halts.open_halt(S2, C0, LIMIT, "r0", 1.0)
    books.halts.save(replace(gone, ended_at=2.0, ended_by=Actor.CLAUDE))
    with books.db.writing():
        books.db.delete("halts", "id = ?", gone.id)  # numbers need not begin at 1
    halt = books.halts.open_halt(S1, C1, LIMIT, "r1", 3.0)
    books.halts.save(replace(HALT, id=halt.id))
    attempt = books.halts.begin(replace(ATTEMPT, halt=halt.id))
    books.halts.step(attempt, Step.CONFIRMED, 4.0, "it went on")
    books.halts.begin(replace(ATTEMPT, halt=None, number=2, text="a message"))
    books.halts.step(Attempt(2, S1, 2, "a message", Step.DUE, 0.0), Step.SKIPPED, 5.0)
    books.limits.note(SESSION.account, LIMIT)
    books.activity.note(S1, C1, 3, 6.0, said=Said(2, "do it", "it is done"))
    books.labels.save(S1, Labels("night", {"ticket": "T-1"}))
    books.activity.introduce(S1, "the nonce")
    books.events.note(7.0, S1, "limit", NOT_UTF8, {"halt": halt.id, "attempt": attempt.id})
    books.events.note(8.0, "", "paused", "by you")
    books.messages.drop(books.messages.add(S1, "later", 8.5), 8.75)
    with books.db.writing():
        books.db.insert("lifetimes", {"session": S1, "ends_at": 9.5, "extended_to": None})
    name = books.checkpoints.ask(Wish(C1, SESSION.account, "/srv", S1, ("asked",)), 9.0)
    books.checkpoints.begin(name)
    plain: dict[str, object] = dict.fromkeys(BRINGS, "")
    plain |= {"offset": 1, "tokens": 2, "changed": 3, "files": "[]", "recap": '{"goal": "x"}'}
    books.checkpoints.taken(name, 10.0, plain)
    return books


@pytest.fixture
def empty(tmp_path: Path, blank: Path) -> Iterator[Database]:
    db = open_for_writing(Path(shutil.copyfile(blank, tmp_path / "empty.db")))
    yield db
    db.close()


def as_json(books: Books, folder: Path, previews: bool = True) -> Path:
    tables = exporting.export(books.db.reading, previews)
    path = folder / "export.json"
    path.write_text(json.dumps(exporting.document(tables, 11.0)))
    return path


def as_sqlite(books: Books, folder: Path, previews: bool = True) -> Path:
    path = folder / "export.db"
    path.touch(0o600)
    exporting.write_sqlite(books.db.reading, path, previews)
    return path


FORMATS = [as_json, as_sqlite]


def kept(db: Database) -> Tables:
    return exporting.read(db.reading)


def test_every_table_is_exported_or_stays(books: Books) -> None:
    found = books.db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    names = {row["name"] for row in found if "sqlite" not in row["name"]}
    assert names == {*TABLES, *STAYS}


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_registry_becomes_the_same(
    form: Callable[..., Path], full: Books, empty: Database, tmp_path: Path
) -> None:
    assert all(kept(full.db).values()), "a table is empty, and so not tested"
    merged = merging.merge(empty, importing.load(form(full, tmp_path)))
    assert kept(empty) == kept(full.db)
    assert (merged.sessions, merged.held, merged.known) == (["api", "api"], ["api"], 0)
    assert Books(empty).sessions.get(S1) == SESSION
    assert Books(empty).events.take_untold() == []
    assert empty.rows("SELECT * FROM speakers") == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_time_nothing_comes(
    form: Callable[..., Path], full: Books, tmp_path: Path
) -> None:
    before = kept(full.db)
    merged = merging.merge(full.db, importing.load(form(full, tmp_path)))
    assert kept(full.db) == before
    assert (merged.sessions, merged.known, merged.events, merged.checkpoints) == ([], 2, 0, 0)


def test_beside_other_sessions_numbers_and_names_give_way(
    full: Books, empty: Database, tmp_path: Path
) -> None:
    theirs = Books(empty)
    theirs.sessions.add(session("t1", name="api"))
    for number in range(3):
        halt = theirs.halts.open_halt("t1", "c9", LIMIT, f"r{number}", 1.0)
        theirs.halts.begin(Attempt(0, "t1", 1, "x", Step.DUE, 1.0, halt=halt.id))
        theirs.halts.save(replace(halt, ended_at=2.0, ended_by=Actor.YOU))
        theirs.events.note(1.0, "t1", "limit", "")
    merging.merge(empty, importing.load(as_json(full, tmp_path)))
    [mine] = theirs.halts.of(S1)
    [attempt] = theirs.halts.attempts(mine.id)
    assert (mine.record, attempt.session, len(theirs.halts.of("t1"))) == ("r1", S1, 3)
    assert [step.step for step in theirs.halts.steps(attempt.id)] == [Step.DUE, Step.CONFIRMED]
    [event] = theirs.events.of(S1)
    assert event.evidence == {"halt": mine.id, "attempt": attempt.id}
    names = {one.uid: one.name for one in theirs.sessions.all()}
    assert names == {"t1": "api", S1: "api-2", S2: "api"}


def test_a_session_that_has_not_ended_is_held_wherever_it_comes_from(
    full: Books, empty: Database, tmp_path: Path
) -> None:
    full.sessions.save(replace(SESSION, want=Want.UP))
    path = as_json(full, tmp_path)
    assert merging.merge(empty, importing.load(path)).held == ["api"]
    wants = {one.uid: one.want for one in Books(empty).sessions.all()}
    assert wants == {S1: Want.HOLD, S2: SESSION.want}


def test_a_delivery_under_way_is_over_where_it_comes_in(
    full: Books, empty: Database, tmp_path: Path
) -> None:
    full.halts.begin(replace(ATTEMPT, halt=None, number=3, text="one more"))
    full.messages.add(S1, "and this", 9.0)
    merging.merge(empty, importing.load(as_json(full, tmp_path)))
    assert Books(empty).halts.open_attempts() == []
    assert Books(empty).messages.waiting(S1) == []
    assert full.halts.open_attempts() != []
    assert full.messages.waiting(S1) != []


SECRETS = (
    "sk-ant-api03-abcdef",
    "hunter2-environment",
    "hunter2-option",
    "hunter2-bearer",
    "ann@example.org",
    "hunter2-proxy",
    "ghp_0123456789",
)


@pytest.mark.parametrize("form", FORMATS)
def test_secrets_and_words_stay_out(
    form: Callable[..., Path], books: Books, empty: Database, tmp_path: Path
) -> None:
    launch = Launch(
        command=("/bin/claude", "--api-key", "hunter2-option"),
        flags=("--model", "opus", "--header=Authorization: Bearer hunter2-bearer"),
        environment=(
            ("ANTHROPIC_AUTH_TOKEN", "hunter2-environment"),
            ("HTTPS_PROXY", "http://ann:hunter2-proxy@proxy:1"),
            ("LANG", "C"),
        ),
    )
    books.sessions.add(
        session(S1, "api", conversation=C1, launch=launch, reason="sk-ant-api03-abcdef was refused")
    )
    books.events.note(
        1.0, S1, "limit", "ask ann@example.org", {"said": "ghp_0123456789", "token": 5}
    )
    books.halts.begin(Attempt(0, S1, 1, "what was said", Step.DUE, 1.0))
    path = form(books, tmp_path, previews=False)
    content = path.read_bytes()
    for word in (*SECRETS, "what was said", "the nonce"):
        assert word.encode() not in content, word
    merging.merge(empty, importing.load(path))
    kept_launch = Books(empty).sessions.all()[0].launch
    assert kept_launch.flags[:2] == ("--model", "opus")
    assert kept_launch.environment == (("LANG", "C"),)
    with_words = form(books, tmp_path, previews=True).read_bytes()
    assert b"what was said" in with_words
    assert b"sk-ant" not in with_words


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_database_export_is_private(books: Books, tmp_path: Path, umask: int) -> None:
    import os

    before = os.umask(umask)
    try:
        path = as_sqlite(books, tmp_path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith("export")} == {path.name}


def _set(table: str, column: str, value: object) -> Callable[[dict[str, Any]], Any]:
    return lambda found: found["tables"][table][0].update({column: value})


SPOILED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no mark": lambda found: found.pop(exporting.MARK),
    "newer": lambda found: found[exporting.MARK].update(schema=999),
    "a table less": lambda found: found["tables"].pop("steps"),
    "a table more": lambda found: found["tables"].update(pause=[]),
    "no rows": lambda found: found["tables"].update(steps=3),
    "a column less": lambda found: found["tables"]["halts"][0].pop("record"),
    "a column more": _set("halts", "evil", 1),
    "a schema that is no number": lambda found: found[exporting.MARK].update(schema=True),
    "a directory with a NUL": _set("sessions", "directory", "/srv/\0"),
    "a relative directory": _set("sessions", "directory", "srv"),
    "a checkpoint's relative directory": _set("checkpoints", "directory", "srv"),
    "a socket with a NUL": _set("sessions", "socket", "/tmp/\0"),
    "a time before all times": _set("sessions", "created_at", -1e12),
    "a time after all times": _set("events", "at", 1e12),
    "a zone on another planet": _set("sessions", "zone", "Mars/Phobos"),
    "a path for a zone": _set("sessions", "zone", "../../../etc/passwd"),
    "a text for a time": _set("sessions", "since", "soon"),
    "no value": _set("sessions", "directory", None),
    "a huge number": _set("halts", "attempts", 2**70),
    "a path for a uid": lambda found: found["tables"]["sessions"][1].update(uid="../../x"),
    "a uid that marks no pane": lambda found: found["tables"]["sessions"][1].update(uid="uid-0"),
    "a path for a conversation": _set("sessions", "conversation", "../../../secret"),
    "an option for a conversation": _set("sessions", "conversation", "--help"),
    "no conversation in a chain": _set("chain", "conversation", ""),
    "a pattern for a conversation": _set("activity", "conversation", "*"),
    "a conversation that draws": _set("checkpoints", "conversation", "\x1b[31mred"),
    "a halt's conversation": _set("halts", "conversation", "c1"),
    "an attempt's conversation": _set("attempts", "conversation", C1 + "\n"),
    "a wild name": _set("sessions", "name", "a;b"),
    "no pane": _set("sessions", "pane_id", "%1;kill-server"),
    "a nonce that is none": _set("sessions", "nonce", "0f"),
    "nobody's pane": _set("sessions", "pane_pid", 0),
    "an unknown state": _set("sessions", "state", "happy"),
    "an unknown limit": _set("halts", "limit_kind", "lunar"),
    "an unknown step": _set("attempts", "step", "flying"),
    "a launch that is none": _set("sessions", "launch", "[]"),
    "an unknown source": _set("limits", "source", "moon"),
    "an unknown stage": _set("messages", "stage", "flying"),
    "reasons that are none": _set("checkpoints", "reasons", "{"),
    "evidence that is none": _set("events", "evidence", "[]"),
    "nobody's halt": _set("halts", "session", "s9"),
    "nobody's attempt": _set("attempts", "halt", 77),
    "a checkpoint's id": _set("checkpoints", "id", "--upload"),
    "a session twice": lambda found: found["tables"]["sessions"].append(
        found["tables"]["sessions"][0]
    ),
    "two links in one place": lambda found: found["tables"]["chain"].append(
        found["tables"]["chain"][0]
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_wrong_anywhere_is_refused_whole(
    how: str, full: Books, empty: Database, tmp_path: Path
) -> None:
    path = as_json(full, tmp_path)
    found = json.loads(path.read_text())
    SPOILED[how](found)
    path.write_text(json.dumps(found))
    before = empty.path.read_bytes()
    with pytest.raises(RefusedError, match="Nothing was imported"):
        merging.merge(empty, importing.load(path))
    assert not any(kept(empty).values())
    empty.tidy()
    assert empty.path.read_bytes() == before


def test_what_is_no_export_at_all_is_refused(full: Books, tmp_path: Path) -> None:
    database = as_sqlite(full, tmp_path).read_bytes()
    (tmp_path / "deep").write_text("[" * 100_000)
    (tmp_path / "nan").write_text(as_json(full, tmp_path).read_text().replace("11.0", "NaN"))
    (tmp_path / "cut").write_bytes(database[: len(database) // 2])
    (tmp_path / "torn").write_bytes(database[:8192] + b"\xff" * (len(database) - 8192))
    (tmp_path / "text").write_text("hello")
    (tmp_path / "nothing").touch()
    (tmp_path / "folder").mkdir()
    with closing(sqlite3.connect(tmp_path / "foreign")) as connection:
        connection.execute("CREATE TABLE sessions (uid)")
    newer = tmp_path / "newer"
    newer.write_bytes(database)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 999")
    os.mkfifo(tmp_path / "pipe")  # which nobody writes to
    (tmp_path / "loop").symlink_to("loop")
    names = ("deep", "nan", "cut", "torn", "text", "nothing", "folder", "foreign", "newer", "none")
    names = (*names, "pipe", "loop")
    for name in names:
        with pytest.raises(RefusedError, match="Nothing was imported"):
            importing.load(tmp_path / name)


def test_a_session_outside_tmux_has_no_socket(
    books: Books, empty: Database, tmp_path: Path
) -> None:
    books.sessions.add(session(S1, "api", conversation=None, pane=None, socket=""))
    merging.merge(empty, importing.load(as_json(books, tmp_path)))
    assert [row["socket"] for row in kept(empty)["sessions"]] == [""]


@pytest.mark.parametrize(
    "hostile",
    [
        "DROP TABLE events; CREATE VIEW events AS WITH RECURSIVE n (at) AS"
        " (SELECT 1 UNION ALL SELECT at + 1 FROM n) SELECT * FROM n",
        "DROP TABLE events; CREATE VIRTUAL TABLE events USING fts5(at)",
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END",
        "ALTER TABLE labels ADD COLUMN more GENERATED ALWAYS AS (zeroblob(1000))",
    ],
    ids=["view", "virtual", "trigger", "generated"],
)
def test_a_database_that_computes_is_refused_before_it_is_read(
    hostile: str, full: Books, tmp_path: Path
) -> None:
    path = as_sqlite(full, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(hostile)
    with pytest.raises(RefusedError, match=r"is no table as ours.* Nothing was imported"):
        importing.load(path)


def test_nobody_reads_for_ever(
    full: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "READ_SECONDS", 0.0)
    monkeypatch.setattr(importing, "STEPS", 1)
    with pytest.raises(RefusedError, match="takes too long"):
        importing.load(as_sqlite(full, tmp_path))


def test_a_key_that_is_there_twice_and_an_empty_file(full: Books, tmp_path: Path) -> None:
    path = as_json(full, tmp_path)
    path.write_text(path.read_text().replace('"schema":', '"schema": 2, "schema":', 1))
    with pytest.raises(RefusedError, match="'schema' is in it twice"):
        importing.load(path)
    (tmp_path / "nothing").touch()
    with pytest.raises(RefusedError, match="nothing is empty"):
        importing.load(tmp_path / "nothing")
