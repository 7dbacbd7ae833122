"""What a service manager is told, received by a real datagram socket."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tmuxclaude.edges.service_notify import Service


@pytest.fixture
def heard() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.settimeout(5)
        yield receiver


def words(receiver: socket.socket, count: int) -> list[str]:
    got = [receiver.recv(100).decode() for _ in range(count)]
    receiver.setblocking(False)
    with pytest.raises(BlockingIOError):
        receiver.recv(100)
    receiver.settimeout(5)
    return got


def test_ready_with_the_first_round_alive_with_each_and_then_the_end(
    heard: socket.socket, tmp_path: Path
) -> None:
    heard.bind(str(tmp_path / "s"))
    service = Service({"NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": "20000000"})
    service.completed_round(100.0)
    assert words(heard, 2) == ["READY=1", "WATCHDOG=1"]
    service.completed_round(105.0)  # twice in the watchdog's time is enough
    service.completed_round(110.0)
    service.completed_round(110.1)
    assert words(heard, 1) == ["WATCHDOG=1"]
    service.stopping()
    assert words(heard, 1) == ["STOPPING=1"]


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_and_no_watchdog(heard: socket.socket) -> None:
    name = f"tmuxclaude-test-{os.getpid()}"
    heard.bind(f"\0{name}")
    service = Service({"NOTIFY_SOCKET": f"@{name}"})
    service.completed_round(1.0)
    service.completed_round(1000.0)
    assert words(heard, 1) == ["READY=1"]


def test_a_watchdog_of_another_process_is_not_ours(heard: socket.socket, tmp_path: Path) -> None:
    heard.bind(str(tmp_path / "s"))
    env = {"NOTIFY_SOCKET": str(tmp_path / "s"), "WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}
    Service(env).completed_round(1.0)
    assert words(heard, 1) == ["READY=1"]


def test_what_it_is_told_with_is_not_passed_on() -> None:
    env = {
        "TMUXCLAUDE_KEPT_BY": "systemd",
        "NOTIFY_SOCKET": "/nowhere",
        "WATCHDOG_USEC": "1",
        "WATCHDOG_PID": "1",
        "INVOCATION_ID": "x",
        "JOURNAL_STREAM": "1:2",
        "PATH": "/bin",
    }
    service = Service(env)
    assert service.kept_by == "systemd"
    assert env == {"PATH": "/bin"}
    service.completed_round(1.0)  # nobody listens: no error
    assert Service({}).kept_by == ""
