"""What a user asks of the brakes: hold and release, pause and unpause.

And what they say to a resume by hand. What they mean is said in ``core/budgets``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from tmuxclaude.api import wire
from tmuxclaude.api.finding import chosen
from tmuxclaude.core import budgets, errors, hours, parting
from tmuxclaude.core.model import Session, State, Want
from tmuxclaude.core.rules import Rules
from tmuxclaude.store.books import Books


class Watch(Protocol):
    """The loop, as far as the brakes concern it."""

    rules: Rules

    def reconsider(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Brakes:
    """The brakes as they are asked for. From each answer on, they are in force."""

    books: Books
    watch: Watch
    now: Callable[[], float]

    def hold_all(self, order: wire.Hold) -> wire.Verdicts:
        """Holds each of the named sessions, or of a group."""
        return wire.Verdicts(sessions=[self.hold(one) for one in self._chosen(order)])

    def release_all(self, order: wire.Release) -> wire.Verdicts:
        """Ends the hold of each of the named sessions, or of a group."""
        return wire.Verdicts(sessions=[self.release(one) for one in self._chosen(order)])

    def hold(self, session: Session) -> wire.Verdict:
        """Only its user touches this session from now on."""
        if session.state is State.ENDED or session.want is Want.DOWN:
            ending = parting.is_ending(session)
            ended = f"{session.name} has ended; there is nothing to hold"
            return refused(session, being_ended(session) if ending else ended)
        if session.want is Want.HOLD:
            return wire.Verdict(name=session.name, done="held", why="it was held already")
        self._want(session, Want.HOLD, "hold")
        why = f"watched, never touched; to go on: tmuxclaude release {session.name}"
        return wire.Verdict(name=session.name, done="held", why=why)

    def release(self, session: Session) -> wire.Verdict:
        """It is resumed again like any other; also one that was asked to end, and does not."""
        if parting.is_ending(session):
            return self._keep(session)
        if session.want is not Want.HOLD:
            return wire.Verdict(name=session.name, done="released", why="it was not held")
        self._want(session, Want.UP, "release")
        return wire.Verdict(name=session.name, done="released", why="resumed again when it is due")

    def _keep(self, session: Session) -> wire.Verdict:
        if self.books.standing.since(parting.OVERDUE, session.uid) is None:
            return refused(session, f"{session.name} is just being ended; nothing was done")
        reason = "" if parting.is_ours(session) else session.reason
        with self.books.db.writing():
            self.books.standing.end(parting.OVERDUE, session.uid)
            self._want(replace(session, reason=reason), Want.UP, "release")
        why = "it was asked to end, and is kept"
        return wire.Verdict(name=session.name, done="released", why=why)

    def pause(self, order: wire.Pause) -> wire.Paused:
        """Nothing is resumed unasked from now on; a second pause takes the place of the first."""
        hours.must_be_known(order.zone)
        now, before = self.now(), self.standing()
        until = None if order.until is None else hours.meant(order.until, now, order.zone)
        since = now if before is None else before.since
        pause = budgets.Pause(since, until, order.zone)
        if pause != before:
            self.books.brakes.begin(pause)
            self.books.events.note(now, "", "paused", f"by you: {pause.words}")
            self.watch.reconsider()
        return wire.Paused(paused=True, before=before is not None, since=since, until=until)

    def unpause(self, _: wire.Unpause) -> wire.Paused:
        """What a pause held back is taken up."""
        before = self.standing()
        if self.books.brakes.end():
            self.books.events.note(self.now(), "", "unpaused", "by you")
            self.watch.reconsider()
        return wire.Paused(paused=False, before=before is not None)

    def on_demand(self, session: Session, now: bool) -> str:
        """What is passed over when a person resumes this session; empty when nothing is.

        Raises ``RefusedError`` for a pause; ``now`` passes over that too.
        """
        pause = self.standing()
        if pause is not None and not now:
            raise errors.RefusedError(
                f"{session.name} was not resumed: {pause.words}. For this once: "
                f"tmuxclaude resume {session.name} --now"
            )
        at, rules = self.now(), self.watch.rules.resume
        midnight = hours.day_of(at, session.zone)[0]
        hold = budgets.held_back(at, session, rules, pause, self.books.brakes.delivered(midnight))
        return "" if hold is None else f"asked for by hand, in spite of: {hold.reason}"

    def standing(self) -> budgets.Pause | None:
        """The pause, unless its time is over."""
        pause = self.books.brakes.pause()
        over = pause is not None and pause.until is not None and pause.until <= self.now()
        return None if over else pause

    def _chosen(self, order: wire.Hold | wire.Release) -> list[Session]:
        if not order.names and order.group is None:
            raise errors.UsageError("name one or more sessions, or a group; nothing was done")
        return chosen(self.books, order.names, order.group)

    def _want(self, session: Session, want: Want, kind: str) -> None:
        self.books.sessions.save(replace(session, want=want))
        self.books.events.note(self.now(), session.uid, kind, "by you")
        self.watch.reconsider()


def refused(session: Session, why: str) -> wire.Verdict:
    """The answer for a session for which nothing was done."""
    return wire.Verdict(name=session.name, done="refused", why=why, code="refused")


def being_ended(session: Session) -> str:
    """Why nothing is done for a session that was asked to end and lives on."""
    return (
        f"{session.name} was asked to end, and has not; nothing was done. If it does not: "
        f"tmuxclaude release {session.name}"
    )


def refuse_if_ending(session: Session) -> None:
    """Raises ``RefusedError`` for a session that was asked to end and lives on."""
    if parting.is_ending(session):
        raise errors.RefusedError(being_ended(session))


def refuse_if_held(session: Session) -> None:
    """Raises ``RefusedError`` for a session that is held: its user releases it first."""
    if session.want is Want.HOLD:
        raise errors.RefusedError(
            f"{session.name} is held; nothing was done. First: tmuxclaude release {session.name}"
        )
