"""A directory on a mount that does not answer, as sshfs after a sleep, delays nobody else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.edges import directories


def hanging(directory: Path) -> list[str]:
    """What stands before a command for which this directory answers only after a minute."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not here to make a directory hang")
    late = ["-e", "trace=%file", "-e", "inject=%file:delay_enter=60s"]
    return ["strace", "-D", "-f", "-q", "-o", "/dev/null", "-P", str(directory), *late]


def answer_again(pid: int) -> None:
    """For the process with this pid the directory answers from now on."""
    status = Path(f"/proc/{pid}/status").read_text()
    [tracer] = [int(line.split()[1]) for line in status.splitlines() if "TracerPid" in line]
    os.kill(tracer, signal.SIGKILL)


@contextmanager
def hung(house: House, directory: Path) -> Iterator[None]:
    """A supervisor runs for which this directory does not answer, and then it does again."""
    house.launcher = hanging(directory)
    house.start()
    house.launcher = []
    try:
        yield
    finally:
        answer_again(house.ask(wire.Ping(), wire.Pong).pid)


@pytest.fixture
def mount(closed_house: House) -> Path:
    directory = closed_house.server.directory / "mount"
    directory.mkdir()
    return directory


def test_who_lives_there_and_who_does_not_are_found_again(closed_house: House, mount: Path) -> None:
    house = closed_house.start()
    there = house.new("there", directory=mount).idle()
    there.say(TASK)
    there.has_turns(TASK)
    here = house.limited("here")
    house.kill()
    with hung(house, mount):
        house.let_it_be_due()
        here.has_turns(TASK, OURS)
        there.say("more")
        until(lambda: there.row()["prompts"] == 2, what=there.story)


def test_one_that_lives_there_is_not_started_again_and_the_others_go_on(
    closed_house: House, mount: Path
) -> None:
    house = closed_house.start()
    there = house.new("there", directory=mount).idle()
    there.say(TASK)
    there.has_turns(TASK)
    there.kill()
    there.is_("lost")
    here = house.limited("here")
    house.kill()
    with hung(house, mount):
        for _ in range(2):
            began = time.monotonic()
            [verdict] = house.resume("there")
            assert time.monotonic() - began < 5
            assert (verdict.done, verdict.code) == ("refused", "unreachable")
            assert f"{mount} does not answer" in verdict.why
        house.let_it_be_due()
        here.has_turns(TASK, OURS)
        assert there.state == "lost"
    until(lambda: house.resume("there")[0].done == "reopens", what=there.story)
    there.idle()


def test_nobody_is_sent_after_one_that_was_left_behind(tmp_path: Path) -> None:
    asked = f"""
import threading
from tmuxclaude.core.errors import UnreachableError
from tmuxclaude.edges import directories
for _ in range(3):
    try:
        print(directories.is_there({str(tmp_path)!r}, 0.2))
    except UnreachableError as problem:
        print(problem)
print(threading.active_count(), flush=True)
input()
"""
    command = [*hanging(tmp_path), sys.executable, "-c", asked]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        try:
            assert one.stdout is not None
            said = [one.stdout.readline() for _ in range(4)]
        finally:
            answer_again(one.pid)
        one.communicate("\n", timeout=20)
    assert all("does not answer" in line for line in said[:3])
    assert said[3] == "2\n"


def test_what_answers_is_told_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    threads = threading.active_count()
    assert directories.is_there(str(tmp_path))
    assert not directories.is_there(str(tmp_path / "file"))
    assert not directories.is_there(str(tmp_path / "none"))
    assert not directories.is_there("/\0")
    until(lambda: threading.active_count() == threads)


def test_a_look_that_does_not_end_is_told_of(closed_house: House) -> None:
    house = closed_house.start()
    seat = house.new("there").idle()
    seat.say(TASK)
    seat.has_turns(TASK)
    [transcript] = house.home.glob(f".claude/projects/*/{seat.conversation}.jsonl")
    house.kill()
    hangs = f"the look at the sessions at {house.server.socket} has not ended for 10 s"
    with hung(house, transcript):
        until(lambda: hangs in house.run("supervisor", "status").stdout)
    until(lambda: house.ask(wire.Ping(), wire.Pong).notices == [])
