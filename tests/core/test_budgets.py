"""What holds a resume back, until when, and what it does not reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.store.values import ATTEMPT, SESSION
from tmuxclaude.core import budgets
from tmuxclaude.core.budgets import TOUCHING, Brake, Hold, Pause
from tmuxclaude.core.model import Actor, Outlook, Step, Want
from tmuxclaude.core.resume import Deed
from tmuxclaude.core.rules import ResumeRules

BERLIN = "Europe/Berlin"
UP = replace(SESSION, want=Want.UP, zone=BERLIN, name="api")
QUIET = ResumeRules(quiet_hours="23:00-07:00")
FEW = ResumeRules(max_per_day=2)


def at(text: str, zone: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


EVENING, NIGHT, DAY = at("2026-03-03 22:00"), at("2026-03-04 03:00"), at("2026-03-04 12:00")
MORNING = at("2026-03-04 07:00")


def held(
    when: float,
    rules: ResumeRules = ResumeRules(),  # noqa: B008 - frozen
    pause: Pause | None = None,
    delivered: tuple[float, ...] = (),
    **session: Any,
) -> Hold | None:
    return budgets.held_back(when, replace(UP, **session), rules, pause, delivered)


def test_without_a_brake_nothing_is_held_back() -> None:
    assert held(NIGHT, delivered=(NIGHT,) * 1000) is None


def test_quiet_hours_hold_back_until_they_end() -> None:
    assert held(EVENING, QUIET) is None
    assert held(NIGHT, QUIET) == Hold(
        Brake.QUIET, "quiet hours until Wed 4 Mar 07:00 (CET)", MORNING
    )
    assert held(MORNING, QUIET) is None


def test_quiet_hours_are_those_of_the_sessions_zone() -> None:
    assert held(NIGHT, QUIET, zone="Asia/Tokyo") is None
    tokyo = held(DAY + 3 * 3600, QUIET, zone="Asia/Tokyo")
    assert tokyo is not None
    assert tokyo.until == at("2026-03-05 07:00", "Asia/Tokyo")


def test_the_day_is_counted_from_midnight() -> None:
    yesterday, today = at("2026-03-03 23:59:59"), at("2026-03-04 00:00")
    assert held(DAY, FEW, delivered=(yesterday, yesterday, today)) is None
    assert held(DAY, FEW, delivered=(yesterday, today, today)) == Hold(
        Brake.DAY,
        "no more than 2 resumes a day, until Thu 5 Mar 00:00 (CET)",
        at("2026-03-05 00:00"),
    )
    assert held(at("2026-03-05 00:00"), FEW, delivered=(today, today)) is None


def test_a_clock_that_was_far_ahead_spends_no_day_before_it() -> None:
    ahead = at("2098-01-01 00:00")
    assert held(DAY, FEW, delivered=(ahead, ahead, ahead)) is None


def test_a_pause_ends_at_its_time_or_by_hand() -> None:
    assert held(DAY, pause=Pause(DAY - 5, None, BERLIN)) == Hold(
        Brake.PAUSE, "paused; to go on: tmuxclaude unpause", None
    )
    timed = Pause(DAY - 5, DAY + 60, "Asia/Tokyo")
    assert held(DAY, pause=timed) == Hold(
        Brake.PAUSE, "paused until Wed 4 Mar 20:01 (JST)", DAY + 60
    )
    assert held(DAY + 60, pause=timed) is None


def test_a_hold_is_named_before_all_others_and_ends_by_hand() -> None:
    pause = Pause(NIGHT, None, BERLIN)
    hold = held(NIGHT, QUIET, pause, want=Want.HOLD)
    assert hold == Hold(Brake.HOLD, "held; to go on: tmuxclaude release api", None)


def test_what_begins_where_another_ends_is_held_to_the_last_end() -> None:
    pause = Pause(EVENING, at("2026-03-03 23:30"), BERLIN)
    assert held(EVENING, QUIET, pause) == Hold(
        Brake.PAUSE,
        "paused until Tue 3 Mar 23:30 (CET), then quiet hours until Wed 4 Mar 07:00 (CET)",
        MORNING,
    )
    both = replace(QUIET, max_per_day=1)
    hold = held(EVENING, both, delivered=(EVENING,))
    assert hold is not None
    assert (hold.brake, hold.until) == (Brake.DAY, MORNING)


def test_a_pause_by_hand_at_the_end_of_another_brake_has_no_end() -> None:
    hold = held(NIGHT, QUIET, Pause(EVENING, None, BERLIN))
    assert hold is not None
    assert (hold.brake, hold.until) == (Brake.PAUSE, None)


def test_over_a_clock_change_it_ends_when_the_clock_says() -> None:
    for evening, night in (("2026-03-28 23:00", 7), ("2026-10-24 23:00", 9)):
        hold = held(at(evening), QUIET)
        assert hold is not None
        assert hold.until == at(evening) + night * 3600


# -- what it reaches -------------------------------------------------------------------------------

UNASKED = replace(ATTEMPT, halt=1, by_hand=False)
BY_HAND = replace(ATTEMPT, halt=1, by_hand=True)
MESSAGE = replace(ATTEMPT, halt=None, by_hand=True)
PROMPT = replace(MESSAGE, by_hand=False)  # of a new session, typed when its box is there
UNDER_WAY = (Step.TYPING, Step.TYPED, Step.ENTERING)


def of(brake: Brake) -> Hold:
    return Hold(brake, "because", 5.0)


@pytest.mark.parametrize("deed", sorted(TOUCHING))
@pytest.mark.parametrize("step", [Step.DUE, *UNDER_WAY, Step.LAUNCHING])
def test_a_hold_stops_every_key_whoever_asked_for_it(deed: Deed, step: Step) -> None:
    for attempt in (UNASKED, BY_HAND, MESSAGE, PROMPT):
        assert budgets.stops(of(Brake.HOLD), replace(attempt, step=step), deed)


@pytest.mark.parametrize("deed", sorted(TOUCHING))
@pytest.mark.parametrize("step", [Step.DUE, *UNDER_WAY, Step.LAUNCHING])
def test_a_pause_stops_every_key_that_nobody_asked_for(deed: Deed, step: Step) -> None:
    assert budgets.stops(of(Brake.PAUSE), replace(UNASKED, step=step), deed)
    assert not budgets.stops(of(Brake.PAUSE), replace(BY_HAND, step=step), deed)
    assert not budgets.stops(of(Brake.PAUSE), replace(MESSAGE, step=step), deed)
    assert not budgets.stops(of(Brake.PAUSE), replace(PROMPT, step=step), deed)


@pytest.mark.parametrize("brake", [Brake.QUIET, Brake.DAY])
def test_quiet_hours_and_a_spent_day_let_finish_what_has_begun(brake: Brake) -> None:
    for deed in TOUCHING:
        assert budgets.stops(of(brake), UNASKED, deed)
        assert not budgets.stops(of(brake), BY_HAND, deed)
        assert not budgets.stops(of(brake), MESSAGE, deed)
        assert not budgets.stops(of(brake), PROMPT, deed)
    for step in UNDER_WAY:
        assert not budgets.stops(of(brake), replace(UNASKED, step=step), Deed.ENTER)
    assert budgets.stops(of(brake), replace(UNASKED, step=Step.LAUNCHING), Deed.RELAUNCH)
    assert not budgets.stops(of(brake), replace(BY_HAND, step=Step.LAUNCHING), Deed.RELAUNCH)


@pytest.mark.parametrize("brake", list(Brake))
@pytest.mark.parametrize("deed", sorted(set(Deed) - TOUCHING))
def test_what_touches_nothing_is_never_stopped(brake: Brake, deed: Deed) -> None:
    assert not budgets.stops(of(brake), UNASKED, deed)


def test_the_touching_deeds_are_all_that_send_or_start() -> None:
    quiet = {Deed.WAIT, Deed.CONFIRM, Deed.SKIP, Deed.ASK_HUMAN, Deed.GIVE_UP}
    assert set(Deed) - TOUCHING == quiet


# -- what list says of it --------------------------------------------------------------------------

DUE = Outlook(Actor.US, 3.0, "5-hour limit")


def test_the_outlook_names_the_brake_and_its_end() -> None:
    hold = Hold(Brake.QUIET, "quiet hours until seven", 7.0)
    assert budgets.outlook(DUE, None) == DUE
    assert budgets.outlook(DUE, hold) == Outlook(
        Actor.US, 7.0, "quiet hours until seven (5-hour limit)"
    )
    waiting = Outlook(Actor.US, None, "quiet hours until seven")
    assert budgets.outlook(waiting, hold) == Outlook(Actor.US, 7.0, "quiet hours until seven")


def test_what_only_its_user_ends_waits_for_its_user() -> None:
    hold = Hold(Brake.PAUSE, "paused", None)
    assert budgets.outlook(DUE, hold) == Outlook(Actor.YOU, None, "paused (5-hour limit)")
    needs = Outlook(Actor.YOU, None, "login ended")
    assert budgets.outlook(needs, hold) == needs
    held_too = Hold(Brake.HOLD, "held", None)
    assert budgets.outlook(needs, held_too).why == "held (login ended)"


def test_claude_codes_own_continue_is_not_ours_to_hold_back() -> None:
    seen = Outlook(Actor.CLAUDE, 3.0, "5-hour limit; its own continue is armed")
    hold = Hold(Brake.PAUSE, "paused", None)
    assert budgets.outlook(seen, hold) == Outlook(
        Actor.CLAUDE, 3.0, "5-hour limit; its own continue is armed; tmuxclaude: paused"
    )
