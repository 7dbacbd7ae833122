"""What became of the message of a session that was on its way, and which one is the next.

Joins the decision (``core/messages``) with what is remembered; types nothing and begins nothing.
"""

from __future__ import annotations

from tmuxclaude.core import messages
from tmuxclaude.core.messages import Message, Stage
from tmuxclaude.core.model import Session, Step
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books


def first(books: Books, session: Session, now: float) -> Message | None:
    """The message whose turn it is, after the one on its way has come to its end, if it has."""
    message = books.messages.first(session.uid)
    if message is None or message.stage is not Stage.SENDING or message.attempt is None:
        return message
    attempt = books.halts.attempt(message.attempt)
    if attempt is None or attempt.open:
        return message
    after = messages.settled(message, attempt, books.messages.left_at(attempt), now)
    with around("message-settled"):
        books.messages.settle(after)
    if after.stage is Stage.IN_DOUBT and attempt.step not in (Step.NEEDS_HUMAN, Step.GAVE_UP):
        books.events.note(now, session.uid, "needs you", f"message {after.id}: {after.reason}")
    return books.messages.first(session.uid)
