"""The requests of the older design, as they stand.

``session_id`` is a session's ``uid``; where a client names a session, its conversation's id and its
name do as well. ``log_path`` is the transcript, which is there from the first turn on.
"""

from __future__ import annotations

import msgspec

from tmuxclaude.api.wire.base import Answer, Request


class StartSession(Request, frozen=True, tag="start_session"):
    """Open Claude Code in a new window of the default tmux server.

    The program is that of the configuration. ``name``: ``None`` takes the directory's.
    ``arguments``: for Claude Code, unchanged. ``prompt``: its first line.
    """

    working_dir: str
    name: str | None = None
    arguments: list[str] = []
    prompt: str | None = None


class SessionStarted(Answer, frozen=True, tag="session_started"):
    """The session that was opened. ``log_path``: its transcript."""

    session_id: str
    log_path: str


class ListSessions(Request, frozen=True, tag="list_sessions"):
    """The sessions that have not ended."""


class SessionBrief(msgspec.Struct, frozen=True, kw_only=True):
    """One session in short."""

    session_id: str
    name: str
    working_dir: str
    state: str
    log_path: str
    created_at: float


class SessionList(Answer, frozen=True, tag="session_list"):
    """The sessions in the order in which they were made."""

    sessions: list[SessionBrief]


class StopSession(Request, frozen=True, tag="stop_session"):
    """End a session; its conversation stays resumable. ``force``: also while it works."""

    session_id: str
    force: bool = False


class SessionStopped(Answer, frozen=True, tag="session_stopped"):
    """Its process was asked to end, or has ended."""

    session_id: str


class Attach(Request, frozen=True, tag="attach"):
    """How does one get to a session? Its terminal is its own tmux window."""

    session_id: str


class AttachWith(Answer, frozen=True, tag="attach_with"):
    """``command``: what to exec at a terminal outside of tmux."""

    session_id: str
    command: list[str]
