"""What follows when the guard inside tmux refuses keys that the law allowed. Pure.

A refusal changes nothing in the world, so the same keys would be refused again: each further try
comes later than the one before, and what lasts and only a person can end is left to one. What can
be known to be refused before anything is tried is only waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tmuxclaude.core.model import Attempt, Session, Step
from tmuxclaude.core.resume import Deed, Move

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds until the next try after the first refusal, the second, and so on; the last for ever."""

LASTING_SECONDS = 60.0
"""A refusal that stands for so long does not pass by itself."""

FOR_CLAUDE_ALONE = frozenset({Deed.TYPE, Deed.ENTER, Deed.STASH})
"""Keys that a shell would run or keep: for these the program in front must be the proven one."""

NOT_STARTED = "it could not be started"
"""How the words begin where what a start needs is missing: that is not a start that failed."""

UNPROVEN = "nothing is typed where tmux cannot tell Claude Code from a shell; go on there yourself"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The same obstacle, met again and again by one attempt at one step.

    ``words``: the obstacle for people. ``of_program``: the program in front is not the one that was
    noted. ``since`` and ``again_at``: UTC epoch seconds; before ``again_at`` nothing is tried.
    """

    attempt: int
    step: Step
    words: str
    of_program: bool
    since: float
    again_at: float
    times: int = 1

    def concerns(self, attempt: Attempt) -> bool:
        """Whether the attempt is still where it was refused."""
        return (self.attempt, self.step) == (attempt.id, attempt.step)


def refused(
    before: Refusal | None, attempt: Attempt, words: str, of_program: bool, now: float
) -> Refusal:
    """The refusal that the next look knows of. ``before``: the last one of the same session."""
    fresh = Refusal(attempt.id, attempt.step, words, of_program, now, now + PAUSES[0])
    if before is None or not before.concerns(attempt) or before.words != words:
        return fresh
    pause = PAUSES[min(before.times, len(PAUSES) - 1)]
    return replace(before, again_at=now + pause, times=before.times + 1)


def is_unproven(session: Session) -> bool:
    """Whether a shell may stand behind Claude Code, and nothing tells the one from the other."""
    return not session.opened_by_us and not session.program


def heeding(
    refusal: Refusal | None, session: Session, attempt: Attempt, move: Move, now: float
) -> Move:
    """``move``, or what is to be done instead while its keys are refused, or would be.

    ``refusal``: of this attempt at this step, if there was one.
    """
    paced = move.deed in (Deed.RELAUNCH, Deed.ESCAPE)
    lasts = refusal is not None and now - refusal.since >= LASTING_SECONDS
    if move.deed is Deed.ESCAPE and refusal is not None and lasts and attempt.step is not Step.DUE:
        return Move(Deed.ASK_HUMAN, f"{move.why}: {refusal.words}; answer it there")
    if paced and refusal is not None and now < refusal.again_at:
        return Move(Deed.WAIT, refusal.words, until=refusal.again_at, yours=True)
    if move.deed not in FOR_CLAUDE_ALONE:
        return move
    if is_unproven(session):
        return Move(Deed.WAIT, UNPROVEN, yours=True)
    if refusal is None:
        return move
    waits_unasked = attempt.halt is None and attempt.step is Step.DUE  # a message may wait for days
    leave = refusal.of_program or attempt.step is not Step.DUE
    if leave and lasts and not waits_unasked:
        return Move(Deed.ASK_HUMAN, _what_to_do(refusal, session, attempt))
    if now < refusal.again_at:
        return Move(Deed.WAIT, refusal.words, until=refusal.again_at, yours=True)
    return move


def _what_to_do(refusal: Refusal, session: Session, attempt: Attempt) -> str:
    if attempt.step is not Step.DUE:
        return f"our text was typed but not entered: {refusal.words}; enter or clear it there"
    again = f"tmuxclaude resume {session.name} --now"
    return f"{refusal.words}; when Claude Code is in front: {again}"
