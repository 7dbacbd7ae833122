"""Sessions that were lost together with their tmux server: which they are, their order, the words.

Pure. They come back without text, one after another: a window with a conversation in it costs its
account nothing, and a limit that stopped one is continued from there when it resets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tmuxclaude.core.evidence import SERVER_GONE
from tmuxclaude.core.model import Outlook, Session, State, Want
from tmuxclaude.core.states import Signal, after

TURN = "it is opened again in its turn"
"""The reason of a queued session that waits until those before it have been opened."""

SHOWN_NAMES = 3
"""How many sessions a sentence names."""


def lost_with_server(session: Session) -> bool:
    """Whether nobody but the end of its tmux server, or of the machine, ended this session."""
    lost = session.state is State.LOST and session.reason == SERVER_GONE
    return lost and session.want is not Want.DOWN


def waits(session: Session) -> bool:
    """Whether this queued session is one that is opened again in its turn."""
    return session.state is State.QUEUED and session.reason == TURN


def queued(session: Session, now: float) -> Session:
    """The session as it waits for its turn; its pane and its process are past."""
    return replace(
        session,
        state=after(session.state, Signal.QUEUED),
        since=now,
        reason=TURN,
        pane=None,
        process=None,
        outlook=Outlook(),
    )


def failed(session: Session, now: float, why: str) -> Session:
    """A queued session that could not be opened."""
    state = after(session.state, Signal.FAILED)
    return replace(session, state=state, since=now, reason=why)


def in_order(sessions: Iterable[Session]) -> list[Session]:
    """As their windows stood: by tmux server, tmux session and window."""

    def place(session: Session) -> tuple[str, str, int, float]:
        index = sys.maxsize if session.window_index is None else session.window_index
        return session.socket, session.tmux_session, index, session.created_at

    return sorted(sessions, key=place)


def told_together(session: Session) -> bool:
    """Whether its loss is told in one sentence with that of others."""
    return session.reason in (SERVER_GONE, TURN)


def sentence(sessions: Sequence[Session], next_step: str) -> str:
    """What is told of sessions that were lost together; ``next_step`` may be empty."""
    names = [session.name for session in sessions]
    more = len(names) - SHOWN_NAMES
    shown = ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
    who = f"{len(names)} sessions were" if len(names) > 1 else "1 session was"
    return f"{who} lost with the tmux server ({shown})" + (f"; {next_step}" if next_step else "")
