"""What a child brings back of a transcript and a work tree, case by case."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.edges.repositories import Repository
from tests.supervisor import faults
from tests.supervisor.faults import full
from tmuxclaude.chores import comeback
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.demo import files
from tmuxclaude.store.checkpoints import BRINGS
from tmuxclaude.supervisor.checkpoint_child import answer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def order(home: Path, directory: Path, **more: Any) -> dict[str, Any]:
    """To take a checkpoint of a conversation with one prompt."""
    account, conversation = str(home / ".claude"), files.new_id()
    transcript = files.Transcript(account, str(directory), conversation, absent=False)
    transcript.write("user", text="do it", prompt_id=files.new_id())
    return {
        "do": "take",
        "id": "one",
        "conversation": conversation,
        "account": account,
        "directory": str(directory),
        "transcript": "",
        "home": str(home),
        "problem": "",
        "at": 1_700_000_000.0,
        "snapshot": "on",
        "max_bytes": 2**20,
        "again": False,
        "git": True,
    } | more


def brought(home: Path, directory: Path, **more: Any) -> dict[str, Any]:
    found = answer(order(home, directory, **more))
    assert found.keys() == {"brought"}, found
    assert found["brought"].keys() == set(BRINGS)
    assert json.loads(found["brought"]["recap"])["first"] == "do it"
    return dict(found["brought"])


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[None]:
    disk = faults.small_disk(place, kilobytes)
    try:
        disk.__enter__()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root mounts a disk")
    try:
        yield
    finally:
        disk.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [({"snapshot": "off"}, "snapshot is off"), ({"max_bytes": 2**19}, "1 MB differ, above")],
)
def test_only_hashes(home: Path, given: dict[str, Any], why: str) -> None:
    repository = Repository.new(home / "p", home)
    repository.write("large", "x" * 2**20)
    found = brought(home, repository.path, **given)
    assert (found["snapshot"], found["changed"]) == ("", 1)
    assert why in found["problem"]
    [[path, letter, size, digest]] = json.loads(found["files"])
    assert (path, letter, size, len(digest)) == ("large", "?", 2**20, 64)
    assert repository.git("for-each-ref", "refs/tmuxclaude") == ""


def test_a_snapshot_says_what_it_is(home: Path) -> None:
    repository = Repository.new(home / "p", home)
    repository.write("new", "x")
    found = brought(home, repository.path)
    assert (found["problem"], found["branch"]) == ("", "main")
    message = repository.git("log", "-1", "--format=%B", found["snapshot"])
    assert message.splitlines() == ["tmuxclaude checkpoint one", "", "asked first: do it", ""]


def test_where_there_is_nothing_to_keep_it_is_said(home: Path) -> None:
    (home / "plain").mkdir()
    assert "not in a git repository" in brought(home, home / "plain")["problem"]
    for missing in ("gone", "x" * 300, "\0"):
        assert "not in a git repository" in brought(home, home / missing)["problem"]
    assert brought(home, home / "plain", git=False, problem="slow")["problem"] == "slow"
    Repository.new(home, home)
    assert "home directory" in brought(home, home)["problem"]
    assert "home directory" in brought(home, home.parent)["problem"]


def test_without_its_transcript_the_work_is_kept(home: Path) -> None:
    told = answer(order(home, home) | {"conversation": files.new_id()})
    assert told["for_good"]
    assert "transcript of the conversation is gone" in told["problem"]
    repository = Repository.new(home / "p", home)
    repository.write("new", "x")
    given = order(home, repository.path) | {"conversation": files.new_id()}
    row = given | answer(given)["brought"]
    assert row["problem"] == "the transcript of the conversation is gone, so only the work was kept"
    assert repository.shown(row["snapshot"], "new") == "x"
    with pytest.raises(RefusedError, match="nothing to resume, so nothing was made"):
        comeback.needs_transcript(row)
    for inside in (repository.path / ".git/zz", home / ".git/a/b"):
        with pytest.raises(RefusedError, match="nothing was made"):
            comeback.restore(row, str(inside), str(home))
    assert brought(home, repository.path, id="two")["problem"] == ""


def test_a_transcript_that_cannot_be_read_is_said(home: Path) -> None:
    repository = Repository.new(home / "p", home)
    given = order(home, repository.path)
    [original] = (home / ".claude").rglob("*.jsonl")
    link = original.parents[1] / "elsewhere" / original.name
    link.parent.mkdir()
    link.symlink_to(original)
    found = answer(given | {"transcript": str(link)})["brought"]
    assert (found["offset"], found["head"]) == (0, repository.git("rev-parse", "HEAD").strip())
    why = "the transcript of the conversation cannot be read (a symbolic link)"
    assert found["problem"] == f"{why}, so only the work was kept"
    told = answer(given | {"transcript": str(link), "directory": str(home)})
    assert told == {"problem": f"{why}, and there is no work in git to keep", "for_good": True}


def test_a_copy_of_a_project_has_a_conversation_of_its_own(home: Path) -> None:
    given = order(home, home / "p")
    [original] = (home / ".claude").rglob("*.jsonl")
    copy = original.parents[1] / "elsewhere" / original.name
    copy.parent.mkdir()
    copy.write_text(original.read_text().replace("do it", "do the other"))
    firsts = [
        json.loads(answer(given | {"transcript": str(path)})["brought"]["recap"])["first"]
        for path in (original, copy, home / "nowhere" / copy.name)
    ]
    assert firsts == ["do it", "do the other", "do it"]


def test_what_a_snapshot_lacks_is_said(home: Path) -> None:
    repository = Repository.new(home / "p", home)
    Repository.new(repository.path / "nested", home)
    repository.write(".gitattributes", "*.txt working-tree-encoding=UTF-16\n")
    repository.write("new", "x")
    repository.write("a.txt", "one more\n")
    repository.write("new.txt", "new\n")
    found = brought(home, repository.path)
    assert repository.shown(found["snapshot"], "a.txt") == "one\n"
    assert repository.listed(found["snapshot"]) >= {"new", "dir/b.txt", ".gitattributes"}
    assert found["problem"] == (
        "git does not take a.txt, new.txt; "
        "work in submodules and nested repositories is not kept: nested"
    )


def test_a_disk_is_never_filled(home: Path) -> None:
    place = home / "disk"
    place.mkdir()
    with small_disk(place, 4096):
        repository = Repository.new(place / "p", home)
        repository.write("some", os.urandom(2**20))
        assert brought(home, repository.path)["problem"] == ""
        repository.write("more", os.urandom(2**20))
        before = os.statvfs(place).f_bavail
        found = brought(home, repository.path, id="two", max_bytes=2**22)
        assert (found["changed"], found["snapshot"]) == (2, "")
        assert "only hashes were kept: the disk" in found["problem"]
        assert os.statvfs(place).f_bavail == before


def test_a_disk_without_room_for_what_git_says_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.new(home / "p", home)
    place = home / "disk"
    place.mkdir()
    with small_disk(place, 256):
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        with full(place):
            told = answer(order(home, repository.path))
    assert f"no room is left on the disk of {place}" in told["problem"]


def test_a_second_try_takes_the_place_of_what_the_first_one_left(home: Path) -> None:
    repository = Repository.new(home / "p", home)
    first = brought(home, repository.path)["snapshot"]
    assert "reference already exists" in answer(order(home, repository.path))["problem"]
    repository.write("new", "x")
    second = brought(home, repository.path, again=True)["snapshot"]
    assert second != first
    assert second in repository.git("for-each-ref", "refs/tmuxclaude")
    drop: dict[str, Any] = {"do": "drop", "home": str(home), "ids": ["one"]}
    drop |= {"directory": str(repository.path), "repository": "", "needed": False}
    assert answer(drop) == answer(drop) == {}
    assert repository.git("for-each-ref", "refs/tmuxclaude") == ""
    assert answer(drop | {"directory": str(home / "gone")}) == {}
    away = drop | {"repository": str(home / "gone")}
    assert answer(away) == {}
    assert "no repository of yours at" in answer(away | {"needed": True})["problem"]


def test_the_work_tree_may_be_gone(home: Path) -> None:
    """Both for coming back to what was kept, and for dropping it."""
    repository = Repository.new(home / "p", home)
    repository.git("worktree", "add", "-q", str(home / "side"))
    (home / "side" / "a.txt").write_text("beside\n")
    found = brought(home, home / "side")
    assert found["repository"] == str(repository.path / ".git")
    repository.git("worktree", "remove", "--force", str(home / "side"))
    kept = repository.git("for-each-ref", "--format=%(objectname)", "refs/tmuxclaude")
    assert kept.strip() == found["snapshot"]
    row = found | {"id": "one"}
    back = comeback.restore(row, None, str(home))
    assert (back, (back / "a.txt").read_text()) == (home / "side-checkpoint-one", "beside\n")
    with pytest.raises(RefusedError, match=r"the work tree .*/side is gone"):
        comeback.difference(row, None, str(home))
    for gone in (str(home / "gone"), ""):
        with pytest.raises(RefusedError, match=r"the repository .* is gone"):
            comeback.restore(row | {"repository": gone}, None, str(home))
    place = {"directory": str(home / "side"), "repository": found["repository"]}
    drop = {"do": "drop", "home": str(home), "ids": ["one"], "needed": True}
    assert answer(drop | place) == {}
    assert repository.git("for-each-ref", "refs/tmuxclaude") == ""


def test_a_line_without_end_is_skipped_and_costs_no_memory(home: Path) -> None:
    given = order(home, home)
    [path] = (home / ".claude" / "projects").rglob("*.jsonl")
    with path.open("a") as file:
        file.truncate(300 * 2**20)
    tracemalloc.start()
    told = answer(given)["brought"]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert json.loads(told["recap"])["first"] == "do it"
    assert most < 40 * 2**20
