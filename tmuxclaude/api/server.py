"""The door on the Unix socket: many clients, none of which can hold up the loop.

Every connection is non-blocking and bounded: a line of at most ``wire.MAX_BYTES``, two seconds to
finish one, 32 connections, and only this user's processes. Knows bytes and clients; what a request
means is in ``operations``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.core import errors

log = logging.getLogger(__name__)

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

    @property
    def has_asked(self) -> bool:
        """Whether a whole request waits for its turn, and the client has taken what it was told."""
        return not self.outbox and b"\n" in self.inbox


class Server:
    """Listens at ``path`` and answers with ``answer`` (a request in, an answer out; replaceable).

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
        self.answer = answer
        self._monotonic = monotonic
        self._clients: set[_Client] = set()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._inode = path.stat().st_ino
        self._listener.listen(MAX_CLIENTS)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def serve(self) -> float | None:
        """Serves who has asked more than once; closes who is too slow. Once in each loop.

        Returns when it wants to be called again (monotonic), whatever the selector says.
        """
        for client in [c for c in self._clients if c.has_asked]:
            self._ready(client)
        now = self._monotonic()
        for client in [c for c in self._clients if c.deadline is not None and c.deadline <= now]:
            if not client.outbox and self._was_late(client):
                continue
            if client.inbox and not client.outbox:
                slow = errors.UsageError("the request came too slowly")
                with contextlib.suppress(OSError):
                    client.connection.send(wire.encode(wire.failure(slow)))
            self._drop(client)
        if any(client.has_asked for client in self._clients):
            return now
        return min((c.deadline for c in self._clients if c.deadline is not None), default=None)

    def _was_late(self, client: _Client) -> bool:
        """Whether its request had come in time, and it was us who were busy elsewhere."""
        with contextlib.suppress(OSError):
            if client.connection.recv(wire.MAX_BYTES, socket.MSG_PEEK):
                self._ready(client)
        return client.deadline is None or client.deadline > self._monotonic()

    def close(self) -> None:
        """Stops listening, closes every client, and removes the socket file if it is still ours."""
        for client in list(self._clients):
            self._drop(client)
        # While the listener is open, its inode number cannot be another socket's.
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._selector.unregister(self._listener)
        self._listener.close()

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
        self._selector.register(connection, selectors.EVENT_READ, lambda _: self._ready(client))

    def _ready(self, client: _Client) -> None:
        """One step for one client, and at most one request: the others have their turn then.

        Nothing more is read while an answer waits to be taken, so that no client fills our memory.
        """
        try:
            if not client.outbox:
                if not client.has_asked and not self._read(client):
                    self._drop(client)
                    return
                self._take(client)
            self._send(client)
        except OSError:
            self._drop(client)

    def _read(self, client: _Client) -> bool:
        """Whether more came; nothing comes any more when the client has gone."""
        chunk = client.connection.recv(wire.MAX_BYTES)
        if not client.inbox:
            client.deadline = self._monotonic() + LINE_SECONDS
        client.inbox += chunk
        return bool(chunk)

    def _take(self, client: _Client) -> None:
        """Answers the next request, if all of it has come."""
        end = client.inbox.find(b"\n")
        if end < 0 and len(client.inbox) <= wire.MAX_BYTES:
            return
        line = bytes(client.inbox[:end] if end >= 0 else client.inbox)
        del client.inbox[: len(line) + 1]
        client.closing = end < 0
        client.outbox += wire.encode(self._reply(line))
        client.deadline = self._monotonic() + LINE_SECONDS

    def _reply(self, line: bytes) -> wire.Answer:
        try:
            if len(line) > wire.MAX_BYTES:
                raise errors.UsageError(f"a request may have at most {wire.MAX_BYTES} bytes")
            return self.answer(wire.decode_request(line))
        except errors.TmuxclaudeError as problem:
            return wire.failure(problem)
        except Exception as problem:
            # One request that we cannot answer must not end the watch over all sessions.
            log.exception("a request could not be answered")
            message = f"a mistake of the supervisor's own ({problem!r}); its log has the details"
            return wire.Failure(code=errors.TmuxclaudeError.code, message=message)

    def _send(self, client: _Client) -> None:
        """Sends what the client takes now, and waits for what has to come next."""
        if client.outbox:
            with contextlib.suppress(BlockingIOError):
                sent = client.connection.send(client.outbox)
                del client.outbox[:sent]
            if not client.outbox:
                begun = client.inbox and not client.has_asked
                client.deadline = self._monotonic() + LINE_SECONDS if begun else None
        if client.closing and not client.outbox:
            self._drop(client)
            return
        waits = selectors.EVENT_WRITE if client.outbox else selectors.EVENT_READ
        key = self._selector.get_key(client.connection)
        self._selector.modify(client.connection, waits, key.data)

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
