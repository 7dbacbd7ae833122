"""The requests of the older design, each told in terms of ours."""

from __future__ import annotations

from dataclasses import dataclass

from tmuxclaude.api import wire
from tmuxclaude.api.ending import Ending
from tmuxclaude.api.finding import called
from tmuxclaude.api.opening import Opening
from tmuxclaude.api.wants import Surroundings
from tmuxclaude.core import errors
from tmuxclaude.core.model import Session, State
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Older:
    """What these requests leave open is taken from ``around``."""

    books: Books
    opening: Opening
    ending: Ending
    around: Surroundings

    def start(self, order: wire.StartSession) -> wire.SessionStarted:
        """Opens a session in a window of the default tmux server."""
        opened = self.opening.new(
            wire.New(
                directory=self.around.directory(order.working_dir),
                command=self.around.claude(),
                socket=self.around.socket(),
                name=order.name,
                arguments=order.arguments,
                prompt=order.prompt,
            )
        )
        session = called(self.books, opened.uid)
        return wire.SessionStarted(session_id=session.uid, log_path=self._log(session))

    def sessions(self, _: wire.ListSessions) -> wire.SessionList:
        """The sessions that have not ended."""
        return wire.SessionList(
            sessions=[
                wire.SessionBrief(
                    session_id=session.uid,
                    name=session.name,
                    working_dir=session.directory,
                    state=session.state,
                    log_path=self._log(session),
                    created_at=session.created_at,
                )
                for session in self.books.sessions.not_ended()
            ]
        )

    def stop(self, order: wire.StopSession) -> wire.SessionStopped:
        """Asks a session to end; raises ``RefusedError`` for one that works, without ``force``."""
        session = called(self.books, order.session_id)
        verdict = self.ending.one(session, order.force)
        if verdict.done == "refused":
            raise errors.RefusedError(verdict.why)
        return wire.SessionStopped(session_id=session.uid)

    def attach(self, order: wire.Attach) -> wire.AttachWith:
        """The command that shows a session's window."""
        session = called(self.books, order.session_id)
        if session.state is State.ENDED or session.pane is None:
            raise errors.RefusedError(f"{session.name} has no window now")
        command = self.around.attach(session.socket, session.pane.pane_id)
        return wire.AttachWith(session_id=session.uid, command=command)

    def _log(self, session: Session) -> str:
        if session.conversation is None:
            return ""
        return self.around.transcript(session.account, session.conversation, session.directory)
