"""A launch on a limited account: refused, queued with a countdown, or forced."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.supervisor.house import AHEAD, LIMIT, SLACK, TASK, House
from tests.supervisor.seat import Seat
from tests.supervisor.wrapped import PROMPT, Shell, sessions
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors

LEAVE, START = "q", "Enter"


def new(house: House, name: str, **more: Any) -> Seat:
    """``new`` with the guard's options."""
    return Seat(house, opened(house, name, **more))


def opened(house: House, name: str, **more: Any) -> wire.Opened:
    """Its answer, with the notes."""
    request = wire.New(
        name=name,
        directory=str(house.project),
        command=[str(house.program(name))],
        socket=house.server.socket,
        tmux_session="user",
        **more,
    )
    return house.ask(request, wire.Opened)


def test_refused_with_the_reset_and_the_two_ways_on(house: House) -> None:
    first = house.limited("first")
    with pytest.raises(errors.RefusedError, match=r"5-hour limit.*--wait.*--force"):
        new(house, "second")
    shell = Shell(house, "third").run().shows("--force").type("echo code $?").shows("code 4")

    elsewhere = str(house.home / "other")
    new(house, "other", config_dir=elsewhere).idle()
    Shell(house, "fourth", {"CLAUDE_CONFIG_DIR": elsewhere}).run("-n", "fourth").seat("fourth")
    Shell(house, "moves").run("--", "-w", "name").shows("--force").type("echo code $?").shows(
        "code 4"
    )
    forced = new(house, "forced", if_limited="allow")
    shell.run("--force", "-n", "anyway").seat("anyway").idle()

    # The API answers again: what stands in the way ends with the first turn that shows it.
    forced.idle().say("does it work again")
    forced.has_turns("does it work again")
    until(lambda: new_works(house, "later"), what=first.story)


def new_works(house: House, name: str) -> bool:
    try:
        return bool(new(house, name).uid)
    except errors.RefusedError:
        return False


def test_a_socket_that_can_be_none_opens_nothing(house: House) -> None:
    for socket in ("", "/no/such/place/s", str(house.project)):
        order = wire.New(directory=str(house.project), command=["/bin/true"], socket=socket)
        with pytest.raises((errors.UsageError, errors.RefusedError), match="socket"):
            house.ask(order, wire.Opened)
    assert sessions(house) == []


def test_the_reset_opens_the_gate(house: House) -> None:
    house.limited("first")
    house.shift(AHEAD + SLACK)
    new(house, "second").idle()


def test_words_on_a_screen_close_nothing(house: House) -> None:
    first = house.new("first", limit=LIMIT, no_transcript=True).idle()
    first.say(TASK)
    first.is_("limited")
    house.shift(11.0)
    until(lambda: first.row()["limit_source"] == "screen", what=first.story)
    new(house, "second").idle()


def test_a_queued_window_counts_down_and_becomes_claude_code(house: House) -> None:
    first = house.limited("first")
    seat = new(house, "second", if_limited="wait", prompt="hello")
    seat.shows("starts when the 5-hour limit has reset").shows("░░░").shows("q gives up")
    pid = seat.pid()
    seat.is_("queued")
    assert seat.why() == "starts when the 5-hour limit has reset"
    assert seat.row()["outlook_at"] == pytest.approx(float(first.row()["resets_at"]) + 1)
    house.kill()
    house.start()
    seat.never(lambda: seat.state != "queued" or seat.log())
    house.shift(AHEAD + SLACK)
    seat.has_turns("hello")
    assert seat.pid() == pid
    assert (
        seat.show("#{pane_current_command}") == Path(str(seat.show("#{pane_current_command}"))).name
    )
    assert [text for kind, text in seat.events() if kind == "queued"] == [f"in pane {seat.pane}"]


