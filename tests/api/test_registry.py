"""rename, adopt and forget, and what resume does for what was lost with its tmux server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api.house import NOW, PANE, House, verdict
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.adopting import Found
from tmuxclaude.core.evidence import SERVER_GONE
from tmuxclaude.core.model import Launch, Session, State, Step, Want

HOUR = 3600.0
STRANGER = Session(
    uid="a" * 32,
    name="",
    directory="/srv/api",
    account="/home/ann/.claude",
    launch=Launch(("claude",)),
    state=State.STARTING,
    since=NOW,
    conversation="c2",
    pane=PANE,
    opened_by_us=False,
)


def lost(house: House, name: str = "api", **more: object) -> Session:
    return house.keep(name, State.LOST, reason=SERVER_GONE, **more)


# -- rename ----------------------------------------------------------------------------------------


def test_a_session_and_its_window_get_the_new_name(house: House) -> None:
    house.keep("api", State.IDLE, window_name="api")
    [done] = house.ask(wire.Rename(name="api", to="web")).sessions
    assert (done.name, done.done) == ("web", "renamed")
    session = house.books.sessions.by_name("web")
    assert session is not None
    assert (session.uid, session.window_name) == ("uid-api", "web")
    assert house.windows.told == [("rename", "api", "web")]
    assert house.watch.touched == ["uid-api"], "a look that is under way saw the old name"


def test_a_window_that_has_its_own_name_keeps_it(house: House) -> None:
    house.keep("api", State.IDLE, window_name="mine")
    house.windows.lives = False
    house.ask(wire.Rename(name="api", to="web"))
    session = house.books.sessions.by_name("web")
    assert session is not None
    assert session.window_name == "mine"


def test_a_name_that_cannot_be_or_is_taken_renames_nothing(house: House) -> None:
    house.keep("api", State.IDLE)
    house.keep("web", State.IDLE)
    with pytest.raises(errors.UsageError):
        house.ask(wire.Rename(name="api", to="two words"))
    with pytest.raises(errors.RefusedError, match="exists already"):
        house.ask(wire.Rename(name="api", to="web"))
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Rename(name="nobody", to="x"))
    assert house.windows.told == []


# -- adopt -----------------------------------------------------------------------------------------


def test_names_of_adopted_sessions_are_free_and_come_from_window_or_directory(
    house: House,
) -> None:
    house.keep("api", State.IDLE)
    house.adopter.found = [
        Found("%1", replace(STRANGER, uid="1" * 32)),
        Found("%2", replace(STRANGER, uid="2" * 32, name="web")),
        Found("%3", replace(STRANGER, uid="3" * 32, name="web")),
        Found("%4", known="api"),
    ]
    look = house.ask(wire.Adopt(socket="/s")).sessions
    assert [one.name for one in look] == ["api-2", "web", "api-3"]
    assert len(house.books.sessions.all()) == 1
    done = house.ask(wire.Adopt(socket="/s", every=True)).sessions
    assert [(one.name, one.done) for one in done] == [
        ("api-2", "adopted"),
        ("web", "adopted"),
        ("api-3", "adopted"),
    ]
    assert house.watch.touched == ["1" * 32, "2" * 32, "3" * 32]


def test_a_pane_that_cannot_be_adopted_says_why(house: House) -> None:
    house.adopter.found = [
        Found("%1", known="api"),
        Found("%2", why="it is another's"),
        Found("%3"),
    ]
    said = {}
    for pane in ("%1", "%2", "%3"):
        [refused] = house.ask(wire.Adopt(socket="/s", pane=pane)).sessions
        said[pane] = (refused.done, refused.code, refused.why.partition(";")[0])
    assert said == {
        "%1": ("refused", "refused", "pane %1 is registered already, as api"),
        "%2": ("refused", "refused", "it is another's"),
        "%3": ("refused", "not_found", "no Claude Code at its prompt runs in pane %3"),
    }
    for pane in ("1", "%", "api", "%1x", "-t"):
        with pytest.raises(errors.UsageError):
            house.ask(wire.Adopt(socket="/s", pane=pane))
    with pytest.raises(errors.UsageError):
        house.ask(wire.Adopt(socket="/s", pane="%1", every=True))


# -- forget ----------------------------------------------------------------------------------------


def test_everything_of_a_forgotten_session_is_gone(house: House) -> None:
    session = house.keep("api", State.LIMITED)
    house.books.sessions.link(session.uid, "c1", NOW, "start")
    house.journal.begin(session, "hello", house.halt(session, HOUR))
    [done] = house.ask(wire.Forget(names=["api"])).sessions
    assert done.done == "forgotten"
    assert house.books.sessions.get(session.uid) is None
    assert house.books.sessions.chain(session.uid) == []
    assert house.books.halts.open_attempts() == []
    assert (house.adopter.let, house.watch.dropped) == (["api"], [session.uid])


def test_what_is_just_being_typed_into_or_out_of_reach_is_not_forgotten(house: House) -> None:
    session = house.keep("api", State.LIMITED)
    attempt = house.journal.begin(session, "hello", house.halt(session, -HOUR))
    house.books.halts.step(attempt, Step.TYPING, NOW)
    [refused] = house.ask(wire.Forget(names=["api"])).sessions
    assert (refused.done, refused.code) == ("refused", "refused")
    house.keep("web", State.IDLE)
    house.adopter.obstacle = errors.UnreachableError("tmux did not answer")
    [refused] = house.ask(wire.Forget(names=["web"])).sessions
    assert (refused.done, refused.code) == ("refused", "unreachable")
    assert len(house.books.sessions.all()) == 2
    assert house.adopter.let == []


# -- after a reboot --------------------------------------------------------------------------------


@pytest.mark.parametrize(("want", "resets_in"), [(Want.UP, HOUR), (Want.HOLD, -HOUR)])
def test_what_was_lost_with_its_server_waits_for_its_turn(
    house: House, want: Want, resets_in: float
) -> None:
    session = lost(house, want=want)
    house.halt(session, resets_in)
    done = verdict(house, wire.Resume(every=True))
    assert done.done == "reopens"
    kept = house.books.sessions.get(session.uid)
    assert kept is not None
    assert (kept.state, kept.want) == (State.QUEUED, want)
    assert house.windows.told == [("check", "api")], "it is opened in its turn"
    assert verdict(house, wire.Resume(names=["api"])).done == "refused"


def test_a_limit_that_is_over_is_answered_at_once_when_it_is_asked_for(house: House) -> None:
    session = lost(house)
    house.halt(session, -HOUR)
    assert verdict(house, wire.Resume(names=["api"])).done == "relaunches"


def test_one_that_cannot_be_opened_stays_lost_and_says_why(house: House) -> None:
    session = lost(house)
    house.windows.obstacle = errors.RefusedError("the directory is gone")
    done = verdict(house, wire.Resume(every=True))
    assert (done.done, done.why) == ("refused", "the directory is gone")
    kept = house.books.sessions.get(session.uid)
    assert kept is not None
    assert kept.state is State.LOST


def test_a_pause_holds_it_back_unless_it_is_insisted_on(house: House) -> None:
    lost(house)
    house.ask(wire.Pause())
    assert verdict(house, wire.Resume(every=True)).done == "refused"
    assert verdict(house, wire.Resume(every=True, now=True)).done == "reopens"
