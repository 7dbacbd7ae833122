"""The door on the Unix socket: many clients, none of which can hold up the loop.

Every connection is non-blocking and bounded: a line of at most ``wire.MAX_BYTES``, two seconds to
finish one, 32 connections, and only this user's processes. A client that subscribes is told events
from then on and asks nothing more. Knows bytes and clients; what a request means is in
``operations``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.api.feed import Feed
from tmuxclaude.api.peers import peer_pid, peer_uid
from tmuxclaude.core import errors

log = logging.getLogger(__name__)

MAX_CLIENTS = 32
MAX_SUBSCRIBERS = 16
"""Subscribers stay, so they leave room for who asks."""

SUBSCRIBER_BYTES = 32 * 1024
"""What the system keeps for a subscriber that does not read just now."""

ENDING = "the supervisor ends; nothing was done. To start it again: tmuxclaude supervisor start"

LINE_SECONDS = 2.0
"""How long a client may take from the first byte of a request to its newline, or to read what it
is told."""


@dataclass(slots=True, eq=False)
class _Client:
    connection: socket.socket
    pid: int | None
    deadline: float | None
    inbox: bytearray = field(default_factory=bytearray)
    outbox: bytearray = field(default_factory=bytearray)
    closing: bool = False
    feed: Feed | None = None

    @property
    def has_turn(self) -> bool:
        """Whether something is to be done for it, and it has taken what it was told before.

        A whole request waits, or there are events that it was not told yet.
        """
        if self.outbox:
            return False
        return b"\n" in self.inbox if self.feed is None else self.feed.has_more


class Server:
    """Listens at ``path`` and answers with ``answer``, which may be replaced.

    ``answer``: a request and the process that asks in (``None``: it is not told); an answer out, or
    what a subscriber is fed with. ``selector`` is the loop's own; its keys carry a callable in
    ``data`` that the loop calls. The caller holds the supervisor's lock, so a socket file that is
    left over is nobody's.
    """

    def __init__(
        self,
        path: Path,
        selector: selectors.BaseSelector,
        answer: Callable[[wire.AnyRequest, int | None], wire.Answer | Feed],
        monotonic: Callable[[], float],
    ) -> None:
        self._path = path
        self._selector = selector
        self.answer = answer
        self._monotonic = monotonic
        self._clients: set[_Client] = set()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._listener, self._inode = self._listen()

    def listen_anew(self) -> None:
        """Puts another socket file where ours was removed; who is connected stays so.

        Raises ``OSError`` when that cannot be done.
        """
        old, (self._listener, self._inode) = self._listener, self._listen()
        self._selector.unregister(old)
        old.close()

    def serve(self) -> float | None:
        """Serves who has asked more than once, and subscribers; closes who is too slow.

        Once in each loop. Returns when it wants to be called again (monotonic), whatever the
        selector says.
        """
        for client in [c for c in self._clients if c.has_turn]:
            self._ready(client)
        now = self._monotonic()
        for client in [c for c in self._clients if c.deadline is not None and c.deadline <= now]:
            self._late(client)
        if any(client.has_turn for client in self._clients):
            return now
        return min((c.deadline for c in self._clients if c.deadline is not None), default=None)

    def close(self, now: float) -> None:
        """Stops listening, tells every client that we end (``now``: UTC epoch seconds), and removes
        the socket file if it is still ours."""
        for _ in range(MAX_CLIENTS):  # who waits to be let in may have asked already
            self._accept(0)
        for client in list(self._clients):
            with contextlib.suppress(OSError, errors.TmuxclaudeError):
                self._part(client, now)
            self._drop(client)
        # While the listener is open, its inode number cannot be another socket's.
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
        self._selector.unregister(self._listener)
        self._listener.close()

    def _part(self, client: _Client, now: float) -> None:
        """Tells one client what it has not taken yet, and that its open requests were not done."""
        _make_room(client.connection)
        if client.feed is not None:
            said = client.feed.read() if not client.outbox else []
            client.outbox += b"".join(map(wire.encode, [*said, client.feed.last(now)]))
        else:
            with contextlib.suppress(BlockingIOError):
                client.inbox += client.connection.recv(wire.MAX_BYTES)
            _, _, begun = client.inbox.rpartition(b"\n")
            open_requests = client.inbox.count(b"\n") + bool(begun)
            client.outbox += wire.encode(wire.failure(errors.EndingError(ENDING))) * open_requests
        client.connection.send(client.outbox)

    # -- coming and going ------------------------------------------------------------------------

    def _listen(self) -> tuple[socket.socket, int]:
        """A socket that listens, and the inode number of its file."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        before = os.umask(0o177)
        try:
            listener.bind(str(self._path))
            inode = self._path.stat().st_ino
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        listener.listen(MAX_CLIENTS)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        return listener, inode

    def _accept(self, _events: int) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if peer_uid(connection) != os.geteuid():
            connection.close()
            return
        connection.setblocking(False)
        deadline = self._monotonic() + LINE_SECONDS
        client = _Client(connection, peer_pid(connection), deadline)
        if len(self._clients) >= MAX_CLIENTS:
            self._last_words(client, f"{MAX_CLIENTS} programs are connected already; try again")
            connection.close()
            return
        self._clients.add(client)
        self._selector.register(
            connection, selectors.EVENT_READ, lambda events: self._ready(client, events)
        )

    def _late(self, client: _Client) -> None:
        """Sends a client away that has not asked, or not taken what it was told, in time."""
        if client.feed is not None:
            _make_room(client.connection)
            line = client.outbox[: client.outbox.find(b"\n") + 1]
            self._last_words(client, "it read too slowly; subscribe again with since", bytes(line))
        elif not client.outbox:
            if self._was_late(client):
                return
            if client.inbox:
                self._last_words(client, "the request came too slowly")
        self._drop(client)

    def _was_late(self, client: _Client) -> bool:
        """Whether its request had come in time, and it was us who were busy elsewhere."""
        with contextlib.suppress(OSError):
            if client.connection.recv(wire.MAX_BYTES, socket.MSG_PEEK):
                self._ready(client)
        return client.deadline is None or client.deadline > self._monotonic()

    def _last_words(self, client: _Client, message: str, before: bytes = b"") -> None:
        failure = wire.failure(errors.RefusedError(message))
        with contextlib.suppress(OSError):
            client.connection.send(before + wire.encode(failure))

    def _drop(self, client: _Client) -> None:
        if client not in self._clients:
            return
        self._clients.discard(client)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()

    # -- one step for one client -----------------------------------------------------------------

    def _ready(self, client: _Client, events: int = 0) -> None:
        """One step for one client, and at most one request: the others have their turn then.

        Nothing more is read while an answer waits to be taken, so that no client fills our memory.
        """
        try:
            if client.feed is not None:
                self._feed(client, client.feed, bool(events & selectors.EVENT_READ))
            elif not client.outbox:
                if not client.has_turn and not self._read(client):
                    if not client.inbox:
                        self._drop(client)
                        return
                    client.inbox += b"\n"  # the last request of one that asks nothing more
                self._take(client)
            if client in self._clients:
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
        client.outbox += wire.encode(self._reply(line, client))
        client.deadline = self._monotonic() + LINE_SECONDS

    def _reply(self, line: bytes, client: _Client) -> wire.Answer:
        try:
            if len(line) > wire.MAX_BYTES:
                raise errors.UsageError(f"a request may have at most {wire.MAX_BYTES} bytes")
            answer = self.answer(wire.decode_request(line), client.pid)
            return self._subscribed(client, answer) if isinstance(answer, Feed) else answer
        except errors.TmuxclaudeError as problem:
            return wire.failure(problem)
        except Exception as problem:
            # One request that we cannot answer must not end the watch over all sessions.
            log.exception("a request could not be answered")
            message = f"a mistake of the supervisor's own ({problem!r}); its log has the details"
            return wire.Failure(code=errors.TmuxclaudeError.code, message=message)

    def _subscribed(self, client: _Client, feed: Feed) -> wire.Answer:
        if sum(other.feed is not None for other in self._clients) >= MAX_SUBSCRIBERS:
            raise errors.RefusedError(f"there are {MAX_SUBSCRIBERS} subscribers already")
        client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SUBSCRIBER_BYTES)
        client.feed = feed
        return feed.begins

    def _feed(self, client: _Client, feed: Feed, said_something: bool) -> None:
        """Tells a subscriber what is new; one that says anything at all is sent away."""
        if said_something:
            if client.connection.recv(wire.MAX_BYTES):
                self._last_words(client, "who subscribes asks nothing more; open a new connection")
            self._drop(client)
        elif not client.outbox and feed.has_more:
            try:
                client.outbox += b"".join(map(wire.encode, feed.read()))
            except errors.TmuxclaudeError as problem:
                client.outbox += wire.encode(wire.failure(problem))
                client.closing = True
            client.deadline = self._monotonic() + LINE_SECONDS if client.outbox else None

    def _send(self, client: _Client) -> None:
        """Sends what the client takes now, and waits for what has to come next."""
        if client.outbox:
            with contextlib.suppress(BlockingIOError):
                sent = client.connection.send(client.outbox)
                del client.outbox[:sent]
            if not client.outbox:
                begun = client.inbox and client.feed is None and not client.has_turn
                client.deadline = self._monotonic() + LINE_SECONDS if begun else None
        if client.closing and not client.outbox:
            self._drop(client)
            return
        waits = selectors.EVENT_WRITE if client.outbox else selectors.EVENT_READ
        key = self._selector.get_key(client.connection)
        self._selector.modify(client.connection, waits, key.data)


def _make_room(connection: socket.socket) -> None:
    """For last words: what a client is told must not end in the middle of a line."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * SUBSCRIBER_BYTES)
