"""Comes back to a checkpoint: compares it with another or with now, and puts it into a directory.

It runs in the caller's own process, as git itself would; nothing that is there is ever changed.
Knows rows of the database and git; knows nothing of how anything is shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmuxclaude.core.checkpoints import File, changed, the_one
from tmuxclaude.core.errors import RefusedError
from tmuxclaude.edges import claude_files
from tmuxclaude.edges.git.call import GitError
from tmuxclaude.edges.git.work import REFS, Kept, Tree
from tmuxclaude.store import reader

Row = Mapping[str, Any]


def rows(database: Path, begins: str = "", name: str | None = None) -> list[dict[str, Any]]:
    """The checkpoints, oldest first, each by the names of ``reader.CHECKPOINT_COLUMNS``; what is
    JSON in the database is plain data here."""
    connection = reader.open(database)
    if connection is None:
        return []
    with closing(connection):
        found = reader.checkpoints(connection, begins, name)
    shown = [dict(zip(reader.CHECKPOINT_COLUMNS, row, strict=True)) for row in found]
    for row in shown:
        row |= {key: json.loads(str(row[key])) for key in ("reasons", "files", "recap")}
    return shown


def one(database: Path, begins: str) -> dict[str, Any]:
    """The checkpoint whose id is this, or begins so; raises ``NotFoundError``, ``UsageError``."""
    return the_one(rows(database, begins) if begins else [], begins)


@dataclass(frozen=True, slots=True)
class Difference:
    """``patch``: as git prints it; where one side kept only hashes, ``files`` in its place: each
    path that differs, and what became of it."""

    patch: str = ""
    files: tuple[tuple[str, str], ...] = ()


def difference(before: Row, after: Row | None, home: str) -> Difference:
    """From one checkpoint to another, ``None``: to what is there now.

    Raises ``RefusedError`` when they cannot be compared.
    """
    with _refusing():
        return _difference(before, after, home)


def _difference(before: Row, after: Row | None, home: str) -> Difference:
    _knows_work(before)
    if after is not None:
        _knows_work(after)
        if after["root"] != before["root"]:
            raise RefusedError(f"{before['id']} and {after['id']} are of different work trees")
        if before["snapshot"] and after["snapshot"]:
            kept = _kept(before, home)
            return Difference(patch=kept.difference(before["snapshot"], after["snapshot"]))
    tree = _tree(before, home) if after is None else None
    if tree is not None and before["snapshot"]:
        later, _ = tree.snapshot(tree.look())
        return Difference(patch=tree.difference(before["snapshot"], later))
    work = tree.look() if tree is not None else None
    head = work.commit if work is not None else after["head"] if after is not None else ""
    if head != before["head"]:
        raise RefusedError(
            f"{before['id']} kept only hashes, and another commit was checked out then; compare "
            f"with git: git diff {before['head']} {head}"
        )
    files = work.files if work is not None else _files(after or {})
    return Difference(files=tuple(changed(_files(before), files)))


def restore(row: Row, to: str | None, home: str) -> Path:
    """A new work tree of git at ``to`` with what the checkpoint kept; where that is.

    ``to``: a directory that does not exist or is empty; ``None`` for one beside the project. The
    work tree that it was taken in may be gone. Raises ``RefusedError`` with nothing made.
    """
    if not row["snapshot"]:
        why = row["problem"] or "it was not taken"
        raise RefusedError(f"{row['id']} kept no snapshot to come back to: {why}")
    with _refusing():
        kept = _kept(row, home)
    place = Path(to).absolute() if to else Path(f"{row['root']}-checkpoint-{row['id']}")
    if ".git" in Path(os.path.realpath(place)).parts:
        raise RefusedError(f"{place} is inside a repository's own directory; nothing was made")
    if os.path.lexists(place) and not (place.is_dir() and not any(place.iterdir())):
        raise RefusedError(f"{place} is there already; nothing was made. Choose another one: --to")
    with _refusing():
        kept.restore(row["snapshot"], str(place))
    return place


def needs_transcript(row: Row) -> None:
    """Raises ``RefusedError`` when nobody can go on with the conversation."""
    account, conversation = Path(row["account"]), row["conversation"]
    if claude_files.transcript_path(account, conversation, row["directory"]) is None:
        raise RefusedError(
            f"the transcript of conversation {conversation} is gone; nothing to resume, so nothing"
            " was made. The work alone comes back without --resume"
        )


def working_directory(row: Row, place: Path) -> Path:
    """Where in the new work tree the conversation works: the same folder as in the old one."""
    inside = os.path.relpath(os.path.realpath(row["directory"]), row["root"])
    found = place / inside
    return found if not inside.startswith("..") and found.is_dir() else place


def _knows_work(row: Row) -> None:
    if not row["root"]:
        raise RefusedError(f"{row['id']} knows of no work: {row['problem'] or 'it is not taken'}")


def _tree(row: Row, home: str) -> Tree:
    """The work tree of the checkpoint as it is now."""
    tree = _around(row["root"], home)
    if tree is None:
        raise RefusedError(f"the work tree {row['root']} is gone")
    return tree


def _around(root: str, home: str) -> Tree | None:
    return Tree.around(root, home) if Path(root).is_dir() else None


def _kept(row: Row, home: str) -> Kept:
    """The repository that keeps the snapshot: through its work tree, or without."""
    kept = _around(row["root"], home) or Kept.of(row["repository"], home)
    if kept is None:
        raise RefusedError(
            f"the repository {row['repository'] or row['root']} is gone; if it was moved, what was "
            f"kept has moved along: git -C THERE worktree add --detach DIR {REFS}{row['id']}"
        )
    return kept


@contextmanager
def _refusing() -> Iterator[None]:
    """What git does not do is refused, and nothing was changed."""
    try:
        yield
    except GitError as problem:
        raise RefusedError(str(problem)) from problem


def _files(row: Row) -> list[File]:
    return [File(*one) for one in row["files"]]
