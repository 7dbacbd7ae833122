"""A file whose mark is the same has not changed; where that is not sure there is no mark."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tmuxclaude.edges.claude_files import mark

OLD = time.time() - 100


def old(path: Path, text: str = "idle") -> Path:
    path.write_text(text)
    os.utime(path, (OLD, OLD))
    return path


def test_a_file_that_did_not_change_keeps_its_mark(tmp_path: Path) -> None:
    path = old(tmp_path / "a")
    first = mark(path)
    assert first is not None
    path.read_text()
    assert mark(path) == first


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("busy"),
        lambda path: os.utime(path, (OLD + 1, OLD + 1)),
        lambda path: old(path, "busy"),
        lambda path: old(path.with_name("b")).replace(path),
        lambda path: os.truncate(path, 1),
        lambda path: path.unlink(),
    ],
)
def test_whatever_changes_a_file_changes_its_mark(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    path = old(tmp_path / "a")
    first = mark(path)
    change(path)
    assert first is not None
    assert mark(path) != first


@pytest.mark.parametrize("seconds", [0.0, -1.0, 3600.0])
def test_a_young_file_has_no_mark(seconds: float, tmp_path: Path) -> None:
    path = old(tmp_path / "a")
    at = time.time() + seconds
    os.utime(path, (at, at))
    assert mark(path) is None


def test_what_is_no_plain_file_has_no_mark(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(old(tmp_path / "a"))
    for path in (tmp_path, tmp_path / "link", tmp_path / "none", tmp_path / "a" / "b"):
        assert mark(path) is None
    assert mark(Path("a\0b")) is None
