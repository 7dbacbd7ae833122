"""Each file of the spool is taken in once, whatever lies there, and files are written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.store.processes import start
from tests.waiting import until
from tmuxclaude.edges import spool

WRITER = """
import sys
from pathlib import Path
from tmuxclaude.edges import spool
number = 0
while True:
    spool.write(Path(sys.argv[1]), str(number % 10) * 200_000)
    number += 1
"""


def drop(folder: Path, name: str, text: str, at: int) -> Path:
    path = folder / name
    path.write_text(text)
    os.utime(path, ns=(at, at))
    return path


def taken(folder: Path) -> list[tuple[str, str, float]]:
    """What hooks have told (nonce, text, time); it is done, and the files are gone."""
    told = spool.told(folder)
    for one in told:
        one.remove()
    return [(one.nonce, one.text, one.at) for one in told]


def test_what_is_not_done_lies_there_for_the_next(tmp_path: Path) -> None:
    for number in (1, 2):
        drop(tmp_path, f"a.{number}.json", str(number), number)
    first, second = spool.told(tmp_path)
    first.remove()
    assert spool.told(tmp_path) == [second]


def test_files_are_taken_once_oldest_first(tmp_path: Path) -> None:
    drop(tmp_path, "a1.3.json", "third", 3 * 10**9)
    drop(tmp_path, "b2.1.json", "first", 10**9)
    drop(tmp_path, "a1.2.json", "second", 2 * 10**9)
    assert taken(tmp_path) == [
        ("b2", "first", 1),
        ("a1", "second", 2),
        ("a1", "third", 3),
    ]
    assert taken(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_being_written_is_left(tmp_path: Path) -> None:
    half = drop(tmp_path, ".a1.2.json.new", "ha", 1)
    other = drop(tmp_path, "a1.2.json~", "x", 1)
    assert taken(tmp_path) == []
    assert half.exists()
    assert other.exists()


def test_a_spool_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert taken(tmp_path / "none") == []
    assert taken(drop(tmp_path, "file", "x", 1)) == []


def test_very_many_are_taken_in_portions(tmp_path: Path) -> None:
    for number in range(spool.FILES_AT_ONCE + 10):
        drop(tmp_path, f"a.{number}.json", str(number), number + 1)
    first, second = taken(tmp_path), taken(tmp_path)
    texts = [text for _, text, _ in first + second]
    assert (len(first), len(second)) == (spool.FILES_AT_ONCE, 10)
    assert texts == [str(number) for number in range(spool.FILES_AT_ONCE + 10)]


def test_what_is_no_plain_file_of_ours_is_not_read_and_does_not_stay(tmp_path: Path) -> None:
    secret = drop(tmp_path, "secret", "do not read", 1)
    (tmp_path / "link.json").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe.json")
    drop(tmp_path, "big.json", "x" * (spool.LARGEST_BYTES + 1), 2)
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    drop(tmp_path, "good.json", "{}", 3 * 10**9)
    assert taken(tmp_path) == [("good", "{}", 3)]
    assert list(tmp_path.iterdir()) == [secret]
    assert secret.read_text() == "do not read"


def test_a_directory_with_the_name_of_a_file_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    drop(tmp_path, "good.json", "{}", 3 * 10**9)
    assert taken(tmp_path) == [("good", "{}", 3)]
    assert taken(tmp_path) == []


def test_what_is_written_is_private_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "hooks.json"
    before = os.umask(0)
    try:
        for text in ("a longer one", "é"):
            spool.write(path, text)
            assert path.read_text() == text
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = drop(tmp_path, "victim", "mine", 1)
    (tmp_path / "hooks.json").symlink_to(victim)
    spool.write(tmp_path / "hooks.json", "x")
    assert victim.read_text() == "mine"
    assert not (tmp_path / "hooks.json").is_symlink()


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hooks.json"
    writers = [start(WRITER, path) for _ in range(3)]
    try:
        until(path.exists)
        seen = {path.read_text() for _ in range(300)}
        assert [writer.poll() for writer in writers] == [None] * 3, "none was in another's way"
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert len(seen) > 1
    assert all(len(text) == 200_000 and len(set(text)) == 1 for text in seen)


def test_what_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "hooks.json").mkdir()
    with pytest.raises(IsADirectoryError):
        spool.write(tmp_path / "hooks.json", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["hooks.json"]
