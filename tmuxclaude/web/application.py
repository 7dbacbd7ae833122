"""Joins gate and endpoints into what the HTTP server runs.

Knows Starlette; knows no connection, neither to the client nor to the supervisor.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.web.description import description
from tmuxclaude.web.endpoints import ENDPOINTS, Endpoint, fields_in, fields_of
from tmuxclaude.web.gate import MAX_BODY, Gate, RefusalError

Ask = Callable[[wire.Request, type[wire.Answer]], Awaitable[wire.Answer]]
"""Asks the supervisor; raises the error that its answer carries."""

STATUSES = {
    errors.UsageError.code: 400,
    errors.RefusedError.code: 403,
    errors.NotFoundError.code: 404,
    errors.UnreachableError.code: 503,
    errors.EndingError.code: 503,
}
"""What HTTP says for the code of an error; for any other one it is 500."""

NONCE = "Session-Nonce"
"""The header of an answer to `register` that carries the nonce of the session."""

MAX_NONCES = 1000

MAX_DISCARDED = 16 * MAX_BODY
"""So much of a body that is refused is read all the same: whoever still sends hears no answer."""


def application(gate: Gate, ask: Ask) -> ASGIApp:
    """Everything that is offered, behind the gate."""
    nonces = Nonces()
    routes = [_route(endpoint, ask, nonces) for endpoint in ENDPOINTS]
    page = description()

    async def openapi(_request: Request) -> Response:
        return _reply(200, page)

    routes.append(Route("/openapi.json", openapi, methods=["GET"]))
    app = Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _no_such,
            RefusalError: _told_at_the_gate,
            errors.TmuxclaudeError: _told_by_us,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False
    return Guarded(app, gate)


class Guarded:
    """``app`` for those whom ``gate`` lets pass; it has the whole body at once."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        try:
            self._gate.check(scope["headers"])
            if len(body) > MAX_BODY:
                message = f"a body may have at most {MAX_BODY} bytes; nothing was done"
                raise RefusalError(413, "too_large", message)
        except RefusalError as refusal:
            await _refused(refusal)(scope, receive, send)
            return

        async def whole() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, whole, send)


async def _read(receive: Receive) -> bytes | None:
    """A body, and no more of one than shows that it is too large; ``None``: the client has left."""
    body, size = b"", 0
    while size <= MAX_DISCARDED:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if len(body) <= MAX_BODY:
            body += chunk
        if not message.get("more_body"):
            break
    return body


class Nonces:
    """The nonces of what was registered through us, the newest ``MAX_NONCES``.

    With them we speak for these sessions, for clients that do not keep their own.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def keep(self, session_id: str, nonce: str) -> None:
        self._kept[session_id.lower()] = nonce
        self._kept.move_to_end(session_id.lower())
        if len(self._kept) > MAX_NONCES:
            self._kept.popitem(last=False)

    def of(self, session_id: str) -> str:
        return self._kept.get(session_id.lower(), "")


def _route(endpoint: Endpoint, ask: Ask, nonces: Nonces) -> Route:
    async def answer(http: Request) -> Response:
        if endpoint.method == "GET":
            query = http.scope["query_string"].decode("latin-1")
            request = endpoint.understood(fields_in(parse_qsl(query, keep_blank_values=True)))
        else:
            Gate.check_body(http.scope["headers"])
            request = endpoint.understood(fields_of(await http.body()))
        if isinstance(request, wire.Register | wire.Heartbeat | wire.End) and not request.nonce:
            request = replace(request, nonce=nonces.of(request.session_id))
        answer = await ask(request, endpoint.answer)
        headers = {}
        if isinstance(request, wire.Register) and isinstance(answer, wire.Registered):
            if answer.nonce:
                nonces.keep(request.session_id, answer.nonce)
                nonces.keep(answer.session_id, answer.nonce)
            headers = {NONCE: answer.nonce}
        return _reply(200, endpoint.told(answer), headers)

    return Route(endpoint.path, answer, methods=[endpoint.method])


# -- answers ---------------------------------------------------------------------------------------


def _reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(value).encode("ascii")
    return Response(content, status, headers, media_type="application/json")


def _error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    return _reply(status, {"error": code, "message": message}, headers)


def _refused(problem: RefusalError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    return _error(problem.status, problem.code, str(problem), headers)


def _told_at_the_gate(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RefusalError)
    return _refused(problem)


def _no_such(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    code = "no_such_method" if problem.status_code == 405 else "no_such_path"
    return _error(problem.status_code, code, "see /openapi.json", problem.headers)


def _told_by_us(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, errors.TmuxclaudeError)
    return _error(STATUSES.get(problem.code, 500), problem.code, str(problem))


def _bug(_request: Request, problem: Exception) -> Response:
    code = errors.TmuxclaudeError.code
    return _error(500, code, f"a mistake of tmuxclaude's own ({type(problem).__name__})")
