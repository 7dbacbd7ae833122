"""A server at a real socket whose loop runs in a thread, and bare clients that behave badly."""

from __future__ import annotations

import os
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.api.fed import Happenings
from tmuxclaude.api import wire
from tmuxclaude.api.feed import Feed
from tmuxclaude.api.server import Server
from tmuxclaude.core import errors

END = 1_800_000_000.5
"""When it is, by the clock on the wall, when the server is closed."""

PING = b'{"type":"ping"}\n'


class Served:
    """What the supervisor's loop does for its door, and nothing else. ``events`` are in memory.

    ``answer`` says it in short: a ``ping`` is answered at once, a ``send`` takes 5 ms, an
    ``explain`` gives as many kilobytes as its name says, a ``follow`` takes as many tenths of a
    second as the attempt's number, ``shutdown`` meets a bug of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[wire.AnyRequest] = []
        self.peers: list[int | None] = []
        self.events = Happenings()
        self._selector = selectors.DefaultSelector()
        self._ours, self._theirs = socket.socketpair()
        self._selector.register(self._ours, selectors.EVENT_READ)
        self._server = Server(path, self._selector, self.answer, time.monotonic)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, request: wire.AnyRequest, peer: int | None) -> wire.Answer | Feed:
        self.asked.append(request)
        self.peers.append(peer)
        match request:
            case wire.Subscribe():
                return Feed.begun(self.events, frozenset(request.sessions), request.since)  # type: ignore[arg-type]
            case wire.Explain():
                kilobytes = ["x" * 1000] * int(request.name)
                return wire.Explained(name=request.name, evidence=kilobytes)
            case wire.Send():
                time.sleep(0.005)
                return wire.Done()
            case wire.Follow():
                time.sleep(request.attempt / 10)
                return wire.Done()
            case wire.Resume():
                raise errors.BY_CODE[request.names[0]]("this is why")
            case wire.Shutdown():
                raise ZeroDivisionError("a bug")
        return wire.Pong(version="1", pid=os.getpid(), started_at=0.5, sessions=3)

    def happen(self, times: int = 1, session: str = "u1", text: str = "") -> None:
        """Events come, and the loop is woken."""
        self.events.happen(times, session, text)
        self._theirs.send(b"x")

    def stop(self) -> None:
        self._stopping = True
        self._theirs.send(b"x")
        self._thread.join(10)
        self._server.close(END)
        self._selector.close()
        self._ours.close()
        self._theirs.close()

    def _run(self) -> None:
        while not self._stopping:
            at = self._server.serve()
            wait = None if at is None else max(0.0, at - time.monotonic())
            for key, events in self._selector.select(wait):
                if key.data is None:
                    self._ours.recv(4096)
                else:
                    key.data(events)


@contextmanager
def serving() -> Iterator[Served]:
    """A server in a directory of its own, whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as directory:
        served = Served(Path(directory) / "s")
        try:
            yield served
        finally:
            served.stop()


class Bare:
    """A client that sends what it likes. Its reads give up after ``patience`` seconds."""

    def __init__(self, path: Path, patience: float = 10.0) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(patience)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except BlockingIOError:  # its queue is full just now
                time.sleep(0.001)
        self._inbox = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def line(self) -> bytes:
        """The next line, or what came before the end."""
        while b"\n" not in self._inbox:
            try:
                chunk = self.socket.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                break
            self._inbox += chunk
        line, _, self._inbox = self._inbox.partition(b"\n")
        return line

    def is_answered(self) -> bool:
        """Whether a ping is answered."""
        try:
            self.send(PING)
        except OSError:
            return False
        return b'"pong"' in self.line()

    def seconds_until_closed(self) -> float:
        """How long the other end stays open from now on, whatever it still says."""
        began = time.monotonic()
        while self.line():
            pass
        return time.monotonic() - began

    def flood(self, data: bytes, pause: float = 0.0) -> float:
        """Sends this again and again until the other end closes; after how many seconds."""
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 10:
                self.send(data)
                time.sleep(pause)
        return time.monotonic() - began

    def close(self) -> None:
        self.socket.close()
