"""A database that cannot be written: no journal, no key. The supervisor stays and goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.supervisor import faults
from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors

Trouble = Callable[[House], "contextmanager[None]"]


def pid(house: House) -> int:
    return house.ask(wire.Ping(), wire.Pong).pid


def notices(house: House) -> str:
    return " ".join(house.ask(wire.Ping(), wire.Pong).notices)


@contextmanager
def _locked(house: House) -> Iterator[None]:
    with faults.locked(house.paths.database):
        yield


@contextmanager
def _locked_by_a_stopped_program(house: House) -> Iterator[None]:
    with faults.locked(house.paths.database, stopped=True):
        yield


@contextmanager
def _full(house: House) -> Iterator[None]:
    with faults.no_more_bytes(pid(house)):
        yield


@contextmanager
def _sync_fails(house: House) -> Iterator[None]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here to make a disk fail")
    with faults.failing_sync(pid(house)):
        yield


@pytest.mark.parametrize("trouble", [_sync_fails, _locked, _locked_by_a_stopped_program, _full])
def test_without_a_journal_nothing_is_sent(house: House, trouble: Trouble) -> None:
    seat = house.limited("waits")
    seat.close_menu()
    before, mine = seat.keys(), pid(house)
    with trouble(house):
        house.let_it_be_due()
        until(lambda: "is not available" in notices(house), what=house.log)
        shown = house.run("status")
        assert "is not available" in shown.stdout + shown.stderr
        seat.never(lambda: seat.keys() != before, 3.0)
        assert pid(house) == mine
        listed = house.run("list")
        assert (listed.returncode, "is not available" in listed.stderr) == (0, True)
    seat.has_turns(TASK, OURS)
    assert seat.steps() == ["due", "typing", "typed", "entering", "confirmed"]
    until(lambda: not notices(house), what=lambda: notices(house))


def test_a_small_disk_that_is_full_and_is_not_any_more(closed_house: House) -> None:
    state = closed_house.paths.state_dir
    state.mkdir(mode=0o700)
    try:
        disk = faults.small_disk(state, 4096)
        disk.__enter__()
    except subprocess.CalledProcessError as problem:
        pytest.skip(f"a disk can be mounted only by root: {problem.stderr!r}")
    try:
        house = closed_house.start()
        seat = house.limited("full")
        seat.close_menu()
        before = seat.keys()
        with faults.full(state):
            house.let_it_be_due()
            until(lambda: "is not available" in notices(house), what=house.log)
            seat.never(lambda: seat.keys() != before, 2.0)
        seat.has_turns(TASK, OURS)
        house.stop()
    finally:
        disk.__exit__(None, None, None)


@pytest.mark.parametrize("way", ["locked", "read-only"])
def test_it_waits_for_a_database_that_is_not_available_at_its_start(
    house: House, way: str, tmp_path: Path
) -> None:
    seat = house.limited("late")
    house.kill() if way == "locked" else house.stop()
    if way == "locked":
        trouble = faults.locked(house.paths.database, readers_too=True)
    else:
        house.launcher = faults.WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []
        trouble = faults.read_only(house.paths.state_dir)
    with trouble:
        house.start()
        assert "is not available" in notices(house)
        refused = house.run("stop", "late")
        assert refused.returncode == errors.UnreachableError.exit_code
        assert "is not available" in refused.stderr
        if way == "locked":
            assert "is not available" in house.run("list").stderr
    until(lambda: not notices(house), what=lambda: notices(house))
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)


@pytest.mark.parametrize("trouble", [_locked, _full])
def test_a_name_that_cannot_be_kept_is_not_given_to_the_window(
    house: House, trouble: Trouble
) -> None:
    seat = house.new("api").idle()
    with trouble(house):
        done = house.run("rename", "api", "web")
        assert (done.returncode, "is not available" in done.stderr) == (5, True)
        assert seat.show("#{window_name}") == "api"
    until(lambda: not notices(house), what=lambda: notices(house))
    seat.never(lambda: (seat.row()["name"], seat.show("#{window_name}")) != ("api", "api"))
    assert house.run("rename", "api", "web").returncode == 0
    assert (seat.row()["name"], seat.show("#{window_name}")) == ("web", "web")
