"""The main job on the stand-in: a limit stops a session, it resets, the session continues once."""

from __future__ import annotations

import os
import re
from functools import partial
from itertools import pairwise

import pytest

from tests.supervisor.house import AHEAD, LIMIT, MENU, NBSP, OURS, SLACK, TASK, House
from tests.waiting import until

ESCAPE = "\x1b"


def test_the_limit_menu_is_closed_and_the_text_is_one_turn(house: House) -> None:
    seat = house.limited("menu").shows(MENU).awaits("tmuxclaude")
    assert seat.row()["limit_kind"] == "five_hour"
    before = seat.keys()
    house.shift(AHEAD - 30)
    seat.never(lambda: seat.keys() != before)
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert seat.prompts() == [TASK, OURS]
    ours = seat.keys().removeprefix(before)
    assert ours == f"{ESCAPE}{ESCAPE}[200~{OURS}{ESCAPE}[201~\r"
    assert seat.steps() == ["due", "typing", "typed", "entering", "confirmed"]
    [halt] = seat.halts()
    assert (halt["ended_by"], halt["attempts"]) == ("tmuxclaude", 1)


def test_a_menu_with_credits_first_gets_no_enter_and_no_digit(house: House) -> None:
    seat = house.limited("credits", credits_first=True).shows("❯ 1. Switch to usage credits")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    assert [(line["dialog"], line["row"]) for line in seat.log("row")] == [
        ("limit-credits-first", "")
    ]


def test_claude_codes_own_continue_goes_first_and_we_send_nothing(house: House) -> None:
    soon = {"resets_in": 2}
    seat = house.limited("native", limit=soon, native=True, native_jitter=[2, 2])
    seat.awaits("claude")
    before = seat.keys()
    until(lambda: [line for line in seat.log("submit") if line["own"]], what=seat.story)
    seat.idle()
    until(lambda: seat.halts()[0]["ended_at"], what=seat.story)
    assert seat.halts()[0]["ended_by"] == "claude"
    assert seat.attempts() == []
    seat.never(lambda: seat.keys() != before)


def test_we_come_second_when_its_own_continue_never_comes(house: House) -> None:
    seat = house.limited("second", native=True, native_jitter=[9999, 9999])
    before = seat.keys()
    house.let_it_be_due(100)
    seat.never(lambda: seat.keys() != before)
    house.let_it_be_due(120)
    seat.has_turns(TASK, OURS)
    assert not re.search(f"{ESCAPE}\r", seat.keys())


def test_a_weekly_limit_more_than_a_day_ahead(house: House) -> None:
    ahead = 30 * 3600.0
    limit = {"claim": "seven_day", "resets_in": ahead, "lifts_in": 0}
    seat = house.limited("weekly", limit=limit, native=True)
    seat.shows(MENU)
    assert seat.row()["limit_kind"] == "seven_day"
    house.shift(ahead - 60)
    seat.never(lambda: seat.attempts())
    house.shift(ahead + SLACK)
    seat.has_turns(TASK, OURS)


def test_a_process_that_was_killed_starts_again_in_its_place(house: House) -> None:
    folder = house.project / "deep"
    folder.mkdir()
    seat = house.limited("killed", directory=folder)
    seat.kill()
    seat.is_("lost")
    seat.never(lambda: len(seat.log("start")) > 1)
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    first, second = seat.log("start")
    assert second["cwd"] == first["cwd"] == str(folder.resolve())
    assert second["argv"][second["argv"].index("--resume") + 1] == seat.conversation
    assert seat.row()["pane_id"] == seat.pane
    assert seat.steps() == ["due", "launching", "confirmed"]
    assert seat.keys().count(OURS) == 0
    assert seat.prompts() == [TASK, OURS]


def test_a_process_that_dies_in_the_turn_that_we_began_is_left_lost(house: House) -> None:
    seat = house.limited("dies")
    house.program("dies", work_seconds=60)
    seat.kill()
    seat.is_("lost")
    house.let_it_be_due()
    until(lambda: seat.row()["step"] == "confirmed", what=seat.story)
    seat.kill()
    seat.is_("lost")
    until(lambda: seat.halts()[0]["ended_by"] == "tmuxclaude", what=seat.story)
    seat.never(lambda: len(seat.log("start")) > 2)
    assert seat.prompts() == [TASK, OURS]


