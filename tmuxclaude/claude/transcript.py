"""What a conversation's transcript says, as a fold over its records.

Pure: one record (a parsed line of JSON) after the other in, a ``Tail`` out. Only the main chain
counts: a subagent's records change nothing, and neither does any record or field that is not
understood. Where the lines come from is for others to know. Seen with Claude Code 2.1.329.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from tmuxclaude.claude import fields, limits
from tmuxclaude.core.evidence import Ending, Notice, Origin, Tail, UserTurn
from tmuxclaude.core.model import Limit, LimitKind, Source
from tmuxclaude.core.texts import digest

EMPTY = Tail()

TURNS = 32
"""How many user turns a tail keeps."""

TURN_CHARS = 4096
"""How much of a turn's text it keeps."""

PROMPT_CHARS = 100_000
"""How much of a turn's text is looked at."""

NOTICE_SECONDS = 10.0
"""How long before its error record a notice may be written and still belong to it: a re-arming
comes some milliseconds before."""

BEGINNING = 200
"""How many characters of a prompt or a reply are its beginning."""

_UNFINISHED = (Ending.NOTHING, Ending.PROMPTED, Ending.ANSWERING)

_ORIGINS = {"human": Origin.TYPED, "auto-continuation": Origin.NATIVE}
"""``origin.kind`` of a turn. Every other one (a finished background task, a peer, a schedule) was
not typed."""

_PASTED = re.compile(
    r'\s*<pasted_content id="([^"\n]{1,40})">\n(.*)\n</pasted_content id="\1">\s*', re.DOTALL
)
"""A prompt that was one long paste; what would end it early in there is written with ``<\\/``."""

_TAG = re.compile(r"\s*<[a-z][\w-]*[\s>]")
"""How the text of a command starts (``<command-name>``, ``<bash-input>``, ``<local-command-…>``);
Claude Code itself skips such texts when it looks for a prompt."""

_FIRED = re.compile(r"usage limit (?:reset\b|available again)")
_ENDED = re.compile(
    r"usage limit has reset\b|automatic continue (?:cancelled|stopped|was turned off|did not run)"
)
_ARMED = re.compile(
    r"usage limit reached\b.*\bcontinuing automatically"
    r"|<local-command-stdout>claude code will continue automatically"  # chosen in the limit menu
)
_WHEN = re.compile(r"\bat (?:\w+ \d{1,2}, )?\d{1,2}(?::\d\d)?\s?[ap]m\b|\bshortly\b")


def fold(tail: Tail, record: Mapping[str, object], offset: int) -> Tail:
    """The tail after one more record, whose line begins at byte ``offset`` of the file.

    ``limit`` and ``record`` are set while the last turn is one that an error ended; the next turn
    clears them, one that nobody typed only when the model answers it. ``notice`` may come a moment
    earlier than its error. ``size`` is left to the reader of the file, who alone knows it.
    """
    if record.get("isSidechain") is True:
        return tail
    tail = _told_by_every_record(tail, record)
    match record.get("type"):
        case "user":
            return _user(tail, record, offset)
        case "attachment":
            return _queued(tail, record, offset)
        case "assistant":
            return _assistant(tail, record, offset)
        case "system":
            return _system(tail, record)
        case "custom-title":
            return replace(tail, title=fields.string(record, "customTitle"))
    return tail


def _told_by_every_record(tail: Tail, record: Mapping[str, object]) -> Tail:
    conversation = fields.uuid(record, "sessionId") or tail.conversation
    cwd = fields.string(record, "cwd", limit=4096) or tail.cwd
    at = fields.moment(record, "timestamp")
    # Records are written out of order by some milliseconds: a queued prompt keeps its own time.
    last_at = max(filter(None, (at, tail.last_at)), default=None)
    return replace(tail, conversation=conversation, cwd=cwd, last_at=last_at)


def asked(record: Mapping[str, object]) -> str | None:
    """The text of a turn of the user's that the model is asked; ``None`` for any other record."""
    match record.get("type"):
        case "user":
            content = fields.mapping(record, "message").get("content")
            if record.get("isCompactSummary") is True or _holds_tool_result(content):
                return None
            text = prompt_of(content)
            if _is_interruption(record, text) or not _starts_a_turn(record, text):
                return None
            return text
        case "attachment":
            attachment = fields.mapping(record, "attachment")
            if attachment.get("type") == "queued_command":
                return prompt_of(attachment.get("prompt"))
    return None


