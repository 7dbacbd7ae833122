"""Surveys of whole accounts: only what is new is read, and nothing that lies there does harm."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tmuxclaude.core.conversations import Transcript
from tmuxclaude.survey import scan
from tmuxclaude.survey.scan import Survey

ID = "0b9b1f0e-7f2d-4f3e-9a54-3a8f0d1f2b3c"
OTHER = "1b9b1f0e-7f2d-4f3e-9a54-3a8f0d1f2b3c"
MIB = 2**20


def line(text: str, at: str = "2026-11-20T20:00:00Z", cwd: str = "/p") -> bytes:
    record: dict[str, object] = {"type": "user", "sessionId": ID, "cwd": cwd, "timestamp": at}
    record |= {"turnOrigin": "human", "message": {"role": "user", "content": text}}
    return json.dumps(record).encode() + b"\n"


class Home:
    """An account, and the cache of what is known of it."""

    def __init__(self, root: Path) -> None:
        self.account = str(root / ".claude")
        self.cache = root / "transcripts.db"
        self.told: list[tuple[int, int]] = []

    def transcript(self, name: str = ID, folder: str = "-p") -> Path:
        path = Path(self.account, "projects", folder, f"{name}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def survey(self, since: float | None = None) -> Survey:
        self.told = []
        return scan.survey([self.account], self.cache, since, lambda *some: self.told.append(some))

    def one(self) -> Transcript:
        [found] = self.survey().transcripts
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


# Only what is new


def test_of_a_file_that_has_grown_only_what_is_new_is_read(home: Home) -> None:
    path = home.transcript()
    append(path, line("one") * 50)
    assert home.one().activity.prompts == 50
    size = path.stat().st_size
    # What was read already is made unreadable: whoever reads it again finds no prompts.
    with path.open("r+b") as file:
        file.write(b" " * (size - 1))
    append(path, line("two", "2026-11-20T21:00:00Z"))
    found = home.survey()
    assert (found.files, found.read) == (1, 1)
    activity = found.transcripts[0].activity
    assert (activity.prompts, activity.first_prompt, activity.last_prompt) == (51, "one", "two")


def test_what_has_not_changed_is_not_read(home: Home) -> None:
    append(home.transcript(), line("one"))
    append(home.transcript(OTHER), line("one"))
    assert home.survey().read == 2
    again = home.survey()
    assert (again.files, again.read, home.told, len(again.transcripts)) == (2, 0, [], 2)


def test_half_a_line_is_read_when_it_is_whole(home: Home) -> None:
    path, whole = home.transcript(), line("two")
    append(path, line("one") + whole[:20])
    assert home.one().activity.prompts == 1
    append(path, whole[20:])
    found = home.one()
    assert (found.activity.prompts, found.problems) == (2, "")


@pytest.mark.parametrize("how", ["shorter", "another file", "rewritten"])
def test_a_file_that_does_not_go_on_is_read_anew(how: str, home: Home, tmp_path: Path) -> None:
    path = home.transcript()
    append(path, line("old") * 10)
    assert home.one().activity.prompts == 10
    if how == "shorter":
        path.write_bytes(line("new"))
    elif how == "another file":
        fresh = tmp_path / "fresh"
        fresh.write_bytes(line("new") * 20)
        fresh.replace(path)
    else:
        path.write_bytes(line("new") * 10)
    activity = home.one().activity
    assert activity.first_prompt == "new"
    assert activity.prompts == {"shorter": 1, "another file": 20, "rewritten": 10}[how]


def test_a_large_file_is_read_from_its_beginning(home: Home) -> None:
    append(home.transcript(), b"".join(line(f"{n} " + "x" * 5000) for n in range(1000)))
    found = home.one()
    assert (found.activity.prompts, found.activity.first_prompt[:2]) == (1000, "0 ")
    assert home.told[-1] == (found.size, found.size)
    assert len(home.told) > 1


def test_an_interrupted_survey_has_lost_nothing(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SAVE_SECONDS", 1000)  # so it is written down by the interruption
    append(home.transcript(), line("x" * 5000) * 1500)
    append(home.transcript(OTHER), line("y"))
    os.utime(home.transcript(OTHER), (1, 1))  # the older one comes last

    def stop(done: int, total: int) -> None:
        if done > 3 * MIB:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan.survey([home.account], home.cache, tell=stop)
    with closing(sqlite3.connect(home.cache)) as cache:
        [(kept,)] = cache.execute("SELECT offset FROM transcripts").fetchall()
    assert kept > 3 * MIB
    found = {one.conversation: one.activity.prompts for one in home.survey().transcripts}
    assert found == {ID: 1500, OTHER: 1}
    assert home.told[0][0] > kept  # it went on from there


def test_what_is_gone_is_forgotten(home: Home) -> None:
    append(home.transcript(), line("one"))
    append(home.transcript(OTHER), line("two"))
    assert len(home.survey().transcripts) == 2
    home.transcript(OTHER).unlink()
    assert home.one().conversation == ID
    assert scan.survey([str(home.cache.parent / "none")], home.cache) == Survey()


def test_the_younger_ones_are_asked_for_and_the_latest_comes_first(home: Home) -> None:
    append(home.transcript(), line("one", "2026-11-20T20:00:00Z"))
    append(home.transcript(OTHER), line("two", "2026-11-20T22:00:00Z"))
    append(home.transcript(str(uuid.uuid4())), b"{}\n")
    assert [one.conversation for one in home.survey().transcripts][:2] == [OTHER, ID]
    after = 1795208400.0  # 21:00
    assert [one.conversation for one in home.survey(after).transcripts] == [OTHER]


def test_one_id_in_two_projects_is_two_conversations(home: Home) -> None:
    append(home.transcript(folder="-a"), line("one", cwd="/a"))
    append(home.transcript(folder="-b"), line("two", cwd="/b"))
    found = home.survey().transcripts
    assert {one.conversation for one in found} == {ID}
    assert {one.activity.directory for one in found} == {"/a", "/b"}


# What may lie there


def fifo(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def foreign(path: Path) -> None:
    path.write_bytes(line("not ours"))
    os.chown(path, 65534, -1)


def unreadable(path: Path) -> None:
    path.write_bytes(line("shut"))
    path.chmod(0)


AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")

NOT_READ = [
    (fifo, "not a regular file"),
    (endless, "a symbolic link"),
    (folder, "not a regular file"),
    pytest.param(foreign, "another user's", marks=AS_ROOT),
    pytest.param(unreadable, "Permission denied", marks=NOT_ROOT),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("make", "why"), NOT_READ)
def test_what_cannot_be_read_is_named_and_costs_the_others_nothing(
    make: Callable[[Path], None], why: str, home: Home
) -> None:
    append(home.transcript(OTHER), line("fine"))
    make(home.transcript())
    for _ in range(2):
        found = home.survey()
        assert [one.conversation for one in found.transcripts] == [OTHER]
        assert found.problems == {str(home.transcript()): why}


SKIPPED = [
    (b"[" * MIB, "lines without a JSON object: 1"),
    (b'{"n": ' + b"9" * 100_000 + b"}", "lines without a JSON object: 1"),
    (b"\xff\xfe{}", "lines without a JSON object: 1"),
    (b'{"type": "user"', "lines without a JSON object: 1"),
    (b'{"x": "' + b"y" * 5 * MIB + b'"}', "lines longer than 1 MiB: 1"),
    (b"\n".join([b"bad"] * 3), "lines without a JSON object: 3"),
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("bad", "why"), SKIPPED)
def test_a_bad_line_is_skipped_and_counted_for_good(bad: bytes, why: str, home: Home) -> None:
    path = home.transcript()
    append(path, line("before") + bad + b"\n" + line("after"))
    for _ in range(2):
        found = home.survey()
        assert found.transcripts[0].activity.prompts == 2
        assert found.problems == {str(path): why}
    append(path, b"bad\n")
    count = int(why[-1]) + 1 if "without" in why else 1
    assert f"lines without a JSON object: {count}" in home.survey().problems[str(path)]


@pytest.mark.timeout(60)
def test_a_line_of_300_mb_needs_no_memory(home: Home) -> None:
    import tracemalloc

    path = home.transcript()
    append(path, line("before"))
    with path.open("r+b") as file:
        file.truncate(300 * MIB)
    append(path, b"\n" + line("after"))
    tracemalloc.start()
    found = home.survey()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.transcripts[0].activity.prompts == 2
    assert found.problems == {str(path): "lines longer than 1 MiB: 1"}
    assert most < 40 * MIB


# The cache


def test_nobody_else_reads_the_cache(home: Home) -> None:
    umask = os.umask(0)
    try:
        home.survey()
    finally:
        os.umask(umask)
    assert home.cache.stat().st_mode & 0o777 == 0o600


def no_database(cache: Path) -> None:
    cache.write_bytes(b"no database at all" * 1000)


def cut_short(cache: Path) -> None:
    os.truncate(cache, cache.stat().st_size // 2)


def another_version(cache: Path) -> None:
    with closing(sqlite3.connect(cache)) as db:
        db.execute("PRAGMA user_version = 12345")


def damaged_row(cache: Path) -> None:
    with closing(sqlite3.connect(cache)) as db, db:
        db.execute('UPDATE transcripts SET activity = \'{"prompts": "many"}\'')


def row_cut_short(cache: Path) -> None:
    with closing(sqlite3.connect(cache)) as db, db:
        db.execute("UPDATE transcripts SET activity = substr(activity, 1, 50)")


def without_table(cache: Path) -> None:
    with closing(sqlite3.connect(cache)) as db, db:
        db.execute("DROP TABLE transcripts")


@pytest.mark.parametrize(
    "spoil",
    [
        *(Path.unlink, no_database, cut_short, another_version),
        *(damaged_row, row_cut_short, without_table),
    ],
)
def test_a_cache_that_is_lost_costs_one_scan(spoil: Callable[[Path], None], home: Home) -> None:
    append(home.transcript(), line("one"))
    home.survey()
    spoil(home.cache)
    found = home.survey()
    assert (found.read, found.transcripts[0].activity.prompts, found.problems) == (1, 1, {})
    assert home.survey().read == 0


def test_what_is_remembered_is_what_was_read(home: Home) -> None:
    todos = [{"content": "write ☃", "status": "pending"}]
    calls = [
        {"type": "tool_use", "id": "1", "name": "Write", "input": {"file_path": "/p/ä.py"}},
        {"type": "tool_use", "id": "2", "name": "Edit", "input": {"file_path": "/p/a.py"}},
        {"type": "tool_use", "id": "3", "name": "TodoWrite", "input": {"todos": todos}},
    ]
    usage = {"input_tokens": 5, "output_tokens": 90}
    answer = {"id": "m", "model": "claude", "usage": usage, "content": calls}
    record = {"type": "assistant", "timestamp": "2026-11-20T20:00:00Z", "message": answer}
    asked = line("one")
    append(home.transcript(), asked + json.dumps(record).encode() + b"\n")
    home.survey()
    told, at = home.one().activity, len(asked)
    assert list(told.files.items()) == [("/p/ä.py", at), ("/p/a.py", at)]
    assert told.todos == (("todo 1", "write ☃"),)
    assert told.edits == (("1", "/p/ä.py", at, -1), ("2", "/p/a.py", at, -1))
    assert [quarter[1:] for quarter in told.quarters] == [(1, 95)]
    assert (told.prompts, told.tokens, told.message, told.timed) == (1, 95, "m", at)


def test_a_cache_that_somebody_else_writes_is_waited_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(home.transcript(), line("one"))
    home.survey()
    append(home.transcript(), line("two"))
    monkeypatch.setattr("tmuxclaude.store.conversations.LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(home.cache, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = home.survey()
    assert found.transcripts[0].activity.prompts == 2
    assert "everything was read anew" in found.problems[str(home.cache)]
    assert "locked" in found.problems[str(home.cache)]
    assert home.survey().problems == {}


def test_two_at_once_do_each_other_no_harm(home: Home) -> None:
    from threading import Thread

    for number in range(30):
        name = f"{number:08x}-7f2d-4f3e-9a54-3a8f0d1f2b3c"
        append(home.transcript(name), line("x" * 500) * 50)
    found: list[Survey] = []
    threads = [
        Thread(target=lambda: found.append(scan.survey([home.account], home.cache)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(t.activity.prompts for t in one.transcripts) for one in found] == [1500] * 4
    assert [one.problems for one in found] == [{}] * 4
