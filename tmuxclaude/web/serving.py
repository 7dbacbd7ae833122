"""Listens on the loopback until it is told to end. Knows uvicorn, and what a client may take.

One request for each connection, ``LIFE_SECONDS`` for all of it: who sends or reads slowly, or says
nothing, is closed then, wherever it is.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.core.errors import RefusedError, UnreachableError
from tmuxclaude.edges.paths import Paths
from tmuxclaude.web.address import Address
from tmuxclaude.web.application import Ask, application
from tmuxclaude.web.gate import Gate
from tmuxclaude.web.strangers import is_strangers

HOST = "127.0.0.1"

MAX_CONNECTIONS = 64

MAX_QUEUE = 128
"""How many more wait to be accepted."""

LIFE_SECONDS = 6.0

ANSWER_SECONDS = 3.0
"""How long the supervisor may take for an answer."""

AT_ONCE = 8
"""How many ask the supervisor at once; it has 32 connections for everybody."""

MAX_HEAD = 16 * 1024
"""The most bytes of a request before its body."""

END_SECONDS = 3
"""How long requests that are being answered hold up the end."""

HEADERS = [
    ("Connection", "close"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]


def serve(where: Paths, port: int, told: Callable[[str], None]) -> None:
    """Serves at ``port`` (0: a free one) until TERM, INT or HUP.

    ``told`` is called with the URL once it listens. Raises ``AlreadyRunningError`` when this user
    serves already, and ``RefusedError`` when the port is another's.
    """
    where.ensure()
    with Address(where.http) as address, _listener(port) as listener:
        port = listener.getsockname()[1]
        url, token = f"http://{HOST}:{port}", secrets.token_urlsafe(32)
        server = _server(Gate(port, token), asks(where))

        def end(_signal: int, _frame: object) -> None:
            server.should_exit = True

        # uvicorn has handlers of its own while it runs, and then sends each signal to these.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, end)
        address.tell(url, token)
        told(url)
        server.run([listener])


def asks(where: Paths) -> Ask:
    """Asks the supervisor that runs, with a connection for each request."""
    turns = asyncio.Semaphore(AT_ONCE)

    def ask(request: wire.Request, kind: type[wire.Answer]) -> wire.Answer:
        with Client(where.running().socket) as client:
            return client.ask(request, kind, ANSWER_SECONDS)

    async def in_turn(request: wire.Request, kind: type[wire.Answer]) -> wire.Answer:
        async with turns:
            return await asyncio.to_thread(ask, request, kind)

    return in_turn


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(MAX_QUEUE)  # whoever reads the address may connect at once
    except OSError as problem:
        listener.close()
        raise RefusedError(
            f"port {port} cannot be had ({problem.strerror}); nothing was started. "
            "Choose another one, or leave out --port"
        ) from problem
    return listener


def _server(gate: Gate, ask: Ask) -> uvicorn.Server:
    config = uvicorn.Config(
        application(gate, ask),
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=HEADERS,
        backlog=MAX_QUEUE,
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_graceful_shutdown=END_SECONDS,
    )
    return uvicorn.Server(config)


class Connection(H11Protocol):
    """One connection, which ends in time. One too many is told so and closed.

    uvicorn's own limit is met only by whole requests, so those who never finish one would pile up.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end = self.loop.call_later(LIFE_SECONDS, transport.abort)
        there, here = (transport.get_extra_info(name)[1] for name in ("peername", "sockname"))
        if len(self.connections) > MAX_CONNECTIONS:
            self._say("503 Service Unavailable", UnreachableError.code, "too many ask; try again")
        elif is_strangers(there, here):
            self._say("403 Forbidden", "stranger", "another user may not ask; nothing was done")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._say("400 Bad Request", "usage", msg)

    def _say(self, status: str, code: str, message: str) -> None:
        body = json.dumps({"error": code, "message": message})
        head = [f"HTTP/1.1 {status}", "Content-Type: application/json"]
        head += [f"Content-Length: {len(body)}", *(": ".join(header) for header in HEADERS)]
        self.transport.write("\r\n".join([*head, "", body]).encode("ascii"))
        self.transport.close()
