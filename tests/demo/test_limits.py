"""What the actor does at a usage limit, and what its records say of it."""

from __future__ import annotations

import json
import os
import signal
import time

from tests.demo.conftest import Plays
from tests.demo.parts import (
    FAR,
    FIRED,
    MENU,
    MENU_OPEN,
    REARMED,
    UUID,
    fired,
    limited,
    menu,
)


def test_the_limit_record_tells_the_reset(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    menu(actor)
    [record] = actor.records(apiError="usage_limit_reached")
    assert record["quotaLimits"]["resetsAt"] == FAR["resets_at"]
    assert record["quotaLimits"]["rateLimitType"] == "five_hour"
    assert record["message"]["content"][0]["text"] in actor.screen()
    ids = [r["uuid"] for r in actor.records() if "uuid" in r]
    assert [r["parentUuid"] for r in actor.records() if "uuid" in r] == [None, *ids[:-1]]


def test_native_continues_once_after_the_reset(play: Plays) -> None:
    actor = play(**FIRED)
    fired(actor)
    [own] = [r for r in actor.records(type="user") if r.get("isMeta")]
    assert own["origin"] == {"kind": "auto-continuation"}
    assert own["message"]["content"].startswith("Your claude.ai usage limit has reset.")
    [limit] = actor.log("limit")
    [event] = actor.log("fired")
    assert event["t"] >= limit["resets_at"]
    notices = [r["content"] for r in actor.records(subtype="informational")]
    assert notices[1] == "Usage limit reset · Continuing automatically"
    assert len(actor.records(subtype="turn_duration")) == 1


def test_native_gives_up_after_three_tries(play: Plays) -> None:
    actor = play(**{**REARMED, "native_again": [0.1, 0.1]})
    limited(actor, "a task").shows("Automatic continue stopped after repeated usage limit hits")
    assert len(actor.log("fired")) == 3
    assert "limit resets" not in actor.screen()


def test_what_is_typed_after_the_reset_works(play: Plays) -> None:
    actor = play(limit={"resets_in": 1}, native=False)
    menu(actor)
    actor.press("Escape")
    actor.ready()
    [limit] = actor.log("limit")
    actor.wait(lambda: time.time() > limit["resets_at"])
    actor.enter("continue")
    actor.shows("● Done.")


def test_a_new_process_still_knows_the_limit(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    actor.start("--session-id", UUID).ready().enter("a task")
    actor.shows(MENU)
    os.kill(int(actor.show("#{pane_pid}")), signal.SIGKILL)
    actor.wait(actor.dead)
    stale = next((actor.config / "sessions").glob("*.json"))
    assert json.loads(stale.read_text())["status"] == "waiting"
    stale.unlink()
    actor.start("--resume", UUID).ready()
    assert "⎿ \u00a0You've hit your 5-hour limit" in actor.screen()
    assert MENU not in actor.screen()
    actor.enter("too early")
    actor.shows(MENU)
    first, second = actor.records(apiError="usage_limit_reached")
    assert first["quotaLimits"] == second["quotaLimits"]


def test_it_can_die_of_the_limit_and_be_relaunched_with_a_text(play: Plays) -> None:
    actor = play(limit={"resets_in": 1}, native=False, dies_after=0.1, autostart_prompt="a task")
    actor.start("--session-id", UUID).wait(lambda: actor.dead() == "-9")
    [limit] = actor.log("limit")
    actor.wait(lambda: time.time() > limit["resets_at"])
    actor.start("--resume", UUID, "go on").shows("● Done.")
    assert [r["message"]["content"] for r in actor.records(type="user")] == ["a task", "go on"]


def test_it_can_die_with_an_exit_code(play: Plays) -> None:
    actor = play(**MENU_OPEN, dies_after=0, dies_by=3, autostart_prompt="a task").start()
    actor.wait(lambda: actor.dead() == "3")


def test_still_limited_meets_the_limit_again_in_a_new_process(play: Plays) -> None:
    actor = play(limit={"resets_in": 1}, native=False, still_limited=1, dies_after=0.1)
    actor.start("--session-id", UUID, "a task").wait(lambda: actor.dead() == "-9")
    [limit] = actor.log("limit")
    actor.wait(lambda: time.time() > limit["resets_at"])
    actor.start("--resume", UUID, "one").wait(lambda: actor.dead() == "-9")
    actor.start("--resume", UUID, "two").shows("● Done.")
    assert len(actor.records(apiError="usage_limit_reached")) == 2


def test_a_reply_can_quote_every_limit(play: Plays) -> None:
    actor = play(height=60, quotes=True).start().ready()
    actor.enter("tell me")
    actor.shows("✻")
    assert "  You've hit your 5-hour limit · resets 10:17pm (UTC)" in actor.screen()
    assert actor.status() == ("idle", "")
    assert actor.records(apiError="usage_limit_reached") == []
