"""A session that was asked to end and lives on: nothing is promised for it, and it can be kept."""

from __future__ import annotations

from typing import Any

from tests.supervisor.house import SLACK, TASK, House, Seat
from tests.supervisor.test_lifetimes import start, told
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core.lifetimes import HOUR
from tmuxclaude.core.rules import DEFAULT_TEXT

DEAF = """\
import runpy, signal, sys
heed = signal.signal
signal.signal = lambda number, do: None if number == signal.SIGTERM else heed(number, do)
heed(signal.SIGTERM, signal.SIG_IGN)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def stubborn(house: House, name: str, **part: Any) -> Seat:
    """A session whose process does not heed SIGTERM."""
    program = house.program(name, **part)
    deaf = program.with_name("deaf.py")
    deaf.write_text(DEAF)
    program.write_text(program.read_text().replace(" -IS ", f" -IS {deaf} "))
    request = wire.New(
        name=name,
        directory=str(house.project),
        command=[str(program)],
        socket=house.server.socket,
        tmux_session="user",
    )
    return Seat(house, house.ask(request, wire.Opened)).idle()


def test_who_goes_on_after_the_end_of_its_lifetime_is_taken_up_again(closed_house: House) -> None:
    house = start(closed_house)
    ahead = 26 * HOUR
    seat = stubborn(house, "stub", limit={"resets_in": ahead, "lifts_in": 0, "after_turns": 1})
    house.shift(23 * HOUR)
    until(lambda: len(told(seat)) == 1, what=seat.story)
    house.shift(24.5 * HOUR)
    until(lambda: seat.row()["want"] == "down", what=seat.story)
    seat.say("one")
    seat.shows("● Done.").say(TASK)
    seat.is_("limited")
    until(lambda: seat.row()["halt"] is not None, what=seat.story)
    assert seat.row()["want"] == "down"
    seat.waits_because("asked to end, and has not; to keep it: tmuxclaude release stub")
    assert seat.row()["outlook_actor"] == "nobody"
    until(lambda: seat.row()["want"] == "up", what=seat.story)
    assert ("kept", "not ended: it is limited") in seat.events()
    house.shift(ahead + SLACK)
    seat.has_turns("one", TASK, DEFAULT_TEXT)


def test_who_does_not_end_when_it_is_stopped_is_told_of_and_can_be_kept(
    closed_house: House,
) -> None:
    house = start(closed_house)
    seat = stubborn(house, "stub")
    house.ask(wire.Stop(names=["stub"]), wire.Verdicts)
    seat.waits_because("asked to end, and has not")
    assert house.run("release", "stub").returncode == 4
    until(lambda: "unwell" in [kind for kind, _ in seat.events()], what=seat.story)
    [words] = [text for kind, text in seat.events() if kind == "unwell"]
    assert words.startswith("it was asked to end and has not")
    for call in ("hold", "extend", "resume"):
        refused = house.run(call, "stub")
        assert (refused.returncode, "tmuxclaude release stub" in refused.stdout) == (4, True)
    assert house.run("send", "stub", "later", "--queue").returncode == 4
    assert house.run("release", "stub").returncode == 0
    until(lambda: seat.why() == "", what=seat.story)
    assert house.run("send", "stub", "hello").returncode == 0
    seat.has_turns("hello")
    seat.never(lambda: seat.row()["want"] != "up", 3)
