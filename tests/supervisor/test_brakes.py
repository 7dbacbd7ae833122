"""The user's brakes: what is held back stays untouched, says so, and is taken up; over restarts."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.supervisor.house import AHEAD, NBSP, OURS, SLACK, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.core.budgets import Pause
from tmuxclaude.core.model import Want

HOUR = 3600.0
TOKYO = "Asia/Tokyo"


def clock(seconds: float, zone: str = "UTC") -> str:
    """What a clock in that zone shows in so many seconds."""
    return datetime.fromtimestamp(time.time() + seconds, ZoneInfo(zone)).strftime("%H:%M")


def quiet(zone: str = "UTC", begins: float = AHEAD - 600) -> str:
    """Quiet hours that begin before the reset of ``LIMIT`` and end two hours after it."""
    return f"{clock(begins, zone)}-{clock(AHEAD + 2 * HOUR, zone)}"


def noon_zone() -> str:
    """A zone in which it is about noon when the limit resets, so that midnight is far away."""
    hour = int((time.time() + AHEAD) // HOUR) % 24
    return f"Etc/GMT{hour - 12:+d}" if hour != 12 else "UTC"


def brakes_of(seat: Seat) -> list[str]:
    return [kind for kind, _ in seat.events() if kind in ("held", "taken up", "hold", "release")]


def untouched(seat: Seat, keys: str) -> None:
    seat.never(lambda: seat.keys() != keys or len(seat.log("start")) > 1)


def beyond(house: House, at: float) -> None:
    """The supervisor's clock stands a little after this instant."""
    house.shift(at - time.time() + SLACK)


@pytest.mark.parametrize("zone", ["UTC", TOKYO])
def test_quiet_hours_hold_back_until_they_end(house: House, zone: str) -> None:
    house.restart(quiet_hours=quiet(zone))
    seat = house.limited("night", zone=zone)
    before = seat.keys()
    seat.waits_because("quiet hours until")
    end = seat.row()["outlook_at"]
    assert 1.9 * HOUR < end - time.time() - AHEAD <= 2 * HOUR
    assert brakes_of(seat) == []
    house.let_it_be_due()
    until(lambda: brakes_of(seat), what=seat.story)
    untouched(seat, before)
    assert seat.row()["outlook_actor"] == "tmuxclaude"
    assert "5-hour limit" in seat.why()
    house.kill()
    house.start()
    untouched(seat, before)
    assert (seat.row()["outlook_at"], brakes_of(seat)) == (end, ["held"])
    beyond(house, end)
    seat.has_turns(TASK, OURS)
    assert brakes_of(seat) == ["held", "taken up"]
    assert seat.steps() == ["due", "typing", "typed", "entering", "confirmed"]


def test_quiet_hours_of_another_zone_are_no_ones_here(house: House) -> None:
    house.restart(quiet_hours=quiet(TOKYO))
    seat = house.limited("day", zone="UTC")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert brakes_of(seat) == []


def test_what_waited_through_the_evening_does_not_type_at_night(house: House) -> None:
    house.restart(quiet_hours=quiet(begins=AHEAD + 600))
    seat = house.limited("evening")
    seat.close_menu()
    seat.type("half a thought")
    house.let_it_be_due()
    seat.waits_because("draft")
    house.let_it_be_due(1200)
    seat.waits_because("quiet hours")
    seat.press("C-u")
    until(lambda: f"❯{NBSP}half" not in seat.screen(), what=seat.story)
    untouched(seat, seat.keys())
    end = seat.row()["outlook_at"]
    beyond(house, end)
    seat.has_turns(TASK, OURS)
    assert brakes_of(seat) == ["held", "taken up"]


def spent_day(house: House) -> tuple[Seat, Seat]:
    """Two sessions that are due on a day of one resume: the one that went, the one that waits."""
    house.restart(max_per_day=1)
    zone = noon_zone()
    seats = [house.limited(name, zone=zone) for name in ("one", "two")]
    keys = {seat.name: seat.keys() for seat in seats}
    house.let_it_be_due()
    until(lambda: [s for s in seats if len(s.turns()) > 1], what=seats[0].story)
    [first] = [seat for seat in seats if len(seat.turns()) > 1]
    [second] = [seat for seat in seats if seat is not first]
    first.has_turns(TASK, OURS)
    second.waits_because("no more than 1 resumes a day")
    assert second.keys() == keys[second.name]
    return first, second


