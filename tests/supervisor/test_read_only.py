"""A home that turns read-only under a supervisor that runs, and what is written after that."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.supervisor import faults
from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire


def test_a_directory_that_turns_read_only_stops_nothing_that_is_open(closed_house: House) -> None:
    """The journal's files are open, so it can be written, and what is written may be done."""
    closed_house.launcher = faults.WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []
    house = closed_house.start()
    seat = house.limited("open")
    with faults.read_only(house.paths.state_dir):
        house.let_it_be_due()
        seat.has_turns(TASK, OURS)
        assert seat.steps() == ["due", "typing", "typed", "entering", "confirmed"]
        assert house.run("list").returncode == 0


@pytest.fixture
def read_only_disk(house: House) -> Callable[[], AbstractContextManager[None]]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not here to make a disk read-only")
    return lambda: faults.failing(house.ask(wire.Ping(), wire.Pong).pid, "pwrite64", "EROFS")


def is_unavailable(house: House) -> bool:
    return "is not available" in str(house.ask(wire.Ping(), wire.Pong).notices)


def test_a_disk_that_turns_read_only_stops_every_key(
    house: House, read_only_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    seat = house.limited("shut")
    keys, pid = seat.keys(), house.ask(wire.Ping(), wire.Pong).pid
    with read_only_disk():
        house.let_it_be_due()
        until(lambda: is_unavailable(house), what=house.log)
        seat.never(lambda: seat.keys() != keys, 1.5)
        assert house.run("list").returncode == 0
    seat.has_turns(TASK, OURS)
    assert house.ask(wire.Ping(), wire.Pong).pid == pid


def test_it_is_available_again_when_it_can_be_written_and_not_when_nothing_is_to_be_written(
    house: House, read_only_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    seat = house.new("quiet", work_seconds=1.0).idle()
    seat.say(TASK)
    until(lambda: [kind for kind, _ in seat.events()].count("state") == 3, what=seat.story)
    seat.idle()
    with read_only_disk():
        seat.say("more")
        until(lambda: is_unavailable(house), what=house.log)
        until(lambda: seat.screen().count("Done.") == 2, what=seat.story)
        seat.never(lambda: not is_unavailable(house), 1.5)
    until(lambda: not is_unavailable(house), what=house.log)
    with read_only_disk():
        seat.kill()
        until(lambda: is_unavailable(house), what=house.log)
    seat.is_("lost")
