"""Processes of this machine, real ones."""

from __future__ import annotations

import dataclasses
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.waiting import until
from tmuxclaude.core.model import Process
from tmuxclaude.edges import processes
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.processes import (
    Life,
    descends_from,
    identify,
    in_foreground,
    life,
    terminate,
)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["sleep", "1000"])
    yield child
    child.kill()
    child.wait()


def known(pid: int) -> Process:
    process = identify(pid)
    assert process is not None
    return process


def test_a_life(sleeper: subprocess.Popen[bytes]) -> None:
    process = known(sleeper.pid)
    assert life(process) is Life.ALIVE
    os.kill(process.pid, signal.SIGSTOP)
    until(lambda: life(process) is Life.STOPPED)
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: life(process) is Life.ZOMBIE)
    assert identify(process.pid) == process
    sleeper.wait()
    assert life(process) is Life.GONE
    assert identify(process.pid) is None


def test_a_reused_pid_is_somebody_else(sleeper: subprocess.Popen[bytes]) -> None:
    process = known(sleeper.pid)
    earlier = dataclasses.replace(process, started=str(int(process.started) - 1))
    before_reboot = dataclasses.replace(process, boot="another")
    for other in (earlier, before_reboot):
        assert life(other) is Life.GONE
        assert in_foreground(other) is False
        assert terminate(other) is False
    assert life(process) is Life.ALIVE


REUSE = """
import os, subprocess
from tmuxclaude.edges.processes import identify, life, terminate

def uptime():
    with open("/proc/uptime") as file:
        return file.read().split()[0]

first = subprocess.Popen(["sleep", "1000"])
known = identify(first.pid)
first.kill()
first.wait()
began = uptime()
while uptime() == began:  # the kernel counts starts in hundredths of a second
    pass
with open("/proc/sys/kernel/ns_last_pid", "w") as file:
    file.write(str(first.pid - 1))
stranger = subprocess.Popen(["sleep", "1000"])
same = stranger.pid == first.pid
print(same, life(known), terminate(known), life(identify(stranger.pid)), stranger.poll())
stranger.kill()
"""


def test_a_pid_that_the_kernel_gave_to_another_is_not_signalled() -> None:
    apart = ["unshare", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], check=False).returncode:
        pytest.skip("pids can be given again only in a namespace of pids")
    call = [*apart, sys.executable, "-c", REUSE]
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]}
    done = subprocess.run(call, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "gone", "False", "alive", "None"]


def test_started_is_what_the_kernel_says(sleeper: subprocess.Popen[bytes]) -> None:
    stat = Path(f"/proc/{sleeper.pid}/stat").read_text().split()
    assert known(sleeper.pid).started == stat[21]
    assert known(sleeper.pid).boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_name_with_brackets_and_blanks(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    child = subprocess.Popen([program, "1000"])
    try:
        until(lambda: ") S 1 (" in Path(f"/proc/{child.pid}/stat").read_text())
        process = known(child.pid)
        assert descends_from(child.pid, os.getpid())
        assert life(process) is Life.ALIVE
        assert int(process.started) > 1000
    finally:
        child.kill()
        child.wait()


def test_nobody() -> None:
    assert identify(0) is None
    assert identify(-1) is None
    assert identify(2**31 - 1) is None


@pytest.mark.parametrize("stopped", [False, True])
def test_terminate_lets_a_program_say_goodbye(stopped: bool) -> None:
    script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        process = known(child.pid)
        if stopped:
            os.kill(process.pid, signal.SIGSTOP)
            until(lambda: life(process) is Life.STOPPED)
        try:
            assert terminate(process) is True
            assert child.wait(5) == 7
        finally:
            child.kill()
    assert terminate(process) is False


def test_a_zombie_is_not_signalled(sleeper: subprocess.Popen[bytes]) -> None:
    process = known(sleeper.pid)
    sleeper.kill()
    until(lambda: life(process) is Life.ZOMBIE)
    assert terminate(process) is False


def test_the_foreground_is_who_the_terminal_listens_to() -> None:
    script = (
        "import os, sys, time\n"
        "child = os.fork()\n"
        "os.setpgid(0, 0) if child == 0 else print(child, flush=True)\n"
        "time.sleep(1000)\n"
    )
    pid, master = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-ISc", script])
    child = int(os.read(master, 100))
    try:
        until(lambda: os.getpgid(child) == child)
        assert in_foreground(known(pid)) is True
        assert in_foreground(known(child)) is False
    finally:
        for each in (pid, child):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        os.close(master)
        os.waitpid(pid, 0)


def test_descent(sleeper: subprocess.Popen[bytes]) -> None:
    assert descends_from(sleeper.pid, sleeper.pid)
    assert descends_from(sleeper.pid, os.getpid())
    assert descends_from(sleeper.pid, os.getppid())
    assert not descends_from(os.getpid(), sleeper.pid)
    assert not descends_from(2**31 - 1, os.getpid())


def test_without_proc(sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_HAS_PROC", False)
    processes._boot.cache_clear()
    try:
        process = known(sleeper.pid)
        assert life(process) is Life.ALIVE
        assert life(dataclasses.replace(process, started="1.0")) is Life.GONE
        assert in_foreground(process) is None
        assert descends_from(process.pid, os.getpid())
        assert terminate(process) is True
        until(lambda: life(process) is Life.ZOMBIE)
        sleeper.wait()
        assert life(process) is Life.GONE
    finally:
        processes._boot.cache_clear()


def test_three_hundred_are_cheap() -> None:
    process = known(os.getpid())
    begin = time.process_time()
    for _ in range(300):
        life(process)
        in_foreground(process)
    assert time.process_time() - begin < 0.2


def test_the_clock_is_the_systems() -> None:
    clock = Clock()
    assert abs(clock.now() - time.time()) < 5
    assert abs(clock.monotonic() - time.monotonic()) < 5


def test_when_a_process_began(sleeper: subprocess.Popen[bytes]) -> None:
    before = processes.began(known(os.getpid()))
    assert before < processes.began(known(sleeper.pid)) + 0.02  # as fine as the kernel tells it
    assert abs(processes.began(known(sleeper.pid)) - time.time()) < 5
