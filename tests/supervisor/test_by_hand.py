"""What a person asks for by a command, and what is refused, with nothing done."""

from __future__ import annotations

import json

import pytest

from tests.supervisor.house import LIMIT, MENU, OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire

REFUSED = 4


def test_a_prompt_of_new_is_delivered_when_the_prompt_box_is_there(house: House) -> None:
    seat = house.new("prompt", prompt=TASK)
    seat.has_turns(TASK)
    assert [attempt["halt"] for attempt in seat.attempts()] == [None]
    assert seat.attempts()[0]["step"] == "confirmed"
    assert TASK not in json.dumps(seat.log("start")[0]["argv"])


def test_a_message_that_meets_a_limit_counts_as_no_attempt_on_it(closed_house: House) -> None:
    """The supervisor dies at the Enter, so that turn and limit are both there at its next look."""
    house = closed_house.start("enter-after")
    seat = house.new("early", prompt=TASK, limit=LIMIT)
    until(lambda: seat.log("limit"), what=seat.story)
    house.start()
    seat.is_("limited")
    until(lambda: seat.halts() and not seat.attempts()[0]["halt"], what=seat.story)
    until(lambda: seat.attempts()[0]["step"] == "confirmed", what=seat.story)
    assert seat.halts()[0]["attempts"] == 0
    assert "message sent" in dict(seat.events())
    assert "resumed" not in dict(seat.events())
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)


def test_send_is_one_turn_and_says_so(house: House) -> None:
    seat = house.new("send").idle()
    done = house.run("send", "send", "hello there")
    assert (done.returncode, done.stdout) == (0, "send: sent\n")
    seat.has_turns("hello there")


def test_send_is_refused_over_a_draft_and_nothing_is_typed(house: House) -> None:
    seat = house.new("draft").idle()
    seat.type("half a thought")
    before = seat.keys()
    done = house.run("send", "draft", "hello")
    assert done.returncode == REFUSED
    assert "draft" in done.stderr
    seat.never(lambda: seat.keys() != before)
    assert seat.halts() == []


def test_send_is_refused_while_it_works_and_nothing_is_typed(house: House) -> None:
    seat = house.new("busy", work_seconds=60).idle()
    seat.say(TASK)
    seat.is_("working")
    before = seat.keys()
    done = house.run("send", "busy", "hello")
    assert (done.returncode, "working" in done.stderr) == (REFUSED, True)
    assert seat.keys() == before


def test_a_limited_session_refuses_send_and_an_early_resume(house: House) -> None:
    seat = house.limited("early")
    before = seat.keys()
    done = house.run("send", "early", "hello")
    assert (done.returncode, "limited" in done.stderr) == (REFUSED, True)
    done = house.run("resume", "early")
    assert done.returncode == REFUSED
    assert "due at" in done.stdout + done.stderr
    assert "--now" in done.stdout + done.stderr
    [verdict] = house.resume("early", now=True, dry=True)
    assert verdict.done == "types"
    assert any("transcript" in line for line in verdict.evidence)
    assert [one.name for one in house.resume()] == ["early"], "without a name it only lists"
    seat.never(lambda: seat.keys() != before or seat.attempts())


def test_resume_now_does_not_wait_for_the_reset(house: House) -> None:
    seat = house.limited("now").shows(MENU)
    done = house.run("resume", "now", "--now")
    assert done.returncode == 0, done
    assert done.stdout == "now: types the resume text (5-hour limit)\nnow: continues\n"
    seat.has_turns(TASK, OURS)
    assert seat.attempts()[0]["by_hand"]
    for line in ("limit\n", "resumed: ", "halt over: ", "state: "):
        assert f"INFO now: {line}" in house.log(), "of a limit no words of a screen"


def test_resume_refuses_what_nothing_stopped(house: House) -> None:
    seat = house.new("fine").idle()
    [verdict] = house.resume("fine")
    assert (verdict.done, verdict.code) == ("refused", "refused")
    assert "send fine" in verdict.why
    assert seat.keys() == ""


