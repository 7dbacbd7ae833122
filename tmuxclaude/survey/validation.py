"""Checks the file of a conversation: there, readable, JSONL, not empty, of this conversation.

Reads all of it, in the bounded pieces of ``edges/claude_files``; changes nothing. Knows neither
sessions nor git.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.claude import activity, fields
from tmuxclaude.core.conversations import Activity
from tmuxclaude.edges import claude_files
from tmuxclaude.edges.claude_files import Chunk, Position

NO_OBJECT = "lines without a JSON object"


@dataclass(frozen=True, slots=True)
class Checked:
    """One file. ``problems``: why it is broken, in words; ``notes``: what is odd and harmless.

    ``path`` is where it is, or would be; ``size`` is in bytes, ``None`` when it cannot be read.
    """

    conversation: str
    account: str
    path: str
    size: int | None = None
    activity: Activity = activity.EMPTY
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check(account: str, conversation: str, directory: str = "", *, begun: bool = True) -> Checked:
    """``directory``: where it probably began. ``begun``: something was said in it, so that there
    must be a file."""
    place = Path(account)
    path = claude_files.transcript_path(place, conversation, directory)
    if path is None:
        path = claude_files.future_transcript_path(place, conversation, directory)
        problem = "; ".join(claude_files.follow(path, None).problems) or "not found"
        if problem == "missing" and not begun:
            notes = ("nothing was said yet",)
            return Checked(conversation, account, str(path), notes=notes)
        return Checked(conversation, account, str(path), problems=(problem,))
    return _read(account, conversation, path)


def _read(account: str, conversation: str, path: Path) -> Checked:
    reading = _Reading(conversation)
    try:
        facts = path.lstat()
        position = Position(facts.st_dev, facts.st_ino, 0)
    except OSError as error:
        reading.problems.append(error.strerror or str(error))
        return reading.checked(account, path, None)
    while True:
        chunk = claude_files.follow(path, position)
        if chunk.position is None or (chunk.problems and not chunk.size):
            reading.problems += chunk.problems
            return reading.checked(account, path, None if chunk.problems else 0)
        if chunk.restarted:
            reading.problems.append("it was replaced while it was read")
            return reading.checked(account, path, chunk.size)
        reading.take(chunk)
        if not chunk.more:
            return reading.checked(account, path, chunk.size)
        position = chunk.position


class _Reading:
    """What was found so far in one file."""

    def __init__(self, conversation: str) -> None:
        self.conversation = conversation
        self.activity = activity.EMPTY
        self.problems: list[str] = []
        self._foreign = ""
        self._own = False
        self._skipped: dict[str, int] = {}
        self._rest = 0

    def take(self, chunk: Chunk) -> None:
        """One more piece of the file."""
        self.activity = activity.fold(self.activity, chunk.lines)
        for _, record in chunk.lines:
            whose = fields.uuid(record, "sessionId").lower()
            self._own = self._own or whose == self.conversation.lower()
            self._foreign = self._foreign or whose
        for one in chunk.problems:
            why, _, count = one.rpartition(": ")
            self._skipped[why] = self._skipped.get(why, 0) + int(count)
        assert chunk.position is not None
        self._rest = chunk.size - chunk.position.offset

    def checked(self, account: str, path: Path, size: int | None) -> Checked:
        notes = [f"{why}: {count}" for why, count in self._skipped.items() if why != NO_OBJECT]
        if self._rest:
            notes.append("its last line is not finished: it is being written, or was cut off")
        if size is not None:
            self._judge(size)
        return Checked(
            *(self.conversation, account, str(path), size, self.activity),
            problems=tuple(self.problems),
            notes=tuple(notes),
        )

    def _judge(self, size: int) -> None:
        if NO_OBJECT in self._skipped:
            self.problems.append(f"{NO_OBJECT}: {self._skipped[NO_OBJECT]}")
        if not size:
            self.problems.append("it is empty")
        elif not self._own and self._foreign:
            self.problems.append(f"its records belong to the conversation {self._foreign}")
        elif not self._own and not self.problems:
            self.problems.append("it holds no record of this conversation")
