"""Clocks that step, leap and sleep under a real supervisor."""

from __future__ import annotations

from contextlib import closing

from tests.supervisor.house import AHEAD, LIMIT, OURS, SLACK, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import stats
from tmuxclaude.store import reader, statistics

RESET = AHEAD + SLACK
HOUR = 3600.0


def notices(house: House) -> str:
    return " ".join(house.ask(wire.Ping(), wire.Pong).notices)


def unwatched(house: House) -> list[float]:
    """How long nobody watched, each time, as the figures count it."""
    connection = reader.open(house.paths.database)
    assert connection is not None
    with closing(connection):
        events = statistics.events(connection)
    gaps = (event for event in events if event["kind"] == stats.UNWATCHED)
    return [gap["at"] - gap["evidence"]["since"] for gap in gaps]


def test_a_sleep_over_the_reset_is_resumed_once_after_a_minute(house: House) -> None:
    seat = house.limited("asleep")
    before = seat.keys()
    house.shift_clocks(RESET, 0, RESET)
    until(lambda: "slept" in notices(house), what=house.log)
    seat.never(lambda: seat.keys() != before or seat.attempts(), 2.0)
    house.shift_clocks(RESET + 61, 61, RESET + 61)
    seat.has_turns(TASK, OURS)
    assert not notices(house)
    assert [round(gap) for gap in unwatched(house)] == [round(RESET)]


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
    assert not unwatched(house)
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
    until(lambda: seat.row()["limit_source"] == "transcript", what=seat.story)


def test_a_sleep_right_after_a_start_is_no_time_that_it_took(house: House) -> None:
    seat = house.limited("dozes")
    [program] = (house.programs / "dozes").iterdir()
    real, awake = program.rename(program.with_suffix(".real")), house.home / "awake"
    program.write_text(f'#!/bin/sh\nuntil [ -e {awake} ]; do sleep 0.1; done\nexec {real} "$@"\n')
    program.chmod(0o755)
    seat.kill()
    seat.is_("lost")
    house.let_it_be_due()
    until(lambda: "launching" in seat.steps(), what=seat.story)
    house.shift_clocks(RESET + HOUR, RESET, RESET + HOUR)
    until(lambda: "slept" in notices(house), what=house.log)
    seat.never(lambda: seat.attempts()[-1]["step"] != "launching", 1.5)
    awake.touch()
    until(lambda: seat.attempts()[-1]["step"] == "confirmed", what=seat.story)
    until(lambda: "resumed, and the turn was finished" in str(seat.events()), what=seat.story)