def test_a_process_that_dies_at_every_start_is_left_to_its_user(house: House) -> None:
    seat = house.limited("crash")
    house.program("crash", crash_on_start=3)

    def has_launched(times: int) -> bool:
        return times in [attempt["launches"] for attempt in seat.attempts()]

    seat.kill()
    seat.is_("lost")
    house.let_it_be_due()
    until(partial(has_launched, 2), what=seat.story)
    for launches in range(3, 6):
        house.let_it_be_due(20.0 * launches)
        until(partial(has_launched, launches), what=seat.story)
    house.let_it_be_due(160)
    until(lambda: seat.row()["step"] == "gave_up", what=seat.story)
    seat.waits_because("ended right after each")
    house.let_it_be_due(9 * 3600)
    seat.never(lambda: len(seat.started_at()) > 5)
    began = seat.started_at()
    gaps = [after - before for before, after in pairwise(began)]
    assert (len(began), len(seat.attempts()), min(gaps) >= 1) == (5, 1, True), gaps
    for shown in (house.run("list"), house.run("show", "crash")):
        assert "ended right after each of 5 starts" in shown.stdout


@pytest.mark.parametrize("way", ["kill-window", "kill-pane", "/exit"])
def test_what_its_user_ends_never_comes_back(house: House, way: str) -> None:
    seat = house.limited("ended")
    seat.close_menu()
    if way == "/exit":
        seat.say("/exit")
    else:
        seat.server.say(way, "-t", seat.pane)
    seat.is_("ended")
    assert seat.pane not in seat.panes()
    house.let_it_be_due()
    seat.never(lambda: seat.state != "ended" or len(seat.log("start")) > 1)
    assert seat.halts()[0]["ended_at"]


@pytest.mark.parametrize("way", ["kill-window", "stop"])
def test_ended_while_an_attempt_waits_never_comes_back(house: House, way: str) -> None:
    seat = house.limited("waits")
    seat.close_menu()
    seat.type("half a thought")
    house.let_it_be_due()
    seat.waits_because("draft")
    assert seat.attempts()[-1]["step"] == "due"
    if way == "stop":
        assert house.run("stop", "waits").returncode == 0
    else:
        seat.server.say("kill-window", "-t", seat.pane)
    seat.is_("ended")
    seat.never(lambda: seat.state != "ended" or len(seat.log("start")) > 1)
    assert seat.attempts()[-1]["step"] == "skipped"


def test_exit_in_the_last_window_of_a_server_is_a_goodbye(house: House) -> None:
    seat = house.limited("last")
    seat.close_menu()
    first = seat.server.say("list-windows", "-t", "user", "-F", "#{window_id} #{window_name}")
    [sleeper] = [row.split()[0] for row in first.splitlines() if row.endswith(" first")]
    seat.server.say("kill-window", "-t", sleeper)
    seat.type("/exit")
    seat.server.user.cmd("send-keys", "-t", seat.pane, "Enter")
    seat.is_("ended")
    house.let_it_be_due()
    seat.never(lambda: seat.state != "ended" or len(seat.log("start")) > 1)


def test_a_tmux_server_that_was_killed_leaves_lost_sessions_and_their_records(house: House) -> None:
    seat = house.new("server").idle()
    before = seat.keys()
    seat.server.kill()
    seat.is_("lost")
    seat.never(lambda: len(seat.log("start")) > 1 or seat.keys() != before)
    assert seat.row()["conversation"] == seat.conversation


def test_two_sessions_of_an_account_go_one_after_the_other(house: House) -> None:
    house.restart(stagger_seconds=2)
    seats = [house.limited(name) for name in ("one", "two")]
    house.let_it_be_due()
    for seat in seats:
        seat.has_turns(TASK, OURS)
    first, second = sorted(seat.log("submit")[-1]["t"] for seat in seats)
    assert second - first >= 1.8


