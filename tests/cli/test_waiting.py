"""The countdown of a queued session in a terminal, answered in the supervisor's place."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.waiting import until
from tmuxclaude.cli import waiting
from tmuxclaude.edges import listening

NEAR = 0.8
"""Seconds until its time has come: sooner than it asks again by itself."""


class Answering:
    """Says at first that the time is near, and then that nobody knows when it comes."""

    def __init__(self, path: Path) -> None:
        self.steps: list[str] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        path.chmod(0o600)
        self._door.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                with caller:
                    self.steps.append(json.loads(caller.recv(4096))["step"])
                    near = len(self.steps) == 1
                    answer = {"type": "queued", "wait": NEAR if near else None, "why": "is held"}
                    caller.sendall(json.dumps(answer).encode() + b"\n")

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._door.close()


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    (tmp_path / "run").mkdir(mode=0o700)
    found = Answering(tmp_path / "run" / listening.SOCKET)
    (tmp_path / "lock").write_bytes(listening.note(1, str(tmp_path / "run")))
    yield found
    found.close()


def test_it_asks_once_more_before_it_starts_by_itself(answering: Answering, tmp_path: Path) -> None:
    started = tmp_path / "started"
    words = [str(tmp_path / "lock"), "0f" * 16, "api", str(time.time()), "inf", "", "--"]
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    call = [sys.executable, waiting.__file__, *words, "/bin/touch", str(started)]
    countdown = subprocess.Popen(call, stdin=follower, stdout=follower)
    os.close(follower)
    seen = b""
    try:
        while b"is held" not in seen.rpartition(b"starts at")[2] or b"starts at" not in seen:
            seen += os.read(leader, 4096)
        assert answering.steps == ["ask", "ask"]
        os.write(leader, b"q")
        assert countdown.wait(10) == 0
    finally:
        countdown.kill()
        countdown.wait()
        os.close(leader)
    until(lambda: answering.steps == ["ask", "ask", "leave"], what=lambda: str(answering.steps))
    assert not started.exists()
