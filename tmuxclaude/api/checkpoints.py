"""Checkpoints that somebody asks for, and those that nobody needs any more."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from tmuxclaude.api import wire
from tmuxclaude.api.finding import named
from tmuxclaude.api.wants import Checkpointer
from tmuxclaude.core import errors
from tmuxclaude.core.checkpoints import Why, Wish, outlived, the_one
from tmuxclaude.core.drawn import span
from tmuxclaude.core.model import Session
from tmuxclaude.store import reader
from tmuxclaude.store.books import Books

JSON = frozenset({"reasons", "files", "recap"})
"""The columns of a checkpoint in which JSON is kept."""

FILE = ("path", "change", "size", "sha256")
"""What is kept of a file."""

_VIEWED = wire.CheckpointView.__struct_fields__

COMING_BACK = frozenset({"--resume", "-r", "--continue", "-c"})
"""The words of Claude Code's that choose an older conversation."""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """``checkpointer`` has them taken; here it is found out of what."""

    books: Books
    checkpointer: Checkpointer
    now: Callable[[], float]

    def take(self, order: wire.TakeCheckpoints) -> wire.CheckpointsWanted:
        """Raises ``NotFoundError`` or ``RefusedError`` when a name means no conversation."""
        ways = [bool(order.names), order.every, bool(order.due), bool(order.committed)]
        if ways.count(True) != 1:
            raise errors.UsageError("name sessions, or say all, due or committed; nothing was done")
        wishes = list(self._wishes(order))
        return wire.CheckpointsWanted(
            checkpoints=[
                wire.WantedView(
                    id=self.checkpointer.ask(wish),
                    conversation=wish.conversation,
                    directory=wish.directory,
                    name=name,
                )
                for name, wish in wishes
            ]
        )

    def known(self, order: wire.Checkpoints) -> wire.CheckpointsListed:
        """The newest checkpoints; what is in the files is left to ``show``, for it may be much."""
        if order.name is not None:
            named(self.books, order.name)
        rows = self._rows(_VIEWED, name=order.name, last=order.last)
        return wire.CheckpointsListed(
            checkpoints=[msgspec.convert(row, wire.CheckpointView) for row in rows]
        )

    def show(self, order: wire.ShowCheckpoint) -> wire.CheckpointShown:
        """All of one; raises ``NotFoundError``, and ``UsageError`` when several begin so."""
        found = the_one(self._rows(_VIEWED, begins=order.id) if order.id else [], order.id)
        [row] = self._rows(reader.CHECKPOINT_COLUMNS, begins=str(found["id"]))
        files = [dict(zip(FILE, file, strict=True)) for file in row["files"]]
        shown = {**row, "type": "checkpoint_shown", "checkpoint": row, "files": files}
        return msgspec.convert(shown, wire.CheckpointShown)

    def _rows(self, columns: tuple[str, ...], **which: Any) -> list[dict[str, Any]]:
        found = reader.checkpoints(self.books.db.reading, columns=columns, **which)
        rows = [dict(zip(columns, row, strict=True)) for row in found]
        for row in rows:
            row |= {key: json.loads(str(row[key])) for key in JSON & row.keys()}
        return rows

    def prune(self, order: wire.PruneCheckpoints) -> wire.CheckpointsDropped:
        rows = outlived(self.books.checkpoints.all(), order.before, order.keep)
        if not order.dry_run:
            self.checkpointer.prune(rows, order.gone)
        return wire.CheckpointsDropped(ids=[row["id"] for row in rows])

    def _wishes(self, order: wire.TakeCheckpoints) -> Iterator[tuple[str, Wish]]:
        """What is wanted, each with the name of its session."""
        for due in order.due:
            session = self.books.sessions.of_conversation(due.conversation)
            uid, name = (session.uid, session.name) if session is not None else ("", "")
            place = (due.conversation, due.account, due.directory, uid)
            yield name, Wish(*place, tuple(due.reasons), order.note, due.after, due.transcript)
        for name in order.names:
            session = named(self.books, name)
            if not _has_spoken(session):
                raise errors.RefusedError(
                    f"the transcript of {name} has no turn yet; nothing was done"
                )
            yield name, _wish(session, Why.ASKED, order.note)
        living = self.books.sessions.not_ended() if order.every or order.committed else []
        for session in filter(_has_spoken, living):
            if order.every:
                yield session.name, _wish(session, Why.ASKED, order.note)
            elif _within(session.directory, order.committed):
                yield session.name, _wish(session, Why.COMMIT, order.note)


def _has_spoken(session: Session) -> bool:
    return session.conversation is not None and session.recorded


def _wish(session: Session, why: Why, note: str) -> Wish:
    place = (session.conversation or "", session.account, session.directory, session.uid)
    return Wish(*place, (why,), note)


def _within(path: str, directory: str) -> bool:
    real, above = os.path.realpath(path), os.path.realpath(directory)
    return f"{real}/".startswith(f"{above.rstrip('/')}/")


def last_checkpoint(
    books: Books, directory: str, arguments: Iterable[str], now: float
) -> list[str]:
    """What is said at a start in ``directory`` of the last checkpoint there, if there is one.

    Nothing to who comes back already: ``arguments`` are the user's words for Claude Code.
    """
    row = None if COMING_BACK & set(arguments) else books.checkpoints.last_in(directory)
    if row is None:
        return []
    ago, why = span(now - row["taken_at"]), ", ".join(json.loads(row["reasons"]))
    do = f"restore {row['id']} --resume" if row["snapshot"] else f"show {row['id']}"
    return [f"last checkpoint here {ago} ago ({why}): tmuxclaude checkpoint {do}"]