def error_kind(record: Mapping[str, object]) -> LimitKind:
    """What ended the turn that this error record belongs to."""
    words = text_of(fields.mapping(record, "message").get("content"), 512)
    return _kind_and_quota(record, words)[0]


# User turns


def _user(tail: Tail, record: Mapping[str, object], offset: int) -> Tail:
    content = fields.mapping(record, "message").get("content")
    if record.get("isCompactSummary") is True:
        return tail
    if _holds_tool_result(content):
        return _ended(tail, Ending.ANSWERING) if tail.ending in _UNFINISHED else tail
    text = prompt_of(content)
    if _is_interruption(record, text):
        # Nothing that ended already, an error above all, can be interrupted.
        return _ended(tail, Ending.INTERRUPTED) if tail.ending in _UNFINISHED else tail
    if _starts_a_turn(record, text):
        return _turn(tail, record, text, offset)
    return _heed(tail, record, text)


def _queued(tail: Tail, record: Mapping[str, object], offset: int) -> Tail:
    """A prompt that was typed into running work is no user record but an attachment."""
    attachment = fields.mapping(record, "attachment")
    if attachment.get("type") != "queued_command":
        return tail
    text = prompt_of(attachment.get("prompt"))
    told = {**attachment, "uuid": record.get("uuid"), "timestamp": record.get("timestamp")}
    return _turn(tail, told, text, offset)


def _starts_a_turn(record: Mapping[str, object], text: str) -> bool:
    """Whether the model is asked: Claude Code says so by ``turnOrigin``.

    A command that it runs alone (``/clear``, ``/model``) has none, one that the model carries out
    (``/init``) has. Builds that do not write it yet are read by the text.
    """
    if fields.string(record, "turnOrigin") or fields.string(record, "promptSource"):
        return True
    return record.get("isMeta") is not True and bool(text) and not _TAG.match(text)


def _is_interruption(record: Mapping[str, object], text: str) -> bool:
    if fields.string(record, "promptSource"):
        return False  # a person typed these very words
    return "interruptedMessageId" in record or text.startswith("[Request interrupted")


def _turn(tail: Tail, record: Mapping[str, object], text: str, offset: int) -> Tail:
    at = fields.moment(record, "timestamp") or tail.last_at or 0.0
    turn = UserTurn(
        text=text[:TURN_CHARS],
        at=at,
        offset=offset,
        origin=_origin(record),
        uuid=fields.string(record, "uuid"),
        digest=digest(text) if len(text) > TURN_CHARS else "",
    )
    turns = (*tail.turns, turn)[-TURNS:]
    # Behind a limit the notice of a background agent is written down, and the model is not asked.
    stands = tail.ending is Ending.ERROR and turn.origin is Origin.OTHER
    tail = tail if stands else _ended(tail, Ending.PROMPTED)
    return replace(tail, turns=turns, prompts=tail.prompts + 1)


def _origin(record: Mapping[str, object]) -> Origin:
    kind = fields.string(fields.mapping(record, "origin"), "kind")
    if kind:
        return _ORIGINS.get(kind, Origin.OTHER)
    return Origin.OTHER if record.get("isMeta") is True else Origin.TYPED


# Answers and errors


def _assistant(tail: Tail, record: Mapping[str, object], offset: int) -> Tail:
    if record.get("isApiErrorMessage") is True:
        return _error(tail, record, offset)
    message = fields.mapping(record, "message")
    if fields.string(message, "model") == "<synthetic>":
        return tail  # "No response requested.": closes a turn that a killed process left open
    if not message:
        return tail
    done = message.get("stop_reason") == "end_turn"
    known = fields.string(message, "id") or f"offset:{offset}"
    tail = replace(
        tail,
        replies=tail.replies + (known != tail.message),
        reply=beginning(text_of(message.get("content"), 4 * BEGINNING)) or tail.reply,
        message=known,
    )
    return _ended(tail, Ending.DONE if done else Ending.ANSWERING)