def test_resume_refuses_what_asks_its_user_also_with_an_open_halt(house: House) -> None:
    first = house.limited("first")
    first.close_menu()
    first.say("/exit")
    first.is_("ended")
    seat = house.new("asks", ("--resume", first.conversation), limit=LIMIT).is_("limited")
    house.program("asks", trust=True)
    seat.kill()
    seat.is_("lost")
    house.let_it_be_due()
    seat.shows("trust this folder").is_("waiting")
    before = seat.keys()
    [verdict] = house.resume("asks", now=True)
    assert verdict.done == "refused"
    assert "attach asks" in verdict.why
    seat.never(lambda: seat.keys() != before)


def test_resume_relaunches_a_lost_session_with_the_text(house: House) -> None:
    seat = house.limited("lost")
    seat.kill()
    seat.is_("lost")
    [verdict] = house.resume("lost", dry=True)
    assert verdict.done == "refused"
    [verdict] = house.resume("lost", now=True)
    assert verdict.done == "relaunches"
    seat.has_turns(TASK, OURS)


def test_resume_reopens_an_ended_session_without_text(house: House) -> None:
    seat = house.new("again", prompt="hello")
    seat.has_turns("hello")
    seat.say("/exit")
    seat.is_("ended")
    assert seat.row()["reason"] == "it was ended at its prompt"
    [verdict] = house.resume("again")
    assert verdict.done == "reopens"
    until(lambda: len(seat.log("start")) == 2, what=seat.story)
    assert seat.log("start")[1]["argv"][:2] == ["--resume", seat.conversation]
    seat.is_("idle")
    assert seat.turns() == ["hello"]


def test_stop_refuses_a_turn_that_works_unless_now(house: House) -> None:
    seat = house.new("works", work_seconds=60).idle()
    seat.say(TASK)
    seat.is_("working")
    [verdict] = house.ask(wire.Stop(names=["works"]), wire.Verdicts).sessions
    assert (verdict.done, verdict.code) == ("refused", "refused")
    pid = seat.pid()
    [verdict] = house.ask(wire.Stop(names=["works"], now=True), wire.Verdicts).sessions
    assert verdict.done == "stops"
    seat.is_("ended")
    assert seat.row()["reason"] == "stopped by you"
    until(lambda: seat.pane not in seat.panes(), what=seat.story)
    assert seat.log("exit")[-1]["pid"] == pid


def test_a_prompt_that_was_not_typed_yet_goes_with_the_session_that_is_stopped(
    house: House,
) -> None:
    seat = house.new("gone", prompt="hello", trust=True).shows("trust this folder")
    house.ask(wire.Stop(names=["gone"], now=True), wire.Verdicts)
    seat.is_("ended")
    until(lambda: seat.attempts()[0]["step"] == "skipped", what=seat.story)
    assert seat.attempts()[0]["reason"] == "the session was stopped"
    assert "needs you" not in dict(seat.events())
    assert seat.turns() == []


def test_a_message_that_has_to_wait_is_not_sent_and_says_so(house: House) -> None:
    seat = house.new("mode").idle()
    seat.server.say("copy-mode", "-t", seat.pane)
    done = house.run("send", "mode", "hello")
    assert done.returncode == REFUSED
    assert done.stderr.startswith("tmuxclaude: mode: not sent: the pane is in copy mode")
    assert seat.turns() == []


def test_a_session_that_was_stopped_while_limited_stays_stopped(house: House) -> None:
    seat = house.limited("stays")
    assert house.run("stop", "stays").returncode == 0
    house.let_it_be_due()
    seat.never(lambda: seat.state != "ended" or len(seat.log("start")) > 1)
    assert seat.pane not in seat.panes()


@pytest.mark.parametrize("way", ["stop", "kill-window"])
def test_a_relaunch_that_its_user_ends_stays_ended(house: House, way: str) -> None:
    seat = house.limited("relaunched")
    house.program("relaunched", trust=True)
    seat.kill()
    seat.is_("lost")
    house.let_it_be_due()
    seat.shows("trust this folder")
    if way == "stop":
        house.ask(wire.Stop(names=["relaunched"], now=True), wire.Verdicts)
    else:
        seat.server.say("kill-window", "-t", seat.pane)
    seat.is_("ended")
    house.let_it_be_due(500)
    seat.never(lambda: seat.state != "ended" or len(seat.log("start")) > 2, 1.5)
