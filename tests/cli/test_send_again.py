"""A message whose answer was lost: asked for again by the same key, or said to be in doubt."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, session
from tmuxclaude.store.books import Books

PONG = {"type": "pong", "version": "1", "pid": 1, "started_at": 1.0, "sessions": 1}
ANSWER = {"type": "enqueued", "message": 7, "name": "api", "before": 0}


@contextmanager
def forgetful(path: Path, times: int) -> Iterator[list[dict[str, Any]]]:
    """A supervisor that dies before it answers so many messages; gives what it was asked."""
    asked: list[dict[str, Any]] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(path))
        door.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = door.accept()
                except OSError:
                    return
                with client, client.makefile("rwb") as lines:
                    for line in lines:
                        request = json.loads(line)
                        answer = PONG
                        if request["type"] in ("enqueue", "send"):
                            asked.append(request)
                            if len(asked) <= times:
                                break
                            answer = ANSWER
                        lines.write(json.dumps(answer).encode() + b"\n")
                        lines.flush()

        thread = threading.Thread(target=serve)
        thread.start()
        yield asked
        door.shutdown(socket.SHUT_RDWR)
    thread.join(20)


@pytest.mark.parametrize("times", [0, 2])
def test_the_command_repeats_itself_and_the_message_does_not(
    times: int, run: Run, home: Path, books: Books, socket_path: Path
) -> None:
    books.sessions.add(session("api", home))
    with forgetful(socket_path, times) as asked:
        done = run("send", "api", "--queue", "hello")
    assert (done.code, done.out) == (0, "api: message 7 is queued\n"), done.err
    assert [request["text"] for request in asked] == ["hello"] * (times + 1)
    assert len({request["key"] for request in asked}) == 1
    assert asked[0]["key"]


def test_what_may_have_been_sent_is_not_said_to_be_unsent(
    run: Run, home: Path, books: Books, socket_path: Path
) -> None:
    books.sessions.add(session("api", home))
    with forgetful(socket_path, 1) as asked:
        done = run("send", "api", "hello")
    assert len(asked) == 1
    assert done.code == 5
    assert "nobody knows whether it did what it was asked" in done.err
    assert "changed" not in done.err
