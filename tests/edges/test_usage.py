"""What real process trees take of this machine."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.waiting import until
from tmuxclaude.core.model import Process
from tmuxclaude.edges import usage
from tmuxclaude.edges.processes import Life, identify
from tmuxclaude.edges.usage import Scales, Taken

MB = 10**6
CHILD = "import sys; x = b'x' * 60_000_000; print(1, flush=True); sys.stdin.read()"
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
FORKED = """
import os, sys
x = b'x' * 60_000_000
for _ in range(3):
    if os.fork() == 0:
        break
print(1, flush=True)
sys.stdin.read()
"""
GROWING = """
import sys
print(1, flush=True)
sys.stdin.buffer.raw.read(1)
x = b'x' * 50_000_000
sys.stdin.read()
"""
BUSY = "import subprocess, sys\nfor _ in range(2): subprocess.run([sys.executable, '-c', {!r}])"
SPENT = "import time\nwhile time.process_time() < 0.3: pass"


@contextmanager
def running(code: str) -> Iterator[tuple[Process, subprocess.Popen[bytes]]]:
    """A Python that runs this, once it has printed something."""
    call = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(call, stdin=pipe, stdout=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.read(2)
        found = identify(process.pid)
        assert found is not None
        try:
            yield found, process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def taken(root: Process) -> Taken:
    return Scales().measure([root])[root]


def test_memory_is_that_of_the_children_too() -> None:
    with running(FAMILY) as (root, _):
        assert 60 * MB < taken(root).memory < 100 * MB


def test_what_is_shared_counts_once() -> None:
    with running(FORKED) as (root, _):
        until(lambda: 60 * MB < taken(root).memory < 110 * MB, what=str(taken(root)))


def test_a_share_is_asked_for_again_in_turn_or_where_it_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    share = usage._share

    def counted(pid: int) -> int | None:
        asked.append(pid)
        return share(pid)

    monkeypatch.setattr(usage, "_share", counted)
    with running(GROWING) as (root, process):
        scales = Scales()
        before = scales.measure([root])[root].memory
        assert all(scales.measure([root])[root].memory < before + MB for _ in range(usage.TURNS))
        assert asked == [root.pid] * 2
        until(lambda: scales.measure([root]) and len(asked) == 3, every=0)  # not the next turn too
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        until(lambda: taken(root).memory > before + 40 * MB)
        assert scales.measure([root])[root].memory > before + 40 * MB


def test_processors_are_those_of_children_that_have_ended_too() -> None:
    code = BUSY.format(SPENT) + "\nprint(1, flush=True); sys.stdin.read()"
    with running(code) as (root, _):
        assert taken(root).seconds >= 0.6
        assert taken(root).life is Life.ALIVE


def test_a_reused_pid_has_nothing() -> None:
    with running(CHILD) as (root, process):
        other = replace(root, started="1")
        assert Scales().measure([other, root])[other] == Taken(Life.GONE)
        os.kill(process.pid, signal.SIGSTOP)
        until(lambda: taken(root).life is Life.STOPPED)
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: taken(root) == Taken(Life.ZOMBIE))


def test_what_waits_in_its_terminal_is_counted() -> None:
    leader, follower = pty.openpty()
    tty.setraw(follower)
    with subprocess.Popen(["sleep", "1000"], stdin=follower) as process:
        try:
            root = identify(process.pid)
            assert root is not None
            os.write(leader, b"abc")
            until(lambda: taken(root).unread == 3)
        finally:
            process.kill()
            os.close(leader)
            os.close(follower)
    with running(CHILD) as (piped, _):
        assert taken(piped).unread is None
