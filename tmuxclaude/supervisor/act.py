"""Does one deed at a time: types, presses, starts. The intent is in the journal before each.

Decides nothing about *whether*: ``core/resume`` names the deed, ``edges/tmux`` guards it inside
tmux, and what tmux answered is written down here. When tmux does not answer, the journal keeps the
intent, and the next look at the world tells what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Unpack

from tmuxclaude.core import errors
from tmuxclaude.core.clocks import attempt_in_time
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.messages import Message
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Box,
    Dialog,
    Halt,
    Pane,
    Session,
    Step,
)
from tmuxclaude.core.refusals import NOT_STARTED, Refusal, is_unproven, refused
from tmuxclaude.core.resume import Deed, Move
from tmuxclaude.edges import tmux
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books
from tmuxclaude.store.halts import Noticed
from tmuxclaude.supervisor.resumable import NothingToResumeError, NotStartedError
from tmuxclaude.supervisor.windows import Windows

MARKERS = {
    Dialog.LIMIT_MENU: "What do you want",
    Dialog.RESUME_QUESTION: "Resume ????",  # this conversation? or, as older ones say, from summary
}
"""The words of each dialog that an Escape may close, as few as stand on one row of a pane of 20
columns too; tmux itself looks for them before the key."""


@dataclass(slots=True)
class Hands:
    """``door`` gives the tmux server at a socket, ``windows`` starts a process again.

    ``refusals``: by session, what tmux refused last. It can be lost at any time.
    """

    books: Books
    door: Callable[[str], tmux.Tmux]
    windows: Windows
    now: Callable[[], float]
    refusals: dict[str, Refusal] = field(default_factory=dict)

    def begin(
        self,
        session: Session,
        text: str,
        halt: Halt | None = None,
        by_hand: bool = False,
        message: Message | None = None,
    ) -> Attempt:
        """Opens an attempt at ``due``: on ``halt``, or to deliver a message when there is none.

        ``message``: the one that leaves the queue with it.
        """
        now = self.now()
        before = self.books.halts.attempts(halt.id) if halt is not None else []
        attempt = Attempt(
            id=0,
            session=session.uid,
            number=len(before) + 1,
            text=text,
            step=Step.DUE,
            opened_at=now,
            halt=halt.id if halt is not None else None,
            record=halt.record if halt is not None else "",
            conversation=session.conversation or "",
            stepped_at=now,
            by_hand=by_hand,
        )
        with around("due"):
            if message is not None:
                return self.books.messages.begin(message, attempt)
            return self.books.halts.begin(attempt)

    def in_time(self, attempt: Attempt) -> Attempt:
        """The attempt as it is after the clock was set back: nothing of it lies ahead."""
        now = self.now()  # that of a look may be from before a step of the clock
        ours = attempt_in_time(attempt, now)
        if ours == attempt:
            return attempt
        return self.books.halts.step(
            attempt, attempt.step, ours.stepped_at, "the clock was set back", keyed_at=ours.keyed_at
        )

    def perform(
        self,
        session: Session,
        halt: Halt | None,
        attempt: Attempt,
        move: Move,
        evidence: Evidence,
    ) -> Attempt:
        """Does the one deed of ``move`` and returns the attempt as the journal now has it."""
        match move.deed:
            case Deed.WAIT:
                return self._wait(attempt, move)
            case Deed.TYPE:
                return self._type(session, attempt, evidence)
            case Deed.ENTER:
                return self._enter(session, attempt, evidence)
            case Deed.ESCAPE:
                return self._escape(session, attempt, move)
            case Deed.STASH:
                return self._stash(session, attempt)
            case Deed.RELAUNCH:
                return self._relaunch(session, halt, attempt, evidence)
            case Deed.CONFIRM | Deed.SKIP | Deed.ASK_HUMAN | Deed.GIVE_UP:
                return self._finish(session, halt, attempt, move)

    def _wait(self, attempt: Attempt, move: Move) -> Attempt:
        if move.why == attempt.reason:
            return attempt
        return self._note(attempt, move.why)

    def _type(self, session: Session, attempt: Attempt, evidence: Evidence) -> Attempt:
        before = replace(attempt, step=Step.DUE)  # where it is again if nothing is typed
        attempt = self._leave(attempt, Step.TYPING, "typing", offset=_from(attempt, evidence))
        # A placeholder stands in an empty box; tmux, which sees only text, cannot know it.
        empty = evidence.reading is not None and evidence.reading.box is Box.EMPTY
        with around("type"):
            outcome = self._keys(
                session,
                lambda door, pane, program: door.type_text(
                    pane,
                    attempt.text,
                    command=program,
                    empty_box=empty,
                    hint=evidence.reading.hint if evidence.reading is not None else "",
                    label=_label(evidence),
                ),
            )
        if isinstance(outcome, tmux.Refused):
            return self._refused(before, attempt, outcome.obstacle)
        if outcome is None:
            return attempt
        return self._step(attempt, Step.TYPED, "typed", keyed_at=self.now())

    def _enter(self, session: Session, attempt: Attempt, evidence: Evidence) -> Attempt:
        before = attempt
        attempt = self._leave(before, Step.ENTERING, "pressing Enter")
        with around("enter"):
            outcome = self._keys(
                session,
                lambda door, pane, program: door.press_enter(
                    pane, command=program, label=_label(evidence)
                ),
            )
        if isinstance(outcome, tmux.Refused):
            return self._refused(before, attempt, outcome.obstacle)
        if outcome is None:
            return attempt
        with around("entered"):
            return self._note(attempt, "Enter pressed", keyed_at=self.now())

    def _escape(self, session: Session, attempt: Attempt, move: Move) -> Attempt:
        if move.dialog is None:
            raise errors.TmuxclaudeError("an Escape without a dialog to close")
        before, marker = attempt, MARKERS[move.dialog]
        with around("escaping"):
            attempt = self._note(before, move.why, escapes=attempt.escapes + 1)
        with around("escape"):
            outcome = self._deed(session, lambda door, pane: door.press_escape(pane, marker))
        if isinstance(outcome, tmux.Refused):
            return self._refused(before, attempt, outcome.obstacle)
        with around("escaped"):
            return self._note(attempt, "Escape pressed", keyed_at=self.now())

    def _stash(self, session: Session, attempt: Attempt) -> Attempt:
        before = attempt
        with around("stashing"):
            attempt = self._note(before, "putting your draft aside", stashed=True)
        with around("stash"):
            outcome = self._keys(
                session, lambda door, pane, program: door.press_stash(pane, command=program)
            )
        if isinstance(outcome, tmux.Refused):
            return self._refused(before, attempt, outcome.obstacle)
        with around("stashed"):
            return self._note(attempt, "your draft was put aside", keyed_at=self.now())

    def _relaunch(
        self, session: Session, halt: Halt | None, attempt: Attempt, evidence: Evidence
    ) -> Attempt:
        before = attempt
        attempt = self._step(
            before,
            Step.LAUNCHING,
            "starting it again",
            launches=attempt.launches + 1,
            offset=_from(attempt, evidence),
        )
        try:
            with around("launch"):
                self.windows.relaunch(session, attempt.text)
        except NothingToResumeError as problem:
            return self._finish(session, halt, attempt, Move(Deed.ASK_HUMAN, str(problem)))
        except NotStartedError as problem:
            return self._take_back(before, attempt, f"{NOT_STARTED}: {problem}")
        except errors.TmuxclaudeError as problem:
            return self._note(attempt, f"{NOT_STARTED}: {problem}")
        return attempt

    def _finish(self, session: Session, halt: Halt | None, attempt: Attempt, move: Move) -> Attempt:
        now = self.now()
        ends = {
            Deed.CONFIRM: Step.CONFIRMED,
            Deed.SKIP: Step.SKIPPED,
            Deed.ASK_HUMAN: Step.NEEDS_HUMAN,
            Deed.GIVE_UP: Step.GAVE_UP,
        }
        with around("finish"), self.books.db.writing(durable=True):
            attempt = self._step(attempt, ends[move.deed], move.why)
            kind = {Deed.CONFIRM: "resumed", Deed.SKIP: "skipped"}.get(move.deed, "needs you")
            what = kind if halt is not None or move.deed is not Deed.CONFIRM else "message sent"
            about: dict[str, object] = {"halt": halt.id} if halt is not None else {}
            self.books.events.note(now, session.uid, what, move.why, about)
            if halt is not None:
                self.books.halts.save(_halt_after(halt, move, now))
        return attempt

    def _leave(self, attempt: Attempt, to: Step, why: str, **more: Unpack[Noticed]) -> Attempt:
        """Notes the intent. When it is tried again after a refusal the history has it already."""
        last = self.refusals.get(attempt.session)
        line = last is None or not last.concerns(attempt)
        with around(to.value):
            return self.books.halts.step(attempt, to, self.now(), why, line=line, **more)

    def _refused(self, before: Attempt, attempt: Attempt, obstacle: tmux.Obstacle) -> Attempt:
        of_program = obstacle is tmux.Obstacle.PROGRAM
        return self._take_back(before, attempt, obstacle.words, of_program)

    def _take_back(
        self, before: Attempt, attempt: Attempt, words: str, of_program: bool = False
    ) -> Attempt:
        """Nothing was done: all is as before, and it is not tried again at once."""
        last, now = self.refusals.get(before.session), self.now()
        refusal = refused(last, before, words, of_program, now)
        self.refusals[before.session] = refusal
        with around(before.step.value):
            return self.books.halts.step_back(
                attempt, before, now, refusal.words, line=refusal.times == 1
            )

    def _step(self, attempt: Attempt, to: Step, why: str, **more: Unpack[Noticed]) -> Attempt:
        with around(to.value):
            return self.books.halts.step(attempt, to, self.now(), why, **more)

    def _note(self, attempt: Attempt, why: str, **more: Unpack[Noticed]) -> Attempt:
        """The same step, with more known of it."""
        return self.books.halts.note(attempt, self.now(), why, **more)

    def _keys(
        self, session: Session, deed: Callable[[tmux.Tmux, Pane, str | None], tmux.Outcome]
    ) -> tmux.Outcome | None:
        """The same for keys that a shell would run or keep: only Claude Code may be in front."""
        if is_unproven(session):
            return tmux.Refused(tmux.Obstacle.PROGRAM)
        program = session.program or None
        return self._deed(session, lambda door, pane: deed(door, pane, program))

    def _deed(
        self, session: Session, deed: Callable[[tmux.Tmux, Pane], tmux.Outcome]
    ) -> tmux.Outcome | None:
        """The outcome of one guarded command, or ``None`` when tmux did not answer."""
        if session.pane is None:
            return tmux.Refused(tmux.Obstacle.GONE)
        try:
            return deed(self.door(session.socket), session.pane)
        except (tmux.Silent, tmux.ServerGone):
            return None


def _label(evidence: Evidence) -> str:
    """The name on the prompt box that was looked at; empty for none. By the time the keys arrive
    the pane may show another conversation."""
    return evidence.reading.label if evidence.reading is not None else ""


def _from(attempt: Attempt, evidence: Evidence) -> int:
    """From where on our text may be in the transcript, which is said when the attempt leaves
    ``due``: where that will go on; at its beginning if only the one that it copies is there."""
    if attempt.step is not Step.DUE:
        return attempt.offset
    tail, registry = evidence.tail, evidence.registry
    parked = registry.parked if registry is not None else None
    if tail is None or (parked is not None and parked.copied_from == tail.conversation):
        return 0
    return tail.size


def _halt_after(halt: Halt, move: Move, now: float) -> Halt:
    match move.deed:
        case Deed.CONFIRM:
            return replace(halt, attempts=halt.attempts + 1)
        case Deed.SKIP:
            by = move.by or Actor.NOBODY
            return replace(halt, ended_at=now, ended_by=by, outcome=move.why)
        case _:
            return replace(halt, needs_human=move.why)