def test_a_days_number_is_that_of_all_sessions_and_new_after_midnight(house: House) -> None:
    first, second = spent_day(house)
    before = second.keys()
    assert second.turns() == [TASK]
    untouched(second, before)
    house.kill()
    house.start()
    untouched(second, before)
    row = second.row()
    midnight = datetime.fromtimestamp(row["outlook_at"], ZoneInfo(row["zone"]))
    assert midnight.strftime("%H:%M:%S") == "00:00:00"
    assert brakes_of(second) == ["held"]
    beyond(house, row["outlook_at"])
    second.has_turns(TASK, OURS)
    assert brakes_of(second) == ["held", "taken up"]
    assert len(first.attempts()) == 1


def test_by_hand_passes_a_spent_day(house: House) -> None:
    _, second = spent_day(house)
    [verdict] = house.resume(second.name)
    assert verdict.done == "types"
    assert "in spite of: no more than 1 resumes a day" in verdict.why
    second.has_turns(TASK, OURS)
    assert second.attempts()[-1]["by_hand"]


def test_a_pause_holds_back_everything_until_it_is_ended(house: House) -> None:
    seat, lost = house.limited("typed"), house.limited("died")
    lost.kill()
    lost.is_("lost")
    done = house.run("pause")
    assert (done.returncode, done.stdout) == (
        0,
        "Resumes are paused. To go on: tmuxclaude unpause\n",
    )
    before = seat.keys(), lost.keys()
    house.let_it_be_due()
    for one, keys in zip((seat, lost), before, strict=True):
        one.waits_because("paused; to go on: tmuxclaude unpause")
        assert (one.row()["outlook_actor"], one.row()["outlook_at"]) == ("you", None)
        until(lambda one=one: brakes_of(one) == ["held"], what=one.story)
        untouched(one, keys)
    house.kill()
    house.start()
    assert "paused" in house.run("status").stdout
    status = json.loads(house.run("status", "--json").stdout)
    assert status["paused"]["until"] is None
    assert status["paused"]["since"] <= time.time()
    untouched(seat, before[0])
    untouched(lost, before[1])
    refused = house.run("resume", "typed")
    assert refused.returncode == 4
    assert "tmuxclaude unpause" in refused.stdout
    untouched(seat, before[0])
    assert json.loads(house.run("unpause", "--json").stdout)["paused"] is False
    seat.has_turns(TASK, OURS)
    lost.has_turns(TASK, OURS)
    assert brakes_of(seat) == brakes_of(lost) == ["held", "taken up"]
    assert json.loads(house.run("status", "--json").stdout)["paused"] is None


def test_a_paused_house_resumes_who_insists_and_nobody_else(house: House) -> None:
    seat, other = house.limited("wanted"), house.limited("other")
    assert house.run("pause").returncode == 0
    before = other.keys()
    house.let_it_be_due()
    other.waits_because("paused")
    done = house.run("resume", "wanted", "--now")
    assert done.returncode == 0, done.stdout
    assert "in spite of: paused" in done.stdout
    seat.has_turns(TASK, OURS)
    untouched(other, before)


def test_a_pause_ends_by_itself_at_its_time(house: House) -> None:
    seat = house.limited("timed")
    before = seat.keys()
    house.let_it_be_due(-600)
    paused = json.loads(house.run("pause", "--until", "2h", "--json").stdout)
    assert paused["until"] == pytest.approx(time.time() + AHEAD - 600 + 2 * HOUR, abs=30)
    house.let_it_be_due()
    seat.waits_because("paused until")
    assert seat.row()["outlook_at"] == paused["until"]
    untouched(seat, before)
    house.stop()
    beyond(house, paused["until"])
    house.start()
    seat.has_turns(TASK, OURS)
    assert brakes_of(seat) == ["held", "taken up"]
    house.stop()
    with house.books() as books:
        kinds = [event.kind for event in books.events.of("")]
        assert kinds == ["paused", "unwatched", "unpaused"]
        assert books.brakes.pause() is None


