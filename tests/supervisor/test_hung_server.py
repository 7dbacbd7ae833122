"""A tmux server that hangs delays no other, and not the socket."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.conftest import PrivateServer
from tests.supervisor.faults import Shim
from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire

HANG_SECONDS = 5.0
"""How long one call of tmux may take before it is given up."""


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
    until(lambda: "not asked again" in house.log(), 20, what=house.log)
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
    stuck.is_("ended", 45)


@pytest.mark.parametrize("mood", ["fail", "empty", "hang"])
def test_one_bad_moment_changes_nothing(closed_house: House, mood: str) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    seat = house.new("calm").idle()
    before = seat.events()
    asked = shim.calls(house.server.socket)
    shim.mood(mood, house.server.socket, times=1)
    until(lambda: shim.calls(house.server.socket) >= asked + 3, 20)
    assert (seat.state, seat.events()) == ("idle", before)
