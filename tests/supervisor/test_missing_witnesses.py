"""Each witness can be missing; what is left still finds the limit and resumes once."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.supervisor.house import AHEAD, LIMIT, MENU, OURS, TASK, House, Seat
from tests.waiting import until

SETTLE = 11.0
"""A limit that only the screen shows is believed after 10 s."""


def limited(house: House, name: str, **part: Any) -> Seat:
    seat = house.new(name, limit=LIMIT, work_seconds=1.0, **part).idle()
    seat.say(TASK)
    return seat.is_("limited")


@pytest.mark.parametrize("missing", ["no_registry", "no_hooks"])
def test_one_is_missing(house: House, missing: str) -> None:
    seat = limited(house, "one", **{missing: True})
    until(lambda: seat.row()["halt"], what=seat.story)
    assert seat.row()["limit_source"] == "transcript"
    house.let_it_be_due()
    until(lambda: seat.row()["step"] == "confirmed" or seat.halts()[0]["ended_at"], what=seat.story)
    seat.has_turns(TASK, OURS, by_screen=missing == "no_registry")
    assert seat.attempts()[0]["step"] == "confirmed"


@pytest.mark.parametrize("word", [None, "a word to come"], ids=["none", "unknown"])
def test_a_registry_file_whose_status_says_nothing_leaves_it_to_the_others(
    house: House, word: str | None
) -> None:
    words = dict.fromkeys(("idle", "busy", "waiting"), word)
    seat = limited(house, "wordless", registry_words=words)
    house.let_it_be_due()
    seat.has_turns(TASK, OURS, by_screen=True)


def test_a_shell_in_the_background_stops_no_resume(house: House) -> None:
    seat = limited(house, "server", registry_words={"idle": "shell"})
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    seat.is_("idle")
    until(lambda: "registry file: shell" in house.explain("server"), what=seat.story)


@pytest.mark.parametrize("part", [{}, {"no_registry": True}], ids=["registry", "screen-only"])
def test_without_a_transcript_the_screen_tells(house: House, part: dict[str, bool]) -> None:
    met = time.time()
    seat = limited(house, "blind", no_transcript=True, **part)
    seat.never(lambda: seat.row()["halt"])
    house.shift(SETTLE)
    until(lambda: seat.row()["halt"], what=seat.story)
    row = seat.row()
    assert (row["limit_source"], row["limit_kind"]) == ("screen", "five_hour")
    said = datetime.fromtimestamp(met + AHEAD, UTC).replace(second=0, microsecond=0).timestamp()
    assert 0 <= row["resets_at"] - 60 - said <= 60, "cut to the minute, so a minute later"
    house.shift(row["resets_at"] - time.time() - 5)
    seat.never(lambda: seat.attempts())
    house.shift(row["resets_at"] - time.time() + 3)
    until(lambda: seat.row()["step"] == "confirmed" or seat.halts()[0]["ended_at"], what=seat.story)
    seat.has_turns(TASK, OURS, by_screen=True)
    assert seat.attempts()[0]["step"] == "confirmed"


def test_the_same_words_after_our_resume_are_said_and_not_answered_again(house: House) -> None:
    """On a screen alone nobody can tell whether the limit was met anew, so a person is asked."""
    seat = limited(house, "again", no_transcript=True, still_limited=9)
    house.shift(SETTLE)
    until(lambda: seat.row()["halt"], what=seat.story)
    house.let_it_be_due(60)
    until(lambda: seat.turns() == [TASK, OURS], what=seat.story)
    house.until_swept(lambda: "exactly this before" in seat.why(), seat.story)
    assert seat.row()["outlook_actor"] == "you"
    seat.never(lambda: len(seat.turns()) > 2)


def test_a_transcript_that_cannot_be_read_for_a_while_ends_no_halt(house: House) -> None:
    seat = house.limited("hidden").shows(MENU)
    house.stop()
    projects = house.home / ".claude" / "projects"
    hidden = projects.rename(house.home / "hidden")
    house.start()
    until(lambda: "transcript: says nothing" in house.explain("hidden"), what=seat.story)
    house.shift(SETTLE)
    seat.close_menu()
    until(lambda: "registry file: idle" in house.explain("hidden"), what=seat.story)
    seat.never(lambda: len(seat.halts()) > 1 or seat.halts()[0]["ended_at"], 1.5)
    hidden.rename(projects)
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