def _error(tail: Tail, record: Mapping[str, object], offset: int) -> Tail:
    words = text_of(fields.mapping(record, "message").get("content"), 512)
    kind, quota = _kind_and_quota(record, words)
    said_at = fields.moment(record, "timestamp") or tail.last_at or 0.0
    limit = Limit(
        kind=kind,
        words=words,
        source=Source.TRANSCRIPT,
        said_at=said_at,
        resets_at=fields.epoch(quota, "resetsAt"),
    )
    heeded = tail.notice_at is not None and abs(said_at - tail.notice_at) <= NOTICE_SECONDS
    return replace(
        tail,
        ending=Ending.ERROR,
        limit=limit,
        record=fields.string(record, "uuid") or f"offset:{offset}",
        notice=tail.notice if heeded else None,
        notice_at=tail.notice_at if heeded else None,
    )


def _kind_and_quota(
    record: Mapping[str, object], words: str
) -> tuple[LimitKind, Mapping[str, object]]:
    """What ended the turn, and what the server says of the account's quota where that ended it.

    A quota that still allows the account to go on, or only warns, comes with any error.
    """
    told = limits.from_error(
        fields.string(record, "error"),
        fields.string(record, "apiError"),
        fields.whole(record, "apiErrorStatus"),
        words,
    )
    quota = fields.mapping(record, "quotaLimits")
    allowed = quota.get("status") not in (None, "rejected")
    if allowed or limits.no_usage_limit(told, words):
        return told, {}
    claim = fields.string(quota, "rateLimitType")
    kind = limits.from_claim(claim) if claim else LimitKind.USAGE
    return (told if kind is LimitKind.USAGE else kind), quota


# What Claude Code says about the turn, and about its own continue


def _system(tail: Tail, record: Mapping[str, object]) -> Tail:
    match record.get("subtype"):
        case "turn_duration":
            return _ended(tail, Ending.DONE) if tail.ending in _UNFINISHED else tail
        case "informational" | "local_command":
            return _heed(tail, record, fields.string(record, "content"))
    return tail


def _heed(tail: Tail, record: Mapping[str, object], text: str) -> Tail:
    notice = _notice(tail, record, " ".join(text.split()).casefold())
    if notice is None:
        return tail
    return replace(tail, notice=notice, notice_at=fields.moment(record, "timestamp"))


def _notice(tail: Tail, record: Mapping[str, object], said: str) -> Notice | None:
    """What a text of Claude Code's says about its own continue, in a turn that may end or ended.

    Its words on firing and ending are constants of the program, its words on arming are not: the
    server can replace them by a template that still names the time. So an unknown notice counts as
    armed where it has an arming's structure: it names a time, or it hangs directly on the record of
    a limit that has a reset. Wrongly armed costs some minutes of waiting; wrongly not armed could
    be a second turn.
    """
    if tail.limit is None and tail.ending not in _UNFINISHED:
        return None
    if _FIRED.match(said):
        return Notice.FIRED
    if _ENDED.match(said):
        return Notice.ENDED
    if _ARMED.match(said):
        return Notice.ARMED
    if record.get("level") != "notice" or (tail.limit and tail.limit.resets_at is None):
        return None
    hangs_on_it = tail.record != "" and record.get("parentUuid") == tail.record
    return Notice.ARMED if hangs_on_it or _WHEN.search(said) else None


# Common to all


def _ended(tail: Tail, ending: Ending) -> Tail:
    """``ending``, and with it the end of what belonged to an error before."""
    return replace(tail, ending=ending, limit=None, record="", notice=None, notice_at=None)


def _holds_tool_result(content: object) -> bool:
    return isinstance(content, list) and any(
        isinstance(block, dict) and block.get("type") == "tool_result" for block in content
    )


def prompt_of(content: object) -> str:
    """The text of a prompt, at most ``PROMPT_CHARS`` of it; a long paste without what marks it."""
    text = text_of(content, PROMPT_CHARS)
    pasted = _PASTED.fullmatch(text)
    return pasted[2].replace("<\\/pasted_content", "</pasted_content") if pasted else text


def beginning(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[: 4 * BEGINNING].split())[:BEGINNING]


def text_of(content: object, limit: int) -> str:
    """At most ``limit`` characters of a message: a text, or the text blocks of a list as lines."""
    if isinstance(content, list):
        blocks = (block.get("text") for block in content if isinstance(block, dict))
        content = "\n".join(text for text in blocks if isinstance(text, str))
    return fields.clean(content[:limit]) if isinstance(content, str) else ""
