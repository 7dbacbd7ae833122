"""What follows when tmux refuses keys: stories of one attempt, no tmux and no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tmuxclaude.core.model import Attempt, Launch, Session, State, Step
from tmuxclaude.core.refusals import (
    FOR_CLAUDE_ALONE,
    LASTING_SECONDS,
    PAUSES,
    UNPROVEN,
    Refusal,
    heeding,
    is_unproven,
    refused,
)
from tmuxclaude.core.resume import Deed, Move

NOW = 1_800_000_000.0
SESSION = Session(
    uid="s",
    name="api",
    directory="/work",
    account="/home/u/.claude",
    launch=Launch(("claude",)),
    state=State.LIMITED,
    since=NOW,
    program="claude",
)
ATTEMPT = Attempt(7, "s", 1, "Go on.", Step.DUE, NOW, halt=1, record="r1", stepped_at=NOW)
BY_HAND = replace(SESSION, opened_by_us=False)
TYPE = Move(Deed.TYPE, "the prompt is empty")


@dataclass
class Story:
    """tmux refuses whatever is tried, looked at every tenth of a second."""

    attempt: Attempt = ATTEMPT
    of_program: bool = True
    deed: Deed = Deed.TYPE
    refusal: Refusal | None = None
    tries: list[float] = field(default_factory=list)

    def live(self, seconds: float) -> Move:
        """The last move of so many seconds."""
        for tenth in range(int(seconds * 10) + 1):
            now = NOW + tenth / 10
            move = heeding(self.refusal, SESSION, self.attempt, Move(self.deed), now)
            if move.deed is self.deed:
                self.tries.append(round(now - NOW, 1))
                self.refusal = refused(self.refusal, self.attempt, "no", self.of_program, now)
            elif move.deed is Deed.ASK_HUMAN:
                return move
        return move


def test_each_try_comes_later_than_the_one_before() -> None:
    story = Story(of_program=False)
    story.live(300)
    pauses = [round(b - a, 1) for a, b in zip(story.tries, story.tries[1:], strict=False)]
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1], PAUSES[-1]][: len(pauses)]
    assert len(pauses) > len(PAUSES)


def test_between_two_tries_it_waits_with_the_obstacle() -> None:
    refusal = refused(None, ATTEMPT, "copy mode", False, NOW)
    move = heeding(refusal, SESSION, ATTEMPT, TYPE, NOW + 0.5)
    assert move == Move(Deed.WAIT, "copy mode", until=NOW + PAUSES[0], yours=True)


def test_another_obstacle_or_another_step_begins_anew() -> None:
    story = Story()
    story.live(50)
    assert story.refusal is not None
    assert story.refusal.times > 3
    for attempt, words in ((ATTEMPT, "other"), (replace(ATTEMPT, step=Step.TYPED), "no")):
        fresh = refused(story.refusal, attempt, words, True, NOW + 50)
        assert (fresh.times, fresh.since) == (1, NOW + 50)


def test_another_program_for_a_minute_is_a_persons_who_is_told_what_to_do() -> None:
    story = Story()
    move = story.live(300)
    assert move.deed is Deed.ASK_HUMAN
    assert "tmuxclaude resume api --now" in move.why
    assert story.tries[-1] < LASTING_SECONDS
    assert Story(of_program=False).live(300).deed is not Deed.ASK_HUMAN


@pytest.mark.parametrize("of_program", [True, False])
def test_a_text_that_cannot_be_entered_for_a_minute_is_a_persons(of_program: bool) -> None:
    typed = replace(ATTEMPT, step=Step.TYPED, halt=None)
    move = Story(typed, of_program, Deed.ENTER).live(61)
    assert move.deed is Deed.ASK_HUMAN
    assert "typed but not entered: no" in move.why


def test_a_message_that_was_not_begun_waits_on() -> None:
    message = replace(ATTEMPT, halt=None)
    assert Story(message).live(300).deed is not Deed.ASK_HUMAN


@pytest.mark.parametrize("deed", sorted(FOR_CLAUDE_ALONE))
def test_without_a_proven_program_no_key_that_a_shell_would_keep(deed: Deed) -> None:
    waits = Move(Deed.WAIT, UNPROVEN, yours=True)
    unproven = replace(BY_HAND, program="")
    assert is_unproven(unproven)
    assert heeding(None, unproven, ATTEMPT, Move(deed), NOW) == waits
    for known in (SESSION, replace(SESSION, program=""), BY_HAND):
        assert heeding(None, known, ATTEMPT, Move(deed), NOW).deed is deed


def test_a_start_that_was_not_even_tried_is_tried_again_later_and_never_left() -> None:
    words, start = "it could not be started: the disk is full", Move(Deed.RELAUNCH)
    refusal = refused(None, ATTEMPT, words, False, NOW)
    waits = Move(Deed.WAIT, words, until=refusal.again_at, yours=True)
    assert heeding(refusal, SESSION, ATTEMPT, start, NOW) == waits
    for _ in range(20):
        again = refusal.again_at
        assert heeding(refusal, SESSION, ATTEMPT, start, again) == start
        refusal = refused(refusal, ATTEMPT, words, False, again)
        assert 0 < refusal.again_at - again <= PAUSES[-1]


@pytest.mark.parametrize("deed", sorted({*Deed} - FOR_CLAUDE_ALONE - {Deed.RELAUNCH, Deed.ESCAPE}))
def test_everything_else_is_done_as_before(deed: Deed) -> None:
    refusal = refused(None, ATTEMPT, "no", True, NOW)
    for session in (SESSION, replace(BY_HAND, program="")):
        assert heeding(refusal, session, ATTEMPT, Move(deed), NOW) == Move(deed)


def test_an_escape_is_tried_again_ever_more_slowly() -> None:
    story = Story(deed=Deed.ESCAPE, of_program=False)
    assert story.live(50).deed is Deed.WAIT
    assert story.tries == [0.0, 1.0, 3.0, 8.0, 18.0, 38.0]


@pytest.mark.parametrize("step", [Step.DUE, Step.ENTERING])
def test_an_escape_behind_our_text_that_is_refused_for_long_is_a_persons(step: Step) -> None:
    attempt = replace(ATTEMPT, step=step)
    refusal = refused(None, attempt, "not visible", False, NOW)
    move = Move(Deed.ESCAPE, "closing the resume question")
    late = heeding(refusal, SESSION, attempt, move, NOW + LASTING_SECONDS)
    assert late.deed is (Deed.ESCAPE if step is Step.DUE else Deed.ASK_HUMAN)
