"""One process holds the lock, and a keeper brings a program back until it is told not to."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.store.processes import start
from tests.waiting import until
from tmuxclaude.core.errors import AlreadyRunningError, RefusedError
from tmuxclaude.edges import single

RUN = Path("/run")

HOLDER = """
import os, sys, time
from pathlib import Path
from tmuxclaude.edges import single
lock = single.Lock(Path(sys.argv[1]), Path('/run'))
print(os.getpid(), flush=True)
time.sleep(1000)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "supervisor.lock"


def test_only_one_process_holds_it_and_a_killed_one_does_not(path: Path) -> None:
    holder = start(HOLDER, path)
    try:
        assert holder.stdout is not None
        assert int(holder.stdout.readline()) == holder.pid
        with pytest.raises(AlreadyRunningError, match=rf"\(process {holder.pid}\)"):
            single.Lock(path, RUN)
    finally:
        holder.kill()
        holder.communicate()
    lock = single.Lock(path, RUN)
    assert path.read_text() == f"{os.getpid()}\n/run\n"
    lock.release()


@pytest.mark.parametrize("garbage", [b"", b"abc", b"1\n", b"\0" * 99, b"9" * 99_999])
def test_what_stands_in_the_file_is_no_lock(garbage: bytes, path: Path) -> None:
    path.write_bytes(garbage)
    lock = single.Lock(path, RUN)
    assert path.read_bytes() == b"%d\n/run\n" % os.getpid()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lock.release()


def test_a_holder_that_has_not_written_its_name_yet_is_waited_for(path: Path) -> None:
    with path.open("w+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunningError, match="process unknown"):
            single.Lock(path, RUN)
        threading.Timer(0.05, file.write, (b"4711\n",)).start()
        with pytest.raises(AlreadyRunningError, match="process 4711"):
            single.Lock(path, RUN)


def test_a_lock_whose_file_was_taken_away_is_not_held(path: Path) -> None:
    lock = single.Lock(path, RUN)
    assert lock.held()
    path.rename(path.with_name("elsewhere"))
    assert not lock.held()
    path.touch()
    assert not lock.held()
    path.with_name("elsewhere").rename(path)
    assert lock.held()
    lock.release()


def test_children_do_not_hold_it(path: Path) -> None:
    lock = single.Lock(path, RUN)
    with subprocess.Popen(["sleep", "1000"], close_fds=False) as child:
        lock.release()
        single.Lock(path, RUN).release()
        assert child.poll() is None
        child.kill()


def test_a_link_in_its_place_is_refused(path: Path) -> None:
    victim = path.with_name("victim")
    victim.write_text("mine")
    path.symlink_to(victim)
    with pytest.raises(RefusedError):
        single.Lock(path, RUN)
    assert victim.read_text() == "mine"


# The keeper

Keep = Callable[[str], subprocess.Popen[bytes]]

PRINT = "import os, sys; print(os.getpid(), flush=True); "


@pytest.fixture
def down(tmp_path: Path) -> Path:
    return tmp_path / "supervisor.down"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "supervisor.log"


@pytest.fixture
def keep(down: Path, log: Path, tmp_path: Path) -> Iterator[Keep]:
    """Keeps a Python that runs this code; it and its keeper end with the test."""
    keepers: list[subprocess.Popen[bytes]] = []

    def keep(code: str) -> subprocess.Popen[bytes]:
        env = {"PATH": os.environ["PATH"], "TMUX": "/s,1,2", "TMUX_PANE": "%1"}
        keepers.append(single.keep_running(["-c", code], log, down, env))
        return keepers[-1]

    yield keep
    for keeper in keepers:
        with suppress(ProcessLookupError):
            os.killpg(keeper.pid, signal.SIGKILL)
        keeper.wait()


def started(log: Path) -> list[int]:
    """The pids that the kept program printed, one for each time that it was started."""
    return [int(line) for line in log.read_text().splitlines() if line.isdecimal()]


@pytest.mark.parametrize("status", [0, 2, 4, 75])
def test_a_program_that_ends_in_order_is_not_brought_back(
    status: int, keep: Keep, log: Path
) -> None:
    keeper = keep(PRINT + f"sys.exit({status})")
    assert keeper.wait(10) == status
    assert len(started(log)) == 1


@pytest.mark.parametrize("code", ["sys.exit(70)", "sys.exit(1)", "os.kill(os.getpid(), 9)"])
def test_a_program_that_crashes_is_brought_back(code: str, keep: Keep, log: Path) -> None:
    keeper = keep(PRINT + code)
    until(lambda: len(started(log)) >= 3)
    assert keeper.poll() is None


def test_a_program_that_was_killed_is_brought_back_soon(keep: Keep, log: Path) -> None:
    keeper = keep(PRINT + "import time; time.sleep(1000)")
    [first] = until(lambda: started(log))
    os.kill(first, signal.SIGKILL)
    until(lambda: len(started(log)) == 2)
    assert keeper.poll() is None


def test_who_is_told_to_stay_down_does_not_come_back(keep: Keep, down: Path, log: Path) -> None:
    keeper = keep(PRINT + "sys.exit(70)")
    until(lambda: started(log))
    single.stay_down(down)
    assert keeper.wait(10) is not None
    times = len(started(log))
    assert stat.S_IMODE(down.stat().st_mode) == 0o600
    again = keep(PRINT + "import time; time.sleep(1000)")
    until(lambda: len(started(log)) == times + 1)
    assert again.poll() is None
    assert not down.exists()


def test_it_leaves_the_callers_terminal_directory_and_tmux(keep: Keep, log: Path) -> None:
    keeper = keep(
        "import os; print(os.getsid(0), os.getcwd(), os.ttyname(0) if os.isatty(0) else 'no tty',"
        " sorted({'TMUX', 'TMUX_PANE'} & set(os.environ)))"
    )
    keeper.wait(10)
    assert log.read_text() == f"{keeper.pid} / no tty []\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_it_outlives_its_caller(down: Path, log: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tmuxclaude.edges import single;"
        "print(single.keep_running(['-c', sys.argv[3]], Path(sys.argv[1]), Path(sys.argv[2]),"
        " {}).pid)"
    )
    kept = PRINT + "import time; time.sleep(1000)"
    call = [sys.executable, "-c", code, str(log), str(down), kept]
    caller = subprocess.run(call, capture_output=True, text=True, check=True, timeout=20)
    keeper = int(caller.stdout)
    try:
        [first] = until(lambda: started(log))
        os.kill(first, signal.SIGKILL)
        until(lambda: len(started(log)) == 2)
    finally:
        os.killpg(keeper, signal.SIGKILL)


def test_a_planted_log_is_not_written_to(keep: Keep, log: Path) -> None:
    victim = log.with_name("victim")
    victim.write_text("mine")
    log.symlink_to(victim)
    with pytest.raises(RefusedError):
        keep("print('x')")
    assert victim.read_text() == "mine"
