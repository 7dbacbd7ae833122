"""Messages that wait for a session: asking for one more, looking at them, dropping them.

Each goes out by itself as soon as the turn of the one before it has ended, exactly once; one of
which nobody knows whether it arrived is left to its user, and those behind it wait.
"""

from __future__ import annotations

from tmuxclaude.api.wire.base import Answer, Key, Request, RowId
from tmuxclaude.api.wire.looking import View


class Enqueue(Request, frozen=True, tag="enqueue"):
    """Deliver a text, of one line or several, when its turn has come.

    ``attach``: absolute paths of files that go with it. ``key``: a word that nobody else uses, as
    a UUID. Who got no answer asks again with the same key: it is one message, and one answer.
    """

    name: str
    text: str
    attach: list[str] = []
    key: Key = ""


class Enqueued(Answer, frozen=True, tag="enqueued"):
    """``message``: its number; ``before``: how many are to go first."""

    message: int
    name: str
    before: int


class Messages(Request, frozen=True, tag="messages"):
    """The messages that wait for a session."""

    name: str


class MessageView(View, frozen=True):
    """One message. ``stage``: ``queued``, ``sending`` or ``in_doubt``, then ``reason`` says why;
    ``attempt``: the one that delivers it."""

    id: int
    text: str
    asked_at: float
    stage: str
    attempt: int | None
    over_at: float | None
    reason: str


class Messaged(Answer, frozen=True, tag="messaged"):
    """The messages that wait, in their order."""

    name: str
    messages: list[MessageView]


class Drop(Request, frozen=True, tag="drop"):
    """Give up messages that wait: those with these numbers, or ``every`` one.

    One that is being typed is not dropped.
    """

    name: str
    messages: list[RowId] = []
    every: bool = False


class Dropped(Answer, frozen=True, tag="dropped"):
    """``dropped``: their numbers; ``left``: how many still wait."""

    name: str
    dropped: list[int]
    left: int
