"""What a conversation is doing, as far as its own records tell, and the file that they are in.

Values only; ``claude/activity`` makes them of the records, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Mark = tuple[int, int, int, int]
"""What a file was like: device, inode, size in bytes, time of change in nanoseconds. While all are
the same, nothing was written to it."""

QUARTER = 900.0
"""A quarter of an hour, in seconds: in every zone a day begins with one."""

WINDOWS = (200_000, 1_000_000)
"""How many tokens a context can hold: the usual window and the large one."""


@dataclass(frozen=True, slots=True)
class Activity:
    """All that was read of one conversation. Times in UTC epoch seconds, ``None`` when unknown.

    ``directory``: where it began, as its records say. ``title``: given by its user or by Claude
    Code. ``first_prompt``, ``last_prompt``, ``last_reply``: their beginnings. ``prompts``: turns of
    the user; ``replies``: messages of the model. ``files``: each path that an edit or a write
    named, the last one last, with the byte offset of that. ``tokens``: the context of the last
    answer, ``most`` that of the largest. ``limits``: records of a usage limit. ``todos``: the open
    ones, by their keys. ``message``: the model's message that was read last; more may come.
    ``timed``: the byte at which the last record with a time begins, -1 without one. ``edits``: of
    each edit whose outcome is not known yet the id of the call, the path, its own offset, and the
    one before it (-1: none).
    ``quarters``: for each ``QUARTER`` (counted from the epoch) in which there were any, how many
    turns of the user, and how many tokens the model was given anew or wrote; ``spent``: those of
    ``message``.
    """

    conversation: str = ""
    directory: str = ""
    title: str = ""
    first_prompt: str = ""
    last_prompt: str = ""
    last_reply: str = ""
    prompts: int = 0
    replies: int = 0
    files: Mapping[str, int] = field(default_factory=dict)
    first_at: float | None = None
    last_at: float | None = None
    model: str = ""
    tokens: int = 0
    most: int = 0
    limits: int = 0
    todos: tuple[tuple[str, str], ...] = ()
    message: str = ""
    quarters: tuple[tuple[int, int, int], ...] = ()
    spent: int = 0
    timed: int = -1
    edits: tuple[tuple[str, str, int, int], ...] = ()

    @property
    def window(self) -> int:
        """How many tokens its context holds, as far as can be told: the records do not say it."""
        return next((size for size in WINDOWS if self.most <= size), self.most)

    @property
    def context(self) -> float | None:
        """The share of the window that the last answer took, 0 to 1; ``None`` before the first."""
        return self.tokens / self.window if self.tokens else None

    def files_since(self, offset: int) -> int:
        """How many distinct files were modified at or after this byte of the transcript."""
        return sum(at >= offset for at in self.files.values())


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript's file, and what was made of all that was read of it.

    ``path``: absolute. ``account``: the directory of the account that it belongs to. ``device`` to
    ``mtime_ns``: its mark when it was read; ``mtime_ns`` is -1 while there is more to read.
    ``offset``: how many bytes were read, up to the end of a line unless ``skipping``, which says
    that it lies within a line that is too long. ``problems``: what was skipped, in words.
    """

    path: str
    account: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    offset: int
    skipping: bool
    activity: Activity
    problems: str = ""

    @property
    def conversation(self) -> str:
        """The id under which Claude Code finds it: its file's name."""
        return self.path.rpartition("/")[2].removesuffix(".jsonl").lower()


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """How many files around a directory differ from the commit; ``None``, and why, if unknown."""

    files: int | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The last checkpoint of a conversation: when it was taken, and how far it had come then."""

    id: str
    at: float
    offset: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with what is known of it elsewhere.

    ``session``: the name of the one that it belongs to, empty for none. ``kept``: its last
    checkpoint. ``uncommitted``: ``None`` when nobody looked.
    """

    transcript: Transcript
    session: str = ""
    kept: Kept | None = None
    uncommitted: Uncommitted | None = None

    @property
    def activity(self) -> Activity:
        return self.transcript.activity

    @property
    def since(self) -> int:
        """The byte of the transcript from which on nothing is in the last checkpoint: the first one
        without a checkpoint, or when the file was made anew and is shorter."""
        known = self.kept.offset if self.kept is not None else 0
        return known if known <= self.transcript.offset else 0
