"""``show`` from a real database, and the sessions that names and -L/-S choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Limit,
    LimitKind,
    Outlook,
    Source,
    State,
    Step,
    Want,
)
from tmuxclaude.store.books import Books

BEGAN = 1_800_000_000.0
WORDS = "You've hit your weekly limit \x1b[2J"


@pytest.fixture
def limited(books: Books, home: Path) -> str:
    """A session that met a weekly limit; one attempt was made."""
    outlook = Outlook(Actor.US, BEGAN + 7200, "weekly limit")
    one = session("api", home, state=State.LIMITED, since=BEGAN + 60, outlook=outlook)
    books.sessions.add(one)
    books.sessions.link(one.uid, "0a1b2c3d-0000-4000-8000-000000000001", BEGAN, "start")
    books.sessions.link(one.uid, "0a1b2c3d-0000-4000-8000-000000000002", BEGAN + 30, "clear")
    books.events.note(BEGAN + 60, one.uid, "state", "working → limited")
    limit = Limit(LimitKind.SEVEN_DAY, WORDS, Source.TRANSCRIPT, BEGAN + 60, BEGAN + 7000)
    halt = books.halts.open_halt(one.uid, one.conversation or "", limit, "record-1", BEGAN + 60)
    assert halt is not None
    attempt = books.halts.begin(
        Attempt(0, one.uid, 1, "Please continue.", Step.DUE, BEGAN + 7000, halt=halt.id)
    )
    books.halts.step(attempt, Step.TYPING, BEGAN + 7001)
    return one.uid


@pytest.mark.usefixtures("limited")
def test_show_tells_the_whole_story(run: Run) -> None:
    done = run("show", "api")
    assert done.code == 0
    assert done.err == ""
    for line in (
        "state         limited since 15 Jan 2027 08:01",
        "next          tmuxclaude at 15 Jan 2027 10:00",
        "directory     ~/api",
        "  none: no supervisor is running; start it with: tmuxclaude supervisor start",
        "  2027-01-15 08:00:30  0a1b2c3d-0000-4000-8000-000000000002  clear",
        "  said: You've hit your weekly limit \\x1b[2J (transcript)",
        "  resets: 2027-01-15 09:56:40",
        "  attempt 1, typing",
        "    2027-01-15 09:56:41  typing",
        "  still open",
        "  2027-01-15 08:01:00  state  working → limited",
    ):
        assert any(shown.startswith(line) for shown in done.out.splitlines()), line
    assert "\x1b" not in done.out


@pytest.mark.usefixtures("limited")
def test_show_has_the_same_as_data(run: Run) -> None:
    data = run("show", "api", "--json").json
    assert data["name"] == "api"
    assert data["evidence"] is None
    assert [link["why"] for link in data["chain"]][-1] == "clear"
    [halt] = data["halts"]
    assert halt["limit_words"] == WORDS
    assert [step["step"] for step in halt["attempts"][0]["steps"]] == ["due", "typing"]
    assert data["halt"]["limit"]["kind"] == "seven_day"
    assert data["messages"] == []
    assert data["events"][-1]["kind"] == "state"


@pytest.mark.usefixtures("limited")
def test_a_session_that_is_not_there_has_a_near_one(run: Run) -> None:
    done = run("show", "ap")
    assert done.code == 3
    assert "there is no session 'ap'" in done.err
    assert "Did you mean api?" in done.err


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    "arguments", [["show", "api"], ["attach", "api"], ["stop", "api"], ["send", "api", "x"]]
)
def test_a_name_on_another_tmux_server_is_not_found(arguments: list[str], run: Run) -> None:
    done = run(*arguments, "-L", "elsewhere")
    assert done.code == 3
    assert "elsewhere" in done.err


@pytest.mark.usefixtures("limited")
def test_nothing_to_do_on_another_tmux_server_needs_no_supervisor(run: Run) -> None:
    done = run("resume", "--all", "-L", "elsewhere")
    assert (done.code, done.out) == (0, "There is nothing to resume.\n")


def test_the_living_session_has_the_name(run: Run, books: Books, home: Path) -> None:
    books.sessions.add(session("api", home, uid="old", state=State.ENDED, created_at=BEGAN + 9))
    books.sessions.add(session("api", home, uid="new"))
    assert run("show", "api", "--json").json["uid"] == "new"


def test_of_many_halts_and_messages_the_last_are_shown(run: Run, books: Books, home: Path) -> None:
    one = session("api", home)
    books.sessions.add(one)
    for number in range(7):
        limit = Limit(LimitKind.FIVE_HOUR, "hit", Source.TRANSCRIPT, BEGAN + number)
        halt = books.halts.open_halt(one.uid, "c", limit, f"r{number}", BEGAN + number)
        books.halts.save(replace(halt, ended_at=BEGAN + number))
        sent = Attempt(0, one.uid, 1, f"message {number}", Step.DUE, BEGAN + number)
        books.halts.step(books.halts.begin(sent), Step.CONFIRMED, BEGAN + number)
    shown = run("show", "api").out
    assert shown.count("5-hour limit:\n") == 5
    assert "halts (the last 5; --json has the 2 before them)" in shown
    assert "messages (the last 5; --json has the 2 before them):" in shown
    assert '"message 6", confirmed' in shown
    assert "message 1" not in shown
    data = run("show", "api", "--json").json
    assert (len(data["halts"]), len(data["messages"])) == (7, 7)


@pytest.mark.parametrize(
    ("want", "state", "line"),
    [
        (Want.UP, State.IDLE, None),
        (Want.HOLD, State.IDLE, "held          by you; to go on: tmuxclaude release api"),
        (Want.DOWN, State.WORKING, "stopped       by you; it has not ended yet"),
    ],
)
def test_show_says_what_its_user_wanted_of_it(
    want: Want, state: State, line: str | None, run: Run, books: Books, home: Path
) -> None:
    books.sessions.add(session("api", home, want=want, state=state))
    lines = run("show", "api").out.splitlines()
    assert line is None or line in lines
    assert sum(word.startswith(("held", "stopped")) for word in lines) == (line is not None)


def test_show_says_what_we_wanted_of_it_ourselves(run: Run, books: Books, home: Path) -> None:
    one = session("api", home, want=Want.HOLD, state=State.IDLE)
    books.sessions.add(one)
    for at, kind, text, by in (
        (1, "over budget", "held for it; to go on: tmuxclaude release api", "tmuxclaude"),
        (2, "released", "by you", "you"),
        (3, "held", "by you", "you"),
        (4, "over budget", "it takes 2 GB", "you"),
    ):
        books.events.note(BEGAN + at, one.uid, kind, text)
        for number in range(25 if at == 1 else 0):
            books.events.note(BEGAN + at + number / 100, one.uid, "state", "idle → working")
        line = f"held          by {by}{', for a budget' if by != 'you' else ''}; to go on: "
        assert f"{line}tmuxclaude release api" in run("show", "api").out.splitlines()
    books.sessions.save(replace(one, want=Want.DOWN, reason="ended by tmuxclaude: it takes 2 GB"))
    assert "stopped       by tmuxclaude; it has not ended yet" in run("show", "api").out


def test_nobody_goes_to_a_window_that_is_gone(run: Run, books: Books, home: Path) -> None:
    books.sessions.add(session("api", home, state=State.ENDED))
    done = run("attach", "api")
    assert done.code == 4
    assert "tmuxclaude resume api" in done.err


@pytest.mark.parametrize(
    ("state", "way"),
    [
        (State.IDLE, "api runs outside tmux, so it has no window to go to"),
        (State.ENDED, "&& claude --resume "),
        (State.LOST, "&& claude --resume "),
    ],
)
def test_who_runs_outside_tmux_has_no_window(
    state: State, way: str, run: Run, books: Books, home: Path
) -> None:
    books.sessions.add(session("api", home, state=state, socket="", pane=None))
    done = run("attach", "api")
    assert done.code == 4
    assert way in done.err
    assert "tmuxclaude resume" not in done.err
