"""What goes over the wire between Claude Code and our Anthropic API.

It knows the Messages API as Claude Code 2.1.329 uses it: what a request says, the kinds of
answers a test can ask for, and how each is spelled: events of a stream, error bodies, and the
unified rate-limit headers that make a 429 a usage limit. It decides nothing: that is `api`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

UNIFIED = "anthropic-ratelimit-unified"
WINDOWS = {"5h": "five_hour", "7d": "seven_day"}
NORMAL_RESET = 3600  # seconds ahead, for windows nobody asked about
USAGE_LIMIT = "This request would exceed your account's rate limit. Please try again later."
ERRORS: dict[int, tuple[str, str]] = {
    400: (
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    401: ("authentication_error", "Invalid bearer token"),
    429: (
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute.",
    ),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}


@dataclass(frozen=True)
class Text:
    """A streamed reply; with `every` it comes one word at a time, that many seconds apart."""

    text: str = "All done."
    every: float = 0.0


@dataclass(frozen=True)
class Hang:
    """No answer at all, until the client goes away."""


@dataclass(frozen=True)
class Tool:
    """A tool call; once its result came back, `then` answers, so that the turn ends."""

    name: str
    input: Json
    then: Answer = field(default_factory=Text)


@dataclass(frozen=True)
class Error:
    """A plain error: 400 (no credit), 401, 429 (not a usage limit), 500 or 529."""

    status: int


@dataclass(frozen=True)
class Cut:
    """A reply whose connection is lost after its first block of words."""


@dataclass(frozen=True)
class Limit:
    """The 429 that means "usage limit" to a subscriber.

    `claim` may be empty (none is named), `resets_at` 0 (no time is told); `no_credits` says why
    credits do not help: out_of_credits, org_spend_cap_reached, seat_tier_level_disabled ...
    """

    claim: str = "five_hour"
    resets_at: int = 0
    no_credits: str = "org_level_disabled"


Answer = Text | Hang | Cut | Tool | Error | Limit


@dataclass(frozen=True)
class Warn:
    """The headers on a good answer that make Claude Code say "You've used 93% of ..."."""

    claim: str
    resets_at: int
    utilization: float


@dataclass
class Request:
    """What one request said, and the status it was answered with (0: not answered yet).

    `texts` is all that the user said in the conversation, without Claude Code's reminders;
    `tool_results` counts the tools that have run in the turn so far.
    """

    time: float
    conversation: str
    account: str
    subscriber: bool
    main: bool
    texts: list[str]
    tool_results: int
    body: Json = field(repr=False)
    status: int = 0

    @property
    def text(self) -> str:
        """The last thing the user said."""
        return self.texts[-1] if self.texts else ""


def read(headers: Mapping[str, str], body: Json) -> Request:
    """Read one `POST /v1/messages`."""
    texts: list[str] = []
    tool_results = 0
    for message in body.get("messages", []):
        if message["role"] != "user":
            continue
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        said = [block["text"].strip() for block in blocks if block["type"] == "text"]
        said = [text for text in said if not _is_reminder(text)]
        texts += said
        if any(block["type"] == "tool_result" for block in blocks):
            tool_results += 1
        elif said:
            tool_results = 0
    return Request(
        time=time.time(),
        conversation=headers.get("x-claude-code-session-id", ""),
        account=headers.get("authorization", "").removeprefix("Bearer "),
        subscriber="authorization" in headers,
        main=bool(body.get("tools")),
        texts=texts,
        tool_results=tool_results,
        body=body,
    )


def _is_reminder(text: str) -> bool:
    """Claude Code mixes notes of its own into what the user said."""
    return re.fullmatch(r"<system-reminder>.*</system-reminder>", text, re.S) is not None


def side_answer(request: Request) -> str:
    """What a side call (title, summary, check) gets: text, or JSON when it gave a schema."""
    wanted = request.body.get("output_config", {}).get("format", {}).get("schema")
    return json.dumps(_example(wanted)) if wanted else "Test session"


def _example(schema: Json) -> Any:
    """The simplest value that fits a JSON schema."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind == "object":
        return {name: _example(part) for name, part in schema.get("properties", {}).items()}
    simple: Json = {"array": [], "boolean": False, "integer": 0, "number": 0, "null": None}
    return simple.get(kind, "Test session")


def error_body(status: int, answer: Error | Limit) -> Json:
    kind, text = ERRORS[status]
    if isinstance(answer, Limit):
        text = USAGE_LIMIT
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": new_id("req")}


