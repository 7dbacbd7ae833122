"""Sessions that begin: opened by the supervisor, or by the process that becomes Claude Code."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from tmuxclaude.api.wire.base import Answer, Request
from tmuxclaude.api.wire.telling import Conversation

IfLimited: TypeAlias = Literal["", "refuse", "wait", "allow"]
"""What becomes of a launch while its account is limited; empty: as ``launch.when_limited`` says."""


Uid: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
"""Our own id of a session."""

PaneId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^%[0-9]+(?!\n)$")]
"""A pane as tmux calls it: ``%12``."""


class New(Request, frozen=True, tag="new"):
    """Open Claude Code in a new window.

    ``name``: ``None`` takes the directory's. ``command``: the program, absolute. ``arguments``: the
    user's, unchanged. ``socket``: of a tmux server, absolute; one is started there when there is
    none. ``pane``: the caller's own (``%12``), whose tmux session gets the window;
    ``tmux_session`` overrides it; with neither the window opens in a tmux session ``claude``.
    ``zone``: the caller's time zone, for limit texts that name none. ``group`` and ``meta``: as in
    ``Set``. ``account``: in place of ``config_dir``, by the name that the configuration gives it
    (see ``accounts``).
    """

    directory: str
    command: list[str]
    socket: str
    name: str | None = None
    account: str | None = None
    group: str = ""
    meta: dict[str, str] = {}
    arguments: list[str] = []
    config_dir: str = ""
    environment: dict[str, str] = {}
    zone: str = "UTC"
    tmux_session: str | None = None
    pane: PaneId | None = None
    prompt: str | None = None
    select: bool = False
    if_limited: IfLimited = ""


class Opened(Answer, frozen=True, tag="opened"):
    """The session that was opened, and where. ``starts_at``: when it is started, if it waits."""

    name: str
    uid: str
    socket: str
    pane: str
    directory: str
    conversation: str | None
    attempt: int | None = None
    notes: list[str] = []
    starts_at: float | None = None


class Run(Request, frozen=True, tag="run"):
    """The process ``pid``, which asks this, is about to become Claude Code.

    ``arguments``: its words for it but for a prompt and ``--settings``, whose value is
    ``settings``. ``pane``: its own; it and ``socket`` are empty outside tmux. ``name``: a wish.
    ``uid`` and ``conversation`` (of a new one, where its words choose none): what it calls itself,
    so that both sides know it whenever this is read; ``None`` leaves them to us. Without ``keep``
    only the launch guard is asked: for a session in a place that is not known before.
    """

    pid: int
    directory: str
    command: list[str]
    arguments: list[str] = []
    settings: str | None = None
    config_dir: str = ""
    environment: dict[str, str] = {}
    name: str = ""
    zone: str = "UTC"
    socket: str = ""
    pane: str = ""
    if_limited: IfLimited = ""
    uid: Uid | None = None
    conversation: Conversation | None = None
    keep: bool = True


class Late(Request, frozen=True, tag="late"):
    """What nobody has answered: ``run`` is Claude Code by now. It lies in the spool and is never
    asked over the socket. ``started``, ``boot``: which of all processes with its pid it is."""

    run: Run
    started: str
    boot: str


class Admitted(Answer, frozen=True, tag="admitted"):
    """It may be started, and the session is kept. ``words``: what Claude Code must get before its
    own arguments. ``uid`` is empty for one that was not to be kept.

    ``wait``: for how many seconds it must not be started yet, and ``why``.
    """

    name: str
    uid: str
    words: list[str]
    wait: float | None = None
    why: str = ""
    notes: list[str] = []


class Barred(Answer, frozen=True, tag="barred"):
    """It must not be started: ``kind`` of the account's limit, and when that resets."""

    message: str
    kind: str
    resets_at: float | None


class Queue(Request, frozen=True, tag="queue"):
    """A queued session asks when its time has come, or says that it starts, or that it gave up."""

    uid: str
    step: Literal["ask", "start", "leave"] = "ask"


class Queued(Answer, frozen=True, tag="queued"):
    """``wait``: how many seconds are left, 0: its time has come, ``None``: nobody knows; ``why``:
    what it waits for."""

    wait: float | None
    why: str
