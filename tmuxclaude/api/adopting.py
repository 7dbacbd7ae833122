"""adopt and forget: sessions that come into the registry, or leave it, without a window's doing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from tmuxclaude.api import wire
from tmuxclaude.api.finding import named
from tmuxclaude.api.wants import Watch
from tmuxclaude.core import errors, hours, names
from tmuxclaude.core.adopting import Found
from tmuxclaude.core.model import ENDED_STEPS, Session, State, Step, Want
from tmuxclaude.store.books import Books

_PANE = re.compile(r"%[0-9]{1,9}", re.ASCII)


class Adopter(Protocol):
    """Who finds strangers in the panes of a tmux server, and marks panes as ours."""

    def find(self, socket: str, pane_id: str | None, zone: str) -> list[Found]: ...

    def take(self, found: Found, session: Session) -> Session: ...

    def let_go(self, session: Session) -> None: ...


@dataclass(frozen=True, slots=True)
class Adopting:
    """One request to adopt or to forget."""

    books: Books
    adopter: Adopter
    watch: Watch
    now: Callable[[], float]

    def adopt(self, order: wire.Adopt) -> wire.Verdicts:
        """Registers what runs in one pane, or in all; without either only says what could be."""
        if order.pane is not None and order.every:
            raise errors.UsageError("give a pane or --all, not both; nothing was registered")
        if order.pane is not None and not _PANE.fullmatch(order.pane):
            raise errors.UsageError(
                f"{order.pane!r} is no pane; give its id, as %12 ($TMUX_PANE in it, or: tmux "
                "list-panes -a). Nothing was registered"
            )
        hours.must_be_known(order.zone)
        found = self.adopter.find(order.socket, order.pane, order.zone)
        if order.pane is None:
            found = [one for one in found if not one.known]
        dry = order.dry_run or not (order.pane or order.every)
        taken = set(self.books.sessions.names_taken())
        return wire.Verdicts(sessions=[self._one(one, taken, dry) for one in found])

    def _one(self, found: Found, taken: set[str], dry: bool) -> wire.Verdict:
        try:
            if found.session is None:
                raise found.problem
            session = found.session if found.returns else _named(found.session, taken)
            if not dry:
                session = self.adopter.take(found, session)
                self.watch.touch(session.uid)
        except errors.TmuxclaudeError as problem:
            return wire.Verdict(
                name=found.pane_id, done="refused", why=str(problem), code=problem.code
            )
        taken.add(session.name)
        why = f"pane {found.pane_id}, in {session.directory}"
        return wire.Verdict(name=session.name, done="adopted", why=why, notes=list(found.notes))

    def forget_all(self, order: wire.Forget) -> wire.Verdicts:
        """Removes each of the named sessions."""
        if not order.names:
            raise errors.UsageError("name one or more sessions; nothing was done")
        strange = {flaw.name: uid for uid, flaw in self.books.sessions.illegible.items()}
        sessions = [named(self.books, name) for name in order.names if name not in strange]
        verdicts = [self.forget(session) for session in sessions]
        blind = [name for name in dict.fromkeys(order.names) if name in strange]
        return wire.Verdicts(sessions=verdicts + [self._erase(strange[one], one) for one in blind])

    def _erase(self, uid: str, name: str) -> wire.Verdict:
        """Removes what is kept of a session, though it is not understood."""
        self.books.sessions.remove(uid)
        self.books.events.note(self.now(), "", "forgotten", f"{name}, by you")
        self.watch.drop(uid)
        why = "its window is left alone; to keep what runs there: tmuxclaude adopt --all"
        return wire.Verdict(name=name, done="forgotten", why=why)

    def forget(self, session: Session) -> wire.Verdict:
        """Removes the session from the registry and leaves its window as it is."""
        attempt = self.books.halts.latest_attempt(session.uid)
        moving = attempt is not None and attempt.step not in ENDED_STEPS | {Step.DUE}
        if moving and session.state is not State.ENDED and session.want is not Want.HOLD:
            return _not_forgotten(session, "something is being typed into it; try again")
        if session.state is State.QUEUED:
            return _not_forgotten(session, "it is about to be started; stop it first")
        try:
            self.adopter.let_go(session)
        except errors.UnreachableError as problem:
            return _not_forgotten(session, str(problem), problem.code)
        self.books.sessions.remove(session.uid)
        self.books.events.note(self.now(), "", "forgotten", f"{session.name}, by you")
        self.watch.drop(session.uid)
        return wire.Verdict(name=session.name, done="forgotten", why="its window is left alone")


def _named(session: Session, taken: set[str]) -> Session:
    """The session under a name that is free: its window's if it can be, else the directory's."""
    if session.name and session.name not in taken and names.name_problem(session.name) is None:
        return session
    return replace(session, name=names.of_directory(session.directory, taken))


def _not_forgotten(session: Session, why: str, code: str = "refused") -> wire.Verdict:
    words = f"{session.name} was not forgotten: {why}"
    return wire.Verdict(name=session.name, done="refused", why=words, code=code)