def test_nothing_is_started_for_who_is_held_until_the_release(house: House) -> None:
    house.limited("first")
    seat = new(house, "second", if_limited="wait").shows("q gives up")
    assert house.run("hold", "second").returncode == 0
    held = "held; to go on: tmuxclaude release second"
    seat.waits_because(f"{held} (starts when the 5-hour limit has reset)").shows(held)
    house.shift(AHEAD + SLACK)
    seat.waits_because("nothing stands in its way any more")
    seat.never(lambda: seat.state != "queued" or seat.log() or held not in seat.why(), 3)
    assert house.run("release", "second").returncode == 0
    seat.idle()


def test_a_countdown_needs_no_supervisor(house: House) -> None:
    house.limited("first")
    second = new(house, "second", if_limited="wait").shows("q gives up")
    third = new(house, "third", if_limited="wait").shows("q gives up")
    house.kill()
    second.press(START)
    until(lambda: second.log("start"), what=second.screen)
    house.start()
    second.idle()
    third.is_("queued")
    third.press(LEAVE)
    third.is_("ended")
    until(lambda: third.pane not in house.server.say("list-panes", "-a", "-F", "#{pane_id}"))
    fourth = new(house, "fourth", if_limited="wait").shows("q gives up")
    fourth.kill(signal.SIGKILL)
    fourth.is_("lost")


def test_the_wrapper_waits_in_its_own_pane(house: House) -> None:
    house.limited("first")
    shell = Shell(house, "mine").run("--wait").shows("q gives up")
    seat = shell.seat("proj").is_("queued")
    shell.press(LEAVE)
    shell.shows(PROMPT).type("echo code $?").shows("code 130")
    assert seat.is_("ended").row()["reason"] == "you gave up waiting"

    shell.type("clear").run("--wait", "--", "-w", "name").shows("q gives up").press(LEAVE)
    shell.shows(PROMPT).type("echo code $?").shows("code 130").shows("not kept: --worktree")

    shell.type("clear").run("--wait").shows("q gives up")
    seat = shell.seat("proj").is_("queued")
    house.run("stop", "proj")
    shell.shows(PROMPT)
    assert seat.state == "ended"

    shell.type("clear").run("--wait").shows("q gives up")
    seat = shell.seat("proj").is_("queued")
    shell.press(START)
    seat.idle()
    assert [kind for kind, _ in seat.events()][:2] == ["queued", "state"]


def test_waiting_can_be_the_rule(closed_house: House) -> None:
    text = closed_house.paths.config.read_text()
    closed_house.paths.config.write_text(text + '[launch]\nwhen_limited = "wait"\n')
    closed_house.start()
    closed_house.limited("first")
    assert new(closed_house, "second").is_("queued").uid


def test_starting_all_the_same_can_be_the_rule_and_is_said(closed_house: House) -> None:
    text = closed_house.paths.config.read_text()
    closed_house.paths.config.write_text(text + '[launch]\nwhen_limited = "allow"\n')
    house = closed_house.start()
    house.limited("first")
    second = opened(house, "second")
    [note] = second.notes
    assert note.endswith("has met its 5-hour limit")
    Seat(house, second).idle()
    shell = Shell(house, "mine").run("-n", "mine").has_shown("has met its 5-hour limit")
    shell.seat("mine").idle()


def test_a_limit_of_one_model_warns_and_stops_nobody(house: House) -> None:
    house.limited("first", limit=LIMIT | {"claim": "seven_day_opus"})
    second = opened(house, "second")
    [note] = second.notes
    assert note.startswith("the Opus limit stands until ")
    Seat(house, second).idle()
    shell = Shell(house, "mine").run("-n", "mine").has_shown("the Opus limit stands until ")
    shell.seat("mine").idle()


def test_who_waits_starts_as_soon_as_anybody_has_seen_the_limit_lifted(house: House) -> None:
    first = house.limited("first")
    waiter = new(house, "waiter", if_limited="wait").shows("q gives up").is_("queued")
    forced = new(house, "forced", if_limited="allow").idle()
    assert waiter.state == "queued"
    forced.say("does it work again")
    waiter.idle()
    assert waiter.log("start")
    assert first.row()["resets_at"] > time.time()
