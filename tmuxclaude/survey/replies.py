"""Reads in a transcript what became of a message: its turn, and Claude's reply.

Joins the reader of ``edges`` with the folds of ``claude``. Knows no session and no supervisor, and
sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.claude import activity, reply
from tmuxclaude.claude.reply import Reply as Reply
from tmuxclaude.core.conversations import Activity
from tmuxclaude.edges import claude_files
from tmuxclaude.edges.claude_files import Position


@dataclass(slots=True)
class Listener:
    """Follows a transcript from byte ``offset`` on, for the turn of ``prompt``.

    ``account`` and ``directory``: of the session whose ``conversation`` it is.
    """

    account: Path
    conversation: str
    directory: str
    offset: int
    prompt: str
    reply: Reply = field(default_factory=Reply)
    _path: Path | None = None
    _position: Position | None = None

    def listen(self) -> Reply:
        """The turn as far as it is written by now. Reads only what is new."""
        if self._path is None:
            self._path = claude_files.transcript_path(
                self.account, self.conversation, self.directory
            )
        if self._path is None:
            return self.reply
        more = True
        while more:
            at = self._position or _from(self._path, self.offset)
            chunk = claude_files.follow(self._path, at)
            if chunk.position is None or not chunk.size:
                return self.reply
            found = Reply() if chunk.restarted else self.reply
            for offset, record in chunk.lines:
                found = reply.fold(found, record, offset, self.prompt)
            self.reply, self._position, more = found, chunk.position, chunk.more
        return self.reply


def told(account: Path, conversation: str, directory: str) -> Activity | None:
    """What was done in a conversation; ``None`` when there is no file that can be read of it."""
    path = claude_files.transcript_path(account, conversation, directory)
    at = _from(path, 0) if path is not None else None
    if path is None or at is None:
        return None
    known, more = activity.EMPTY, True
    while more:
        chunk = claude_files.follow(path, at)
        if chunk.position is None or (chunk.problems and not chunk.size):
            return None
        if not chunk.size:
            break
        known = activity.fold(activity.EMPTY if chunk.restarted else known, chunk.lines)
        at, more = chunk.position, chunk.more
    return known


def _from(path: Path, offset: int) -> Position | None:
    """A place in this very file; ``None`` when there is no such file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return Position(found.st_dev, found.st_ino, offset)
