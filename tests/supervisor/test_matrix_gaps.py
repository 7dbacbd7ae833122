"""Rows of the fault matrix (docs/internals/reliability.md) that need a whole product and were shown
by nothing else: a reboot, a zombie, a storm of starts, a screen that is slow or takes no Enter."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PrivateServer
from tests.reliability.swaps import NO_MENU, Swapping
from tests.supervisor.house import AHEAD, LIMIT, MENU, OURS, TASK, House, Seat
from tests.supervisor.test_notifications import Told
from tests.waiting import until
from tmuxclaude.api import wire

HOUR = 3600.0


def begun(house: House, name: str, **part: Any) -> Seat:
    """A session that starts with its task by itself and meets the limit."""
    seat = house.new(name, limit=LIMIT, autostart_prompt=TASK, **part)
    until(partial(has_halt, seat), what=seat.story)
    return seat


def has_halt(seat: Seat) -> bool:
    return seat.row()["halt"] is not None


def went_on(seat: Seat) -> bool:
    return OURS in seat.turns()


def entered_at(seat: Seat) -> float:
    [line] = [line for line in seat.log("submit") if line["text"] == OURS]
    return float(line["t"])


# After a reboot


def test_after_a_reboot_all_are_lost_and_only_the_halted_one_is_started_again(house: House) -> None:
    idle, halted = house.new("idle").idle(), house.limited("halted")
    keys = [seat.keys() for seat in (halted, idle)]
    house.stop()
    house.server.kill()
    with house.books() as books:  # a boot has an id of its own, and pane ids begin anew
        for session in books.sessions.all():
            assert session.process is not None
            earlier = replace(session.process, boot="another")
            books.sessions.save(replace(session, process=earlier))
    house.server.start()
    heard = [house.home / "stranger", house.home / "another"]
    for file in heard:
        house.server.say("new-window", "-d", f"stty raw -echo; exec cat > {file}")
    until(lambda: all(file.exists() for file in heard))
    assert {halted.pane, idle.pane} <= set(halted.panes())
    house.start()
    for seat in (halted, idle):
        seat.is_("lost")
    listed = house.run("list").stdout
    assert [listed.count(word) for word in ("lost", "halted", "idle")] == [2, 1, 1]
    halted.never(lambda: len(halted.log("start")) > 1 or halted.attempts())
    house.let_it_be_due()
    until(lambda: halted.turns() == [TASK, OURS], what=halted.story)
    idle.never(lambda: len(idle.log("start")) > 1)
    assert [seat.keys() for seat in (halted, idle)] == keys
    assert [file.read_bytes() for file in heard] == [b"", b""]


# Processes that end


def test_a_zombie_is_a_lost_session(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a launcher that never asks what became of its child."""
    plain = house.program

    def behind_a_launcher(name: str, **part: object) -> Path:
        program = plain(name, **part)
        real = program.rename(program.with_name("real"))
        program.write_text(
            f"#!{sys.executable}\nimport os, sys, time\n"
            f"os.fork() or os.execv({str(real)!r}, sys.argv)\ntime.sleep(1000)\n"
        )
        program.chmod(0o755)
        return program

    monkeypatch.setattr(house, "program", behind_a_launcher)
    seat = house.new("zombie").idle()
    [file] = (house.home / ".claude" / "sessions").glob("*.json")
    assert int(file.stem) != seat.pid()
    os.kill(int(file.stem), signal.SIGKILL)
    stat = Path(f"/proc/{file.stem}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
    seat.is_("lost")


def test_a_storm_of_starts_is_told_once_and_who_is_stopped_in_it_stays_so(
    closed_house: House,
) -> None:
    told = Told(closed_house)
    house = told.start()

    def launches(seat: Seat) -> int:
        return max((attempt["launches"] for attempt in seat.attempts()), default=0)

    def has_launched(times: int) -> bool:
        return launches(storm) >= times

    def crashes(name: str, resets_in: float) -> Seat:
        seat = house.limited(name, limit={"resets_in": resets_in, "lifts_in": 0})
        house.program(name, crash_on_start=3)
        seat.kill()
        return seat.is_("lost")

    storm = crashes("storm", AHEAD)
    for number in range(1, 6):
        house.let_it_be_due(40.0 * number)
        until(partial(has_launched, number), what=storm.story)
    until(lambda: storm.row()["step"] == "gave_up", what=storm.story)
    stopped = crashes("stopped", 2 * AHEAD)
    house.let_it_be_due(AHEAD)
    until(lambda: launches(stopped) >= 1, what=stopped.story)
    assert house.run("stop", "stopped").returncode == 0
    stopped.is_("ended")
    starts = launches(stopped)
    house.let_it_be_due(9 * 3600)
    storm.never(lambda: launches(storm) > 5 or launches(stopped) > starts, 1.5)
    assert stopped.state == "ended"
    gave_up = [line["session"] for line in told.lines() if line["event"] == "gave-up"]
    assert gave_up == ["storm"], told.story(storm)
    house.program("storm")
    assert house.resume("storm", now=True)[0].done == "relaunches"
    until(partial(went_on, storm), what=storm.story)


# A pane that somebody else opened


def test_behind_a_shell_script_claude_code_cannot_be_told_from_a_shell_and_gets_no_key(
    new_tmux_server: Callable[[], PrivateServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Swapping(tmp_path, new_tmux_server().start())
    house.paths.ensure()
    plain, never = house.program, (1e9, 1e9)

    def in_a_script(name: str, **part: Any) -> Path:
        """tmux calls by the name of the script's shell what stands in front."""
        program = plain(name, **part)
        program.write_text(program.read_text().replace("\nexec ", "\n") + "exit $?\n")
        return program

    monkeypatch.setattr(house, "program", in_a_script)
    try:
        pane, _ = house.begun_by_hand("unknown", never)
        seat = house.kept("unknown", pane)
        house.start()
        until(lambda: seat.row()["halt"] is not None, what=seat.story)
        house.let_it_be_due(120)
        seat.waits_because("cannot tell Claude Code from a shell")
        seat.never(seat.keys, 1.5)
        assert seat.show("#{pane_current_command}") == "sh"
    finally:
        house.stop()


# Screens


def test_a_slow_screen_gets_enter_after_the_text_and_another_session_waits(house: House) -> None:
    part: dict[str, Any] = {"autostart_prompt": TASK, "limit": LIMIT} | NO_MENU
    names = ("one", "two")
    seats = [house.new(name, work_seconds=1.5, slow_echo=1.5, **part) for name in names]
    for seat in seats:
        until(partial(has_halt, seat), what=seat.story)
    house.let_it_be_due(120)
    for seat in seats:
        until(partial(went_on, seat), what=seat.story)
        assert seat.keys().endswith(f"{OURS}\x1b[201~\r")
        sent = [line for line in seat.log() if "bytes" in line]
        text, enter = (next(li["t"] for li in sent if what in li["bytes"]) for what in (OURS, "\r"))
        assert enter - text >= 1.5
    first, second = sorted(seats, key=entered_at)
    typed = next(line["t"] for line in second.log() if OURS in line.get("bytes", ""))
    assert typed > entered_at(first), "the first of an account is confirmed before the next"


def test_where_enter_is_a_new_line_it_is_pressed_once_and_a_person_is_asked(house: House) -> None:
    seat = begun(house, "paste", enter_is_newline=True).shows(MENU)
    house.let_it_be_due()
    until(lambda: seat.keys().count("\r"), what=seat.story)
    house.let_it_be_due(10)
    until(lambda: seat.row()["step"] == "needs_human", what=seat.story)
    assert "still in the box" in seat.row()["needs_human"]
    house.let_it_be_due(3600)
    seat.never(lambda: len(seat.attempts()) > 1)
    assert (seat.keys().count("\r"), seat.keys().count(OURS), seat.turns()) == (1, 1, [TASK])


_BAD_READER = """
import sys
sys.path.insert(0, {root!r})
from tmuxclaude.claude import screen
real = screen.read
def read(text, *rest, **more):
    if "hurt me" in text:
        raise ZeroDivisionError("a mistake of ours")
    return real(text, *rest, **more)
screen.read = read
"""


def test_a_screen_that_we_fail_to_read_costs_the_others_nothing(
    closed_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, plain = closed_house, closed_house.env()
    folder = house.home / "mistake"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_BAD_READER.format(root=plain["PYTHONPATH"]))
    path = f"{folder}:{plain['PYTHONPATH']}"
    monkeypatch.setattr(house, "env", lambda: plain | {"PYTHONPATH": path})
    house.start()
    good, bad = house.new("good", limit=LIMIT).idle(), house.limited("bad")
    good.say(TASK)
    until(partial(has_halt, good), what=good.story)
    bad.close_menu()
    bad.type("hurt me")
    house.let_it_be_due()
    good.has_turns(TASK, OURS)
    until(lambda: "a mistake of ours" in house.log(), what=house.log)
    bad.never(lambda: OURS in bad.turns())


# A clock that is set back by two hours, after three of them


def set_back(house: House, since: float = 0.0) -> None:
    """``since``: so many seconds ago."""
    house.shift_clocks(HOUR + since, 3 * HOUR + since, 3 * HOUR + since)


def is_told(house: House) -> bool:
    return "set back" in str(house.ask(wire.Ping(), wire.Pong).notices)


def test_after_it_neither_the_next_session_nor_a_back_off_waits_for_hours(house: House) -> None:
    house.restart(stagger_seconds=10, backoff_minutes=[10])
    first = house.limited("first", still_limited=1)
    house.shift(3 * HOUR)
    until(lambda: "met it again" in first.why(), what=first.story)
    set_back(house)
    until(lambda: is_told(house), what=house.log)
    set_back(house, 61)
    second = house.limited("second", limit={"resets_in": 600, "lifts_in": 0})
    second.has_turns(TASK, OURS)
    assert first.turns() == [TASK, OURS]
    set_back(house, 61 + 700)
    first.has_turns(TASK, OURS, OURS)


def test_after_it_a_key_that_was_sent_before_holds_up_nothing(house: House) -> None:
    seat = begun(house, "key", slow_echo=1.5)
    house.shift(3 * HOUR)
    until(lambda: seat.keys().count("\x1b"), what=seat.story)
    set_back(house)
    until(lambda: is_told(house), what=house.log)
    set_back(house, 61)
    until(partial(went_on, seat), what=seat.story)
    assert seat.keys().count(OURS) == 1
