"""Who may be resumed, how, and what is said when not: the table of docs/cli.md."""

from __future__ import annotations

import pytest

from tests.api.house import NOW, OVER, House, verdict
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.model import Actor, Launch, Outlook, State, Want


@pytest.mark.parametrize(
    ("state", "reset_in", "answer"),
    [
        (State.STARTING, None, "already"),
        (State.QUEUED, None, "already"),
        (State.RESUMING, -OVER, "already"),
        (State.WORKING, None, "tmuxclaude attach api"),
        (State.WORKING, -OVER, "tmuxclaude attach api"),
        (State.WAITING, None, "tmuxclaude attach api"),
        (State.IDLE, None, "tmuxclaude send api"),
        (State.LIMITED, None, "not known yet"),
        (State.LIMITED, 3600, "stopped by its 5-hour limit"),
        (State.IDLE, 3600, "stopped by its 5-hour limit"),
        (State.LOST, 3600, "stopped by its 5-hour limit"),
        (State.LIMITED, -OVER, "types"),
        (State.IDLE, -OVER, "types"),
        (State.LOST, -OVER, "relaunches"),
        (State.LOST, None, "reopens"),
        (State.ENDED, None, "reopens"),
    ],
)
def test_how_a_session_is_resumed_depends_on_its_state(
    state: State, reset_in: float | None, answer: str, house: House
) -> None:
    session = house.keep("api", state, outlook=Outlook(Actor.CLAUDE))
    if reset_in is not None:
        house.halt(session, reset_in)
    does = answer in ("types", "relaunches", "reopens")
    for dry in (True, False):
        found = verdict(house, wire.Resume(names=["api"], dry_run=dry))
        assert found.done == (answer if does else "refused")
        assert found.code == ("" if does else "refused")
        assert does or answer in found.why
        if dry or not does:
            assert not house.windows.told
            assert not house.watch.touched
            assert house.books.halts.latest_attempt("uid-api") is None
    if answer == "reopens":
        assert house.windows.told == [("reopen", "api", Want.UP)]
    elif does:
        attempt = house.books.halts.latest_attempt("uid-api")
        assert attempt is not None
        assert attempt.text == house.watch.rules.resume.text
        assert (found.attempt, attempt.by_hand) == (attempt.id, True)
        assert house.windows.told == []
    assert house.watch.touched == (["uid-api"] if does else [])


def test_what_is_just_being_ended_is_not_resumed(house: House) -> None:
    house.halt(house.keep("api", State.LIMITED, want=Want.DOWN), -3600)
    house.keep("web", State.IDLE, want=Want.DOWN)
    for name in ("api", "web"):
        found = verdict(house, wire.Resume(names=[name], now=True))
        assert (found.done, "was asked to end" in found.why) == ("refused", True)
    assert house.books.halts.latest_attempt("uid-api") is None
    assert not house.windows.told


def test_before_the_reset_it_says_when_and_who_is_next(house: House) -> None:
    session = house.keep("api", State.LIMITED, outlook=Outlook(Actor.CLAUDE), zone="Asia/Tokyo")
    house.halt(session, 3600)
    told = verdict(house, wire.Resume(names=["api"]))
    assert told.why == "api is stopped by its 5-hour limit; nothing was done"
    assert told.due is not None
    assert NOW + 3600 < told.due < NOW + 3700
    assert told.actor == "claude"
    busy = verdict(house, wire.Resume(names=[house.keep("busy", State.WORKING).name]))
    assert (busy.due, busy.actor) == (None, ""), "no other refusal has a time"


@pytest.mark.parametrize(
    ("recorded", "conversation"), [(True, "its conversation"), (False, "a new conversation")]
)
def test_what_is_opened_again_is_said_as_it_is(
    recorded: bool, conversation: str, house: House
) -> None:
    house.keep("api", State.ENDED, recorded=recorded)
    house.windows.notes = ["a note"]
    for dry in (True, False):
        told = verdict(house, wire.Resume(names=["api"], dry_run=dry))
        assert told.why == f"{conversation}, without text"
        assert told.notes == ([] if dry else ["a note"])


