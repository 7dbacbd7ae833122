"""What Claude Code answered to one prompt, as a fold over the records that follow it.

Pure, like ``claude/transcript``, whose reading of how a turn ends it shares. The last text of a
turn is its reply; what was said between two tool calls is not. Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tmuxclaude.claude import fields, transcript
from tmuxclaude.core.evidence import Ending, Tail
from tmuxclaude.core.resume import is_turn

CHARS = 1_000_000
"""How much of a reply is kept."""

SPENT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Reply:
    """``ending``: how the turn ended, or how far it is; ``NOTHING`` before the prompt was found.

    ``words``: what was said at a limit or an error. ``seconds``: from the prompt to the last
    record, or as Claude Code itself tells it. ``tokens``: all that the turn's requests took and
    gave, by the names of the API. ``closed``: nothing more of this turn can follow.
    """

    ending: Ending = Ending.NOTHING
    text: str = ""
    words: str = ""
    began_at: float | None = None
    seconds: float | None = None
    tokens: tuple[tuple[str, int], ...] = ()
    closed: bool = False
    message: str = ""
    tail: Tail = transcript.EMPTY


def fold(reply: Reply, record: Mapping[str, object], offset: int, prompt: str) -> Reply:
    """The reply after one more record; ``prompt``: the text that it answers."""
    if reply.closed or record.get("isSidechain") is True:
        return reply
    tail = transcript.fold(reply.tail, record, offset)
    began = len(tail.turns) and (not reply.tail.turns or tail.turns[-1] != reply.tail.turns[-1])
    if reply.began_at is None:
        if began and is_turn(tail.turns[-1], prompt):
            reply = replace(reply, began_at=tail.turns[-1].at, ending=Ending.PROMPTED)
        return replace(reply, tail=tail)
    if began:
        return replace(reply, tail=tail, closed=True)
    reply = replace(reply, tail=tail, ending=tail.ending)
    if record.get("type") == "assistant":
        reply = _said(reply, record)
    at = fields.moment(record, "timestamp")
    if at is not None:
        reply = replace(reply, seconds=max(at - (reply.began_at or at), reply.seconds or 0.0))
    if record.get("type") == "system" and record.get("subtype") == "turn_duration":
        told = fields.number(record, "durationMs")
        reply = replace(reply, seconds=reply.seconds if told is None else told / 1000, closed=True)
    return replace(reply, closed=reply.closed or tail.ending in (Ending.ERROR, Ending.INTERRUPTED))


def _said(reply: Reply, record: Mapping[str, object]) -> Reply:
    message = fields.mapping(record, "message")
    if record.get("isApiErrorMessage") is True:
        return replace(reply, words=transcript.text_of(message.get("content"), 512))
    name = fields.string(message, "id")
    text = transcript.text_of(message.get("content"), CHARS)
    if name != reply.message:
        reply = replace(reply, message=name, tokens=_added(reply.tokens, message))
        return replace(reply, text=text or reply.text)
    return replace(reply, text=text or reply.text)


def _added(
    tokens: tuple[tuple[str, int], ...], message: Mapping[str, object]
) -> tuple[tuple[str, int], ...]:
    known, usage = dict(tokens), fields.mapping(message, "usage")
    return tuple((name, known.get(name, 0) + (fields.whole(usage, name) or 0)) for name in SPENT)
