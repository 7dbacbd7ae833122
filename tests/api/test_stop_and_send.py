"""What stop and send do, what they refuse, and that unknown names change nothing."""

from __future__ import annotations

import pytest

from tests.api.house import NOW, House, verdict
from tmuxclaude.api import wire
from tmuxclaude.core import errors, launching
from tmuxclaude.core.model import Box, State, Step, Want


@pytest.mark.parametrize(
    ("state", "now", "done", "told", "want"),
    [
        (State.IDLE, False, "stops", ["terminate"], Want.DOWN),
        (State.LIMITED, False, "stops", ["terminate"], Want.DOWN),
        (State.WAITING, False, "stops", ["terminate"], Want.DOWN),
        (State.STARTING, False, "stops", ["terminate"], Want.DOWN),
        (State.WORKING, False, "refused", [], Want.UP),
        (State.RESUMING, False, "refused", [], Want.UP),
        (State.WORKING, True, "stops", ["terminate"], Want.DOWN),
        (State.RESUMING, True, "stops", ["terminate"], Want.DOWN),
        (State.LOST, False, "ended", ["close"], Want.DOWN),
        (State.QUEUED, False, "ended", ["close"], Want.DOWN),
        (State.ENDED, True, "ended", [], Want.UP),
    ],
)
def test_how_a_session_is_stopped_depends_on_its_state(
    state: State, now: bool, done: str, told: list[str], want: Want, house: House
) -> None:
    house.keep("api", state)
    found = verdict(house, wire.Stop(names=["api"], now=now))
    assert (found.done, found.code) == (done, "refused" if done == "refused" else "")
    assert [what for what, _ in house.windows.told] == told
    assert done != "refused" or found.why.endswith(": tmuxclaude stop api --now")
    kept = house.books.sessions.get("uid-api")
    assert kept is not None
    assert kept.want is want
    assert kept.state is (State.ENDED if done == "ended" else state)


def test_a_process_that_is_gone_already_leaves_no_window(house: House) -> None:
    house.keep("api", State.IDLE)
    house.windows.lives = False
    assert verdict(house, wire.Stop(names=["api"])).done == "stops"
    assert [what for what, _ in house.windows.told] == ["terminate", "close"]


def test_one_that_is_still_being_opened_has_no_process_to_end(house: House) -> None:
    house.keep("api", State.STARTING, pane=None)
    found = verdict(house, wire.Stop(names=["api"]))
    assert (found.done, "no process yet" in found.why) == ("stops", True)
    assert house.books.sessions.get("uid-api").want is Want.DOWN  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("state", "why"),
    [(State.LOST, "it was not running"), (State.QUEUED, "it will not be started")],
)
def test_what_does_not_run_is_over_at_once(state: State, why: str, house: House) -> None:
    house.keep("api", state)
    assert verdict(house, wire.Stop(names=["api"])).why == why


def test_no_one_is_sent_to_a_conversation_that_has_not_begun(house: House) -> None:
    house.keep("api", State.QUEUED, pane=None, socket="", reason=launching.WAITS)
    with pytest.raises(errors.RefusedError, match="is not started yet") as refused:
        house.ask(wire.Send(name="api", text="hello"))
    assert "claude --resume" not in str(refused.value)


def test_all_are_those_that_have_not_ended(house: House) -> None:
    for name, state in (("a", State.IDLE), ("b", State.WORKING), ("c", State.ENDED)):
        house.keep(name, state)
    found = house.ask(wire.Stop(every=True)).sessions
    assert [(v.name, v.done) for v in found] == [("a", "stops"), ("b", "refused")]


@pytest.mark.parametrize("request_", [wire.Stop(), wire.Stop(names=["api"], every=True)])
def test_stop_wants_names_or_all(request_: wire.Stop, house: House) -> None:
    house.keep("api", State.IDLE)
    with pytest.raises(errors.UsageError, match="nothing was done"):
        house.ask(request_)
    with pytest.raises(errors.UsageError, match="nothing was done"):
        house.ask(wire.Resume(names=["api"], every=True))
    assert house.windows.told == []