@pytest.mark.parametrize("way", ["pause", "hold"])
def test_text_that_was_typed_is_not_entered_under_a_brake(house: House, way: str) -> None:
    seat, other = house.limited("half"), house.limited("other")
    other.close_menu()
    seat.close_menu()
    house.stop()
    house.let_it_be_due()
    with house.books() as books:
        kept = books.sessions.get(other.uid)
        assert kept is not None
        books.sessions.save(replace(kept, want=Want.HOLD))
    house.start_to_die("typed-after")
    seat.shows(f"❯{NBSP}{OURS[:40]}")
    with house.books() as books:
        if way == "pause":
            books.brakes.begin(Pause(1.0, None, "UTC"))
        else:
            kept = books.sessions.get(seat.uid)
            assert kept is not None
            books.sessions.save(replace(kept, want=Want.HOLD))
    house.start()
    seat.waits_because("tmuxclaude unpause" if way == "pause" else "tmuxclaude release half")
    seat.never(lambda: seat.turns() != [TASK])
    if way == "hold":  # what stands still does not keep the others of its account waiting
        assert house.run("release", "other").returncode == 0
        other.has_turns(TASK, OURS)
        seat.never(lambda: seat.turns() != [TASK])
    command = ["unpause"] if way == "pause" else ["release", "half"]
    assert house.run(*command).returncode == 0
    seat.has_turns(TASK, OURS)
    assert seat.keys().count(OURS) == 1


def test_a_held_session_is_watched_and_never_touched(house: House) -> None:
    seat = house.new("mine", limit={"resets_in": AHEAD, "lifts_in": 0}).idle()
    done = house.run("hold", "mine")
    assert (done.returncode, "never touched" in done.stdout) == (0, True)
    until(lambda: seat.why() == "held, never touched", what=seat.story)
    refused = house.run("send", "mine", "hello")
    assert refused.returncode == 4
    assert "tmuxclaude release mine" in refused.stderr
    seat.say(TASK)
    seat.is_("limited")
    seat.waits_because("held; to go on: tmuxclaude release mine")
    assert (seat.row()["outlook_actor"], seat.row()["want"]) == ("you", "hold")
    before = seat.keys()
    house.let_it_be_due()
    untouched(seat, before)
    for words in (["resume", "mine"], ["resume", "mine", "--now"]):
        assert house.run(*words).returncode == 4
    house.kill()
    house.start()
    untouched(seat, before)
    seat.kill()
    seat.is_("lost")
    untouched(seat, before)
    assert seat.attempts() == []
    released = json.loads(house.run("release", "mine", "--json").stdout)
    assert released["sessions"][0]["done"] == "released"
    seat.has_turns(TASK, OURS)
    assert brakes_of(seat) == ["hold", "release"]


def test_an_attempt_that_waits_is_held_too(house: House) -> None:
    seat = house.limited("waits")
    seat.close_menu()
    seat.type("half a thought")
    house.let_it_be_due()
    seat.waits_because("draft")
    assert house.run("hold", "waits").returncode == 0
    seat.press("C-u")
    seat.waits_because("tmuxclaude release waits")
    seat.never(lambda: seat.turns() != [TASK])
    house.run("release", "waits")
    seat.has_turns(TASK, OURS)


def test_claude_codes_own_continue_is_not_ours_to_hold_back(house: House) -> None:
    assert house.run("pause").returncode == 0
    soon = {"resets_in": 2}
    seat = house.limited("native", limit=soon, native=True, native_jitter=[2, 2])
    seat.waits_because("its own continue is armed; tmuxclaude: paused")
    assert seat.row()["outlook_actor"] == "claude"
    until(lambda: [line for line in seat.log("submit") if line["own"]], what=seat.story)
    until(lambda: seat.halts()[0]["ended_at"], what=seat.story)
    assert seat.halts()[0]["ended_by"] == "claude"
