"""Checkpoints: asked for and dropped. They are looked at in the database, or as files of git."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tmuxclaude.api.wire.base import AbsolutePath, Answer, OptionalPath, Request
from tmuxclaude.api.wire.looking import View
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
