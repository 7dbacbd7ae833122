"""rename: another name for a session, and for its window while that bears the session's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tmuxclaude.api import wire
from tmuxclaude.api.finding import named
from tmuxclaude.api.wants import Watch, Windows
from tmuxclaude.core import errors, names
from tmuxclaude.core.model import Session, State
from tmuxclaude.store.books import Books
from tmuxclaude.store.format import DatabaseUnavailableError


@dataclass(frozen=True, slots=True)
class Renaming:
    """One request to rename."""

    books: Books
    windows: Windows
    watch: Watch
    now: Callable[[], float]

    def asked(self, order: wire.Rename) -> wire.Verdicts:
        """The request: one session by its name."""
        return wire.Verdicts(sessions=[self.rename(named(self.books, order.name), order.to)])

    def rename(self, session: Session, to: str) -> wire.Verdict:
        """Raises an error, with nothing renamed, for a name that cannot be or that another has.

        So does a tmux that does not answer: whether the window has the new name is not known then.
        """
        problem = names.name_problem(to)
        if problem:
            raise errors.UsageError(f"{problem}; nothing was renamed")
        if to == session.name:
            return wire.Verdict(name=to, done="renamed", why="it was called so already")
        if session.state is not State.ENDED and to in self.books.sessions.names_taken():
            raise errors.RefusedError(
                f"a session {to} exists already; nothing was renamed. See: tmuxclaude show {to}"
            )
        window = False
        try:
            with self.books.db.writing():  # begun first: what cannot be kept is not done
                window = self.windows.rename(session, to)
                self._keep(session, to, window)
        except DatabaseUnavailableError:
            if window:
                self.windows.rename(replace(session, name=to), session.name)
            raise
        self.watch.touch(session.uid)
        why = f"it was {session.name}" + ("; its window was renamed too" if window else "")
        return wire.Verdict(name=to, done="renamed", why=why)

    def _keep(self, session: Session, to: str, window: bool) -> None:
        window_name = to if window else session.window_name
        self.books.sessions.save(replace(session, name=to, window_name=window_name))
        self.books.events.note(self.now(), session.uid, "renamed", f"{session.name} → {to}, by you")
