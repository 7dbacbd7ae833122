"""A tmux server that hangs delays no other, and not the socket; and nothing is opened twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import PrivateServer
from tests.supervisor.faults import Shim
from tests.supervisor.house import AHEAD, LIMIT, OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors

HANG_SECONDS = 5.0
"""How long a look may take before it is given up."""

TICK, SLACK = 1.0, 1.0
"""What a deed in tmux may take, and this machine besides."""


def test_the_other_server_and_the_socket_are_served(
    closed_house: House,
    new_tmux_server: Callable[[], PrivateServer],
    record_property: Callable[[str, object], None],
) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    other = new_tmux_server().start()
    stuck = house.new("stuck", server=other).idle()
    seat = house.limited("goes-on")
    shim.mood("hang", other.socket)
    until(lambda: "not asked again" in house.log(), what=house.log)
    slowest = 0.0
    house.let_it_be_due()
    end = time.monotonic() + 1.5 * HANG_SECONDS
    while time.monotonic() < end or seat.turns() != [TASK, OURS]:
        began = time.monotonic()
        house.ask(wire.Ping(), wire.Pong)
        slowest = max(slowest, time.monotonic() - began)
        assert time.monotonic() < end + 20, seat.story()
    seat.has_turns(TASK, OURS)
    assert stuck.state == "idle"
    assert slowest < HANG_SECONDS / 2
    record_property("slowest answer while a tmux server hung, s", round(slowest, 3))
    shim.well(other.socket)
    stuck.say("hello")
    until(lambda: stuck.turns() == ["hello"], what=stuck.story)
    other.say("kill-window", "-t", stuck.pane)
    stuck.is_("ended")


def opened_in_vain(house: House, name: str, **more: Any) -> float:
    """Asks for a session where tmux does not answer; after how many seconds that was said."""
    began = time.monotonic()
    with pytest.raises(errors.UnreachableError, match="not known yet"):
        house.new(name, **more)
    return time.monotonic() - began


def test_what_is_opened_and_closed_on_it_costs_the_others_one_tick(
    closed_house: House,
    new_tmux_server: Callable[[], PrivateServer],
    record_property: Callable[[str, object], None],
) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    other = new_tmux_server().start()
    lost = house.new("lost", server=other).idle()
    lost.kill()
    lost.is_("lost")
    seat = house.new("goes-on", limit=LIMIT).idle()
    shim.mood("hang", other.socket)
    slowest = opened_in_vain(house, "vain", server=other)
    began = time.monotonic()
    [verdict] = house.ask(wire.Stop(names=["lost"]), wire.Verdicts).sessions
    slowest = max(slowest, time.monotonic() - began)
    assert verdict.done == "ended"
    with pytest.raises(errors.RefusedError, match="exists already"):
        house.new("vain", server=other)
    seat.say(TASK)
    seat.is_("limited")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert slowest < TICK + SLACK
    record_property("slowest answer when a window was opened on a hung server, s", slowest)
    shim.well(other.socket)
    vain = house.find("vain", other).is_("lost")
    assert "vain" not in other.say("list-windows", "-a", "-F", "#{window_name}")
    assert house.resume("vain")[0].done == "reopens"
    until(lambda: vain.row()["pane_id"], what=vain.story)
    vain.is_("idle")
    assert len(vain.log("start")) == 1


def test_a_window_whose_opening_was_not_answered_is_found(closed_house: House) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    shim.mood("late", house.server.socket)
    opened_in_vain(house, "late")
    late = house.find("late").is_("idle")

    def windows() -> str:
        return late.server.say("list-windows", "-F", "#{window_name}")

    def silent_after() -> None:
        until(lambda: "stopped" in windows())
        shim.mood("fail", house.server.socket)

    after = threading.Thread(target=silent_after)
    after.start()
    opened_in_vain(house, "stopped")
    after.join()
    stopped = house.find("stopped")
    assert stopped.state == "starting"
    assert house.ask(wire.Stop(names=["stopped"], now=True), wire.Verdicts).sessions
    shim.well(house.server.socket)
    stopped.is_("ended")
    assert "stopped" not in windows()
    assert stopped.row()["reason"] == "stopped by you"
    late.say("hello")
    until(lambda: late.turns() == ["hello"], what=late.story)
    assert len(late.log("start")) == 1


@pytest.mark.parametrize("window", ["its own", "new"])
def test_a_relaunch_that_was_not_answered_is_not_made_twice(
    closed_house: House, window: str
) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    seat = house.limited("again")
    if window == "new":
        seat.server.kill()
        seat.is_("lost")
        seat.server.start()
    else:
        seat.kill()
        seat.is_("lost")
    shim.mood("late", house.server.socket)
    house.let_it_be_due()
    until(lambda: seat.row()["step"] == "confirmed", what=seat.story)
    seat.is_("idle")
    house.shift(2 * AHEAD)
    seat.never(lambda: len(seat.log("start")) != 2 or seat.prompts() != [TASK, OURS])


@pytest.mark.parametrize("mood", ["fail", "empty", "hang"])
def test_one_bad_moment_changes_nothing(closed_house: House, mood: str) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    seat = house.new("calm").idle()
    before = seat.events()
    asked = shim.calls(house.server.socket)
    shim.mood(mood, house.server.socket, times=1)
    until(lambda: shim.calls(house.server.socket) >= asked + 3)
    assert (seat.state, seat.events()) == ("idle", before)