# send and follow


def test_a_stop_tells_of_the_messages_that_wait(house: House) -> None:
    house.keep("api", State.IDLE)
    house.books.messages.add("uid-api", "later", NOW)
    why = verdict(house, wire.Stop(names=["api"])).why
    assert "1 message waits" in why
    assert "tmuxclaude send api --drop all" in why
    house.keep("web", State.IDLE)
    assert "wait" not in verdict(house, wire.Stop(names=["web"])).why


@pytest.mark.parametrize("state", [s for s in State if s is not State.IDLE])
def test_a_message_goes_to_an_idle_session_only(state: State, house: House) -> None:
    house.keep("api", state)
    with pytest.raises(errors.RefusedError, match=f"{state}.*; nothing was typed"):
        house.ask(wire.Send(name="api", text="hello"))
    assert house.books.halts.open_attempts() == []


def test_a_message_does_not_go_over_a_draft(house: House) -> None:
    house.see(house.keep("api", State.IDLE), Box.DRAFT)
    with pytest.raises(errors.RefusedError, match="draft"):
        house.ask(wire.Send(name="api", text="hello"))
    assert house.books.halts.open_attempts() == []


@pytest.mark.parametrize(
    "text", ["", "a\0b", "two\rlines", "/clear", "\x1b", " a", "see @x", "x" * 16001]
)
def test_a_text_that_cannot_be_typed_is_refused(text: str, house: House) -> None:
    house.keep("api", State.IDLE)
    with pytest.raises(errors.UsageError, match="nothing was done"):
        house.ask(wire.Send(name="api", text=text))
    assert house.books.halts.open_attempts() == []


def test_a_message_is_an_attempt_that_can_be_followed(house: House) -> None:
    house.see(house.keep("api", State.IDLE))
    sent = house.ask(wire.Send(name="api", text="hello"))
    assert (sent.name, sent.step, sent.open) == ("api", "due", True)
    assert house.watch.touched == ["uid-api"]
    assert house.ask(wire.Follow(attempt=sent.attempt)) == sent
    with pytest.raises(errors.RefusedError, match="try again"):
        house.ask(wire.Send(name="api", text="and more"))
    attempt = house.books.halts.attempt(sent.attempt)
    assert attempt is not None
    assert (attempt.text, attempt.by_hand) == ("hello", True)
    house.books.halts.step(attempt, Step.SKIPPED, NOW, "the pane is in copy mode")
    followed = house.ask(wire.Follow(attempt=sent.attempt))
    assert (followed.step, followed.reason, followed.open) == (
        *("skipped", "the pane is in copy mode", False),
    )


# names that nobody has


@pytest.mark.parametrize(
    "request_",
    [
        wire.Resume(names=["nobody"]),
        wire.Resume(names=["api", "nobody"]),
        wire.Stop(names=["api", "nobody"], now=True),
        wire.Send(name="nobody", text="hello"),
        wire.Explain(name="nobody"),
        wire.Follow(attempt=4711),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_done(
    request_: wire.AnyRequest, house: House
) -> None:
    session = house.keep("api", State.LOST)
    with pytest.raises(errors.NotFoundError, match=r"4711|'nobody'; nothing was done"):
        house.ask(request_)
    assert not house.windows.told
    assert not house.watch.touched
    assert house.books.sessions.get(session.uid) == session


def test_a_name_that_is_nearly_right_is_guessed(house: House) -> None:
    house.keep("api", State.IDLE)
    with pytest.raises(errors.NotFoundError, match=r"Did you mean api\?"):
        house.ask(wire.Explain(name="apo"))


def test_shutdown_ends_the_loop(house: House) -> None:
    assert house.ask(wire.Ping()).version == "1"
    assert house.stopped == 0
    assert house.ask(wire.Shutdown()) == wire.Done()
    assert house.stopped == 1
