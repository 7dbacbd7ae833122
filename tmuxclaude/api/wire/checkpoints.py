"""Checkpoints: asked for, looked at and dropped."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tmuxclaude.api.wire.base import AbsolutePath, Answer, OptionalPath, Request
from tmuxclaude.api.wire.looking import Lines, View
from tmuxclaude.api.wire.telling import ShortText

MOST_AT_ONCE = 100


class Due(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One conversation that is due, and by which triggers. ``account``: its configuration
    directory. ``directory``: where it began, empty when that is not known. ``after``: the id of its
    last checkpoint when it was found due, empty for none; one that was taken since then is the
    answer. ``transcript``: its file, for an id that two projects of the account share."""

    conversation: str
    account: AbsolutePath
    directory: OptionalPath
    reasons: list[Literal["time", "activity", "context", "idle"]] = []
    after: str | None = None
    transcript: OptionalPath = ""


class TakeCheckpoints(Request, frozen=True, tag="take_checkpoints"):
    """Take a checkpoint of these sessions, of ``every`` one, or of ``due`` conversations.

    ``committed``: a directory in which a commit was made: of the sessions that work around it, if
    any. ``note``: what its user says of it. Nothing is waited for.
    """

    names: list[str] = []
    every: bool = False
    due: Annotated[list[Due], msgspec.Meta(max_length=MOST_AT_ONCE)] = []
    committed: OptionalPath = ""
    note: ShortText = ""


class WantedView(View, frozen=True):
    """A checkpoint that will be taken; ``name`` is empty without a session."""

    id: str
    conversation: str
    directory: str
    name: str


class CheckpointsWanted(Answer, frozen=True, tag="checkpoints_wanted"):
    """They are taken one after the other. One that was due already has the id it had."""

    checkpoints: list[WantedView]


class Checkpoints(Request, frozen=True, tag="checkpoints"):
    """The ``last`` checkpoints: of all conversations, or of the session ``name``."""

    name: str | None = None
    last: Lines = 200


class CheckpointView(View, frozen=True):
    """One checkpoint. ``session`` and ``name`` are empty or ``None`` for a conversation that is in
    no session. ``stage``: ``due``, ``taking``, ``taken`` or ``gave_up``; ``reasons``: triggers, or
    ``limit``, ``end``, ``commit``, ``asked``. Of git: the work tree's ``root``, the commit and the
    ``branch`` that were checked out, how many files ``changed``, and the ``snapshot``, a commit
    with all of it; empty where only hashes were kept. ``tokens``: of the context; ``problem``: why
    it failed, or what is not in it."""

    id: str
    conversation: str
    account: str
    session: str
    name: str | None
    directory: str
    asked_at: float
    taken_at: float | None
    stage: str
    reasons: list[str]
    note: str
    tokens: int
    root: str
    head: str
    branch: str
    snapshot: str
    changed: int
    problem: str


class CheckpointsListed(Answer, frozen=True, tag="checkpoints_listed"):
    """The checkpoints, oldest first."""

    checkpoints: list[CheckpointView]


class ShowCheckpoint(Request, frozen=True, tag="show_checkpoint"):
    """All that a checkpoint holds; the beginning of its ``id`` is enough."""

    id: str


class RecapView(View, frozen=True):
    """What was asked ``first`` and ``last``, what was ``done`` (each its beginning), the ``files``
    that were touched last, how many were ``touched`` in all, and the open ``todos``."""

    title: str = ""
    first: str = ""
    last: str = ""
    done: str = ""
    prompts: int = 0
    files: list[str] = []
    touched: int = 0
    todos: list[str] = []


class FileView(View, frozen=True):
    """A file that differs from the commit, by its path within the work tree. ``change``: a letter,
    as git says it; ``sha256`` is empty where nothing was read."""

    path: str
    change: str
    size: int
    sha256: str


class CheckpointShown(Answer, frozen=True, tag="checkpoint_shown"):
    """One checkpoint. ``transcript``: the conversation's file, of which ``offset`` bytes were
    written; ``repository``: where git keeps the snapshot; ``files``: the first 1,000."""

    checkpoint: CheckpointView
    transcript: str
    offset: int
    repository: str
    files: list[FileView]
    recap: RecapView


class PruneCheckpoints(Request, frozen=True, tag="prune_checkpoints"):
    """Drop what is older than ``before`` (UTC epoch seconds), or whatever its age.

    Of each conversation the newest ``keep`` stay. ``gone``: also what was kept in a repository that
    is not there any more; else that stays, for it may only be away. ``dry_run``: only say which.
    """

    before: float | None = None
    keep: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    gone: bool = False
    dry_run: bool = False


class CheckpointsDropped(Answer, frozen=True, tag="checkpoints_dropped"):
    """Their ids, oldest first; what git keeps of them is dropped in a moment, and they with it."""

    ids: list[str]
