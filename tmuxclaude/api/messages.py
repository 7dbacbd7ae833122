"""enqueue, messages and drop: what waits for a session until its turn has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import refuse_if_ending
from tmuxclaude.api.finding import named
from tmuxclaude.api.sending import checked_message
from tmuxclaude.api.wants import Watch
from tmuxclaude.core import errors
from tmuxclaude.core.messages import Message, Stage, composed
from tmuxclaude.core.model import Session, State
from tmuxclaude.store import remembered
from tmuxclaude.store.books import Books

MOST = 1000
"""How many messages may wait for one session."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Types nothing itself: the loop lets a message go when its turn has come."""

    books: Books
    watch: Watch
    now: Callable[[], float]

    def enqueue(self, order: wire.Enqueue) -> wire.Enqueued:
        """Keeps one more message; raises an error when it could never be delivered."""
        if kept := self.books.messages.by_key(order.key):
            return self._again(order, kept)
        session = named(self.books, order.name)
        text = checked_message(session, order.text, order.attach)
        refuse_if_ending(session)
        if session.state is State.ENDED:
            raise errors.RefusedError(
                f"{session.name} has ended; to go on: tmuxclaude resume {session.name}"
            )
        before = len(self.books.messages.waiting(session.uid))
        if before >= MOST:
            raise errors.RefusedError(f"{before} messages wait for {session.name} already")
        message = self.books.messages.add(session.uid, text, self.now(), order.key)
        self.watch.touch(session.uid)
        return wire.Enqueued(message=message.id, name=session.name, before=before)

    def _again(self, order: wire.Enqueue, kept: Message) -> wire.Enqueued:
        """The same answer to who asks the same once more."""
        session = self.books.sessions.get(kept.session)
        same = session is not None and session.name == order.name
        if not same or composed(order.text, order.attach) != kept.text:
            raise errors.RefusedError(
                f"message {kept.id} has this key, and is another one; nothing was done"
            )
        before = self.books.messages.before(kept)
        return wire.Enqueued(message=kept.id, name=order.name, before=before)

    def waiting(self, order: wire.Messages) -> wire.Messaged:
        """The messages as ``tmuxclaude send --list --json`` shows them."""
        session = named(self.books, order.name)
        rows = remembered.messages(self.books.db.reading, session.uid)
        found = [dict(zip(remembered.MESSAGE_COLUMNS, row, strict=True)) for row in rows]
        views = msgspec.convert(found, list[wire.MessageView])
        return wire.Messaged(name=session.name, messages=views)

    def drop(self, order: wire.Drop) -> wire.Dropped:
        """Gives up the messages that are asked for, all of them or none."""
        session = named(self.books, order.name)
        if bool(order.messages) == order.every:
            raise errors.UsageError("name messages or use every, not both; nothing was done")
        waiting = {message.id: message for message in self.books.messages.waiting(session.uid)}
        chosen = [_of(session, waiting, number) for number in dict.fromkeys(order.messages)]
        if order.every:
            chosen = [one for one in waiting.values() if one.stage is not Stage.SENDING]
        now = self.now()
        with self.books.db.writing(durable=True):
            for message in chosen:
                self.books.messages.drop(message, now)
                self.books.events.note(now, session.uid, "dropped", f"message {message.id}")
        self.watch.touch(session.uid)
        dropped = [message.id for message in chosen]
        return wire.Dropped(name=session.name, dropped=dropped, left=len(waiting) - len(dropped))


def _of(session: Session, waiting: dict[int, Message], number: int) -> Message:
    message = waiting.get(number)
    if message is None:
        raise errors.NotFoundError(
            f"no message {number} waits for {session.name}; nothing was dropped"
        )
    if message.stage is Stage.SENDING:
        raise errors.RefusedError(f"message {number} is being sent; nothing was dropped")
    return message