def error_headers(answer: Error | Limit, subscriber: bool) -> dict[str, str]:
    """A usage limit says when to come back; so does a plain 429, in other words."""
    if isinstance(answer, Error):
        if answer.status != 429:
            return {}
        short = "anthropic-ratelimit-requests"
        return {"retry-after": "20", f"{short}-limit": "50", f"{short}-remaining": "0"}
    wait = max(1, answer.resets_at - int(time.time())) if answer.resets_at else 60
    headers = {"retry-after": str(wait), "x-should-retry": "false"}
    return headers | limit_headers(answer) if subscriber else headers


def limit_headers(limit: Limit) -> dict[str, str]:
    headers = {
        "-status": "rejected",
        "-representative-claim": limit.claim,
        "-reset": str(limit.resets_at or ""),
        "-fallback-percentage": "0.5",
        "-overage-status": "rejected",
        "-overage-disabled-reason": limit.no_credits,
    }
    if limit.no_credits == "out_of_credits":
        headers["-overage-reset"] = str(limit.resets_at or "")
    if limit.resets_at:
        headers |= _windows(limit.claim, limit.resets_at, "rejected", 1.0)
    headers = {name: value for name, value in headers.items() if value}
    return {UNIFIED + name: value for name, value in headers.items()}


def good_headers(warn: Warn | None) -> dict[str, str]:
    """The unified headers of an answer that was let through."""
    status = "allowed_warning" if warn else "allowed"
    headers = {"-status": status}
    if warn:
        headers["-representative-claim"] = warn.claim
        headers["-reset"] = str(warn.resets_at)
        headers |= _windows(warn.claim, warn.resets_at, status, warn.utilization)
        for short, claim in WINDOWS.items():
            if claim == warn.claim:
                headers[f"-{short}-surpassed-threshold"] = "0.9" if short == "5h" else "0.75"
    else:
        headers |= _windows("", 0, status, 0.4)
    return {UNIFIED + name: value for name, value in headers.items()}


def _windows(claim: str, resets_at: int, status: str, utilization: float) -> dict[str, str]:
    """The 5-hour and the weekly window: one as told, the other at its ease."""
    headers: dict[str, str] = {}
    for short, name in WINDOWS.items():
        told = name == claim
        ease = int(time.time()) + NORMAL_RESET
        headers[f"-{short}-status"] = status if told else "allowed"
        headers[f"-{short}-reset"] = str(resets_at if told else ease)
        headers[f"-{short}-utilization"] = str(utilization if told else 0.4)
    return headers


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:20]}"


def message(request: Request, answer: Text | Tool) -> Json:
    """The whole answer in one piece, for a request that did not ask for a stream."""
    if isinstance(answer, Text):
        block: Json = {"type": "text", "text": answer.text}
    else:
        block = {"type": "tool_use", "id": new_id("toolu")}
        block |= {"name": answer.name, "input": answer.input}
    return {
        "id": new_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": request.body.get("model", ""),
        "content": [block],
        "stop_reason": "end_turn" if isinstance(answer, Text) else "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 1200,
            "output_tokens": 42,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "service_tier": "standard",
        },
    }


class ConnectionCutError(Exception):
    """Raised in the middle of a stream, so that the server drops the connection."""


async def cut(request: Request) -> AsyncIterator[str]:
    """A whole block, so that Claude Code does not ask again, and then nothing more."""
    async for event in stream(request, Text("I begin with")):
        yield event
        if "content_block_stop" in event:
            await asyncio.sleep(0.5)  # or the client sees the loss before the words
            raise ConnectionCutError


async def stream(request: Request, answer: Text | Tool) -> AsyncIterator[str]:
    """The answer as server-sent events; a slow text one word at a time."""
    whole = message(request, answer)
    block = whole["content"][0]
    yield _event("message_start", message=whole | {"content": [], "stop_reason": None})
    if isinstance(answer, Text):
        yield _event("content_block_start", index=0, content_block=block | {"text": ""})
        for part in _parts(answer):
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": part})
            await asyncio.sleep(answer.every)
    else:
        yield _event("content_block_start", index=0, content_block=block | {"input": {}})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(answer.input)}
        yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", delta=stop, usage={"output_tokens": 42})
    yield _event("message_stop")


def _parts(answer: Text) -> Iterator[str]:
    if not answer.every:
        yield answer.text
        return
    yield from re.findall(r"\S+\s*", answer.text)


def _event(name: str, **fields: Any) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n"
