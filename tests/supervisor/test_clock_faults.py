"""Clocks that step, leap and sleep under a real supervisor."""

from __future__ import annotations

from tests.supervisor.house import AHEAD, LIMIT, OURS, SLACK, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire

RESET = AHEAD + SLACK
HOUR = 3600.0


def notices(house: House) -> str:
    return " ".join(house.ask(wire.Ping(), wire.Pong).notices)


def test_a_sleep_over_the_reset_is_resumed_once_after_a_minute(house: House) -> None:
    seat = house.limited("asleep")
    before = seat.keys()
    house.shift_clocks(RESET, 0, RESET)
    until(lambda: "slept" in notices(house), what=house.log)
    seat.never(lambda: seat.keys() != before or seat.attempts(), 2.0)
    house.shift_clocks(RESET + 61, 61, RESET + 61)
    seat.has_turns(TASK, OURS)
    assert not notices(house)


def test_a_leap_ahead_that_is_taken_back_sends_nothing(house: House) -> None:
    seat = house.limited("leaps")
    before = seat.keys()
    house.shift_clocks(50 * 365 * 24 * HOUR)
    until(lambda: "leapt" in notices(house), what=house.log)
    seat.never(lambda: seat.keys() != before or seat.attempts(), 1.5)
    house.shift_clocks(0)
    until(lambda: not notices(house), what=house.log)
    seat.never(lambda: seat.keys() != before or seat.attempts(), 1.5)
    assert seat.state == "limited"
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)


def test_a_leap_ahead_that_stands_is_believed_after_five_minutes(house: House) -> None:
    seat = house.limited("stands")
    before = seat.keys()
    house.shift_clocks(2 * HOUR)
    until(lambda: "leapt" in notices(house), what=house.log)
    house.shift_clocks(2 * HOUR + 240, 240, 240)
    seat.never(lambda: seat.keys() != before or seat.attempts(), 1.5)
    house.shift_clocks(2 * HOUR + 310, 310, 310)
    seat.has_turns(TASK, OURS)


def test_a_step_back_undoes_nothing_and_doubles_nothing(house: House) -> None:
    seat = house.limited("back")
    seat.close_menu()
    seat.type("half a thought")
    house.let_it_be_due()
    seat.waits_because("draft")
    house.shift_clocks(RESET - 2 * HOUR, RESET, RESET)
    until(lambda: "set back" in notices(house), what=house.log)
    seat.press("C-u")
    house.shift_clocks(RESET - 2 * HOUR + 61, RESET + 61, RESET + 61)
    seat.has_turns(TASK, OURS)
    assert len(seat.attempts()) == 1


def test_after_a_step_back_a_first_transcript_is_found_at_once(house: House) -> None:
    seat = house.new("young", limit=LIMIT).idle()
    house.shift_clocks(-2 * HOUR)
    until(lambda: "set back" in notices(house), what=house.log)
    seat.say(TASK)
    until(lambda: seat.row()["limit_source"] == "transcript", 8, what=seat.story)
