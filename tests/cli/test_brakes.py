"""What the brakes look like on the command line, with and without a supervisor."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tmuxclaude.core.budgets import Pause
from tmuxclaude.core.model import Actor, Outlook, State, Want
from tmuxclaude.store.books import Books


@pytest.mark.parametrize(
    "arguments",
    [["pause"], ["pause", "--until", "2h"], ["unpause"], ["hold", "api"], ["release", "api"]],
)
def test_without_a_supervisor_each_says_so(arguments: list[str], run: Run) -> None:
    done = run(*arguments)
    assert done.code == 5
    assert "tmuxclaude supervisor start" in done.err
    assert run(*arguments, "--json").json["error"]["code"] == "unreachable"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["hold"], "NAME"),
        (["release"], "NAME"),
        *(([verb, "--group", ""], "--group") for verb in ("hold", "release", "stop", "resume")),
        (["pause", "2h"], "2h"),
        (["pause", "--until"], "--until"),
        (["unpause", "api"], "api"),
    ],
)
def test_a_wrong_call_is_explained(arguments: list[str], words: str, run: Run) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert words in done.err


def test_status_tells_of_a_pause_until_it_is_over(run: Run, books: Books) -> None:
    now = time.time()
    assert run("status", "--json").json["paused"] is None
    assert "resumes" not in run("status").out
    books.brakes.begin(Pause(now, None, "UTC"))
    assert "resumes     paused\n" in run("status").out
    assert run("status", "--json").json["paused"] == {"since": now, "until": None, "zone": "UTC"}
    books.brakes.begin(Pause(now, 4_000_000_000.0, "UTC"))
    shown = run("status", more={"TZ": "Asia/Tokyo"}).out
    assert "resumes     paused until 2 Oct 2096 16:06\n" in shown
    assert run("status", "--json").json["paused"]["until"] == 4_000_000_000.0
    books.brakes.begin(Pause(now - 20, now - 10, "UTC"))
    assert run("status", "--json").json["paused"] is None
    assert "resumes" not in run("status").out


def test_list_and_show_say_what_holds_a_session_back(run: Run, books: Books, home: Path) -> None:
    why = "quiet hours until Tue 2 Oct 07:06 (UTC) (5-hour limit)"
    outlook = Outlook(Actor.US, 4_000_000_000.0, why)
    one = session("api", home, state=State.LIMITED, outlook=outlook, want=Want.HOLD)
    books.sessions.add(one)
    line = run("list").out.splitlines()[1]
    assert "tmuxclaude  2 Oct 2096 07:06, in " in line
    assert line.endswith(why)
    shown = run("show", "api").out
    assert f": {why}" in shown
    assert "held          by you; to go on: tmuxclaude release api" in shown
    assert run("show", "api", "--json").json["want"] == "hold"


def test_a_hold_is_seen_whatever_else_there_is_to_say(run: Run, books: Books, home: Path) -> None:
    asked = Outlook(Actor.YOU, None, "permission prompt")
    one = session("api", home, state=State.WAITING, want=Want.HOLD, outlook=asked)
    books.sessions.add(one)
    assert "  held; permission prompt\n" in run("list").out
    lines = run("show", "api").out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["session", "state", "held"]
    books.sessions.save(replace(one, want=Want.UP))
    assert "held" not in run("list").out
