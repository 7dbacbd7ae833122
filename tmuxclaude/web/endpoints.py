"""What is offered over HTTP, and which request of the socket each of it is.

Nothing here starts a session, types, or reaches into a pane. Knows the shapes of the bodies; knows
no connection and no framework.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tmuxclaude.api import wire
from tmuxclaude.core.errors import UsageError

HIDDEN = frozenset({"type", "socket", "pane", "relayed"})
"""Fields of the socket's requests that are not known here: a session that is registered over HTTP
has no pane, so nothing is ever typed into it. What is passed on from here is always ``relayed``:
`serve` may have been started inside a session, and whoever asks is not that session."""

UNTOLD = frozenset({"type", "nonce"})
"""Fields of the socket's answers that are not in a body here."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``request`` is answered with ``answer``; with GET its fields stand in the query."""

    method: str
    path: str
    request: type[wire.Request]
    answer: type[wire.Answer]
    summary: str

    def understood(self, fields: Any) -> wire.AnyRequest:
        """The request that these fields make; raises ``UsageError`` with what is wrong."""
        if not isinstance(fields, dict):
            raise UsageError("the body is not a JSON object; nothing was done")
        for name in HIDDEN & fields.keys():
            raise UsageError(f"there is no field `{name}` here; nothing was done")
        added: dict[str, Any] = {"type": self.request.__struct_config__.tag}
        if "relayed" in self.request.__struct_fields__:
            added["relayed"] = True
        return wire.decode_request(json.dumps(fields | added).encode("ascii"))

    def told(self, answer: wire.Answer) -> dict[str, Any]:
        """The body of an answer."""
        fields: Mapping[str, Any] = wire.plain(answer)
        return {name: value for name, value in fields.items() if name not in UNTOLD}


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/session/register",
        wire.Register,
        wire.Registered,
        "Keep a session whose process runs already; it is watched, and nothing is typed into it.",
    ),
    Endpoint(
        "POST",
        "/api/session/heartbeat",
        wire.Heartbeat,
        wire.Beaten,
        "A session that was registered here lives.",
    ),
    Endpoint(
        "POST",
        "/api/session/end",
        wire.End,
        wire.Ended,
        "A session that was registered here ends, or has ended.",
    ),
    Endpoint(
        "GET",
        "/api/session/status",
        wire.Status,
        wire.PauseStatus,
        "Is the account paused: of this session, of this configDir, else of the default one?",
    ),
    Endpoint("GET", "/health", wire.Ping, wire.Pong, "Does the supervisor answer?"),
)


def fields_of(body: bytes) -> Any:
    """What the JSON of a body holds; raises ``UsageError`` when it is none."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"the body is not JSON ({problem}); nothing was done") from problem


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UsageError("a field stands in the body twice; nothing was done")
    return fields


def fields_in(query: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a query; raises ``UsageError`` when one stands there twice."""
    fields = dict(query)
    if len(fields) < len(query):
        raise UsageError("a parameter stands there twice; nothing was done")
    return fields
