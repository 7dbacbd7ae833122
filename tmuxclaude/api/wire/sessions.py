"""What is asked of sessions that are kept: resume, stop, type into them, name, adopt, forget."""

from __future__ import annotations

import msgspec

from tmuxclaude.api.wire.base import Answer, Request, RowId


class Resume(Request, frozen=True, tag="resume"):
    """Resume the named sessions, those of a ``group``, or ``every`` one; ``dry_run`` only says what
    would be done."""

    names: list[str] = []
    group: str | None = None
    every: bool = False
    now: bool = False
    dry_run: bool = False


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is done (or, in a dry run, would be) for one session, and on what evidence.

    ``done``: ``types``, ``relaunches``, ``reopens``, ``stops``, ``ended``, ``held``,
    ``released``, ``renamed``, ``adopted``, ``forgotten``, ``extended``, ``set``, ``reset`` or
    ``refused``. ``code`` is
    that of the error when refused. ``attempt``: whose steps to follow. ``due``: when a lifetime
    ends that was extended.
    A resume that was refused because it is too early says when it is ``due`` (UTC epoch seconds;
    ``None``: nobody knows) and which ``actor`` acts next (``claude``, ``tmuxclaude``, ``you``).
    """

    name: str
    done: str
    why: str
    code: str = ""
    attempt: int | None = None
    due: float | None = None
    actor: str = ""
    notes: list[str] = []
    evidence: list[str] = []


class Verdicts(Answer, frozen=True, tag="verdicts"):
    """One verdict for each session that the request concerned."""

    sessions: list[Verdict]


class Stop(Request, frozen=True, tag="stop"):
    """End sessions; their conversations stay resumable. ``now``: also one that works. ``group``: in
    place of names, all of it."""

    names: list[str] = []
    group: str | None = None
    every: bool = False
    now: bool = False


class Send(Request, frozen=True, tag="send"):
    """Type a text into an idle session, by the guarded path of a resume.

    ``attach``: absolute paths of files that go with it.
    """

    name: str
    text: str
    attach: list[str] = []


class Follow(Request, frozen=True, tag="follow"):
    """How far is an attempt?"""

    attempt: RowId


class Progress(Answer, frozen=True, tag="progress"):
    """``step`` is a step of the journal; ``open`` is false when it has ended."""

    attempt: int
    name: str
    step: str
    reason: str
    open: bool


class Rename(Request, frozen=True, tag="rename"):
    """Give a session another name, and its window too if that has the session's."""

    name: str
    to: str


class Adopt(Request, frozen=True, tag="adopt"):
    """Register Claude Code that was started by hand: in one ``pane`` (``%12``), or in ``every``.

    With neither, and with ``dry_run``, it is only said what would be. ``zone``: as in ``New``.
    """

    socket: str
    pane: str | None = None
    every: bool = False
    dry_run: bool = False
    zone: str = "UTC"


class Forget(Request, frozen=True, tag="forget"):
    """Remove these sessions from the registry; their windows stay."""

    names: list[str]


class Explain(Request, frozen=True, tag="explain"):
    """What do the witnesses say of one session right now?"""

    name: str


class Explained(Answer, frozen=True, tag="explained"):
    """Each line is one witness and what it says."""

    name: str
    evidence: list[str]
