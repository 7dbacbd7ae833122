"""Which conversation a session is started again with, and whether that can be.

Asks Claude Code's files, for what is remembered may be older than they are. Opens nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tmuxclaude.core import errors
from tmuxclaude.core.model import Session
from tmuxclaude.core.parked import MOVED
from tmuxclaude.edges import claude_files, directories
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.files import is_spoken_in, open_elsewhere


class NothingToResumeError(errors.RefusedError):
    """There is no conversation that could go on, and trying again would not help."""


class NotStartedError(errors.RefusedError):
    """Nothing was tried, for what a start needs is not there just now."""


def found(books: Books, session: Session) -> Session:
    """The session with the conversation that it is started again with, and whether that has
    messages: as far as remembered, else as its transcript shows."""
    session = replace(session, recorded=session.recorded or _is_recorded(session))
    return _before_it_moved(books, session)


def check(session: Session) -> None:
    """Raises an error that says why when ``session`` could not be started again just now."""
    if not directories.is_there(session.directory):
        raise errors.RefusedError(
            f"the directory {session.directory} of {session.name} is gone; nothing was "
            "started. Make it again to come back to the conversation"
        )
    if session.conversation is not None and session.recorded:
        _must_be_resumable(session)


def must_have_messages(session: Session) -> None:
    """Raises ``NothingToResumeError`` when only a new conversation could be begun."""
    if session.conversation is None or not session.recorded:
        raise NothingToResumeError(
            f"the conversation of {session.name} has no messages that could be continued; nothing "
            "was started. Begin a new one: tmuxclaude new"
        )


def _is_recorded(session: Session) -> bool:
    path = _transcript(session)
    return path is not None and is_spoken_in(path)


def _before_it_moved(books: Books, session: Session) -> Session:
    """With the conversation of which a copy went on in the background, if nothing was said there:
    that copy was never written, and its process is gone."""
    links = books.sessions.chain(session.uid)[-2:]
    moved = len(links) == 2 and links[1].why == MOVED
    if session.recorded or not moved or session.conversation != links[1].conversation:
        return session
    if open_elsewhere(session):
        raise errors.RefusedError(
            f"the conversation of {session.name} is open in the background; nothing was "
            "started. See: claude agents"
        )
    halt = books.halts.current(session.uid)
    if halt is not None and halt.conversation == session.conversation:
        books.halts.save(replace(halt, conversation=links[0].conversation))
    return replace(session, conversation=links[0].conversation, recorded=True)


def _must_be_resumable(session: Session) -> None:
    if _transcript(session) is None:
        raise NothingToResumeError(
            f"the conversation {session.conversation} of {session.name} is gone from "
            f"{session.account}; nothing was started. Begin a new one: tmuxclaude new"
        )
    if open_elsewhere(session):
        raise errors.RefusedError(
            f"the conversation of {session.name} is open in another process; nothing was "
            "started, for two would write to it"
        )


def _transcript(session: Session) -> Path | None:
    account, conversation = Path(session.account), session.conversation or ""
    return claude_files.transcript_path(account, conversation, session.directory)
