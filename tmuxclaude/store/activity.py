"""How much a session was used: prompts, and when it last did anything, for each conversation.

And what sessions say of themselves over the API. Decides nothing about either.
"""

from __future__ import annotations

from typing import NamedTuple

from tmuxclaude.store.database import Database

WRITE_SECONDS = 30.0
"""While a turn runs, its last activity is written down this often."""


class Said(NamedTuple):
    """How often Claude replied, and the beginnings of what was said last; empty where not known
    or not kept."""

    replies: int
    last_prompt: str
    last_reply: str


NOTHING = Said(0, "", "")
"""Nobody knows; what is kept stays."""


class Counted(NamedTuple):
    """What is kept of one conversation; ``active_at`` in UTC epoch seconds."""

    prompts: int
    replies: int
    active_at: float


class Word(NamedTuple):
    """What a session said of itself last. ``at``: UTC epoch seconds, ``None``: nothing yet."""

    at: float | None
    status: str


class Activity:
    """Counts grow, times move on; neither ever goes back."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(
        self,
        session: str,
        conversation: str,
        prompts: int,
        at: float,
        *,
        settled: bool = True,
        said: Said = NOTHING,
    ) -> bool:
        """Keep that a conversation had so many prompts and was active at ``at``.

        ``settled`` is false while it goes on: then nothing is written for some seconds more.
        Returns whether anything was.
        """
        known = self._db.row(
            "SELECT prompts, active_at, replies FROM activity"
            " WHERE session = ? AND conversation = ?",
            session,
            conversation,
        )
        if known is None:
            with self._db.writing():
                row = {"session": session, "conversation": conversation, **said._asdict()}
                self._db.insert("activity", row | {"prompts": prompts, "active_at": at})
            return True
        later = at - known["active_at"]
        if prompts <= known["prompts"] and later <= (0.0 if settled else WRITE_SECONDS):
            return False
        fresh = {
            "prompts": max(prompts, known["prompts"]),
            "active_at": max(at, known["active_at"]),
            "replies": max(said.replies, known["replies"]),
        }
        words = {"last_prompt": said.last_prompt, "last_reply": said.last_reply}
        fresh |= {name: text for name, text in words.items() if text}
        with self._db.writing():
            self._db.update(
                "activity", fresh, "session = ? AND conversation = ?", session, conversation
            )
        return True

    def counted(self, session: str, conversation: str) -> Counted | None:
        """What is kept of a session's conversation; ``None`` when nothing is."""
        row = self._db.row(
            "SELECT prompts, replies, active_at FROM activity"
            " WHERE session = ? AND conversation = ?",
            session,
            conversation,
        )
        return None if row is None else Counted(**row)

    def compacted(self, session: str, conversation: str, at: float) -> None:
        """Count that its context was compacted."""
        self.note(session, conversation, 0, at, settled=False)
        where = ("session = ? AND conversation = ?", session, conversation)
        row = self._db.row(f"SELECT compactions FROM activity WHERE {where[0]}", *where[1:])
        if row is not None:
            with self._db.writing():
                self._db.update("activity", {"compactions": row["compactions"] + 1}, *where)

    def keep_no_words(self) -> None:
        """Forget what was said last in every conversation."""
        where = "last_prompt <> '' OR last_reply <> ''"
        if self._db.row(f"SELECT 1 FROM activity WHERE {where}") is not None:
            with self._db.writing():
                self._db.update("activity", {"last_prompt": "", "last_reply": ""}, where)

    def prompts(self, session: str) -> int | None:
        """How many prompts the session with this uid had; ``None`` when nothing is known."""
        row = self._db.row("SELECT sum(prompts) AS sum FROM activity WHERE session = ?", session)
        return None if row is None else row["sum"]

    # -- what sessions say of themselves -------------------------------------------------------

    def introduce(self, session: str, nonce: str) -> None:
        """From now on whoever knows ``nonce`` may speak for this session. Only a hash is kept."""
        with self._db.writing():
            self._db.delete("speakers", "session = ?", session)
            row = {"session": session, "secret": _hash(nonce), "said_at": None, "status": ""}
            self._db.insert("speakers", row)

    def knows(self, session: str, nonce: str) -> bool:
        """Whether this is the nonce that the session was given."""
        row = self._db.row("SELECT secret FROM speakers WHERE session = ?", session)
        return row is not None and row["secret"] == _hash(nonce)

    def is_introduced(self, session: str) -> bool:
        """Whether the session was ever given a nonce: what is known of it, it has said itself."""
        row = self._db.row("SELECT 1 FROM speakers WHERE session = ? AND secret <> ''", session)
        return row is not None

    def said(self, session: str, at: float, status: str) -> None:
        """Keep what a session says of itself."""
        with self._db.writing():
            row = {"said_at": at, "status": status}
            if not self._db.update("speakers", row, "session = ?", session):
                self._db.insert("speakers", row | {"session": session, "secret": ""})

    def word(self, session: str) -> Word | None:
        """What it said of itself last; ``None`` for a session that never spoke."""
        row = self._db.row("SELECT said_at, status FROM speakers WHERE session = ?", session)
        return None if row is None else Word(row["said_at"], row["status"])


def _hash(nonce: str) -> str:
    from hashlib import sha256  # 3 MB of memory, for sessions outside tmux only

    return sha256(nonce.encode("utf-8", "replace")).hexdigest()
