"""What a user is told while sessions stop and go on: each occasion once, over a crash too."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.conftest import PrivateServer
from tests.edges.onlooker import attached
from tests.supervisor.house import LIMIT, MENU, OURS, TASK, House, Seat
from tests.waiting import until

Json = dict[str, Any]


class Told:
    """A house whose supervisor tells a program of ours, which keeps every line."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.folder = house.home / "told"
        self.folder.mkdir()
        taker = self.folder / "taker"
        taker.write_text(f"#!/bin/sh\ncd {self.folder}; cat > part.$$; mv part.$$ given.$$\n")
        taker.chmod(0o700)
        self.taker = str(taker)

    def start(self, notify: Json | None = None, **resume: Any) -> House:
        self.house.stop()
        self.house.configure(**resume)
        path = self.house.paths.config
        given = {"command": [self.taker]} | (notify or {})
        path.write_text(tomli_w.dumps(tomllib.loads(path.read_text()) | {"notify": given}))
        return self.house.start()

    def raw(self) -> bytes:
        files = sorted(self.folder.glob("given.*"), key=lambda file: file.stat().st_mtime_ns)
        return b"".join(file.read_bytes() for file in files)

    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.raw().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]

    def are(self, seat: Seat, *events: str) -> None:
        """These, and after them, over several rounds, no other."""
        until(lambda: len(self.events()) >= len(events), lambda: self.story(seat))
        seat.never(lambda: self.events() != list(events), 1.5)

    def story(self, seat: Seat) -> str:
        return f"{self.lines()}\n{seat.story()}"


@pytest.fixture
def told(closed_house: House) -> Told:
    return Told(closed_house)


def test_limit_reset_and_resume_are_told_once_each_over_a_crash(told: Told) -> None:
    house = told.start()
    seat = house.limited("api")
    told.are(seat, "limit")
    [line] = told.lines()
    assert line["text"].startswith("api: 5-hour limit, resets ")
    assert (line["session"], line["limit"], line["by"]) == ("api", "five_hour", None)
    assert line["resets_at"] == seat.row()["resets_at"]
    assert line["directory"] == str(house.project)
    house.kill()
    house.start()
    told.are(seat, "limit")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    told.are(seat, "limit", "reset", "resumed")
    assert told.lines()[-1]["by"] == "tmuxclaude"
    house.kill()
    house.start()
    seat.say("and more")
    seat.has_turns(TASK, OURS, "and more")
    told.are(seat, "limit", "reset", "resumed")


def test_who_else_resumed(told: Told) -> None:
    house = told.start()
    seat = house.limited("native", limit={"resets_in": 2}, native=True, native_jitter=[1, 1])
    until(lambda: "resumed" in told.events(), what=lambda: told.story(seat))
    assert [line["by"] for line in told.lines() if line["event"] == "resumed"] == ["claude"]
    mine = house.limited("mine")
    mine.close_menu()
    mine.say("go on yourself")
    until(lambda: told.events().count("resumed") == 2, what=lambda: told.story(mine))
    assert [line["by"] for line in told.lines() if line["event"] == "resumed"] == ["claude", "you"]


def test_a_draft_is_told_when_the_limit_is_hit_and_nothing_of_it(told: Told) -> None:
    house = told.start()
    seat = house.limited("draft")
    seat.close_menu()
    seat.type("#(touch x) my secret")
    told.are(seat, "limit", "needs-you")
    assert "your draft in the prompt box will hold up the resume" in told.lines()[1]["text"]
    house.kill()
    house.start()
    told.are(seat, "limit", "needs-you")
    house.let_it_be_due()
    seat.waits_because("your draft is in the prompt box")
    told.are(seat, "limit", "needs-you", "reset")
    house.let_it_be_due(70)
    told.are(seat, "limit", "needs-you", "reset", "needs-you")
    assert "cannot resume: your draft is in the prompt box" in told.lines()[3]["text"]
    house.kill()
    house.start()
    house.let_it_be_due(200)
    told.are(seat, "limit", "needs-you", "reset", "needs-you")
    assert b"secret" not in told.raw()


def test_a_limit_that_only_its_user_ends(told: Told) -> None:
    house = told.start()
    seat = house.limited("stuck", limit={"resets_in": -90000, "lifts_in": 0})
    told.are(seat, "needs-you")
    assert "more than a day" in told.lines()[0]["text"]


def test_a_session_that_is_lost_and_one_that_is_stopped(told: Told) -> None:
    house = told.start()
    seat = house.new("lost").idle()
    seat.kill()
    told.are(seat, "lost")
    assert told.lines()[0]["text"].startswith("lost: lost: it was killed by ")
    other = house.new("ended").idle()
    house.run("stop", "ended")
    other.is_("ended")
    told.are(other, "lost")


def test_what_a_budget_holds_back(told: Told) -> None:
    house = told.start()
    seat = house.limited("braked")
    assert house.run("pause").returncode == 0
    house.let_it_be_due()
    told.are(seat, "limit", "held", "reset")
    assert told.lines()[1]["text"].startswith("braked: held back: paused")


def test_a_database_that_was_made_anew_is_told_once(told: Told) -> None:
    house = told.start()
    one, two = house.new("one").idle(), house.new("two").idle()
    house.stop()
    for file in house.paths.database.parent.glob(f"{house.paths.database.name}*"):
        file.write_bytes(b"no database at all" * 500)
    with attached(house.server) as person:
        house.start()
        person.sees("tmuxclaude: the database was lost and was made anew")
    told.are(one, "rebuilt")
    assert told.lines()[0]["session"] is None
    house.kill()
    house.start()
    two.idle()
    told.are(one, "rebuilt")


def test_one_that_hangs_does_not_hold_up_a_resume(told: Told) -> None:
    hang = told.folder / "hang"
    hang.write_text("#!/bin/sh\nexec sleep 1000\n")
    hang.chmod(0o700)
    house = told.start({"command": [str(hang)]})
    seat = house.limited("steady")
    house.let_it_be_due()
    until(lambda: seat.turns() == [TASK, OURS], what=seat.story)


def test_whoever_is_attached_sees_it_and_hostile_text_does_nothing(told: Told) -> None:
    house = told.start()
    marker = house.home / "X"
    folder = house.project / f"#(touch {marker.name}) %H #[fg=black]\n\x1b]0;x\x07".replace("/", "")
    folder.mkdir()
    server: PrivateServer = house.server
    with server.control_client(), attached(server) as person:
        seat = house.new("shown", directory=folder, limit=LIMIT).idle()
        seat.say(f"#(touch {marker}) %H $(touch {marker})")
        server.say("rename-window", "-t", seat.pane, f"##(touch {marker}) %H")
        person.sees("shown: 5-hour limit, resets ")
        seat.shows(MENU)
    told.are(seat, "limit")
    assert told.lines()[0]["directory"] == str(folder)
    assert not any(Path(where).exists() for where in (marker, house.home / marker.name))


def test_nothing_is_told_where_it_is_switched_off(told: Told) -> None:
    house = told.start({"events": ["reset"], "tmux": False})
    with attached(house.server) as person:
        seat = house.limited("quiet")
        house.let_it_be_due()
        seat.has_turns(TASK, OURS)
        told.are(seat, "reset")
        assert "5-hour limit" not in person.text()
