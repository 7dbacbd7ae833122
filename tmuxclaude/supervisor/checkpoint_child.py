"""Takes checkpoints in a process of its own: reads a transcript, looks at git, keeps the work.

``checkpoints`` gives the orders, one line of JSON each (``edges/children``). It decides nothing and
remembers nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tmuxclaude.claude import activity as records
from tmuxclaude.core.checkpoints import FILES, Work
from tmuxclaude.core.conversations import Activity
from tmuxclaude.core.recap import Recap
from tmuxclaude.edges import claude_files
from tmuxclaude.edges.children import serve
from tmuxclaude.edges.failpoints import around
from tmuxclaude.edges.git.call import ForeignError, GitError
from tmuxclaude.edges.git.work import Kept, Tree, room, writable

Json = dict[str, Any]

NO_REPOSITORY = "not in a git repository of its own, so only facts and the recap were kept"
GONE = "the transcript of the conversation is gone"
UNREADABLE = "the transcript of the conversation cannot be read"
UNWRITABLE = "only hashes were kept: the repository cannot be written to"
FULL = "only hashes were kept: the disk of the repository has too little room"
HOME = "all of the home directory is never kept, so only facts and the recap were"


NAMES = 5
"""How many files are named where something is said of them."""


def answer(order: Json) -> Json:
    """``brought`` (a value for each of ``store/checkpoints.BRINGS``), ``work`` (those of them that
    git tells), or ``problem`` and whether it is so ``for_good``."""
    try:
        match order["do"]:
            case "take":
                return {"brought": take(order)}
            case "look":
                return {"work": look(order)}
            case "drop":
                drop(order)
                return {}
    except NothingLeftError as why:
        return {"problem": f"{why}, and there is no work in git to keep", "for_good": True}
    except (GitError, OSError) as problem:
        return {"problem": str(problem), "for_good": False}
    return {"problem": f"no such order: {order['do']}", "for_good": True}


class NothingLeftError(Exception):
    """There is no repository, and why there is no transcript."""


# -- taking ----------------------------------------------------------------------------------------


def take(order: Json) -> Json:
    """A checkpoint of one conversation.

    ``order``: ``id``, ``conversation``, ``account``, ``directory``, ``home``, ``at`` (UTC epoch),
    ``reasons``, ``transcript`` (its path where that is known), ``snapshot`` (``on``, ``off``),
    ``max_bytes``, ``again`` (an earlier try may have left something), ``git`` (whether to look at
    it), and if not, the ``problem`` with it.
    """
    path = _transcript(order)
    activity, offset, missing = read(path) if path is not None else (records.EMPTY, 0, GONE)
    recap = Recap.of(activity, order["directory"])
    work = _work(order, recap)
    if missing:
        if not work["root"]:
            raise NothingLeftError(missing)
        only = f"{missing}, so only the work was kept"
        work["problem"] = "; ".join(filter(None, (only, work["problem"])))
    return work | {
        "transcript": str(path or order["transcript"]),
        "offset": offset,
        "tokens": activity.tokens,
        "recap": json.dumps(recap.plain()),
    }


def _transcript(order: Json) -> Path | None:
    """The one that was named, which must be its account's; else wherever it is found."""
    account, named = Path(order["account"]), Path(order["transcript"])
    is_its = named.parent.parent == account / "projects"
    if is_its and named.name.lower() == f"{order['conversation']}.jsonl".lower():
        return named if named.is_file() else None
    return claude_files.transcript_path(account, order["conversation"], order["directory"])


def read(path: Path) -> tuple[Activity, int, str]:
    """What all records of a transcript come to, how far they go; and why nothing was read."""
    facts = path.lstat()
    activity = records.EMPTY
    position = claude_files.Position(facts.st_dev, facts.st_ino, 0)
    while True:
        chunk = claude_files.follow(path, position)
        if chunk.problems and not chunk.size:
            return records.EMPTY, 0, f"{UNREADABLE} ({'; '.join(chunk.problems)})"
        activity = records.fold(activity, chunk.lines)
        if chunk.position is None or not chunk.more:
            return activity, (chunk.position or position).offset, ""
        position = chunk.position


