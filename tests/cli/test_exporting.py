"""export, import and cleanup as their user runs them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tmuxclaude.core.model import Launch, State
from tmuxclaude.store import exporting, reader
from tmuxclaude.store.books import Books

BEGAN = 1_700_000_000.0
UID = "0f" * 16


@pytest.fixture
def kept(books: Books, home: Path) -> Books:
    """A session that ended, with a secret and an event."""
    launch = Launch(("/bin/claude",), ("--verbose",), (("API_KEY", "hunter2"),))
    more = {"state": State.ENDED, "since": BEGAN, "created_at": BEGAN, "launch": launch}
    more |= {"pane": None, "uid": UID}
    books.sessions.add(session("api", home, **more, reason="=1+1|x"))
    books.events.note(BEGAN, UID, "started", "by you")
    books.db.tidy()
    return books


@pytest.mark.usefixtures("kept")
def test_an_export_in_each_form(run: Run, home: Path) -> None:
    tables = run("export").json["tables"]
    assert [row["name"] for row in tables["sessions"]] == ["api"]
    assert "hunter2" not in run("export", "--previews").out
    [row] = csv.DictReader(run("export", "--format", "csv").out.splitlines())
    assert (row["name"], row["reason"], row["resumed_by_you"]) == ("api", "'=1+1|x", "0")
    text = run("export", "--format", "markdown").out
    assert "| api | ended |" in text
    assert "=1+1\\|x" in text
    assert "| 2023-11-14 22:13:20 | api | started |" in text
    database = home / "copy.db"
    assert run("export", "--format", "sqlite", "-o", "copy.db").code == 0
    connection = reader.open(database)
    assert connection is not None
    with closing(connection):
        assert exporting.read(connection) == tables
    before = database.stat().st_ino
    refused = run("export", "-o", str(database))
    assert (refused.code, "--force" in refused.err) == (4, True)
    assert database.stat().st_ino == before
    assert run("export", "-o", str(database), "--force", "--json").json["sessions"] == 1
    assert json.loads(database.read_text())["tables"] == tables
    assert database.stat().st_mode & 0o777 == 0o600
    assert run("export", "-o", str(home)).code == 2
    assert sorted(one.name for one in home.iterdir() if "copy" in one.name) == ["copy.db"]


@pytest.mark.usefixtures("kept")
def test_an_export_takes_the_place_of_no_link_and_no_device(run: Run, home: Path) -> None:
    (home / "real.json").write_text("mine")
    (home / "link").symlink_to("real.json")
    (home / "nowhere").symlink_to("missing")
    os.mkfifo(home / "pipe")
    for force in (("--force",), ()):
        for name, why in (
            ("link", "is a link to real.json"),
            ("nowhere", "is a link to missing"),
            ("pipe", "is no regular file"),
        ):
            refused = run("export", "-o", name, *force)
            assert (refused.code, why in refused.err) == (4, True), refused.err
        unnamed = run("export", "-o", "", *force)
        assert (unnamed.code, "-o names no file" in unnamed.err) == (2, True)
    assert (home / "link").readlink() == Path("real.json")
    assert (home / "nowhere").is_symlink()
    assert (home / "pipe").is_fifo()
    assert (home / "real.json").read_text() == "mine"
    assert not (home / "missing").exists()


def test_without_a_database_there_is_nothing_to_export(run: Run, home: Path) -> None:
    assert run("export", "-o", "x").code == 3
    assert list(home.iterdir()) == []


@pytest.fixture
def elsewhere(env: dict[str, str], run: Run, home: Path) -> Iterator[dict[str, str]]:
    """Another registry of the same user."""
    more = {"TMUXCLAUDE_STATE_DIR": str(home / "b"), "TMUXCLAUDE_RUNTIME_DIR": str(home / "r")}
    yield more
    assert run("supervisor", "stop", more=more).code == 0


@pytest.mark.usefixtures("kept")
def test_there_and_back_and_forgotten(run: Run, home: Path, elsewhere: dict[str, str]) -> None:
    assert run("export", "-o", "a.json", "--previews").code == 0
    tables = json.loads((home / "a.json").read_text())["tables"]
    tables["sessions"][0]["launch"] = tables["sessions"][0]["launch"].replace(
        '["API_KEY", "[redacted]"]', ""
    )
    answer = run("import", "a.json", "--json", more=elsewhere).json
    assert answer == {"sessions": ["api"], "held": [], "known": 0, "events": 1, "checkpoints": 0}
    assert run("export", more=elsewhere).json["tables"] == tables
    assert run("supervisor", "restart", more=elsewhere).code == 0
    [*_, gap] = run("export", more=elsewhere).json["tables"]["events"]
    assert (gap["kind"], json.loads(gap["evidence"])) == ("unwatched", {"since": BEGAN})
    again = run("import", "a.json", more=elsewhere)
    assert again.out == "0 sessions came in with 0 events and 0 checkpoints; 1 known already.\n"
    (home / "torn.json").write_text((home / "a.json").read_text()[:-9])
    refused = run("import", "torn.json", more=elsewhere)
    assert (refused.code, "Nothing was imported" in refused.err) == (4, True)
    assert list((home / "b").glob("import-*")) == []

    dry = run("cleanup", "--older-than", "30d", "--dry-run", more=elsewhere)
    assert dry.out == "Would be forgotten: 1 session, 0 events of no session, 0 files.\n  api\n"
    done = run("cleanup", "--older-than", "30d", "--json", more=elsewhere).json
    assert done == {"sessions": ["api"], "events": 0, "files": [], "dry_run": False}
    assert run("export", more=elsewhere).json["tables"]["sessions"] == []
    assert run("cleanup", "--older-than", "soon", more=elsewhere).code == 2

    assert run("supervisor", "stop", more=elsewhere).code == 0
    with (home / "b" / "tmuxclaude.db").open("r+b") as database:
        database.seek(8192)
        database.write(os.urandom(200_000))
    assert run("list", more=elsewhere).code == 5
    started = run("supervisor", "start", more=elsewhere)
    assert "notice: the database could not be read and was made anew" in started.out
