"""The client gets an answer, or says soon and clearly why there is none."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.served import Served
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import PATIENCE, Client, NobodyListensError
from tmuxclaude.core import errors
from tmuxclaude.edges.processes import Life, identify, life

ROOT = Path(__file__).parents[2]

PROCESS = """
import sys, time
from pathlib import Path
from tests.api.served import Served
Served(Path(sys.argv[1]))
time.sleep(1000)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A path for a socket that nobody made yet."""
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as directory:
        yield Path(directory) / "s"


@pytest.fixture
def other_process(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server at that place in a process of its own, which answers."""
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(place)], cwd=ROOT)
    until(lambda: listens(place))
    with Client(place) as client:
        assert client.ping().pid == process.pid
    yield process
    process.kill()
    process.wait()


def listens(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(place)) == 0


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGSTOP, and wait until it has stopped."""
    identity = identify(process.pid)
    assert identity is not None
    process.send_signal(signal.SIGSTOP)
    until(lambda: life(identity) is Life.STOPPED)


def seconds_until_unreachable(path: Path, why: str) -> float:
    began = time.monotonic()
    with pytest.raises(errors.UnreachableError, match=why), Client(path) as client:
        client.ping()
    return time.monotonic() - began


def test_one_connection_asks_many_times(served: Served) -> None:
    with Client(served.path) as client:
        for number in range(50):
            name = str(number)
            assert client.ask(wire.Explain(name=name), wire.Explained).name == name
        assert client.ping().sessions == 3


@pytest.mark.parametrize("code", sorted(errors.BY_CODE))
def test_an_error_is_raised_as_what_it_is(code: str, served: Served) -> None:
    with Client(served.path) as client:
        with pytest.raises(errors.BY_CODE[code], match=r"^this is why$") as raised:
            client.ask(wire.Resume(names=[code]), wire.Verdicts)
        assert type(raised.value) is errors.BY_CODE[code]
        assert client.ping().version == "1"


def test_an_answer_longer_than_any_request_arrives(served: Served) -> None:
    with Client(served.path) as client:
        answer = client.ask(wire.Explain(name="3000"), wire.Explained)
    assert len(answer.evidence) == 3000


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_a_request_that_is_too_long_is_refused_with_its_reason(size: int, served: Served) -> None:
    with Client(served.path) as client, pytest.raises(errors.UsageError, match="at most 65536"):
        client.ask(wire.Send(name="api", text="x" * size), wire.Done)


def test_nobody_listens(place: Path) -> None:
    for left_over in (False, True):
        if left_over:
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(place))
        with pytest.raises(NobodyListensError, match="tmuxclaude supervisor start"):
            Client(place)


def test_a_socket_that_cannot_be_reached_is_not_taken_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "s", tmp_path / ("x" * 200)):
        with pytest.raises(errors.UnreachableError, match="cannot be reached") as raised:
            Client(path)
        assert not isinstance(raised.value, NobodyListensError)


def test_a_stopped_supervisor_is_told_after_two_seconds(
    place: Path, other_process: subprocess.Popen[bytes]
) -> None:
    stop(other_process)
    seconds = seconds_until_unreachable(place, f"did not answer within {PATIENCE:g} s")
    assert PATIENCE - 0.1 < seconds < PATIENCE + 1
    other_process.send_signal(signal.SIGCONT)
    with Client(place) as client:
        assert client.ping().pid == other_process.pid


def test_a_stopped_supervisor_with_a_full_queue_is_not_taken_for_nobody(
    place: Path, other_process: subprocess.Popen[bytes]
) -> None:
    stop(other_process)
    waiting: list[socket.socket] = []
    while True:
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        if waiting[-1].connect_ex(str(place)):
            break
    assert seconds_until_unreachable(place, "cannot be reached|did not answer") < PATIENCE + 1
    for one in waiting:
        one.close()


def test_a_supervisor_that_dies_meanwhile_is_told_at_once(
    place: Path, other_process: subprocess.Popen[bytes]
) -> None:
    stop(other_process)
    threading.Timer(0.3, os.kill, (other_process.pid, signal.SIGKILL)).start()
    assert seconds_until_unreachable(place, "closed the connection") < PATIENCE - 0.5


def test_an_answer_that_trickles_wins_no_time(place: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen()

    def trickle() -> None:
        connection, _ = listener.accept()
        while True:
            try:
                connection.send(b" ")
            except OSError:
                return
            time.sleep(0.1)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    assert seconds_until_unreachable(place, "did not answer") < PATIENCE + 1
    thread.join(10)
    listener.close()


def test_an_answer_of_another_kind_is_no_answer(served: Served) -> None:
    with Client(served.path) as client, pytest.raises(errors.UnreachableError, match="Pong"):
        client.ask(wire.Ping(), wire.Done)
