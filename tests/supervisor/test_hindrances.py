"""What keeps keys from a pane at the due time, and which pane is ours at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.supervisor.house import MENU, OURS, TASK, House
from tests.waiting import until

FOCUS = "\x1b[I"
"""What tmux itself tells a program when somebody comes to look at it."""

HINDRANCES = {
    "copy mode": ("copy-mode -t {}", "send-keys -t {} -X cancel", "copy mode"),
    "synchronized": (
        "set-option -w -t {} synchronize-panes on",
        "set-option -w -t {} synchronize-panes off",
        "synchronize-panes",
    ),
    "input off": ("select-pane -d -t {}", "select-pane -e -t {}", "switched off"),
}


@pytest.mark.parametrize("hindrance", HINDRANCES)
def test_it_waits_with_the_reason_and_resumes_when_it_is_over(house: House, hindrance: str) -> None:
    begin, end, why = HINDRANCES[hindrance]
    seat = house.limited("waits").shows(MENU)
    seat.server.say(*begin.format(seat.pane).split())
    before = seat.keys()
    house.let_it_be_due()
    seat.waits_because(why).awaits("you")
    assert why in house.run("list").stdout
    seat.never(lambda: seat.keys() != before)
    seat.server.say(*end.format(seat.pane).split())
    seat.has_turns(TASK, OURS)


def test_only_the_right_pane_of_a_window_that_was_split(house: House) -> None:
    seat = house.limited("split").shows(MENU)
    heard = house.home / "neighbour"
    neighbour = ["split-window", "-P", "-F", "#{pane_id}", "-t", seat.pane]
    seat.server.say(*neighbour, f"stty raw -echo; exec cat > {heard}")
    until(heard.exists)
    assert seat.show("#{pane_active}") == "0"
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert heard.read_bytes() == b""


def test_a_person_at_the_pane_is_not_typed_over(house: House) -> None:
    house.restart(human_quiet_seconds=1000)
    seat = house.limited("person", limit={"resets_in": 3}).shows(MENU)
    before = seat.keys()
    with seat.attached():
        seat.waits_because("you are at this pane")
        seat.never(lambda: seat.keys().removesuffix(FOCUS) != before)
    seat.has_turns(TASK, OURS)


def test_another_program_in_our_pane_is_not_typed_into(house: House) -> None:
    seat = house.limited("other").shows(MENU)
    heard = house.home / "stranger"
    picture = house.home / "picture"
    picture.write_text(f"❯\u00a0\n{'─' * 100}\n{MENU}\n")
    program = f"stty raw -echo; cat {picture}; exec cat > {heard}"
    seat.server.say("respawn-pane", "-k", "-t", seat.pane, program)
    until(heard.exists)
    house.let_it_be_due()
    seat.is_("ended")
    seat.never(lambda: heard.read_bytes() or len(seat.log("start")) > 1)


def test_a_pane_of_a_new_server_with_the_same_id_is_not_ours(
    house: House, new_tmux_server: Callable[[], PrivateServer]
) -> None:
    seat = house.limited("reborn")
    server = seat.server
    server.kill()
    server.start()
    heard = house.home / "stranger"
    asked = ["new-window", "-d", "-P", "-F", "#{pane_id}"]
    while server.say(*asked, f"stty raw -echo; exec cat > {heard}").strip() != seat.pane:
        heard = house.home / f"{heard.name}x"
    until(heard.exists)
    seat.is_("lost")
    house.let_it_be_due()
    until(lambda: len(seat.log("start")) == 2, what=seat.story)
    until(lambda: seat.turns() == [TASK, OURS], what=seat.story)
    assert heard.read_bytes() == b""
    assert seat.row()["pane_id"] != seat.pane


def test_a_directory_is_needed_for_a_relaunch(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    seat = house.limited("homeless", directory=folder)
    seat.kill()
    seat.is_("lost")
    folder.rename(tmp_path / "moved")
    house.let_it_be_due()
    until(lambda: "is gone" in " ".join(a["reason"] for a in seat.attempts()), what=seat.story)
    assert len(seat.log("start")) == 1


def test_what_a_start_needs_is_waited_for_and_no_start_is_counted(house: House) -> None:
    seat = house.limited("parked")
    seat.kill()
    seat.is_("lost")
    away = house.home / "away"
    house.paths.hooks.rename(away)
    house.let_it_be_due()
    seat.waits_because("it could not be started: the hooks of parked cannot be written")
    house.let_it_be_due(later=120)
    until(lambda: "blocked" in [kind for kind, _ in seat.events()], what=seat.story)
    assert seat.attempts()[-1]["launches"] == 0
    assert seat.log("start")[1:] == []
    away.rename(house.paths.hooks)
    house.let_it_be_due(later=300)
    until(lambda: seat.turns() == [TASK, OURS], what=seat.story)


def test_a_directory_that_is_gone_is_no_start_that_failed(house: House) -> None:
    place = house.server.directory / "place"
    place.mkdir()
    seat = house.limited("homeless", directory=place)
    seat.kill()
    seat.is_("lost")
    place.rmdir()
    house.let_it_be_due()
    seat.waits_because("is gone; nothing was started")
    for minutes in range(1, 9):
        house.let_it_be_due(later=60.0 * minutes)
        seat.never(lambda: seat.row()["outlook_actor"] == "you", 0.3)
    place.mkdir()
    house.let_it_be_due(later=600)
    until(lambda: seat.turns() == [TASK, OURS], what=seat.story)
