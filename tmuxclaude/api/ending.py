"""stop: sessions end because their user wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tmuxclaude.api import wire
from tmuxclaude.api.finding import chosen
from tmuxclaude.api.wants import Watch, Windows
from tmuxclaude.core import errors, launching, parting
from tmuxclaude.core.model import Session, State, Want
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Ending:
    """A stopped session is never brought back unasked; its conversation stays resumable."""

    books: Books
    windows: Windows
    watch: Watch
    now: Callable[[], float]

    def stop(self, order: wire.Stop) -> wire.Verdicts:
        """Ends sessions; one that works only with ``now``."""
        if (bool(order.names) or order.group is not None) == order.every:
            raise errors.UsageError("name the sessions to stop, or use --all; nothing was done")
        sessions = chosen(self.books, order.names, order.group)
        if order.every:
            sessions = self.books.sessions.not_ended()
        return wire.Verdicts(sessions=[self.one(s, order.now) for s in sessions])

    def one(self, session: Session, now: bool) -> wire.Verdict:
        """Asks one session to end, or says why not."""
        if session.state is State.ENDED:
            return wire.Verdict(name=session.name, done="ended", why="it had ended already")
        if session.state in (State.WORKING, State.RESUMING) and not now:
            why = (
                f"{session.name} is {session.state}; nothing was done. To end it all the same: "
                f"tmuxclaude stop {session.name} --now"
            )
            return wire.Verdict(name=session.name, done="refused", why=why, code="refused")
        if self._is_hearsay(session):
            why = (
                f"nothing but its own word says that {session.name} is Claude Code, so its process "
                "was left alone; end it where it runs"
            )
            return wire.Verdict(name=session.name, done="refused", why=why, code="refused")
        reason = "" if parting.is_ours(session) else session.reason
        session = replace(session, want=Want.DOWN, reason=reason)
        self.books.sessions.save(session)
        self.watch.touch(session.uid)
        if session.state in (State.LOST, State.QUEUED):
            self.books.sessions.save(
                replace(session, state=State.ENDED, since=self.now(), reason="stopped by you")
            )
            if launching.waits(session):
                self.windows.terminate(session)
            self.windows.close(session)
            self.books.events.note(self.now(), session.uid, "stopped", "by you")
            queued = session.state is State.QUEUED
            why = "it will not be started" if queued else "it was not running"
            return wire.Verdict(name=session.name, done="ended", why=why)
        self.books.events.note(self.now(), session.uid, "stopped", "by you")
        if session.process is None and session.pane is None:
            why = "it has no process yet; a window that is opened for it is closed again"
            return wire.Verdict(name=session.name, done="stops", why=why)
        if not self.windows.terminate(session):
            self.windows.close(session)
        why = "its process was asked to end" + self._waiting(session)
        return wire.Verdict(name=session.name, done="stops", why=why)

    def _waiting(self, session: Session) -> str:
        """What is left for a session that is stopped, and would come with its next start."""
        count = len(self.books.messages.waiting(session.uid))
        if not count:
            return ""
        what = "1 message waits" if count == 1 else f"{count} messages wait"
        return f"; {what} for its resume (to drop: tmuxclaude send {session.name} --drop all)"

    def _is_hearsay(self, session: Session) -> bool:
        """Whether a session has registered itself, and Claude Code's own files know nothing of it.

        Anything can be said of any process; a signal is sent to none for that.
        """
        if session.opened_by_us or not self.books.activity.is_introduced(session.uid):
            return False
        evidence = self.watch.evidence.get(session.uid)
        return evidence is None or evidence.registry is None
