"""About the registry as a whole: what is taken in from a file, and what is forgotten."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tmuxclaude.api.wire.base import Answer, Request

Token = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e10)]


class Import(Request, frozen=True, tag="import"):
    """Take in the export that lies in the state directory as ``import-<token>``, and remove it."""

    token: Token


class Imported(Answer, frozen=True, tag="imported"):
    """Names of the ``sessions`` that came, and of those that are ``held`` because they have not
    ended; ``known`` is how many were there before and stay as they are."""

    sessions: list[str]
    held: list[str]
    known: int
    events: int
    checkpoints: int


class Cleanup(Request, frozen=True, tag="cleanup"):
    """Forget sessions that ended so many seconds ago, with all that belongs to them.

    ``dry_run``: only say which.
    """

    older_than: Seconds
    dry_run: bool = False


class Cleaned(Answer, frozen=True, tag="cleaned"):
    """Names of the sessions, how many events of none, and paths of files that nobody needs."""

    sessions: list[str]
    events: int
    files: list[str]
    dry_run: bool
