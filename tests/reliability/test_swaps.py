"""No shell ever runs the resume text, whenever Claude Code ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.reliability.swaps import NO_MENU, PART, Swapping
from tests.supervisor.house import NBSP, OURS
from tests.waiting import until


@pytest.fixture
def swapping(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[Swapping]:
    house = Swapping(tmp_path, new_tmux_server().start(100, 30))
    yield house
    house.stop()


@pytest.mark.parametrize("shell_behind", [False, True])
def test_no_shell_runs_our_text(swapping: Swapping, shell_behind: bool) -> None:
    found = swapping.swap(16, shell_behind=shell_behind)
    print(found)
    assert found.run == 0
    assert found.inherited > 0, "the shell found our text: only the missing Enter held it back"
    assert found.delivered + found.inherited + found.other == 16


def test_the_trap_catches_what_is_sent_without_a_guard(swapping: Swapping) -> None:
    assert swapping.naive(8)


def test_a_prompt_line_that_a_shell_left_standing_is_not_typed_into(swapping: Swapping) -> None:
    """It became a shell long ago, but its prompt line still stands above that of the shell."""
    ends = {"exit_on_byte": [0, 1], "exits_to_shell": True, "classic": True}
    swapping.start()
    seat = swapping.open("left", **(PART | NO_MENU | ends))
    until(lambda: seat.row()["halt"] is not None, what=seat.story)
    seat.press("Tab")
    until(lambda: seat.log("exit"), what=seat.story)
    seat.shows("bash")
    assert f"\n❯{NBSP}\n" in f"{seat.screen()}\n", seat.screen()
    swapping.let_it_be_due(120)
    until(seat.attempts, what=seat.story)
    seat.never(lambda: OURS[:20] in seat.screen(), 1.5)


def test_only_the_program_that_was_noted_is_typed_into(swapping: Swapping) -> None:
    swapping.start()
    seat = swapping.open("noted", **(PART | NO_MENU))
    until(lambda: seat.row()["halt"] is not None, what=seat.story)
    swapping.stop()
    with swapping.books() as books:
        [session] = books.sessions.all()
        assert session.program == seat.show("#{pane_current_command}")
        books.sessions.save(replace(session, program="another"))
    swapping.start()
    swapping.let_it_be_due(120)
    seat.waits_because("another program is in the foreground")
    seat.never(seat.keys, 1.5)
