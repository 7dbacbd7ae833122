"""When a message that waits may go, what becomes of it, and how its text is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.test_resume import NOW, attempt, world
from tmuxclaude.core.evidence import Ending, Life, Tail
from tmuxclaude.core.messages import (
    Message,
    Stage,
    attachment_problem,
    composed,
    mentioned,
    outlook,
    settled,
    why_not_now,
    why_withdrawn,
)
from tmuxclaude.core.model import (
    Actor,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Session,
    Source,
    State,
    Step,
    Want,
)

SESSION = Session("s", "api", "/w", "/a", Launch(("claude",)), State.IDLE, since=NOW - 60)
HALT = Halt(1, "s", "c1", Limit(LimitKind.USAGE, "", Source.TRANSCRIPT, NOW), "r1", NOW)
MESSAGE = Message(7, "s", "hello", NOW, Stage.SENDING, attempt=1)
OVER = world(tail=Tail(ending=Ending.DONE))


def test_an_idle_session_whose_turn_has_ended_gets_the_next() -> None:
    assert why_not_now(SESSION, None, None, OVER) == ""
    assert why_not_now(SESSION, None, attempt(Step.CONFIRMED), OVER) == ""
    assert why_not_now(SESSION, None, None, world(tail=None)) == ""


@pytest.mark.parametrize(
    ("changes", "halt", "last"),
    [
        ({"want": Want.HOLD}, None, None),
        ({"want": Want.DOWN}, None, None),
        ({"state": State.WORKING}, None, None),
        ({"state": State.WAITING}, None, None),
        ({"state": State.LOST}, None, None),
        ({}, HALT, None),
        ({}, None, Step.TYPED),
    ],
)
def test_nothing_goes_to_a_session_that_is_not_free(
    changes: dict[str, object], halt: Halt | None, last: Step | None
) -> None:
    session = replace(SESSION, **changes)  # type: ignore[arg-type]
    assert why_not_now(session, halt, attempt(last) if last else None, OVER)


@pytest.mark.parametrize("ending", [Ending.PROMPTED, Ending.ANSWERING])
def test_a_turn_without_an_end_is_over_when_the_session_stays_idle(ending: Ending) -> None:
    runs = world(tail=Tail(ending=ending))
    assert why_not_now(replace(SESSION, since=NOW - 1), None, None, runs)
    assert why_not_now(replace(SESSION, since=NOW - 6), None, None, runs) == ""


@pytest.mark.parametrize(
    ("step", "left", "stage"),
    [
        (Step.CONFIRMED, Step.ENTERING, Stage.SENT),
        (Step.SKIPPED, Step.DUE, Stage.QUEUED),
        (Step.NEEDS_HUMAN, Step.DUE, Stage.QUEUED),
        (Step.SKIPPED, Step.TYPED, Stage.IN_DOUBT),
        (Step.NEEDS_HUMAN, Step.TYPING, Stage.IN_DOUBT),
        (Step.NEEDS_HUMAN, Step.ENTERING, Stage.IN_DOUBT),
    ],
)
def test_only_what_was_never_typed_is_sent_again(step: Step, left: Step, stage: Stage) -> None:
    after = settled(MESSAGE, attempt(step, reason="because"), left, NOW)
    assert after.stage is stage
    assert (after.over_at == NOW) == (stage is Stage.SENT)
    assert (after.reason == "because") == (stage is not Stage.SENT)


def test_it_is_withdrawn_when_the_session_cannot_take_it() -> None:
    assert why_withdrawn(None, OVER) == ""
    assert why_withdrawn(HALT, OVER)
    assert why_withdrawn(None, world(life=Life.DIED))


def test_one_in_doubt_is_its_users() -> None:
    doubt = replace(MESSAGE, stage=Stage.IN_DOUBT, reason="no turn appeared")
    found = outlook(SESSION, doubt, attempt(Step.NEEDS_HUMAN))
    assert found is not None
    assert (found.actor, "message 7" in found.why) == (Actor.YOU, True)
    assert outlook(replace(SESSION, state=State.WORKING), doubt, None) is None
    assert outlook(SESSION, None, None) is None
    waits = outlook(SESSION, MESSAGE, attempt(Step.DUE, reason="your draft"))
    assert waits is not None
    assert "your draft" in waits.why


def test_attachments_never_stand_last() -> None:
    assert composed("read", []) == "read"
    assert composed("read", ["/a/b.txt"]) == "read Attached: @/a/b.txt ."
    assert composed("a\nb", ["/a/b c"]) == 'a\nb\nAttached: @"/a/b c" .'
    assert mentioned(composed("see a@b and @x", ["/a/b c"])) == ["x", "/a/b c"]


@pytest.mark.parametrize("path", ["a.txt", '/a"b', "/a\nb", "/a\x1bb"])
def test_a_path_that_cannot_be_typed_is_refused(path: str) -> None:
    assert attachment_problem(path)
    assert attachment_problem("/a/b c.txt") is None