@pytest.mark.parametrize("reset_in", [3600.0, None])
def test_now_does_not_wait(reset_in: float | None, house: House) -> None:
    house.halt(house.keep("api", State.LIMITED), reset_in)
    assert verdict(house, wire.Resume(names=["api"], now=True)).done == "types"


def test_what_needed_a_person_is_resumed_by_one(house: House) -> None:
    house.halt(house.keep("api", State.LIMITED), None, needs_human="only you can end this")
    assert verdict(house, wire.Resume(names=["api"])).done == "types"
    halt = house.books.halts.current("uid-api")
    assert halt is not None
    assert halt.needs_human == ""


def test_a_resume_that_is_under_way_is_not_begun_again(house: House) -> None:
    house.halt(house.keep("api", State.LIMITED), -OVER)
    first = verdict(house, wire.Resume(names=["api"])).attempt
    again = verdict(house, wire.Resume(names=["api"])).attempt
    assert first == again
    assert [a.id for a in house.books.halts.open_attempts()] == [first]


def test_a_message_under_way_is_not_crossed(house: House) -> None:
    session = house.keep("api", State.LIMITED)
    house.halt(session, -OVER)
    house.journal.begin(session, "a message")
    found = verdict(house, wire.Resume(names=["api"]))
    assert (found.done, found.code) == ("refused", "refused")
    assert "under way" in found.why


def test_without_a_name_it_only_says_what_could_be_done(house: House) -> None:
    house.keep("fine", State.IDLE)
    house.keep("gone", State.LOST)
    house.keep("over", State.ENDED)
    house.keep("down", State.LOST, want=Want.DOWN)
    house.halt(house.keep("halted", State.LIMITED), -OVER)
    listed = house.ask(wire.Resume()).sessions
    assert {v.name: v.done for v in listed} == {"gone": "reopens", "halted": "types"}
    assert not house.windows.told
    assert not house.books.halts.open_attempts()
    done = house.ask(wire.Resume(every=True)).sessions
    assert {v.name for v in done} == {"gone", "halted"}
    assert [told[:2] for told in house.windows.told] == [("reopen", "gone")]
    assert len(house.books.halts.open_attempts()) == 1


def test_one_refusal_does_not_hold_up_the_others(house: House) -> None:
    house.keep("busy", State.WORKING)
    house.keep("gone", State.LOST)
    house.keep("moved", State.ENDED)
    house.windows.obstacle = errors.NotFoundError("the directory is gone")
    found = house.ask(wire.Resume(names=["busy", "gone", "moved"])).sessions
    assert [(v.name, v.code) for v in found] == [
        *(("busy", "refused"), ("gone", "not_found"), ("moved", "not_found")),
    ]


def test_the_evidence_is_told(house: House) -> None:
    session = house.keep("api", State.IDLE)
    assert verdict(house, wire.Resume(names=["api"])).evidence == []
    assert house.ask(wire.Explain(name="api")).evidence == ["it was not looked at yet"]
    house.see(session)
    assert "alive" in " ".join(verdict(house, wire.Resume(names=["api"])).evidence)
    assert "alive" in " ".join(house.ask(wire.Explain(name="api")).evidence)


@pytest.mark.parametrize("state", [State.ENDED, State.LOST])
def test_what_is_over_outside_tmux_is_resumed_by_hand(state: State, house: House) -> None:
    one = house.keep("api", state, socket="", pane=None)
    found = verdict(house, wire.Resume(names=["api"]))
    assert (found.done, "runs outside" in found.why) == ("refused", False)
    assert found.why.endswith(f"cd {one.directory} && claude --resume {one.conversation}")
    account = Launch(("claude",), (), (("CLAUDE_CONFIG_DIR", "/my other"),))
    two = house.keep("two", state, socket="", pane=None, launch=account)
    words = f"cd {two.directory} && CLAUDE_CONFIG_DIR='/my other' claude --resume"
    assert words in verdict(house, wire.Resume(names=["two"])).why
