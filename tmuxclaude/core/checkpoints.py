"""What a checkpoint is: a point in a conversation and in the files around it, and why it is taken.

Values, and what follows from them alone. How the work is kept is git's business
(``edges/git/work``), when one is due by itself is decided by ``core/triggers``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tmuxclaude.core.errors import NotFoundError, UsageError

BACKOFF = (60.0, 300.0, 900.0)
"""Seconds before the second, third and fourth try; after that it is given up."""

FILES = 1000
"""How many of the files that differ are remembered with their hashes."""


class Stage(StrEnum):
    """``due``: asked for, or to be tried again. The last two are ends."""

    DUE = "due"
    TAKING = "taking"
    TAKEN = "taken"
    GAVE_UP = "gave_up"


class Why(StrEnum):
    """The occasions besides the triggers (``time``, ``activity``, ``context``, ``idle``)."""

    LIMIT = "limit"
    END = "end"
    COMMIT = "commit"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Wish:
    """A checkpoint that somebody wants.

    ``account``: the Claude Code configuration directory. ``session``: the uid of the session that
    the conversation is in, empty for one that we do not keep. ``reasons``: names of triggers or of
    ``Why``. ``note``: what its user said of it. ``after``: the last checkpoint that whoever found
    it due knew of (empty: none); one that was begun since then answers it. ``None``: none does.
    ``transcript``: the conversation's file where that is known: a copy of a project has its own
    conversation with the same id.
    """

    conversation: str
    account: str
    directory: str
    session: str = ""
    reasons: tuple[str, ...] = ()
    note: str = ""
    after: str | None = None
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """One file that differs from the commit.

    ``path``: relative to the root of the work tree, with ``surrogateescape`` for bytes that are no
    UTF-8. ``change``: git's letter (``M``, ``A``, ``D``, ``T``, ``U``) or ``?`` for an untracked
    one. ``size``: bytes. ``sha256``: of its content (of a link: of where it points to); empty for
    what is gone, was left out, or could not be read.
    """

    path: str
    change: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """What the work tree around a directory holds at one instant.

    ``root``: absolute. ``commit``: the full hash, empty before the first commit. ``branch``: empty
    when the head is detached. ``files``: what differs, in git's order. ``left_out``: paths of
    ``files`` that a snapshot never takes (secrets, unreadable ones, what is no file). ``inner``:
    the submodules and other repositories in it whose own work is not part of this.
    """

    root: str
    commit: str
    branch: str
    files: tuple[File, ...] = ()
    left_out: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """What a snapshot would have to store at most."""
        out = set(self.left_out)
        return sum(file.size for file in self.files if file.path not in out)


Row = Mapping[str, Any]


def changed(before: Iterable[File], after: Iterable[File]) -> list[tuple[str, str]]:
    """How the files that differ from the commit differ among themselves: path, and what became.

    For two looks at one work tree on the same commit: ``new``, ``changed`` or ``as committed``.
    """
    old, new = ({file.path: file for file in files} for files in (before, after))
    found = [
        (path, "as committed" if path not in new else "changed")
        for path in old
        if path not in new or new[path] != old[path]
    ]
    return found + [(path, "new") for path in new if path not in old]


def outlived(rows: Iterable[Row], before: float | None, keep: int) -> list[Row]:
    """Those of ``rows`` that a user has no use for any more, oldest first.

    Of each conversation the newest ``keep`` stay (one at least), and whatever is not older than
    ``before`` (UTC epoch seconds; ``None``: age does not matter). Of those that were given up none
    is kept for its own sake, and one that is due or under way is no matter of age.
    """
    newest_first = sorted(rows, key=lambda row: row["asked_at"], reverse=True)
    kept: dict[tuple[str, str, str], int] = {}
    found = []
    for row in newest_first:
        if row["stage"] not in (Stage.TAKEN, Stage.GAVE_UP):
            continue
        whose = (row["account"], row["conversation"], row["transcript"])
        if row["stage"] == Stage.TAKEN:
            kept[whose] = kept.get(whose, 0) + 1
            if kept[whose] <= max(1, keep):
                continue
        if before is None or row["asked_at"] < before:
            found.append(row)
    return found[::-1]


def the_one(found: Sequence[dict[str, Any]], begins: str) -> dict[str, Any]:
    """The checkpoint that is meant by ``begins``, of those whose id begins so.

    Raises ``NotFoundError`` when there is none, ``UsageError`` when there are more.
    """
    if not found:
        raise NotFoundError(f"there is no checkpoint {begins!r}. See: tmuxclaude checkpoints")
    if len(found) > 1:
        ids = ", ".join(str(row["id"]) for row in found[:5])
        raise UsageError(f"{begins} is the beginning of {len(found)} checkpoints: {ids}")
    return found[0]
