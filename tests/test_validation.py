"""The file of a conversation: what is sound, what is broken, and what is only odd."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tmuxclaude.survey import validation

ID = "0a1b2c3d-0000-4000-8000-000000000001"
OTHER = "0a1b2c3d-0000-4000-8000-000000000002"


def line(kind: str, second: int, conversation: str = ID) -> str:
    message: dict[str, object] = {"role": kind, "content": "hello"}
    message |= {"id": f"m{second}", "model": "opus"} if kind == "assistant" else {}
    stamp = f"2026-03-01T10:00:{second:02}.000Z"
    record = {"type": kind, "sessionId": conversation, "timestamp": stamp, "message": message}
    return json.dumps(record) + "\n"


SOUND = line("user", 1) + line("assistant", 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "projects" / "-srv"
    folder.mkdir(parents=True)
    return folder / f"{ID}.jsonl"


def check(file: Path, *, begun: bool = True) -> validation.Checked:
    return validation.check(str(file.parents[2]), ID, "/srv", begun=begun)


def test_facts_of_a_sound_file(file: Path) -> None:
    file.write_text(SOUND)
    found = check(file)
    assert (found.problems, found.notes) == ((), ())
    assert (found.path, found.size) == (str(file), len(SOUND))
    told = found.activity
    assert (told.prompts, told.replies, told.first_at, told.last_at) == (
        *(1, 1, 1772359201.0, 1772359202.0),
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "it is empty"),
        (SOUND + "no json\n", "lines without a JSON object: 1"),
        (line("user", 1, OTHER), f"its records belong to the conversation {OTHER}"),
        ('{"type": "summary"}\n', "it holds no record of this conversation"),
    ],
)
def test_a_broken_file(file: Path, content: str, problem: str) -> None:
    file.write_text(content)
    assert check(file).problems == (problem,)


def test_what_is_not_there_is_broken_only_when_something_was_said(file: Path) -> None:
    assert check(file).problems == ("missing",)
    unborn = check(file, begun=False)
    assert (unborn.problems, unborn.size) == ((), None)
    assert "nothing was said" in unborn.notes[0]


def test_what_is_no_regular_file_is_not_read(file: Path) -> None:
    os.mkfifo(file)
    assert check(file).problems == ("not a regular file",)
    file.unlink()
    file.symlink_to("/dev/zero")
    assert check(file, begun=False).problems == ("a symbolic link",)


def test_what_is_odd_is_only_noted(file: Path) -> None:
    file.write_text(SOUND + line("user", 3)[:-20])
    found = check(file)
    assert found.problems == ()
    assert "not finished" in found.notes[0]


def test_a_file_is_read_to_its_end(file: Path) -> None:
    many = 20_000
    file.write_text("".join(line("user", one % 60) for one in range(many)) + "]\n")
    found = check(file)
    assert found.activity.prompts == many
    assert found.problems == ("lines without a JSON object: 1",)
