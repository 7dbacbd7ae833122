"""Sessions that tell of themselves: they register, send heartbeats, and say that they end.

On the wire these fields are written in camelCase, as their callers write them. ``sessionId`` is
Claude Code's session id when a session registers; later our own ``uid`` does as well. ``nonce`` is
what registering has given: with it any process may speak for the session, and without it only one
that descends from the session's own. ``relayed``: whoever asks passes on what others say, so that
where it was started says nothing, and only the nonce counts.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from tmuxclaude.api.wire.base import Answer, Request

Conversation: TypeAlias = Annotated[
    str,
    msgspec.Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", max_length=36),
]
"""Claude Code's session id."""

Pid: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
ShortText: TypeAlias = Annotated[str, msgspec.Meta(max_length=200)]


class Register(Request, frozen=True, tag="register", rename="camel"):
    """Keep a session whose process ``pid`` runs already; to register twice changes nothing.

    ``start_time``: UTC epoch seconds, ``None``: now. ``socket`` and ``pane``: its place in tmux
    (both, or none: it is outside of tmux, watched and never typed to). ``nonce``: of an earlier
    registration, to be told it again.
    """

    session_id: Conversation
    directory: str
    pid: Pid
    start_time: float | None = None
    name: str = ""
    config_dir: str = ""
    zone: str = "UTC"
    socket: str = ""
    pane: str = ""
    nonce: str = ""
    relayed: bool = False


class Registered(Answer, frozen=True, kw_only=True, tag="registered", rename="camel"):
    """``session_id``: our own id of it. ``nonce``: keep it secret; empty for a session that was
    registered before, unless its own process asks."""

    success: Literal[True] = True
    session_id: str
    daemon_status: str
    is_paused: bool
    nonce: str = ""


class Heartbeat(Request, frozen=True, tag="heartbeat", rename="camel"):
    """The session lives. ``prompt_count``: prompts so far; ``status``: in its own words."""

    session_id: str
    prompt_count: Count | None = None
    status: ShortText = ""
    nonce: str = ""
    relayed: bool = False


class Beaten(Answer, frozen=True, kw_only=True, tag="heartbeat_taken", rename="camel"):
    """It is written down. ``is_paused``: as in the answer to ``status``."""

    success: Literal[True] = True
    is_paused: bool


class End(Request, frozen=True, tag="end", rename="camel"):
    """The session ends, or has ended."""

    session_id: str
    reason: ShortText = ""
    prompt_count: Count | None = None
    nonce: str = ""
    relayed: bool = False


class Ended(Answer, frozen=True, tag="end_taken", rename="camel"):
    """It is written down. A session in a pane has ended when its process has."""

    success: Literal[True] = True


class Status(Request, frozen=True, tag="status", rename="camel"):
    """Is the account paused: of this session, of this ``config_dir``, else of the default one?"""

    session_id: str = ""
    config_dir: str = ""


class PauseStatus(Answer, frozen=True, tag="pause_status", rename="camel"):
    """``is_paused``: a usage limit stands, or the user has paused all resumes.

    ``paused_at`` and ``resume_at``: UTC epoch seconds, ``None`` when there is none or nobody knows.
    """

    is_paused: bool
    paused_at: float | None
    resume_at: float | None
    reason: str
    daemon_status: str
