"""Hold and release, pause and unpause, and what they say to what is asked for by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.budgets import Pause
from tmuxclaude.core.model import State, Step, Want
from tmuxclaude.core.parting import OVERDUE, UNASKED
from tmuxclaude.core.rules import ResumeRules, Rules

HOUR = 3600.0


def want(house: House, name: str = "api") -> Want:
    session = house.books.sessions.get(f"uid-{name}")
    assert session is not None
    return session.want


def events(house: House, uid: str = "") -> list[tuple[str, str]]:
    return [(event.kind, event.text) for event in house.books.events.of(uid)]


def resume(house: House, **more: Any) -> wire.Verdict:
    [only] = house.ask(wire.Resume(names=["api"], **more)).sessions
    assert isinstance(only, wire.Verdict)
    return only


def limited(house: House) -> None:
    """A session whose limit reset a while ago."""
    house.halt(house.keep("api", State.LIMITED), -HOUR)


# -- hold ------------------------------------------------------------------------------------------


def test_a_hold_lasts_until_the_release_and_each_is_noted_once(house: House) -> None:
    house.keep("api", State.IDLE)
    for why in ("watched, never touched", "it was held already"):
        [held] = house.ask(wire.Hold(names=["api"])).sessions
        assert (held.name, held.done) == ("api", "held")
        assert why in held.why
        assert want(house) is Want.HOLD
    assert house.watch.reconsidered == 1
    for why in ("resumed again when it is due", "it was not held"):
        [released] = house.ask(wire.Release(names=["api"])).sessions
        assert (released.done, released.why) == ("released", why)
        assert want(house) is Want.UP
    assert house.watch.reconsidered == 2
    assert events(house, "uid-api") == [("hold", "by you"), ("release", "by you")]


@pytest.mark.parametrize(
    "state", [State.IDLE, State.WORKING, State.WAITING, State.LIMITED, State.LOST]
)
def test_what_is_held_is_neither_resumed_nor_written_to(state: State, house: House) -> None:
    house.halt(house.keep("api", state, want=Want.HOLD), -HOUR)
    for now in (False, True):
        refused = resume(house, now=now)
        assert (refused.done, refused.code) == ("refused", "refused")
        assert "tmuxclaude release api" in refused.why
    with pytest.raises(errors.RefusedError, match="tmuxclaude release api"):
        house.ask(wire.Send(name="api", text="hello"))
    assert house.books.halts.latest_attempt("uid-api") is None
    assert house.windows.told == []


def test_what_has_ended_cannot_be_held(house: House) -> None:
    house.keep("api", State.ENDED)
    [refused] = house.ask(wire.Hold(names=["api"])).sessions
    assert (refused.done, refused.code) == ("refused", "refused")
    assert want(house) is Want.UP


def test_what_was_asked_to_end_is_neither_held_nor_used(house: House) -> None:
    house.see(house.keep("api", State.IDLE, want=Want.DOWN))
    house.keep("web", State.LIMITED, want=Want.DOWN)
    for name in ("api", "web"):
        [held] = house.ask(wire.Hold(names=[name])).sessions
        [extended] = house.ask(wire.Extend(names=[name])).sessions
        for verdict in (held, extended):
            assert (verdict.done, verdict.code) == ("refused", "refused")
            assert f"tmuxclaude release {name}" in verdict.why
        for order in (wire.Send(name=name, text="hello"), wire.Enqueue(name=name, text="hello")):
            with pytest.raises(errors.RefusedError, match=f"tmuxclaude release {name}"):
                house.ask(order)
    assert house.books.messages.waiting("uid-api") == []


@pytest.mark.parametrize("reason", ["", f"{UNASKED}its lifetime is over"])
def test_a_release_keeps_what_was_asked_to_end_and_does_not(reason: str, house: House) -> None:
    house.keep("api", State.IDLE, want=Want.DOWN, reason=reason)
    [refused] = house.ask(wire.Release(names=["api"])).sessions
    assert (refused.done, refused.code) == ("refused", "refused")
    assert want(house) is Want.DOWN
    house.books.standing.begin(OVERDUE, "uid-api", NOW)
    [released] = house.ask(wire.Release(names=["api"])).sessions
    assert (released.done, released.why) == ("released", "it was asked to end, and is kept")
    [session] = house.books.sessions.all()
    assert (session.want, session.reason) == (Want.UP, "")
    assert house.books.standing.since(OVERDUE, "uid-api") is None
    assert house.watch.reconsidered == 1


def test_who_stops_what_we_had_ended_has_stopped_it(house: House) -> None:
    house.keep("api", State.IDLE, want=Want.DOWN, reason=f"{UNASKED}its lifetime is over")
    house.ask(wire.Stop(names=["api"]))
    [session] = house.books.sessions.all()
    assert (session.want, session.reason) == (Want.DOWN, "")


def test_a_held_session_can_be_stopped(house: House) -> None:
    house.keep("api", State.IDLE, want=Want.HOLD)
    [stopped] = house.ask(wire.Stop(names=["api"])).sessions
    assert stopped.done == "stops"
    assert want(house) is Want.DOWN


@pytest.mark.parametrize("order", [wire.Hold, wire.Release])
def test_an_unknown_name_or_none_changes_nothing(
    order: type[wire.Hold] | type[wire.Release], house: House
) -> None:
    house.keep("api", State.IDLE)
    with pytest.raises(errors.NotFoundError, match="nobody"):
        house.ask(order(names=["api", "nobody"]))
    with pytest.raises(errors.UsageError, match="name one or more"):
        house.ask(order(names=[]))
    assert want(house) is Want.UP
    assert house.watch.reconsidered == 0


# -- pause -----------------------------------------------------------------------------------------


def test_a_pause_is_kept_told_and_ended(house: House) -> None:
    answer = house.ask(wire.Pause())
    assert answer == wire.Paused(paused=True, before=False, since=NOW, until=None)
    assert house.books.brakes.pause() == Pause(NOW, None, "UTC")
    assert house.ask(wire.Unpause()) == wire.Paused(paused=False, before=True)
    assert house.books.brakes.pause() is None
    assert house.ask(wire.Unpause()) == wire.Paused(paused=False, before=False)
    assert events(house) == [
        ("paused", "by you: paused; to go on: tmuxclaude unpause"),
        ("unpaused", "by you"),
    ]
    assert house.watch.reconsidered == 2


def test_a_time_is_one_of_the_callers_zone(house: House) -> None:
    house.now = 1_772_571_600.0  # 2026-03-03 21:00 UTC, 06:00 of the next day in Tokyo
    for zone, ahead in (("UTC", 10), ("Asia/Tokyo", 1), ("America/New_York", 15)):
        answer = house.ask(wire.Pause(until="07:00", zone=zone))
        assert answer.until == house.now + ahead * HOUR
    assert house.books.brakes.pause() == Pause(house.now, answer.until, "America/New_York")


@pytest.mark.parametrize("zone", ["No/Zone", "../../etc/passwd", "", "a\0b"])
def test_a_zone_that_nobody_knows_is_refused(zone: str, house: House) -> None:
    orders: list[wire.AnyRequest] = [
        wire.Pause(until="23:30", zone=zone),
        wire.New(directory="/srv/api", command=["/bin/claude"], socket="/s", zone=zone),
        wire.Adopt(socket="/s", pane="%1", zone=zone),
        wire.Register(
            session_id="3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42", directory="/srv", pid=1, zone=zone
        ),
    ]
    for order in orders:
        with pytest.raises(errors.UsageError, match=r"time zone|NUL"):
            house.ask(order)
    assert house.books.brakes.pause() is None
    assert house.books.sessions.all() == []


def test_the_same_pause_again_is_no_news_and_another_takes_its_place(house: House) -> None:
    house.ask(wire.Pause())
    house.now += 60
    again = house.ask(wire.Pause())
    assert (again.before, again.since) == (True, NOW)
    assert len(events(house)) == 1
    other = house.ask(wire.Pause(until="2h"))
    assert (other.before, other.since, other.until) == (True, NOW, NOW + 60 + 2 * HOUR)
    assert len(events(house)) == 2


@pytest.mark.parametrize("until", ["soon", "0m", "2020-01-01", "9999h"])
def test_what_is_no_time_to_come_pauses_nothing(until: str, house: House) -> None:
    with pytest.raises(errors.UsageError, match=until):
        house.ask(wire.Pause(until=until))
    assert house.books.brakes.pause() is None


def test_by_hand_is_refused_while_paused_but_not_when_it_insists(house: House) -> None:
    limited(house)
    house.ask(wire.Pause(until="2h"))
    refused = resume(house)
    assert (refused.done, refused.code) == ("refused", "refused")
    assert "paused until" in refused.why
    assert "tmuxclaude resume api --now" in refused.why
    assert house.books.halts.latest_attempt("uid-api") is None
    done = resume(house, now=True)
    assert done.done == "types"
    assert "asked for by hand, in spite of: paused until" in done.why
    attempt = house.books.halts.latest_attempt("uid-api")
    assert attempt is not None
    assert attempt.by_hand


def test_a_pause_whose_time_is_over_refuses_nothing(house: House) -> None:
    limited(house)
    house.ask(wire.Pause(until="2h"))
    house.now += 2 * HOUR
    assert resume(house).done == "types"
    assert house.ask(wire.Pause()).before is False


def test_a_paused_house_still_takes_a_message(house: House) -> None:
    house.see(house.keep("api", State.IDLE))
    house.ask(wire.Pause())
    assert house.ask(wire.Send(name="api", text="hello")).open


# -- quiet hours and the number of a day -----------------------------------------------------------


def test_by_hand_passes_quiet_hours_and_says_so(house: House) -> None:
    limited(house)
    house.watch.rules = Rules(resume=ResumeRules(quiet_hours="00:00-23:59"))
    done = resume(house)
    assert done.done == "types"
    assert "5-hour limit; asked for by hand, in spite of: quiet hours until" in done.why


def test_by_hand_passes_a_spent_day_and_does_not_count(house: House) -> None:
    limited(house)
    house.watch.rules = Rules(resume=ResumeRules(max_per_day=1))
    assert resume(house, dry_run=True).why == "5-hour limit"
    other = house.keep("web", State.LIMITED)
    spent = house.journal.begin(other, "x", house.halt(other, -HOUR))
    house.books.halts.step(spent, Step.TYPING, NOW)
    done = resume(house)
    assert done.done == "types"
    assert "in spite of: no more than 1 resumes a day" in done.why
    mine = house.books.halts.latest_attempt("uid-api")
    assert mine is not None
    house.books.halts.step(replace(mine), Step.TYPING, NOW)
    assert house.books.brakes.delivered(0.0) == [NOW]
