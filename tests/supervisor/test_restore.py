"""After the end of a tmux server, or of the machine: everything that was wanted is back, once."""

from __future__ import annotations

import shutil
import tomllib
from typing import Any

import tomli_w

from tests.supervisor.house import OURS, TASK, House
from tests.supervisor.seat import NBSP, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core.model import Want

SHELL = ("/usr/bin/env", "PS1=restored$ ", "/bin/bash", "--norc", "--noprofile")
"""A shell as a restored window has one, with a prompt that is the same everywhere."""


def supervised(house: House, restore: str) -> None:
    path = house.paths.config
    table = tomllib.loads(path.read_text())
    table["supervisor"]["restore"] = restore
    path.write_text(tomli_w.dumps(table))


def resume_all(house: House) -> dict[str, str]:
    """What became of each session."""
    answer = house.ask(wire.Resume(every=True), wire.Verdicts)
    return {one.name: one.done for one in answer.sessions}


def windows(house: House) -> list[str]:
    said = house.server.say("list-windows", "-a", "-F", "#{session_name}:#{window_name}")
    return said.split("\n")


def move_to_its_pane(seat: Seat) -> Seat:
    seat.pane = str(seat.row()["pane_id"])
    return seat


def spoken(house: House, name: str, **more: Any) -> Seat:
    """A session whose conversation has a message."""
    seat = house.new(name, prompt="hello", **more)
    until(seat.turns, what=seat.story)
    return seat.idle()


def lose(house: House, *seats: Seat) -> None:
    house.server.kill()
    for seat in seats:
        seat.is_("lost")


def test_everything_that_was_wanted_comes_back_in_its_place_and_once(house: House) -> None:
    first, second = spoken(house, "first"), spoken(house, "second")
    other = spoken(house, "other", tmux_session="elsewhere")
    held, stopped, ended = (spoken(house, name) for name in ("held", "stopped", "ended"))
    gone = spoken(house, "gone", directory=_directory(house, "gone"))
    house.ask(wire.Hold(names=["held"]), wire.Verdicts)
    house.ask(wire.Stop(names=["stopped"]), wire.Verdicts)
    ended.say("/exit")
    ended.is_("ended")
    stopped.is_("ended")
    house.server.say("swap-window", "-d", "-s", first.pane, "-t", second.pane)
    until(lambda: _index(house, first) > _index(house, second), what=first.story)
    lose(house, first, second, other, held, gone)
    shutil.rmtree(house.server.directory / "gone")
    done = resume_all(house)
    assert done == {
        "first": "reopens",
        "second": "reopens",
        "other": "reopens",
        "held": "reopens",
        "gone": "refused",
    }
    assert resume_all(house) == {"gone": "refused"}
    for seat in (first, second, other, held):
        seat.is_("idle")
        move_to_its_pane(seat)
        assert [start["argv"][:2] for start in seat.log("start")[1:]] == [
            ["--resume", seat.conversation]
        ]
        assert seat.turns() == ["hello"]
    assert windows(house) == [
        "elsewhere:other",
        "user:second",
        "user:first",
        "user:held",
    ]
    assert held.row()["want"] == Want.HOLD
    assert (gone.state, stopped.state, ended.state) == ("lost", "ended", "ended")


def _directory(house: House, name: str) -> Any:
    made = house.server.directory / name
    made.mkdir()
    return made


def _index(house: House, seat: Seat) -> int:
    """What is remembered of the number of its window."""
    import sqlite3

    with sqlite3.connect(f"file:{house.paths.database}?mode=ro", uri=True) as db:
        [row] = db.execute("SELECT window_index FROM sessions WHERE uid = ?", [seat.uid])
    return int(row[0])


def test_a_limited_one_comes_back_at_once_and_continues_when_it_is_due(house: House) -> None:
    seat = house.limited("api")
    lose(house, seat)
    assert resume_all(house) == {"api": "reopens"}
    until(lambda: len(seat.log("start")) == 2, what=seat.story)
    move_to_its_pane(seat.is_("limited"))
    assert seat.turns() == [TASK]
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert len(seat.log("start")) == 2


def test_killed_in_the_middle_it_goes_on_and_doubles_nothing(house: House) -> None:
    seats = [spoken(house, name) for name in ("one", "two")]
    lose(house, *seats)
    house.stop()
    house.start("launched-before")
    assert set(resume_all(house).values()) == {"reopens"}
    until(lambda: not _runs(house), what=house.log)
    house.start()
    for seat in seats:
        move_to_its_pane(seat.is_("idle"))
        assert len(seat.log("start")) == 2, seat.story()
    assert sorted(windows(house)) == ["user:one", "user:two"]


def _runs(house: House) -> bool:
    try:
        return bool(house.ask(wire.Ping(), wire.Pong).pid)
    except Exception:  # noqa: BLE001 - it has died, as it was told to
        return False


def test_a_restored_window_is_used_only_when_nothing_was_done_in_it(house: House) -> None:
    """As tmux-resurrect leaves it: the same names, a shell in each window."""
    names = ("fresh", "typed", "busy", "away")
    seats = [spoken(house, name) for name in names]
    lose(house, *seats)
    house.server.start()
    shells = {}
    for name in names:
        home = "user" if name != "away" else "foreign"
        make = ("new-window", "-t", "user") if home == "user" else ("new-session", "-s", home)
        made = house.server.say(*make, "-d", "-n", name, "-P", "-F", "#{pane_id}", "--", *SHELL)
        shells[name] = made.strip()
    until(lambda: all("restored$" in _screen(house, pane) for pane in shells.values()))
    house.server.say("send-keys", "-t", shells["typed"], "-l", "half a thought")
    house.server.say("send-keys", "-t", shells["busy"], "sleep 1000 &", "Enter")
    until(lambda: "half a thought" in _screen(house, shells["typed"]))
    until(lambda: "sleep 1000" in _screen(house, shells["busy"]))
    before = {name: _screen(house, pane) for name, pane in shells.items()}
    assert set(resume_all(house).values()) == {"reopens"}
    for seat in seats:
        move_to_its_pane(seat.is_("idle"))
        used = seat.name == "fresh"
        assert (seat.pane == shells[seat.name]) is used, seat.story()
        if not used:
            assert _screen(house, shells[seat.name]) == before[seat.name]
    assert f"❯{NBSP}" in seats[0].screen()
    assert seats[0].show("#{remain-on-exit} #{automatic-rename}") == "failed 0"


def _screen(house: House, pane: str) -> str:
    return house.server.say("capture-pane", "-p", "-t", pane)


def test_what_is_lost_at_the_start_is_asked_about_once_or_opened(closed_house: House) -> None:
    house = closed_house.start()
    seats = [spoken(house, name) for name in ("one", "two")]
    house.stop()
    house.server.kill()
    house.start()
    for seat in seats:
        seat.is_("lost")
    until(lambda: "bring them back: tmuxclaude resume --all" in house.log(), what=house.log)
    seats[0].never(lambda: seats[0].state != "lost" or seats[1].state != "lost")
    house.restart()
    supervised(house, "auto")
    house.stop()
    house.start()
    for seat in seats:
        move_to_its_pane(seat.is_("idle"))
        assert seat.turns() == ["hello"]
    assert house.log().count("lost together") == 1
    house.stop()
    house.server.kill()
    supervised(house, "never")
    house.start()
    for seat in seats:
        seat.is_("lost")
    until(lambda: house.log().count("lost together") == 2, what=house.log)
    seats[0].never(lambda: any(seat.state != "lost" for seat in seats))
    assert house.log().count("resume --all") == 1
