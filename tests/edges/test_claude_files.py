"""Real files, the hostile ones too: nothing hangs, nothing is raised, nothing grows."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tmuxclaude.edges import claude_files
from tmuxclaude.edges.claude_files import (
    CALL_BYTES,
    FIRST_LOOK_BYTES,
    LINE_BYTES,
    Chunk,
    Position,
    account_dir,
    follow,
    read_small,
    registry_entries,
    registry_path,
    transcript_path,
)

ID = "0b9b1f0e-7f2d-4f3e-9a54-3a8f0d1f2b3c"
MIB = 1024 * 1024


def line(number: int, size: int = 0) -> bytes:
    return json.dumps({"n": number, "pad": "x" * size}).encode() + b"\n"


def numbers(chunk: Chunk) -> list[object]:
    return [record["n"] for _, record in chunk.lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "t.jsonl"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def everything(path: Path, position: Position | None) -> tuple[list[object], list[str], Chunk]:
    """Follow until there is no more: the numbers, the problems, and the last chunk."""
    found: list[object] = []
    problems: list[str] = []
    for _ in range(1000):
        chunk = follow(path, position)
        found += numbers(chunk)
        problems += chunk.problems
        position = chunk.position
        if not chunk.more:
            return found, problems, chunk
    raise AssertionError("it never ends")


# Following


def test_only_what_is_new_is_read(path: Path) -> None:
    append(path, line(1) + line(2))
    first = follow(path, None)
    assert (numbers(first), first.restarted, first.more) == ([1, 2], True, False)
    assert [offset for offset, _ in first.lines] == [0, len(line(1))]
    status = path.stat()
    assert (first.size, first.mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert first.position == Position(status.st_dev, status.st_ino, status.st_size)
    append(path, line(3))
    second = follow(path, first.position)
    assert (numbers(second), second.restarted) == ([3], False)
    assert second.lines[0][0] == status.st_size
    third = follow(path, second.position)
    assert (third.lines, third.position, third.problems) == ([], second.position, ())


def test_half_a_line_waits_for_its_other_half(path: Path) -> None:
    append(path, line(1) + line(2)[:5])
    first = follow(path, None)
    assert (numbers(first), first.problems) == ([1], ())
    append(path, line(2)[5:] + line(3)[:-1])
    second = follow(path, first.position)
    assert (numbers(second), second.lines[0][0]) == ([2], len(line(1)))
    append(path, b"\n")
    assert numbers(follow(path, second.position)) == [3]


def test_an_empty_file_and_one_that_is_missing(path: Path) -> None:
    assert follow(path, None) == Chunk(None, [], problems=("missing",))
    path.touch()
    first = follow(path, None)
    assert (first.lines, first.size, first.more, first.problems) == ([], 0, False, ())
    path.unlink()
    assert follow(path, first.position) == Chunk(first.position, [], problems=("missing",))


def test_a_first_look_at_a_big_file_starts_near_its_end(path: Path) -> None:
    count = 3000
    append(path, b"".join(line(number, 1000) for number in range(count)))
    found, problems, chunk = everything(path, None)
    assert found[-1] == count - 1
    read = len(found) * len(line(count, 1000))
    assert FIRST_LOOK_BYTES - len(line(count, 1000)) <= read <= FIRST_LOOK_BYTES
    assert found == list(range(count - len(found), count))
    assert (problems, chunk.restarted) == ([], True)


def test_a_first_look_that_starts_at_a_line_drops_none(path: Path) -> None:
    append(path, line(1))
    second = line(2, FIRST_LOOK_BYTES - len(line(2)))
    assert len(second) == FIRST_LOOK_BYTES
    append(path, second)
    assert numbers(follow(path, None)) == [2]


def test_what_is_added_at_once_is_read_in_pieces(path: Path) -> None:
    append(path, line(0))
    position = follow(path, None).position
    append(path, b"".join(line(number, 100_000) for number in range(1, 101)))
    first = follow(path, position)
    assert first.more
    assert sum(len(json.dumps(record)) for _, record in first.lines) <= CALL_BYTES
    found, problems, chunk = everything(path, position)
    assert found == list(range(1, 101))
    assert (problems, chunk.restarted) == ([], False)


# Another file than before


@pytest.mark.parametrize("change", ["shrunk", "replaced", "rewritten"])
def test_another_file_is_read_anew(path: Path, change: str) -> None:
    append(path, line(1) + line(2) + line(3))
    position = follow(path, None).position
    other = line(7) + line(8)
    if change == "shrunk":
        os.truncate(path, 0)
        append(path, other)
    elif change == "replaced":
        replacement = path.with_name("new")
        append(replacement, other + line(9) + line(10))  # a line ends where we stopped
        replacement.rename(path)
    else:
        path.write_bytes(other + line(9, 100))
    chunk = follow(path, position)
    assert numbers(chunk)[:2] == [7, 8]
    assert chunk.restarted
    assert not follow(path, chunk.position).restarted


# Lines that are none


@pytest.mark.parametrize(
    "bad",
    [
        b"{\n",
        b"[]\n",
        b"null\n",
        b'"text"\n',
        b"\x00\x00\n",
        b'{"n": "\xff\xfe"}\n',
        b"[" * 500_000 + b"\n",
        b'{"a":' * 100_000 + b"\n",
        b'{"n": ' + b"9" * 100_000 + b"}\n",
        '{"n": "\u2028"}'.encode("utf-16") + b"\n",
    ],
    ids=lambda bad: repr(bad[:12]),
)
def test_one_bad_line_does_not_hide_the_others(path: Path, bad: bytes) -> None:
    append(path, line(1) + bad + b"\n\r\n" + line(2))
    chunk = follow(path, None)
    assert numbers(chunk) == [1, 2]
    assert chunk.problems == ("lines without a JSON object: 1",)


def test_a_line_that_is_too_long_is_skipped_and_counted(path: Path) -> None:
    append(path, line(0))
    position = follow(path, None).position
    append(path, line(1) + line(2, LINE_BYTES + 1) + line(3) + line(4, 5 * MIB) + line(5))
    found, problems, chunk = everything(path, position)
    assert found == [1, 3, 5]
    assert problems == ["lines longer than 1 MiB: 1"] * 2
    assert chunk.position is not None
    assert not chunk.position.skipping


def test_a_long_line_is_skipped_while_it_grows(path: Path) -> None:
    append(path, line(1) + b"x" * (LINE_BYTES + 10))
    position = follow(path, None).position
    append(path, line(1))
    position = follow(path, position).position
    append(path, b"y" * MIB)
    grown = follow(path, position)
    assert grown.problems == ()
    append(path, b"y" * MIB)
    longer = follow(path, grown.position)
    assert longer.problems == ("lines longer than 1 MiB: 1",)
    append(path, b"y" * MIB)
    again = follow(path, longer.position)
    assert (again.lines, again.problems) == ([], ())
    append(path, b"\n" + line(2))
    assert numbers(follow(path, again.position)) == [2]


def test_a_file_that_shrinks_inside_a_long_line_is_read_anew(path: Path) -> None:
    append(path, line(1) + b"x" * (CALL_BYTES - 100))
    position = follow(path, None).position
    assert position is not None
    assert position.skipping
    os.truncate(path, len(line(1)))
    chunk = follow(path, position)
    assert (numbers(chunk), chunk.restarted) == ([1], True)


# Bombs


def made_fifo(path: Path) -> None:
    os.mkfifo(path)


def made_link_to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def made_link_to_a_file(path: Path) -> None:
    append(path.with_name("other"), line(1))
    path.symlink_to(path.with_name("other"))


def made_link_loop(path: Path) -> None:
    path.symlink_to(path)


def made_directory(path: Path) -> None:
    path.mkdir()


NOT_FILES = {
    made_fifo: "not a regular file",
    made_link_to_zero: "a symbolic link",
    made_link_to_a_file: "a symbolic link",
    made_link_loop: "a symbolic link",
    made_directory: "not a regular file",
}


@pytest.mark.parametrize(
    ("make", "why"), NOT_FILES.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_what_is_no_file_is_not_read(path: Path, make: Callable[[Path], None], why: str) -> None:
    make(path)
    assert follow(path, None) == Chunk(None, [], problems=(why,))
    assert read_small(path) is None


def test_devices_and_impossible_paths_are_not_read() -> None:
    assert follow(Path("/dev/zero"), None).problems == ("not a regular file",)
    assert follow(Path("/dev/\0"), None).problems == ("no path",)
    assert follow(Path("/" + "x" * 5000), None).problems == ("File name too long",)
    assert read_small(Path("/dev/zero")) is None
    assert read_small(Path("/dev/\0")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_not_read(path: Path) -> None:
    append(path, line(1))
    os.chown(path, 65534, 65534)
    assert follow(path, None).problems == ("another user's",)
    assert read_small(path) is None
    assert read_small(path, named_by_user=True) is not None


@pytest.fixture
def bomb(path: Path) -> tuple[Path, Position | None]:
    """A line of 300 MB, two full of small objects, one nested too deep: all after one position."""
    append(path, line(0))
    position = follow(path, None).position
    os.truncate(path, 300 * MIB)
    small = b'{"n": 1, "a": [' + b"{}," * 340_000 + b"0]}\n"
    assert LINE_BYTES - 40_000 < len(small) <= LINE_BYTES
    append(path, b"\n" + small * 2 + b"[" * 1_000_000 + b"\n")
    return path, position


def test_no_bomb_takes_much_time(bomb: tuple[Path, Position | None]) -> None:
    path, position = bomb
    longest, calls, found, more = 0.0, 0, 0, True
    while more:
        began = time.process_time()
        chunk = follow(path, position)
        longest = max(longest, time.process_time() - began)
        position, more = chunk.position, chunk.more
        calls, found = calls + 1, found + len(chunk.lines)
    assert (found, longest < 0.5) == (2, True), longest
    assert 300 * MIB // CALL_BYTES <= calls <= 300 * MIB // CALL_BYTES + 4


def test_no_bomb_takes_much_memory(bomb: tuple[Path, Position | None]) -> None:
    path, position = bomb
    tracemalloc.start()
    try:
        while (chunk := follow(path, position)).more:
            position = chunk.position
            del chunk
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MIB


def test_a_first_look_into_a_huge_line_reads_its_end_only(path: Path) -> None:
    path.touch()
    os.truncate(path, 300 * MIB)
    chunk = follow(path, None)
    assert (chunk.lines, chunk.problems, chunk.more) == ([], ("lines longer than 1 MiB: 1",), False)
    append(path, b"\n" + line(1))
    assert numbers(follow(path, chunk.position)) == [1]


# Small files


def test_small_files(tmp_path: Path) -> None:
    path = tmp_path / "f"
    assert read_small(path) is None
    path.write_text("täxt")
    assert read_small(path) == "täxt"
    assert read_small(path, limit=5) == "täxt"
    assert read_small(path, limit=4) is None
    path.write_bytes(b"\xff")
    assert read_small(path) is None
    os.truncate(path, 300 * MIB)
    tracemalloc.start()
    try:
        assert read_small(path) is None
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "named")
    (tmp_path / "named").write_text("{}")
    assert read_small(link) is None
    assert read_small(link, named_by_user=True) == "{}"
    link.unlink()
    os.mkfifo(link)
    assert read_small(link, named_by_user=True) is None


# Where the files are


def test_the_account_is_where_the_environment_says() -> None:
    assert account_dir({"HOME": "/h"}) == Path("/h/.claude")
    assert account_dir({"HOME": "/h", "CLAUDE_CONFIG_DIR": ""}) == Path("/h/.claude")
    assert account_dir({"HOME": "/h", "CLAUDE_CONFIG_DIR": "/c d"}) == Path("/c d")
    assert account_dir({}) == Path.home() / ".claude"


def test_registry_files(tmp_path: Path) -> None:
    assert list(registry_entries(tmp_path)) == []
    sessions = tmp_path / "sessions"
    sessions.mkdir()
    registry_path(tmp_path, 12).write_text("{}")
    assert (sessions / "12.json").exists()
    for name in ("12.key", "012.json", "x.json", "12.json.tmp", "１３.json", "99999999999.json"):
        (sessions / name).write_text("no")
    (sessions / "14.json").symlink_to(sessions / "12.json")
    os.mkfifo(sessions / "15.json")
    (sessions / "16.json").write_bytes(b"x" * 70_000)
    (sessions / "17.json").write_text("[17]")
    assert sorted(registry_entries(tmp_path)) == [(12, "{}"), (17, "[17]")]


def test_a_directory_is_looked_at_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_files, "ENTRIES", 5)
    (tmp_path / "sessions").mkdir()
    for pid in range(1, 20):
        registry_path(tmp_path, pid).write_text("{}")
    assert len(list(registry_entries(tmp_path))) == 5


@pytest.fixture
def account(tmp_path: Path) -> Path:
    for folder in ("-home-me-proj", "-home-me-other", "-x"):
        (tmp_path / "projects" / folder).mkdir(parents=True)
    (tmp_path / "projects" / "a file").write_text("")
    return tmp_path


def test_a_transcript_is_found_wherever_it_began(account: Path) -> None:
    assert transcript_path(account, ID) is None
    path = account / "projects" / "-home-me-other" / f"{ID}.jsonl"
    path.write_text("")
    assert transcript_path(account, ID) == path
    assert transcript_path(account, ID.upper()) == path
    assert transcript_path(account, ID, "/home/me/proj") == path
    assert transcript_path(account / "none", ID) is None


def test_the_directory_is_a_short_cut(account: Path) -> None:
    near = account / "projects" / "-home-me-proj" / f"{ID}.jsonl"
    far = account / "projects" / "-home-me-other" / f"{ID}.jsonl"
    near.write_text("")
    far.write_text("")
    os.utime(near, (1, 1))
    assert transcript_path(account, ID) == far
    assert transcript_path(account, ID, "/home/me/proj") == near


def test_the_short_cut_is_the_name_alone(account: Path, tmp_path: Path) -> None:
    """The directory is not touched: on a mount that hangs, who asks would hang too."""
    real = tmp_path / "Ünï_😀.d"
    (tmp_path / "link").symlink_to(real)
    prefix = "".join(char if char.isascii() and char.isalnum() else "-" for char in str(tmp_path))
    folder = account / "projects" / f"{prefix}--n-----d"
    folder.mkdir()
    (folder / f"{ID}.jsonl").write_text("")
    newer = account / "projects" / "-x" / f"{ID}.jsonl"
    newer.write_text("")
    os.utime(folder / f"{ID}.jsonl", (1, 1))
    assert transcript_path(account, ID, str(real)) == folder / f"{ID}.jsonl"
    assert transcript_path(account, ID, str(tmp_path / "link")) == newer
    assert transcript_path(account, ID, "/" + "y" * 300) == newer
    assert transcript_path(account, ID, "/\0") == newer


@pytest.mark.parametrize("name", ["", "x", "../x", ID + "\n", f"../-x/{ID}", ID + "/../x", "*"])
def test_only_a_uuid_becomes_a_path(account: Path, name: str) -> None:
    for folder in (account / "projects").iterdir():
        if folder.is_dir():
            (folder / f"{ID}.jsonl").write_text("")
            (folder / "x.jsonl").write_text("")
            (folder / f"{ID}\n.jsonl").write_text("")
            (folder / ID).mkdir()
    assert transcript_path(account, name) is None


def test_a_link_is_no_transcript(account: Path) -> None:
    (account / "projects" / "-x" / f"{ID}.jsonl").symlink_to("/dev/zero")
    assert transcript_path(account, ID) is None
