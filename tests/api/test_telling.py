"""Sessions tell of themselves, and none of another."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.evidence import Evidence, Life, RegistryFacts, Status
from tmuxclaude.core.model import Limit, LimitKind, Source, State

ID = "3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42"
OTHER = "0c8d7e6a-64d0-4a57-9b1f-3f2b8c1e5b42"
ACCOUNT = "/home/ann/.claude"


def register(house: House, pid: int = 50, peer: int | None = 9, **more: Any) -> wire.Registered:
    house.around.parents.setdefault(pid, 1)
    plain: dict[str, Any] = {"session_id": ID, "directory": "/srv/api", "pid": pid}
    answer = house.ask(wire.Register(**(plain | more)), peer)
    assert isinstance(answer, wire.Registered)
    return answer


def the_only(house: House) -> Any:
    [session] = house.books.sessions.all()
    return session


# Registering


def test_a_registered_session_is_kept(house: House) -> None:
    answer = register(house, start_time=NOW - 60)
    session = the_only(house)
    assert (answer.session_id, answer.success) == (session.uid, True)
    assert (answer.daemon_status, answer.is_paused) == ("running", False)
    assert (session.directory, session.conversation) == ("/srv/api", ID)
    assert (session.created_at, session.process.pid) == (NOW - 60, 50)
    assert session.pane is None
    assert session.socket == ""
    assert len(answer.nonce) >= 32


@pytest.mark.parametrize("start_time", [None, -1.0, NOW + 1e9])
def test_a_start_that_cannot_be_is_now(start_time: float | None, house: House) -> None:
    register(house, start_time=start_time)
    assert the_only(house).created_at == NOW


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("config_dir", ["rel", "/tmp\0x", "~nobody-of-that-name/x", "~\0"])
def test_a_configuration_directory_is_held_to_the_same_for_all(
    config_dir: str, known: bool, house: House
) -> None:
    if known:
        register(house)
    with pytest.raises(errors.UsageError, match="configDir must be an absolute path"):
        register(house, session_id=OTHER, config_dir=config_dir)


def test_to_register_twice_changes_nothing(house: House) -> None:
    first, second = register(house), register(house)
    assert (second.session_id, second.nonce) == (first.session_id, "")
    again = register(house, nonce=first.nonce)
    assert (again.session_id, again.nonce) == (first.session_id, first.nonce)
    assert register(house, session_id=OTHER).session_id == first.session_id
    the_only(house)


def test_its_own_process_is_given_a_nonce_anew(house: House) -> None:
    first = register(house)
    house.around.parents[60] = 50
    second = register(house, peer=60)
    assert second.nonce not in ("", first.nonce)
    assert house.ask(wire.Heartbeat(session_id=ID, nonce=second.nonce)).success
    with pytest.raises(errors.RefusedError):
        house.ask(wire.Heartbeat(session_id=ID, nonce=first.nonce))


def test_a_pane_is_registered_from_within(house: House) -> None:
    with pytest.raises(errors.RefusedError, match="runs in it"):
        register(house, peer=9, socket="/s", pane="%7")
    assert house.books.sessions.all() == []
    house.around.parents[50] = 9
    register(house, peer=9, socket="/s", pane="%7")
    assert the_only(house).pane is not None


def test_what_cannot_be_registered(house: House) -> None:
    for socket, pane in (("/s", ""), ("", "%7")):
        with pytest.raises(errors.UsageError, match="socket and pane, or neither"):
            register(house, socket=socket, pane=pane)
    for pid in (1, os.getpid()):
        with pytest.raises(errors.RefusedError, match="is no session"):
            register(house, pid=pid)
    with pytest.raises(errors.UsageError, match="directory"):
        register(house, directory="srv")
    with pytest.raises(errors.UsageError, match="configDir"):
        register(house, config_dir="srv")
    assert house.books.sessions.all() == []


# Heartbeats and ends


def test_a_heartbeat_is_written_down(house: House) -> None:
    nonce = register(house).nonce
    beat = wire.Heartbeat(session_id=ID, prompt_count=3, status="busy", nonce=nonce)
    assert house.ask(beat) == wire.Beaten(is_paused=False)
    uid = the_only(house).uid
    assert house.books.activity.prompts(uid) == 3
    assert house.books.activity.word(uid) == (NOW, "busy")
    house.ask(wire.Heartbeat(session_id=uid, prompt_count=2, nonce=nonce))
    assert house.books.activity.prompts(uid) == 3


def test_an_end_is_written_down(house: House) -> None:
    nonce = register(house).nonce
    end = wire.End(session_id=ID, reason="done", prompt_count=4, nonce=nonce)
    assert house.ask(end) == wire.Ended()
    session = the_only(house)
    assert (session.state, session.reason) == (State.ENDED, "done")
    assert house.books.activity.prompts(session.uid) == 4
    assert house.ask(end) == wire.Ended()
    [told] = [e for e in house.books.events.of(session.uid) if e.kind == "state"]
    assert "ended: done" in told.text


def test_the_end_of_a_session_in_a_pane_is_its_process_end(house: House) -> None:
    house.around.parents[50] = 9
    nonce = register(house, peer=9, socket="/s", pane="%7").nonce
    house.ask(wire.End(session_id=ID, nonce=nonce))
    session = the_only(house)
    assert session.state is State.STARTING
    assert house.watch.ended == [f"{session.uid}: it said so"]
    assert session.uid not in house.watch.touched[1:]


@pytest.mark.parametrize("request_of", [wire.Heartbeat, wire.End])
@pytest.mark.parametrize(
    ("nonce", "peer", "may"),
    [
        ("", None, False),
        ("", 9, False),
        ("wrong", 9, False),
        ("others", 9, False),
        ("own", None, True),
        ("", 50, True),
        ("", 60, True),
        ("", 61, False),
    ],
)
def test_who_may_speak_for_a_session(
    request_of: type[wire.Heartbeat | wire.End],
    nonce: str,
    peer: int | None,
    may: bool,
    house: House,
) -> None:
    """60 was started by the session's process 50, and 61 by that of another session."""
    own = register(house).nonce
    others = register(house, pid=51, session_id=OTHER).nonce
    house.around.parents |= {60: 50, 61: 51}
    nonces = {"own": own, "others": others}
    request = request_of(session_id=ID, nonce=nonces.get(nonce, nonce))
    if may:
        assert house.ask(request, peer).success
        return
    with pytest.raises(errors.RefusedError, match="nothing was done"):
        house.ask(request, peer)
    assert all(session.state is State.STARTING for session in house.books.sessions.all())


