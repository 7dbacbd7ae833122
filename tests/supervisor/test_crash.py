"""kill -9 of the supervisor at every step of a resume: exactly one turn, or a person is asked.

A supervisor that starts finds the journal at one step and the world as that step may have left it;
here the test writes the step and makes the world.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.supervisor.house import AHEAD, MENU, OURS, SLACK, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.core import errors
from tmuxclaude.core.model import Attempt, Step


def nothing(seat: Seat) -> None:
    """The deed was never done."""


def pasted(seat: Seat, text: str = OURS) -> None:
    """Our text is in the prompt box."""
    seat.server.say("set-buffer", "-b", "test", "--", text)
    seat.server.say("paste-buffer", "-p", "-r", "-d", "-b", "test", "-t", seat.pane)
    seat.shows(text[:60])


def entered(seat: Seat) -> None:
    """Our text is a turn."""
    pasted(seat)
    seat.press("Enter")
    until(lambda: seat.turns() == [TASK, OURS])


def extended(seat: Seat) -> None:
    """Its user wrote on behind our text."""
    pasted(seat)
    seat.server.say("send-keys", "-t", seat.pane, "-l", " and be quick")


ONE, ASKED = [TASK, OURS], [TASK]
STORIES: list[tuple[Step, Callable[[Seat], None], list[str]]] = [
    (Step.DUE, nothing, ONE),
    (Step.TYPING, nothing, ONE),
    (Step.TYPING, pasted, ONE),
    (Step.TYPED, pasted, ONE),
    (Step.TYPED, nothing, ASKED),
    (Step.TYPED, extended, ASKED),
    (Step.ENTERING, pasted, ONE),
    (Step.ENTERING, entered, ONE),
]


@pytest.mark.parametrize(
    ("step", "world", "turns"),
    STORIES,
    ids=[f"{step}-{world.__name__}" for step, world, _ in STORIES],
)
def test_a_new_supervisor_goes_on_from_the_world(
    house: House, step: Step, world: Callable[[Seat], None], turns: list[str]
) -> None:
    seat = house.limited("crashed")
    seat.close_menu()
    house.kill()
    size = sum(path.stat().st_size for path in (house.home / ".claude").glob("projects/*/*"))
    world(seat)
    at = time.time() + AHEAD + SLACK
    with house.books() as books:
        halt = books.halts.current(seat.uid)
        assert halt is not None
        books.halts.begin(
            Attempt(
                id=0,
                session=seat.uid,
                number=1,
                text=OURS,
                step=step,
                opened_at=at,
                halt=halt.id,
                record=halt.record,
                conversation=seat.conversation,
                offset=size,
                stepped_at=at,
            )
        )
    house.let_it_be_due()
    house.start()
    if (step, world) == (Step.TYPED, nothing):
        house.let_it_be_due(11)  # the text has 10 s to show
    until(lambda: seat.attempts()[0]["step"] in ("confirmed", "needs_human"), what=seat.story)
    seat.never(lambda: len(seat.turns()) > len(turns))
    assert (seat.turns(), len(seat.attempts())) == (turns, 1), seat.story()
    assert (seat.attempts()[0]["step"] == "confirmed") == (turns == ONE), seat.story()
    if turns == ASKED:
        seat.awaits("you")


PLACES = ["typing-after", "type-after", "typed-after", "entering-after", "enter-after"]


@pytest.mark.parametrize("place", [*PLACES, "escape-after", "finish-before", "finish-after"])
def test_killed_at_a_place_of_a_resume(house: House, place: str) -> None:
    seat = house.limited("killed").shows(MENU)
    house.stop()
    house.let_it_be_due()
    house.start_to_die(place)
    house.start()
    seat.has_turns(TASK, OURS)
    assert seat.prompts() == [TASK, OURS]
    assert len(seat.attempts()) == 1


@pytest.mark.parametrize(
    "place", ["launching-after", "launch-after", "launched-before", "launched-after"]
)
def test_killed_at_a_place_of_a_relaunch(house: House, place: str) -> None:
    seat = house.limited("killed")
    seat.kill()
    seat.is_("lost")
    house.stop()
    house.let_it_be_due()
    house.start_to_die(place)
    house.start()
    until(lambda: seat.attempts()[0]["step"] == "confirmed", what=seat.story)
    seat.never(lambda: len(seat.turns()) > 2)
    assert seat.prompts() == [TASK, OURS]
    assert len(seat.log("start")) == 2
    seat.is_("idle")
    until(lambda: seat.halts()[0]["ended_at"], what=seat.story)
    assert seat.halts()[0]["ended_by"] == "tmuxclaude"


def test_a_first_start_that_was_not_written_down_is_found_again(closed_house: House) -> None:
    house = closed_house
    house.start("launched-before")
    with pytest.raises(errors.UnreachableError):
        house.new("begun")
    house.start()
    seat = house.find("begun")
    seat.is_("idle")
    seat.say(TASK)
    seat.has_turns(TASK)


def test_a_relaunch_in_a_new_window_that_was_not_written_down_is_found_again(house: House) -> None:
    seat = house.limited("moved")
    seat.server.kill()
    seat.is_("lost")
    seat.server.start()
    house.stop()
    house.let_it_be_due()
    house.start_to_die("launched-before")
    house.start()
    until(lambda: seat.attempts()[0]["step"] == "confirmed", what=seat.story)
    seat.never(lambda: len(seat.turns()) > 2)
    seat.is_("idle")
    assert len(seat.log("start")) == 2


def test_a_tmux_that_is_stopped_at_the_keystroke_gets_it_once(house: House) -> None:
    """tmux hangs from before the due time on; what was asked of it meanwhile is void."""
    seat = house.limited("hangs").shows(MENU)
    server = seat.server.process().pid
    os.kill(server, signal.SIGSTOP)
    try:
        house.let_it_be_due()
        until(lambda: "process: unknown" in house.explain("hangs"))
        assert seat.state == "limited"
        house.kill()
    finally:
        os.kill(server, signal.SIGCONT)
    house.start()
    seat.has_turns(TASK, OURS)
