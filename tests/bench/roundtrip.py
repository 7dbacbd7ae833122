"""How long a question to the supervisor takes, beside a server that only sends back what it gets.

The loop below asks with any number of connections at once, each with one question on its way, so
what it costs itself is in both figures.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PING = b'{"type":"ping"}\n'
STATUS = b'{"type":"status"}\n'


@contextmanager
def echo(path: Path) -> Iterator[None]:
    """A process that sends back every byte, and knows nothing of lines, limits or clients."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    pid = os.fork()
    if pid == 0:
        try:
            _send_back(listener)
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        listener.close()
        path.unlink()


def _send_back(listener: socket.socket) -> None:
    poll, clients = select.poll(), {}
    poll.register(listener, select.POLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                connection, _ = listener.accept()
                clients[connection.fileno()] = connection
                poll.register(connection, select.POLLIN)
            elif not _sent_back(clients[number]):
                poll.unregister(number)
                clients.pop(number).close()


def _sent_back(client: socket.socket) -> bool:
    try:
        data = client.recv(65536)
        client.send(data)
    except ConnectionError:
        return False
    return bool(data)


def measured(path: Path, question: bytes, clients: int, times: int) -> tuple[float, float]:
    """Median and 99th percentile of the milliseconds from a question to its answer's newline."""
    took: list[float] = []
    poll = select.poll()
    connections: dict[int, socket.socket] = {}
    for _ in range(clients):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        connections[connection.fileno()] = connection
        poll.register(connection, select.POLLIN)
    asked = {}
    for number, connection in connections.items():
        asked[number] = time.perf_counter()
        connection.send(question)
    warm = times // 10
    while len(took) < times + warm:
        for number, _ in poll.poll(10_000):
            if not connections[number].recv(1 << 20).endswith(b"\n"):
                continue
            took.append((time.perf_counter() - asked[number]) * 1000)
            asked[number] = time.perf_counter()
            connections[number].send(question)
    for connection in connections.values():
        connection.close()
    found = sorted(took[warm:])
    return found[len(found) // 2], found[len(found) * 99 // 100]
