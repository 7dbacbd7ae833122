"""The requests of the older design, and those that only look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api.house import NOW, PANE, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors, shown
from tmuxclaude.core.model import Actor, State
from tmuxclaude.store import reader

ID = "3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42"


def test_a_session_is_started_with_what_the_configuration_says(house: House) -> None:
    started = house.ask(wire.StartSession(working_dir="/srv/api", arguments=["--model", "opus"]))
    assert house.windows.told == [("open", "api", ["--model", "opus"], None, False)]
    [session] = house.books.sessions.all()
    assert started == wire.SessionStarted(
        session_id=session.uid, log_path="/home/ann/.claude/c1.jsonl"
    )
    assert (session.launch.command, session.socket) == (("/bin/claude",), "/s")


def test_a_directory_that_is_none_starts_nothing(house: House) -> None:
    with pytest.raises(errors.UsageError, match="directory"):
        house.ask(wire.StartSession(working_dir="api"))
    assert house.windows.told == []


def test_the_sessions_in_short(house: House) -> None:
    house.keep("api", State.IDLE, created_at=NOW)
    house.keep("old", State.ENDED)
    assert house.ask(wire.ListSessions()) == wire.SessionList(
        sessions=[
            wire.SessionBrief(
                session_id="uid-api",
                name="api",
                working_dir="/srv/api",
                state="idle",
                log_path="/home/ann/.claude/c1.jsonl",
                created_at=NOW,
            )
        ]
    )


@pytest.mark.parametrize("word", ["uid-api", "api", ID, ID.upper()])
def test_a_session_is_found_by_any_of_its_names(word: str, house: House) -> None:
    house.keep("api", State.IDLE)
    house.books.sessions.link("uid-api", ID, NOW, "start")
    answer = house.ask(wire.Attach(session_id=word))
    assert answer.session_id == "uid-api"
    assert answer.command == ["tmux", "-S", "/s", "attach-session", "-t", PANE.pane_id] or (
        answer.command[1:3] == ["-S", ""]
    )


def test_what_has_no_window_cannot_be_attached_to(house: House) -> None:
    house.keep("api", State.ENDED)
    with pytest.raises(errors.RefusedError, match="no window"):
        house.ask(wire.Attach(session_id="api"))


def test_stopping_leaves_work_alone_without_force(house: House) -> None:
    house.keep("api", State.WORKING)
    with pytest.raises(errors.RefusedError, match="working"):
        house.ask(wire.StopSession(session_id="api"))
    assert house.windows.told == []
    answer = house.ask(wire.StopSession(session_id="api", force=True))
    assert answer == wire.SessionStopped(session_id="uid-api")
    assert house.windows.told == [("terminate", "api")]


# Looking


def test_list_says_what_the_command_says(house: House) -> None:
    house.halt(house.keep("api", State.LIMITED), 600)
    house.keep("old", State.ENDED)
    listed = house.ask(wire.List())
    rows = reader.rows(house.books.db.reading)
    named = [dict(zip(reader.SESSION_COLUMNS, row, strict=True)) for row in rows]
    assert wire.plain(listed)["sessions"] == [shown.session(row) for row in named]
    assert [one.name for one in listed.sessions] == ["api"]
    assert listed.sessions[0].halt.limit.kind == "five_hour"
    assert len(house.ask(wire.List(every=True)).sessions) == 2
    assert house.ask(wire.List(socket="/other")).sessions == []


def test_show_tells_everything(house: House) -> None:
    session = house.keep("api", State.LIMITED)
    house.books.sessions.link(session.uid, ID, NOW, "start")
    halt = house.halt(session, 600)
    house.journal.begin(session, "Go on.", halt)
    house.journal.begin(session, "Hello.")
    house.books.events.note(NOW, session.uid, "limit", "you have hit it")
    house.books.activity.note(session.uid, ID, 5, NOW - 3)
    told = house.ask(wire.Show(name="api"))
    assert (told.session.prompts, told.session.active_at) == (5, NOW - 3)
    assert [link.conversation for link in told.chain] == [ID]
    assert [step.step for step in told.halts[0].attempts[0].steps] == ["due"]
    assert [message.text for message in told.messages] == ["Hello."]
    assert [event.kind for event in told.events] == ["limit"]
    assert told.evidence == ["it was not looked at yet"]
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Show(name="web"))


def test_history_tells_who_resumed_and_how_long_it_waited(house: House) -> None:
    session = house.keep("api", State.IDLE)
    house.books.events.note(NOW - 900, session.uid, "started", "in pane %7")
    halt = house.halt(session, 600)
    house.books.halts.save(
        replace(halt, ended_at=NOW + 700, ended_by=Actor.US, outcome="our text arrived")
    )
    entries = house.ask(wire.History(name="api")).entries
    assert [(e.what, e.by, e.waited) for e in entries] == [
        ("started", "", None),
        ("limited", "", None),
        ("resumed", "tmuxclaude", 760.0),
    ]
    assert house.ask(wire.History(last=1)).entries == entries[-1:]
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.History(name="web"))
