"""Waits for the end of a turn and says what Claude replied.

It reads the database and the transcript by itself, so it goes on while the supervisor is restarted.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmuxclaude.cli import layout
from tmuxclaude.core.errors import NotFoundError, RefusedError
from tmuxclaude.core.evidence import Ending
from tmuxclaude.core.messages import SETTLE_SECONDS as IDLE_SECONDS
from tmuxclaude.core.messages import Stage
from tmuxclaude.store import reader, remembered
from tmuxclaude.survey.replies import Listener, Reply

LOOK_SECONDS = 0.1
SETTLE_SECONDS = 1.0
"""After the last record that ends a turn: Claude Code writes how long it took right behind it."""

SEEN_SECONDS = 3.0
"""How long the supervisor may take until it has seen that the turn is over: the next message is
judged by what it saw."""

GONE = ("lost", "ended")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``why``: what keeps it from being a whole reply; empty when it is one."""

    name: str
    conversation: str
    attempt: int
    reply: Reply
    why: str = ""


@dataclass(slots=True)
class Hearing:
    """The turn of one attempt that was delivered. ``timeout``: seconds, ``None`` for any time."""

    database: Path
    name: str
    attempt: int
    timeout: float | None

    def outcome(self) -> Outcome:
        """As soon as the turn has ended, or can no longer."""
        row = self._row()
        place = Path(row["account"]), row["conversation"], row["directory"]
        listener = Listener(*place, row["offset"], row["text"])
        end = None if self.timeout is None else time.monotonic() + self.timeout
        changed_at, before = time.monotonic(), Reply()
        while True:
            reply, now = listener.listen(), time.monotonic()
            if reply != before:
                before, changed_at = reply, now
            why = self._over(reply, now - changed_at)
            if why is not None:
                self._until_seen()
            elif end is not None and now >= end:
                why = f"the turn did not end within {self.timeout:g} s; it goes on"
            if why is not None:
                return Outcome(self.name, row["conversation"], self.attempt, reply, why)
            time.sleep(LOOK_SECONDS)

    def _over(self, reply: Reply, quiet: float) -> str | None:
        """Empty when the turn has ended in order; why it did not; ``None`` while it goes on."""
        if reply.ending is Ending.ERROR:
            return f"the turn was stopped: {reply.words}"
        if reply.ending is Ending.INTERRUPTED:
            return "the turn was interrupted"
        if reply.ending is Ending.DONE and (reply.closed or quiet >= SETTLE_SECONDS):
            return ""
        if reply.closed:
            return "the turn did not end before another prompt; it may have been interrupted"
        row = self._row() if quiet >= SETTLE_SECONDS else {}
        if row.get("state") in GONE:
            return f"the session is {row['state']}, and the turn did not end"
        if row.get("state") == "idle" and min(quiet, time.time() - row["since"]) >= IDLE_SECONDS:
            return "the session is idle, and the turn did not end; it may have been interrupted"
        return None

    def _until_seen(self) -> None:
        end = time.monotonic() + SEEN_SECONDS
        while self._row()["state"] == "working" and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)

    def _row(self) -> dict[str, Any]:
        row = remembered.delivery(self.database, self.attempt)
        if row is None:
            raise NotFoundError(f"{self.name} is not kept any more")
        return row


def when_sent(database: Path, message: int, timeout: float | None) -> int:
    """The attempt by which a message of the queue was sent, as soon as it is.

    Raises ``RefusedError`` when it is dropped, in doubt, or not sent in time.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        connection = reader.open(database)
        row = None
        if connection is not None:
            with closing(connection):
                row = remembered.message(connection, message)
        if row is None:
            raise NotFoundError(f"message {message} is not kept any more")
        known: dict[str, Any] = dict(zip(remembered.MESSAGE_COLUMNS, row, strict=True))
        match Stage(known["stage"]):
            case Stage.SENT:
                return int(known["attempt"])
            case Stage.DROPPED:
                raise RefusedError(f"message {message} was dropped")
            case Stage.IN_DOUBT:
                raise RefusedError(f"nobody knows whether message {message} was sent")
        if end is not None and time.monotonic() >= end:
            raise RefusedError(f"message {message} was not sent within {timeout:g} s; it waits on")
        time.sleep(LOOK_SECONDS)


def tell(outcome: Outcome, as_json: bool) -> int:
    """Prints the reply and gives the exit code."""
    reply = outcome.reply
    if as_json:
        found = {
            "name": outcome.name,
            "conversation": outcome.conversation,
            "attempt": outcome.attempt,
            "reply": reply.text,
            "ending": str(reply.ending),
            "duration": reply.seconds,
            "tokens": dict(reply.tokens),
            "why": outcome.why,
        }
        layout.out(layout.json_text(found))
    else:
        if reply.text:
            layout.out("\n".join(map(layout.visible, reply.text.split("\n"))))
        if outcome.why:
            layout.complain(f"{outcome.name}: {outcome.why}")
    return RefusedError.exit_code if outcome.why else 0
