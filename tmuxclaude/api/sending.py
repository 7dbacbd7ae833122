"""send and follow: a text for an idle session, and how far its delivery is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import refuse_if_ending, refuse_if_held
from tmuxclaude.api.finding import named
from tmuxclaude.api.registering import refuse_outside
from tmuxclaude.api.wants import Journal, Watch
from tmuxclaude.core import errors
from tmuxclaude.core.messages import Stage, attachment_problem, composed
from tmuxclaude.core.model import Attempt, Box, Session, State
from tmuxclaude.core.refusals import UNPROVEN, is_unproven
from tmuxclaude.core.texts import message_problem, text_problem
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Sending:
    """Types nothing itself: a message becomes an attempt, whose steps the asker follows."""

    books: Books
    watch: Watch
    journal: Journal

    def send(self, order: wire.Send) -> wire.Progress:
        """Begins the delivery of a text; raises an error when there is no empty prompt for it."""
        session = named(self.books, order.name)
        text = checked_message(session, order.text, order.attach)
        refuse_if_held(session)
        refuse_if_ending(session)
        if (first := self.books.messages.first(session.uid)) and first.stage is not Stage.IN_DOUBT:
            raise errors.RefusedError(
                f"messages wait for {session.name} already; to wait behind them use --queue"
            )
        if session.state in (State.ENDED, State.LOST):
            raise errors.RefusedError(
                f"{session.name} {'has ended' if session.state is State.ENDED else 'is lost'}; "
                f"nothing was typed. To go on with it: tmuxclaude resume {session.name}"
            )
        if session.state is not State.IDLE:
            raise errors.RefusedError(
                f"{session.name} is {session.state}, not idle; nothing was typed. "
                f"To wait until it is: tmuxclaude send {session.name} --queue TEXT"
            )
        refuse_unproven(session)
        evidence = self.watch.evidence.get(session.uid)
        reading = evidence.reading if evidence is not None else None
        if reading is not None and reading.box is Box.DRAFT:
            raise errors.RefusedError(
                f"your draft is in the prompt box of {session.name}; nothing was typed"
            )
        latest = self.books.halts.latest_attempt(session.uid)
        if latest is not None and latest.open:
            raise errors.RefusedError(f"something is being typed into {session.name}; try again")
        attempt = self.journal.begin(session, text, by_hand=True)
        self.watch.touch(session.uid)
        return _progress(attempt, session)

    def follow(self, order: wire.Follow) -> wire.Progress:
        """How far an attempt is."""
        attempt = self.books.halts.attempt(order.attempt)
        if attempt is None:
            raise errors.NotFoundError(f"there is no attempt {order.attempt}")
        session = self.books.sessions.get(attempt.session)
        if session is None:
            raise errors.NotFoundError(f"the session of attempt {order.attempt} is not kept")
        return _progress(attempt, session)


def checked_message(session: Session, text: str, attach: Sequence[str]) -> str:
    """The text as it is typed, with what is attached; raises an error for one that cannot be."""
    refuse_outside(session)
    for path in attach:
        problem = attachment_problem(path)
        if problem is not None:
            raise errors.UsageError(f"{path!r} cannot be attached: {problem}; nothing was done")
    whole = composed(text, attach)
    problem = message_problem(text) or message_problem(whole)
    if problem is not None:
        raise errors.UsageError(f"this text cannot be typed: {problem}; nothing was done")
    if "\n" in whole and not session.opened_by_us:
        raise errors.RefusedError(
            f"a shell may stand behind {session.name}, which was not opened by tmuxclaude new, and "
            "would run each line of a longer text; only one line is typed there"
        )
    return whole


def refuse_unproven(session: Session) -> None:
    """Raises ``RefusedError`` for a session into which nothing can be typed as it stands."""
    if is_unproven(session):
        raise errors.RefusedError(f"{session.name}: {UNPROVEN}")


def check_text(text: str) -> None:
    """Raises ``UsageError`` for a text that cannot be typed."""
    problem = text_problem(text)
    if problem is not None:
        raise errors.UsageError(f"this text cannot be typed: {problem}; nothing was done")


def _progress(attempt: Attempt, session: Session) -> wire.Progress:
    return wire.Progress(
        attempt=attempt.id,
        name=session.name,
        step=attempt.step,
        reason=attempt.reason,
        open=attempt.open,
    )
