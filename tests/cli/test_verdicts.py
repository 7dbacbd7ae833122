"""What is said of a decision and of what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tmuxclaude.api import wire
from tmuxclaude.cli import layout, verdicts
from tmuxclaude.cli.resuming import DOES, WOULD, _show_verdicts, gone, reopened
from tmuxclaude.core.model import ENDED_STEPS, Step

EARLY = wire.Verdict(
    name="api",
    done="refused",
    why="api is stopped by its 5-hour limit; nothing was done",
    code="refused",
    due=4_000_000_000.0,
    actor="claude",
)


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_one_is_told_in_a_sentence() -> None:
    one = wire.Verdict(name="api", done="types", why="5-hour limit")
    assert verdicts.text([one], DOES) == "api: types the resume text (5-hour limit)"
    assert verdicts.text([one], WOULD) == "api: would type the resume text (5-hour limit)"
    busy = wire.Verdict(name="api", done="refused", why="api is working; nothing was typed")
    assert verdicts.text([busy], DOES) == "api is working; nothing was typed"
    other = wire.Verdict(name="api", done="refused", why="the directory is gone")
    assert verdicts.text([other], DOES) == "api: the directory is gone"


def test_several_have_a_line_each_and_their_notes_follow() -> None:
    new = wire.Verdict(name="web", done="reopens", why="a new conversation", notes=["it was \x1b"])
    assert verdicts.text([wire.Verdict(name="api", done="types", why="x"), new], DOES) == (
        "NAME  WHAT                   WHY\n"
        "api   types the resume text  x\n"
        "web   opens it again         a new conversation\n"
        "web: it was \\x1b"
    )


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("zone", "clock"), [("UTC", "07:06"), ("Asia/Tokyo", "16:06")], indirect=["zone"]
)
def test_a_time_is_told_in_the_readers_zone(clock: str) -> None:
    told = verdicts.text([EARLY], DOES)
    assert told.startswith(f"{EARLY.why}; due at 2 Oct 2096 {clock} (in ")
    assert told.endswith("), Claude Code acts next. To go on at once: tmuxclaude resume api --now")


def test_no_time_and_nobody_are_told_too() -> None:
    unknown = wire.Verdict(name="api", done="refused", why="stopped", actor="nobody")
    assert "stopped; no time is known, nobody acts next" in verdicts.text([unknown], DOES)
    yours = wire.Verdict(name="api", done="refused", why="stopped", actor="you")
    assert "you act next" in verdicts.text([yours], DOES)


def progress(step: Step) -> wire.Progress:
    is_open = step not in ENDED_STEPS
    return wire.Progress(attempt=1, name="api", step=step, reason="a reason", open=is_open)


@pytest.mark.parametrize(
    ("step", "resume", "message"),
    [
        (Step.CONFIRMED, "api: continues", "api: sent"),
        (Step.SKIPPED, "api: needed nothing: a reason", "api: not sent: a reason"),
        (Step.NEEDS_HUMAN, "api: needs you: a reason", "api: not sure that it was sent: a reason"),
        (Step.GAVE_UP, "api: was given up: a reason", "api: not sent: a reason"),
        (Step.DUE, "api: not yet (due: a reason)", "api: not yet (due: a reason)"),
    ],
)
def test_what_became_of_it_is_told_once(step: Step, resume: str, message: str) -> None:
    if step is Step.DUE:
        resume += "; see: tmuxclaude show api"
        message += "; it may be sent all the same; before you send it again: tmuxclaude show api"
    assert verdicts.outcome(progress(step)) == resume
    assert verdicts.delivery(progress(step)) == message


@pytest.mark.parametrize(
    ("state", "want", "said", "over"),
    [
        ("idle", "up", "api: is idle; go to it: tmuxclaude attach api", False),
        ("idle", "down", "api: it is being ended again: over", True),
        ("ended", "down", "api: it is ended again: over", True),
        ("lost", "up", "api: it is lost again", True),
        ("starting", "up", "api: not at its prompt yet; see: tmuxclaude show api", False),
    ],
)
def test_how_far_one_came_that_was_opened_again(
    state: str, want: str, said: str, over: bool
) -> None:
    row = {"name": "api", "state": state, "want": want, "reason": "over" if want == "down" else ""}
    assert (reopened(row), gone(row)) == (said, over)


def test_in_a_narrow_terminal_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "to come back to its conversation: tmuxclaude resume quarterly-overview"
    two = [wire.Verdict(name=name, done="ended", why=why) for name in ("api", "web")]
    monkeypatch.setattr(layout, "room", lambda: 60)
    told = verdicts.text(two, {"ended": "has ended"})
    assert told == f"api: has ended ({why})\nweb: has ended ({why})"
    monkeypatch.setattr(layout, "room", lambda: 200)
    assert verdicts.text(two, {"ended": "has ended"}).startswith("NAME")


def test_how_to_resume_is_said_only_where_something_can_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    busy = wire.Verdict(name="api", done="refused", why="api is working; nothing was typed")
    _show_verdicts([busy], only_looks=True, explain=True)
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing was done."
    due = wire.Verdict(name="web", done="types", why="5-hour limit")
    _show_verdicts([busy, due], only_looks=True, explain=True)
    assert "Resume with: tmuxclaude resume NAME" in capsys.readouterr().out
