"""Sessions that do nothing for long: warned, extended, ended in order, never in the middle."""

from __future__ import annotations

import json
import re
import time
import tomllib
from dataclasses import replace
from typing import Any

import tomli_w

from tests.supervisor.house import TASK, House, Seat
from tests.waiting import until
from tmuxclaude.core import hours
from tmuxclaude.core.lifetimes import GRACE_SECONDS, HOUR
from tmuxclaude.core.model import Want
from tmuxclaude.core.parting import UNASKED

LIVES = {"hours": 24, "warn_hours": 20, "idle_minutes": 60}


def start(house: House, **lifetime: Any) -> House:
    """The house with the lifetimes of the product, or others."""
    house.configure()
    table = tomllib.loads(house.paths.config.read_text())
    house.paths.config.write_text(tomli_w.dumps(table | {"lifetime": LIVES | lifetime}))
    return house.start()


def told(seat: Seat) -> list[str]:
    return [text for kind, text in seat.events() if kind == "lifetime"]


def extended(seat: Seat) -> list[str]:
    return [text for kind, text in seat.events() if kind == "extended"]


def test_warned_once_and_ended_with_its_conversation_kept(closed_house: House) -> None:
    house = start(closed_house)
    seat = house.new("quiet").idle()
    seat.say(TASK)
    seat.has_turns(TASK)
    house.shift(1.1 * HOUR)
    until(lambda: told(seat) == ["idle for 1 h"], what=seat.story)
    house.kill()
    house.start()
    house.shift(20.2 * HOUR)
    until(lambda: len(told(seat)) == 2, what=seat.story)
    assert "to keep it: tmuxclaude extend quiet" in told(seat)[1]
    house.shift(24.2 * HOUR)
    seat.is_("ended")
    assert told(seat)[2:] == [
        "ended, for its lifetime of 24 h is over; back with: tmuxclaude resume quiet"
    ]
    reason = "ended by tmuxclaude: its lifetime of 24 h is over"
    assert seat.row()["reason"] == reason
    assert f" → ended: {reason}" in house.run("history", "quiet").stdout
    assert house.run("resume", "quiet").returncode == 0
    seat.is_("idle")
    assert (seat.prompts(), seat.row()["reason"]) == ([TASK], "")
    until(lambda: 23 * HOUR < seat.row()["ends_at"] - seat.row()["since"] <= 24 * HOUR)


def test_never_in_the_middle_of_anything(closed_house: House) -> None:
    house = start(closed_house)
    draft = house.new("draft").idle()
    asked = house.new("asked", permission={}).idle()
    limited = house.limited("limited", limit={"resets_in": 100 * HOUR, "lifts_in": 0})
    held, kept, idle = house.new("held").idle(), house.new("kept").idle(), house.new("idle").idle()
    house.run("hold", "held")
    draft.type("half a thought")
    asked.say(TASK)
    asked.is_("waiting")
    [given] = json.loads(house.run("extend", "kept", "--for", "30h", "--json").stdout)["sessions"]
    assert (given["done"], round((given["due"] - time.time()) / HOUR)) == ("extended", 30)
    house.shift(23 * HOUR)
    until(lambda: len(told(idle)) == len(told(draft)) == 1, what=idle.story)
    house.shift(24.5 * HOUR)
    idle.is_("ended")
    others = {seat.name: seat for seat in (draft, asked, limited, held, kept)}
    idle.never(lambda: [one for one in others.values() if one.row()["want"] == "down"], 3)
    assert {name: seat.state for name, seat in others.items()} == {
        "draft": "idle",
        "asked": "waiting",
        "limited": "limited",
        "held": "idle",
        "kept": "idle",
    }
    assert [len(told(seat)) for seat in (asked, held)] == [0, 0]
    draft.press("C-u")
    house.shift(25 * HOUR)
    draft.is_("ended")
    left = house.run("show", "kept").stdout
    assert re.search(r"^lifetime +1d 5h left, until .*extend kept$", left, re.MULTILINE)
    refused = house.run("extend", "idle")
    assert (refused.returncode, "tmuxclaude resume idle" in refused.stdout) == (4, True)


def test_kept_alive_by_itself(closed_house: House) -> None:
    house = start(closed_house, keep_alive=True)
    seat = house.new("long").idle()
    for times in (1, 2):
        house.shift(times * 21 * HOUR)
        until(lambda: len(extended(seat)) == times, what=seat.story)  # noqa: B023
    assert seat.row()["ends_at"] - time.time() > 65 * HOUR


def test_lifetimes_that_are_switched_off_end_nothing(closed_house: House) -> None:
    house = start(closed_house, hours=0)
    seat = house.new("long").idle()
    until(lambda: seat.row()["ends_at"] is None, what=seat.story)
    house.shift(100 * HOUR)
    seat.never(lambda: told(seat) or seat.row()["want"] == "down", 3)
    refused = house.run("extend", "long")
    assert (refused.returncode, "lifetime.hours is 0" in refused.stderr) == (4, True)


def test_a_machine_that_slept_through_the_warning_wakes_to_it(closed_house: House) -> None:
    house = start(closed_house)
    seat = house.new("asleep").idle()
    house.stop()
    seat.say(TASK)
    # What its hooks tell lies there until somebody takes it, and is as old as it is.
    until(lambda: len(list(house.paths.spool.glob("*.json"))) >= 2, what=seat.screen)
    until(lambda: seat.turns() == [TASK])
    house.shift(50 * HOUR)
    house.start()
    until(lambda: len(told(seat)) == 1, what=seat.story)
    ends = time.time() + 50 * HOUR + GRACE_SECONDS
    assert any(hours.said(ends - late, "UTC") in told(seat)[0] for late in (0, 60, 120))
    seat.never(lambda: seat.row()["want"] == "down", 3)
    house.shift(50.3 * HOUR)
    seat.is_("ended")


def test_an_end_that_a_crash_cut_short_is_carried_out_unless_it_is_used(
    closed_house: House,
) -> None:
    house = start(closed_house)
    cut, used = house.new("cut").idle(), house.new("used").idle()
    house.stop()
    with house.books() as books:
        for seat in (cut, used):
            known = books.sessions.get(seat.uid)
            assert known is not None
            old = replace(known, want=Want.DOWN, reason=f"{UNASKED}it was old")
            books.sessions.save(old)
    used.type("half a thought")
    house.start()
    cut.is_("ended")
    assert cut.row()["reason"] == f"{UNASKED}it was old"
    until(lambda: used.row()["want"] == "up", what=used.story)
    assert (used.state, used.row()["reason"]) == ("idle", "")
    assert ("kept", "not ended: your draft is in its prompt box") in used.events()