def test_clear_adds_a_link_and_the_new_conversation_is_resumed(house: House) -> None:
    seat = house.new("clear", limit=LIMIT | {"after_turns": 1}).idle()
    seat.say("hello")
    seat.shows("Done.").idle()
    seat.say("/clear")
    until(lambda: len(seat.chain()) == 2, what=seat.story)
    assert [link["why"] for link in seat.chain()] == ["start", "clear"]
    said = [(link["prompts"], link["replies"], link["last_prompt"]) for link in seat.chain()]
    assert said[0] == (1, 1, "hello")
    seat.idle()
    seat.say(TASK)
    seat.is_("limited")
    house.let_it_be_due()
    seat.has_turns("hello", TASK, OURS)
    assert seat.halts()[0]["conversation"] == seat.chain()[1]["conversation"]


def test_clear_while_a_halt_is_open_ends_it(house: House) -> None:
    seat = house.limited("forgets")
    seat.close_menu()
    seat.type("half a thought")
    house.let_it_be_due()
    seat.waits_because("draft")
    seat.press("C-u")
    seat.server.say("send-keys", "-t", seat.pane, "-l", "/clear")
    seat.server.say("send-keys", "-t", seat.pane, "Enter")
    until(lambda: seat.halts()[0]["ended_at"], what=seat.story)
    seat.never(lambda: OURS in seat.turns())


def test_the_trust_dialog_is_its_users(house: House) -> None:
    seat = house.new("trust", trust=True).is_("waiting")
    assert "trust" in seat.row()["reason"]
    seat.never(lambda: seat.keys(), 1.5)
    os.kill(seat.pid(), 0)


def test_a_permission_prompt_is_its_users(house: House) -> None:
    seat = house.limited("asks", permission={"command": "touch approved", "turn": 2})
    seat.close_menu()
    seat.say("make it")
    seat.shows("Do you want to proceed?").is_("waiting")
    before = seat.keys()
    house.let_it_be_due()
    seat.never(lambda: seat.keys() != before)
    assert not (house.project / "approved").exists()
    assert seat.turns() == [TASK, "make it"]


def test_a_resume_question_is_closed_by_one_escape(house: House) -> None:
    first = house.limited("first")
    first.close_menu()
    first.say("/exit")
    first.is_("ended")
    seat = house.new("second", ("--resume", first.conversation), resume_question=True, limit=LIMIT)
    seat.shows("Resume this conversation?").is_("limited")
    house.let_it_be_due()
    seat.has_turns(OURS)
    assert [(line["dialog"], line["row"]) for line in seat.log("row")] == [("resume", "")]
    assert seat.prompts() == [TASK, OURS]


def test_a_draft_is_kept_until_it_is_gone(house: House) -> None:
    draft = "half a thought, not yet said"
    seat = house.limited("draft")
    seat.close_menu()
    seat.type(draft)
    before = seat.keys()
    house.let_it_be_due()
    seat.waits_because("draft")
    seat.never(lambda: seat.keys() != before or f"❯{NBSP}{draft}" not in seat.screen())
    seat.press("C-u")
    seat.has_turns(TASK, OURS)


def test_a_draft_is_put_aside_and_given_back(house: House) -> None:
    draft = "half a thought, not yet said"
    house.restart(draft="stash")
    seat = house.limited("stash")
    seat.close_menu()
    seat.type(draft)
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    seat.shows(f"❯{NBSP}{draft}")


def test_still_limited_waits_its_back_off_and_then_gives_up(house: House) -> None:
    house.restart(backoff_minutes=[5, 10], max_attempts=2)
    seat = house.limited("still", still_limited=99)
    house.let_it_be_due()
    until(lambda: seat.halts()[0]["attempts"] == 1, what=seat.story)
    until(lambda: "met it again" in seat.why(), what=seat.story)
    house.let_it_be_due(270)
    seat.never(lambda: len(seat.attempts()) > 1)
    house.let_it_be_due(310)
    until(lambda: seat.halts()[0]["attempts"] == 2, what=seat.story)
    until(lambda: "gave up after 2" in seat.why(), what=seat.story)
    house.let_it_be_due(10 * 3600)
    seat.never(lambda: len(seat.attempts()) > 2)
    assert len(seat.halts()) == 1
    seat.awaits("you")
    assert seat.turns() == [TASK, OURS, OURS]
