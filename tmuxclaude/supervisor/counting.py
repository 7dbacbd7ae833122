"""Counts the prompts and replies of conversations, and keeps the beginnings of what was said last.

A look that began in the midst of a long transcript knows only what came behind; what was counted
before is remembered. Weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tmuxclaude.claude.transcript import beginning
from tmuxclaude.core.evidence import Ending, Tail
from tmuxclaude.store.activity import Said
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What was counted before byte ``begins`` of a conversation's transcript."""

    conversation: str
    begins: int
    prompts: int = 0
    replies: int = 0


@dataclass(slots=True)
class Counts:
    """``previews``: whether it is kept what was said last (``chain.previews``)."""

    books: Books
    previews: bool = True
    _earlier: dict[str, _Earlier] = field(default_factory=dict)

    def note(self, uid: str, tail: Tail | None) -> None:
        """How many prompts a session's conversation had by now, and when it last did anything."""
        if tail is None or tail.last_at is None:
            return
        earlier = self._earlier.get(uid)
        if earlier is None or (earlier.conversation, earlier.begins) != (
            tail.conversation,
            tail.begins,
        ):
            earlier = self._earlier[uid] = self._before(uid, tail)
        settled = tail.ending not in (Ending.PROMPTED, Ending.ANSWERING)
        last = tail.turns[-1].text if tail.turns and self.previews else ""
        reply = tail.reply if self.previews else ""
        self.books.activity.note(
            uid,
            tail.conversation,
            earlier.prompts + tail.prompts,
            tail.last_at,
            settled=settled,
            said=Said(earlier.replies + tail.replies, beginning(last), reply),
        )

    def _before(self, uid: str, tail: Tail) -> _Earlier:
        """Of what is counted already, what ``tail`` cannot know: all but its own part of it.

        Replies have no time of their own here: those that came while nobody looked are not counted.
        """
        known = self.books.activity.counted(uid, tail.conversation)
        if not tail.begins or known is None:
            return _Earlier(tail.conversation, tail.begins)
        fresh = sum(turn.at > known.active_at for turn in tail.turns)
        return _Earlier(
            tail.conversation,
            tail.begins,
            prompts=max(0, known.prompts - (tail.prompts - fresh)),
            replies=max(0, known.replies - tail.replies),
        )