def _work(order: Json, recap: Recap) -> Json:
    """What git tells and keeps; without it, why not."""
    if not order["git"]:
        return _no_work(order["problem"])
    tree, none = _around(order["directory"], order["home"])
    if tree is None:
        return _no_work(none)
    if order["again"]:
        tree.forget(order["id"])
    with around("checkpoint-look"):
        work = tree.look()
    repository = tree.repository()
    snapshot, why = "", _only_hashes(work, repository, order)
    if not why:
        message = f"tmuxclaude checkpoint {order['id']}\n\n{recap.text()}\n"
        with around("checkpoint-keep"):
            snapshot, refused = tree.keep(work, order["id"], message, order["at"])
        why = _missing(work, refused)
    return _told(work) | {"repository": repository, "snapshot": snapshot, "problem": why}


def look(order: Json) -> Json:
    """What git tells of the work around a ``directory`` now, and keeps nothing of it."""
    tree, none = _around(order["directory"], order["home"])
    return _no_work(none) if tree is None else _told(tree.look())


def _around(directory: str, home: str) -> tuple[Tree | None, str]:
    """The work tree, or why there is none to keep."""
    if not _is_there(directory):
        return None, NO_REPOSITORY
    try:
        tree = Tree.around(directory, home)
    except ForeignError as problem:
        return None, str(problem)
    if tree is not None:
        return tree, ""
    above = os.path.realpath(directory).rstrip("/")
    at_home = f"{os.path.realpath(home)}/".startswith(f"{above}/")
    return None, HOME if at_home else NO_REPOSITORY


def _told(work: Work) -> Json:
    files = [[one.path, one.change, one.size, one.sha256] for one in work.files[:FILES]]
    return {
        "root": work.root,
        "head": work.commit,
        "branch": work.branch,
        "changed": len(work.files),
        "files": json.dumps(files),
    }


def _only_hashes(work: Work, repository: str, order: Json) -> str:
    """Why no snapshot is kept; empty when one is."""
    if order["snapshot"] == "off":
        return "only hashes were kept: checkpoint.snapshot is off"
    if work.bytes > order["max_bytes"]:
        size = work.bytes / 2**20
        return f"only hashes were kept: {size:.0f} MB differ, above checkpoint.max_mb"
    if not writable(repository):
        return UNWRITABLE
    return "" if work.bytes <= room(repository, len(work.files)) else FULL


def _missing(work: Work, refused: Sequence[str]) -> str:
    """What a snapshot lacks that its user might look for; empty when it lacks nothing."""
    parts = []
    if refused:
        parts.append(f"git does not take {_named(refused)}")
    if work.inner:
        parts.append(
            f"work in submodules and nested repositories is not kept: {_named(work.inner)}"
        )
    return "; ".join(parts)


def _named(paths: Sequence[str]) -> str:
    more = len(paths) - NAMES
    return ", ".join(paths[:NAMES]) + (f" and {more} more" if more > 0 else "")


def _is_there(directory: str) -> bool:
    """Of some conversations no directory is known."""
    return Path(directory).is_absolute() and os.path.isdir(directory)  # noqa: PTH112 - never raises


def _no_work(why: str) -> Json:
    empty = dict.fromkeys(("root", "repository", "head", "branch", "snapshot"), "")
    return {**empty, "changed": 0, "files": "[]", "problem": why}


def drop(order: Json) -> None:
    """Drops what git keeps under ``ids`` in ``repository``, or where that is not known, in the one
    around ``directory``. Raises ``GitError`` when it is ``needed`` and not there."""
    directory, repository, home = order["directory"], order["repository"], order["home"]
    kept: Kept | None = None
    if repository:
        kept = Kept.of(repository, home)
    elif _is_there(directory):
        kept = Tree.around(directory, home)
    if kept is not None:
        for name in order["ids"]:
            kept.forget(name)
    elif order["needed"]:
        raise GitError(f"there is no repository of yours at {repository or directory}")


if __name__ == "__main__":
    sys.exit(serve(answer))