def test_what_is_relayed_counts_by_its_nonce_alone(house: House) -> None:
    own = register(house).nonce
    house.around.parents[60] = 50
    for request in (wire.Heartbeat(session_id=ID, relayed=True), wire.End(ID, relayed=True)):
        with pytest.raises(errors.RefusedError, match="nothing was done"):
            house.ask(request, 60)
    assert register(house, peer=60, relayed=True).nonce == ""
    assert house.ask(wire.End(session_id=ID, nonce=own, relayed=True), 60).success


def test_a_later_process_with_the_same_pid_is_another(house: House) -> None:
    register(house)
    house.around.started = "2"
    with pytest.raises(errors.RefusedError):
        house.ask(wire.End(session_id=ID), 50)


def test_an_empty_nonce_is_nobodys(house: House) -> None:
    session = house.keep("api", State.IDLE)
    house.books.activity.said(session.uid, NOW, "hello")
    with pytest.raises(errors.RefusedError):
        house.ask(wire.End(session_id=session.uid))


def test_an_unknown_session_is_not_found(house: House) -> None:
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Heartbeat(session_id=ID))


# What is only said is no reason to send a signal


def test_a_process_that_only_called_itself_a_session_gets_no_signal(house: House) -> None:
    register(house)
    [verdict] = house.ask(wire.Stop(every=True)).sessions
    assert verdict.done == "refused"
    assert "own word" in verdict.why
    assert [told for told in house.windows.told if told[0] == "terminate"] == []
    facts = RegistryFacts(ID, Status.IDLE)
    house.watch.evidence[the_only(house).uid] = Evidence(NOW, Life.ALIVE, registry=facts)
    [verdict] = house.ask(wire.Stop(every=True)).sessions
    assert verdict.done == "stops"


# The pause


def limit(house: House, source: Source = Source.TRANSCRIPT, account: str = ACCOUNT) -> None:
    met = Limit(LimitKind.FIVE_HOUR, "you have hit it", source, NOW - 60, NOW + 600)
    house.books.limits.note(account, met)


def test_nothing_is_paused_at_first(house: House) -> None:
    assert house.ask(wire.Status()) == wire.PauseStatus(
        is_paused=False, paused_at=None, resume_at=None, reason="", daemon_status="running"
    )


def test_a_limit_pauses_its_account(house: House) -> None:
    limit(house)
    status = house.ask(wire.Status())
    assert (status.is_paused, status.paused_at, status.resume_at) == (True, NOW - 60, NOW + 600)
    assert ACCOUNT in status.reason
    assert register(house).is_paused
    assert house.ask(wire.Status(session_id=ID)).is_paused
    assert not house.ask(wire.Status(config_dir="/elsewhere")).is_paused
    house.around.links["/elsewhere"] = ACCOUNT
    assert house.ask(wire.Status(config_dir="/elsewhere")).is_paused


def test_text_on_a_screen_pauses_nothing(house: House) -> None:
    limit(house, Source.SCREEN)
    assert not house.ask(wire.Status()).is_paused


def test_a_pause_by_hand_is_told_too(house: House) -> None:
    house.ask(wire.Pause())
    status = house.ask(wire.Status())
    assert (status.is_paused, status.paused_at, status.resume_at) == (True, NOW, None)
    assert status.reason


def test_the_answers_have_exactly_the_fields_that_were_promised(house: House) -> None:
    nonce = register(house).nonce
    register_again = wire.plain(register(house))
    assert set(register_again) == {
        *("type", "success", "sessionId", "daemonStatus", "isPaused", "nonce")
    }
    beat = wire.plain(house.ask(wire.Heartbeat(session_id=ID, nonce=nonce)))
    assert set(beat) == {"type", "success", "isPaused"}
    assert set(wire.plain(house.ask(wire.Status()))) == {
        *("type", "isPaused", "pausedAt", "resumeAt", "reason", "daemonStatus")
    }
    end = wire.plain(house.ask(wire.End(session_id=ID, nonce=nonce)))
    assert set(end) == {"type", "success"}
