"""What breaks around a supervisor: its tmux, its database, its disk, its clocks, its own process.

Each fault is a real one, in the private directories of one house, and ends with its context.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from tests.supervisor.house import House
from tests.waiting import until
from tmuxclaude.store.format import family

# -- tmux ------------------------------------------------------------------------------------------

_SHIM = """#!/bin/sh
echo "$*" >> {calls}
for socket in {moods}/*; do
    [ -s "$socket" ] || continue
    read mood left path < "$socket"
    case " $* " in *" $path "*) ;; *) continue ;; esac
    [ "$left" -gt 0 ] || continue
    echo "$mood $((left - 1)) $path" > "$socket"
    case $mood in
        fail) echo "it is not a good moment" >&2; exit 1 ;;
        empty) exit 0 ;;
        hang) exec sleep 60 ;;
        late)
            asked=$(cat; echo .) told=1
            case $asked in *new-window*|*new-session*|*respawn-pane*) told= ;; esac
            heard=$(printf %s "${{asked%.}}" | {tmux} "$@"; echo .)
            [ "$told" ] || exec sleep 60
            printf %s "${{heard%.}}"
            exit ;;
    esac
done
exec {tmux} "$@"
"""


class Shim:
    """A ``tmux`` before the real one, for a house whose supervisor has not started yet."""

    def __init__(self, house: House) -> None:
        real = shutil.which("tmux")
        assert real is not None
        self._moods = house.home / "moods"
        self._moods.mkdir()
        self._calls = house.home / "tmux-calls"
        program = house.programs / "tmux"
        program.write_text(_SHIM.format(calls=self._calls, moods=self._moods, tmux=real))
        program.chmod(0o755)

    def mood(self, mood: str, socket: str, times: int = 1_000_000) -> None:
        """So many times it will ``fail``, say nothing (``empty``) or ``hang`` for this server.

        ``late``: it does what it is asked, but whoever has a program started does not hear of it.
        """
        name = socket.replace("/", "_")
        fresh = self._moods.with_name(f"{name}.new")
        fresh.write_text(f"{mood} {times} {socket}\n")
        fresh.replace(self._moods / name)

    def well(self, socket: str) -> None:
        (self._moods / socket.replace("/", "_")).unlink()

    def calls(self, socket: str) -> int:
        """How often it was asked anything of this server."""
        text = self._calls.read_text() if self._calls.exists() else ""
        return sum(socket in line.split() for line in text.splitlines())


# -- the database ----------------------------------------------------------------------------------


def text_instead(database: Path) -> None:
    database.write_text("this is not a database\n" * 300)


def zero_bytes(database: Path) -> None:
    """As a disk that was full, or a crash of the machine, can leave it."""
    for name in (f"{database}-wal", f"{database}-shm"):
        Path(name).unlink(missing_ok=True)
    database.write_bytes(b"")


def truncated(database: Path) -> None:
    _settled(database)
    os.truncate(database, database.stat().st_size // 2)


def bad_page(database: Path) -> None:
    """The table of halts cannot be read; that of the sessions can."""
    _settled(database)
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'halts'")
        [page] = found.fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def orphan_log(database: Path) -> None:
    """Somebody removed the database, and not what lies beside it."""
    log = Path(f"{database}-wal")
    if not log.exists():
        log.write_bytes(b"\0" * 64)
    database.unlink()


def removed(database: Path) -> None:
    for name in family(database):
        Path(name).unlink(missing_ok=True)


def _settled(database: Path) -> None:
    """All of it in one file, as after an end in order."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


_HOLDER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.executescript(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(database: Path, stopped: bool = False, readers_too: bool = False) -> Iterator[None]:
    """Another program holds the write lock; with ``stopped`` it does not even run."""
    begin = "PRAGMA locking_mode = EXCLUSIVE;" if readers_too else ""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(database), f"{begin} BEGIN IMMEDIATE"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        if stopped:
            holder.send_signal(signal.SIGSTOP)
        yield
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def no_more_bytes(pid: int) -> Iterator[None]:
    """Every file of this process is as big as it may be: it cannot write behind its first byte."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


def failing_sync(pid: int) -> AbstractContextManager[None]:
    """The disk reports an error (EIO) whenever this process asks it to keep what was written."""
    return failing(pid, "fsync,fdatasync", "EIO")


@contextmanager
def failing(pid: int, calls: str, error: str) -> Iterator[None]:
    """These system calls of a process do nothing but fail with this error."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-p", str(pid), f"-etrace={calls}", f"-einject={calls}:error={error}"],
        stderr=subprocess.PIPE,
    )
    assert tracer.stderr is not None
    try:
        said = tracer.stderr.readline()
        assert b"attached" in said, said
        drain = threading.Thread(target=tracer.stderr.read)
        drain.start()
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        drain.join()


WITHOUT_ROOTS_RIGHTS = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
"""Starts a program for which the modes of files count, even when the tests run as root."""


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Nothing can be made in this directory."""
    directory.chmod(0o500)
    try:
        yield
    finally:
        directory.chmod(0o700)


@contextmanager
def small_disk(directory: Path, kilobytes: int) -> Iterator[None]:
    """``directory`` is a small disk of its own. Raises ``CalledProcessError`` without the right."""
    size = f"size={kilobytes}k,mode=0700"
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(directory)],
        check=True,
        capture_output=True,
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


@contextmanager
def full(directory: Path) -> Iterator[None]:
    """No byte more fits on the disk of ``directory``."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 65536
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        ballast.unlink()


# -- the supervisor's own process ------------------------------------------------------------------


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """SIGSTOP, and SIGCONT at the end."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
