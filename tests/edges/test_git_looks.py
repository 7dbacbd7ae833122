"""Many work trees at once, in real repositories: one look for each, in the time that there is."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.edges.repositories import Repository
from tests.waiting import until
from tmuxclaude.core.conversations import Uncommitted
from tmuxclaude.edges.git import looks
from tmuxclaude.edges.git.looks import GONE, NO_REPOSITORY, TOO_SLOW, UNKNOWN, uncommitted

PATH = os.environ["PATH"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def counted(calls: Path, monkeypatch: pytest.MonkeyPatch, wait: float = 0) -> None:
    """From now on calls of git are written down; ``wait``: and only sleep for so many seconds."""
    programs = calls.parent / "bin"
    programs.mkdir()
    does = f"exec sleep {wait}" if wait else f'PATH="{PATH}" exec git "$@"'
    script = f'#!/bin/sh\necho "$3" >>"{calls}"\n{does}\n'
    (programs / "git").write_text(script)
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{PATH}")


def test_what_is_known_of_each_directory(home: Path, tmp_path: Path) -> None:
    clean = Repository.new(tmp_path / "clean", home)
    dirty = Repository.new(tmp_path / "dirty", home)
    dirty.write("a.txt", "other\n")
    dirty.write("new.txt", "new\n")
    plain = tmp_path / "plain"
    plain.mkdir()
    known = {
        str(clean.path): Uncommitted(0),
        str(dirty.path): Uncommitted(2),
        str(dirty.path / "dir"): Uncommitted(2),
        str(plain): NO_REPOSITORY,
        str(tmp_path / "gone"): GONE,
        "": UNKNOWN,
        "relative": UNKNOWN,
        "/no\0path": GONE,
        f"/{'x' * 300}": GONE,
    }
    assert uncommitted(known, str(home)) == known
    assert uncommitted([], str(home)) == {}


def test_a_work_tree_is_looked_at_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Repository.new(tmp_path / "one", home)
    places = [one.path / f"d{number}" for number in range(8)]
    for place in places:
        place.mkdir()
    (tmp_path / "link").symlink_to(one.path)
    counted(tmp_path / "calls", monkeypatch)
    found = uncommitted([*map(str, places), str(tmp_path / "link")], str(home))
    assert set(found.values()) == {Uncommitted(0)}
    assert (tmp_path / "calls").read_text().split().count("diff-files") == 1


def test_nobody_waits_longer_than_was_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [str(Repository.new(tmp_path / f"r{number}", home).path) for number in range(6)]
    (tmp_path / "plain").mkdir()
    counted(tmp_path / "calls", monkeypatch, wait=30)
    began, threads = time.monotonic(), threading.active_count()
    found = uncommitted([str(tmp_path / "plain"), *names], str(home), 0.5)
    assert time.monotonic() - began < 20
    assert found.pop(str(tmp_path / "plain")) == NO_REPOSITORY
    assert set(found.values()) == {TOO_SLOW}
    until(lambda: threading.active_count() == threads)  # and git is ended


def test_one_that_git_refuses_costs_the_others_nothing(home: Path, tmp_path: Path) -> None:
    good = Repository.new(tmp_path / "good", home)
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / ".git").write_text("gitdir: /nowhere\n")
    found = looks.uncommitted([str(bad), str(good.path)], str(home))
    assert found[str(good.path)] == Uncommitted(0)
    assert found[str(bad)].files is None
    assert found[str(bad)].why
