"""An Anthropic API on the loopback, scripted by the test that runs in the same process.

It knows which answer is whose turn and keeps the record that tests count turns in. How requests
and answers are spelled is `wire`. It knows nothing of Claude Code's screens, files or processes.

Who answers a main-loop request (one that brings tools): the newest limit that still stands, else
the newest rule that fits (`on`, `error`), else a short text. Side calls (titles, summaries) are
answered at once, whatever the script says.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.end_to_end import wire
from tests.end_to_end.wire import Answer, Cut, Error, Hang, Limit, Request, Text, Tool

Fits = Callable[[Request], bool]
Maker = Callable[[Request], Answer]


@dataclass(frozen=True)
class _Rule:
    fits: Fits
    answer: Answer | Maker


@dataclass(frozen=True)
class _Standing:
    """A limit, and the epoch from which requests pass again (inf: only when it is lifted)."""

    limit: Limit
    until: float
    fits: Fits


def everyone(_request: Request) -> bool:
    return True


class Api:
    """The server, its script and its record. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limits: list[_Standing] = []
        self._rules: list[_Rule] = []
        self._warning: wire.Warn | None = None
        self._requests: list[Request] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=self._routes()),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def _routes(self) -> list[Route]:
        return [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", _count_tokens, methods=["POST"]),
            Route("/{path:path}", _anything_else, methods=["GET", "HEAD", "POST"]),
        ]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop within a second or two, also when an answer still hangs."""
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()

    # The script

    def limit(
        self,
        claim: str = "five_hour",
        resets_at: float | None = None,
        *,
        until: float | None = None,
        no_credits: str = Limit.no_credits,
        only: Fits = everyone,
    ) -> Limit:
        """Answer with a usage limit that names `resets_at` (default: in an hour).

        It ends at `resets_at` by the wall clock, or at `until`: a later epoch gives "still
        limited after the reset", `math.inf` "only when lifted". `only` picks the requests,
        by account for instance. A new limit hides an older one while both stand.
        Set a reset that is only seconds ahead once Claude Code is idle: it may start slowly.
        """
        reset = time.time() + 3600 if resets_at is None else resets_at
        limit = Limit(claim, int(reset), no_credits)
        with self._lock:
            end = limit.resets_at if until is None else until
            self._limits.append(_Standing(limit, end, only))
        return limit

    def lift(self) -> None:
        """End every limit now."""
        with self._lock:
            self._limits.clear()

    def error(self, status: int, *, only: Fits = everyone) -> None:
        """Answer with 400 (no credit), 401, a plain 429, 500 or 529, until `recover`."""
        with self._lock:
            self._rules.append(_Rule(only, Error(status)))

    def recover(self) -> None:
        """Take every `error` back."""
        with self._lock:
            self._rules = [rule for rule in self._rules if not isinstance(rule.answer, Error)]

    def warn(self, claim: str, resets_at: float, utilization: float = 0.93) -> None:
        """Let good answers carry the warning "You've used 93% of your ... limit"."""
        with self._lock:
            self._warning = wire.Warn(claim, int(resets_at), utilization)

    def on(self, pattern: str, answer: Answer | Maker, *, only: Fits = everyone) -> None:
        """Give `answer` when the user's last text matches the regular expression `pattern`.

        A function gets the request and makes the answer. The newest rule that fits wins.
        """

        def fits(request: Request) -> bool:
            return re.search(pattern, request.text) is not None and only(request)

        with self._lock:
            self._rules.append(_Rule(fits, answer))

    # The record

    def requests(self, conversation: str | None = None) -> list[Request]:
        """Every request so far, side calls too."""
        with self._lock:
            found = list(self._requests)
        return [r for r in found if conversation in (None, r.conversation)]

    def turns(self, conversation: str | None = None, status: int | None = None) -> list[Request]:
        """The main-loop requests that began a turn, so not those that bring a tool's result.

        A turn that is refused and tried again counts once for each try: ask for `status=200`
        to count the turns that were answered.
        """
        turns = [r for r in self.requests(conversation) if r.main and not r.tool_results]
        return [r for r in turns if status in (None, r.status)]

    # The answers

    async def _messages(self, http: HttpRequest) -> Response:
        request = wire.read(http.headers, await http.json())
        with self._lock:
            self._requests.append(request)
            answer = self._choose(request)
            warning = self._warning
        if isinstance(answer, Hang):
            while not await http.is_disconnected():
                await asyncio.sleep(0.1)
            return Response(status_code=408)
        if isinstance(answer, Error | Limit):
            request.status = answer.status if isinstance(answer, Error) else 429
            headers = wire.error_headers(answer, request.subscriber)
            body = wire.error_body(request.status, answer)
            return JSONResponse(body, request.status, headers)
        request.status = 200
        if isinstance(answer, Cut):
            return StreamingResponse(wire.cut(request), media_type="text/event-stream")
        headers = {"request-id": wire.new_id("req")}
        if request.subscriber and request.main:
            headers |= wire.good_headers(warning)
        if not request.body.get("stream"):
            return JSONResponse(wire.message(request, answer), headers=headers)
        events = wire.stream(request, answer)
        return StreamingResponse(events, headers=headers, media_type="text/event-stream")

    def _choose(self, request: Request) -> Answer:
        if not request.main:
            return Text(wire.side_answer(request))
        now = time.time()
        for standing in reversed(self._limits):
            if now < standing.until and standing.fits(request):
                return standing.limit
        for rule in reversed(self._rules):
            if rule.fits(request):
                answer = rule.answer(request) if callable(rule.answer) else rule.answer
                return _after_tools(answer, request.tool_results)
        return Text()


def _after_tools(answer: Answer, results: int) -> Answer:
    """Skip the tool calls of a chain that have brought their results already."""
    while isinstance(answer, Tool) and results:
        answer, results = answer.then, results - 1
    return answer


async def _count_tokens(_http: HttpRequest) -> Response:
    return JSONResponse({"input_tokens": 1234})


async def _anything_else(_http: HttpRequest) -> Response:
    """Hello, profile, roles: asked for only when Claude Code's other traffic is on."""
    return JSONResponse({})
