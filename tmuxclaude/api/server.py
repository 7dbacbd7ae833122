"""The door on the Unix socket: many clients, none of which can hold up the loop.

Every connection is non-blocking and bounded: a line of at most ``wire.MAX_BYTES``, two seconds to
finish one, 32 connections, and only this user's processes. Knows bytes and clients; what a request
means is in ``operations``.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.core import errors

MAX_CLIENTS = 32
LINE_SECONDS = 2.0
"""How long a client may take from the first byte of a request to its newline, or to read its
answer."""


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    inbox: bytearray = field(default_factory=bytearray)
    outbox: bytearray = field(default_factory=bytearray)
    deadline: float | None = None
    closing: bool = False


class Server:
    """Listens at ``path`` and answers with ``answer`` (a request in, an answer out).

    ``selector`` is the loop's own; its keys carry a callable in ``data`` that the loop calls.
    The caller holds the supervisor's lock, so a socket file that is left over is nobody's.
    """

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        answer: Callable[[wire.AnyRequest], wire.Answer],
        monotonic: Callable[[], float],
    ) -> None:
        self._path = path
        self._selector = selector
        self._answer = answer
        self._monotonic = monotonic
        self._clients: set[_Client] = set()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        before = os.umask(0o077)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._inode = path.stat().st_ino
        self._listener.listen(MAX_CLIENTS)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def expire(self) -> float | None:
        """Closes clients that are too slow; returns when the next one will be (monotonic)."""
        now = self._monotonic()
        for client in [c for c in self._clients if c.deadline is not None and c.deadline <= now]:
            if client.inbox and not client.outbox:
                self._say(client, wire.Failure(code="usage", message="the request came too slowly"))
            self._drop(client)
        return min((c.deadline for c in self._clients if c.deadline is not None), default=None)

    def close(self) -> None:
        """Stops listening, closes every client, and removes the socket file if it is still ours."""
        for client in list(self._clients):
            self._drop(client)
        self._selector.unregister(self._listener)
        self._listener.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _accept(self, _events: int) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= MAX_CLIENTS or peer_uid(connection) != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection, deadline=self._monotonic() + LINE_SECONDS)
        self._clients.add(client)
        self._selector.register(
            connection, selectors.EVENT_READ, lambda events: self._ready(client, events)
        )

    def _ready(self, client: _Client, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._write(client)
            if events & selectors.EVENT_READ:
                self._read(client)
        except OSError:
            self._drop(client)

    def _read(self, client: _Client) -> None:
        chunk = client.connection.recv(wire.MAX_BYTES)
        if not chunk:
            self._drop(client)
            return
        if not client.inbox:
            client.deadline = self._monotonic() + LINE_SECONDS
        client.inbox += chunk
        while client in self._clients and b"\n" in client.inbox:
            line, _, rest = bytes(client.inbox).partition(b"\n")
            client.inbox = bytearray(rest)
            client.deadline = self._monotonic() + LINE_SECONDS if rest else None
            self._say(client, self._reply(line))
        if len(client.inbox) > wire.MAX_BYTES:
            limit = f"a request may have at most {wire.MAX_BYTES} bytes"
            client.closing = True
            self._say(client, wire.Failure(code="usage", message=limit))

    def _reply(self, line: bytes) -> wire.Answer:
        try:
            if len(line) > wire.MAX_BYTES:
                raise errors.UsageError(f"a request may have at most {wire.MAX_BYTES} bytes")
            return self._answer(wire.decode_request(line))
        except errors.TmuxclaudeError as problem:
            return wire.failure(problem)

    def _say(self, client: _Client, answer: wire.Answer) -> None:
        client.outbox += wire.encode(answer)
        try:
            self._write(client)
        except OSError:
            self._drop(client)

    def _write(self, client: _Client) -> None:
        with contextlib.suppress(BlockingIOError):
            sent = client.connection.send(client.outbox)
            del client.outbox[:sent]
        if client.closing and not client.outbox:
            self._drop(client)
            return
        waits = selectors.EVENT_WRITE if client.outbox else 0
        if client.outbox:
            client.deadline = self._monotonic() + LINE_SECONDS
        self._selector.modify(
            client.connection,
            selectors.EVENT_READ | waits,
            self._selector.get_key(client.connection).data,
        )

    def _drop(self, client: _Client) -> None:
        if client not in self._clients:
            return
        self._clients.discard(client)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()


def peer_uid(connection: socket.socket) -> int | None:
    """The user id of the process at the other end; ``None`` when the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        return int(struct.unpack("3i", credentials)[1])
    # macOS: LOCAL_PEERCRED gives struct xucred, whose second word is the user id.
    credentials = connection.getsockopt(0, 1, 76)
    return int(struct.unpack_from("2I", credentials)[1])
