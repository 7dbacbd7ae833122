"""Processes of this machine: who one is, whether it lives, and asking it to end.

Knows ``/proc`` and, where there is none (macOS, unverified), psutil. Must not know what a process
is for. A pid alone is nobody, for it is reused: a ``Process`` is a pid with its start time and the
boot, and everything here looks at those first.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from tmuxclaude.core.model import Process

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HAS_PROC = _BOOT_ID.exists()

_STAT_BYTES = 4096
"""More than ``/proc/PID/stat`` ever has: some fifty numbers and a name of at most 64 bytes."""


class Life(StrEnum):
    """What became of a process."""

    ALIVE = "alive"
    STOPPED = "stopped"
    ZOMBIE = "zombie"
    GONE = "gone"


_LIVES = {"T": Life.STOPPED, "t": Life.STOPPED, "Z": Life.ZOMBIE, "X": Life.GONE, "x": Life.GONE}


@dataclass(frozen=True, slots=True)
class _Facts:
    """One reading. ``foreground`` is the process group that its terminal listens to, if known."""

    life: Life
    parent: int
    group: int
    foreground: int | None
    started: str


def identify(pid: int) -> Process | None:
    """The process that has this pid now; ``None`` when there is none. A zombie has one."""
    facts = _read(pid)
    return Process(pid, facts.started, _boot()) if facts else None


def life(process: Process) -> Life:
    """What became of it. ``GONE`` also when another process has its pid, or after a reboot."""
    facts = _same(process)
    return facts.life if facts else Life.GONE


def began(process: Process) -> float:
    """When it was started, in UTC epoch seconds, by the wall clock as that is set now."""
    if not _HAS_PROC:
        return float(process.started)
    ago = time.clock_gettime(time.CLOCK_BOOTTIME) - int(process.started) / os.sysconf("SC_CLK_TCK")
    return time.time() - ago


def in_foreground(process: Process) -> bool | None:
    """Whether its terminal's input goes to its process group; ``None`` where that is not told."""
    facts = _same(process)
    if facts is None:
        return False
    return None if facts.foreground is None else facts.foreground == facts.group


def descends_from(pid: int, ancestor: int) -> bool:
    """Whether ``ancestor`` is the process itself, its parent, or one further up."""
    seen: set[int] = set()
    while pid != ancestor:
        facts = _read(pid)
        if facts is None or facts.parent <= 0 or pid in seen:
            return False
        seen.add(pid)
        pid = facts.parent
    return True


def families() -> dict[int, list[int]]:
    """The pids of the children of every process that has any, as they are at this moment."""
    if not _HAS_PROC:
        import psutil

        pids = psutil.pids()
    else:
        pids = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal()]
    found: dict[int, list[int]] = {}
    for pid in sorted(pids):
        facts = _read(pid)
        if facts is not None and facts.life is not Life.ZOMBIE:
            found.setdefault(facts.parent, []).append(pid)
    return found


def owner(process: Process) -> int | None:
    """The uid of the user whose process it is; ``None`` when it does not live any more."""
    import psutil  # 50 ms, and only asked about processes that we did not start

    with suppress(psutil.Error):
        uid = int(psutil.Process(process.pid).uids().effective)
        return uid if _same(process) is not None else None
    return None


def resident_memory(pid: int) -> int:
    """The bytes that a process has in memory, for systems that tell no more; 0 without it."""
    if _HAS_PROC:
        return 0
    import psutil  # 50 ms, and Linux never needs it

    with suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def processor_seconds(pid: int) -> float:
    """The seconds of one processor that a process has used; the same, 0 without it."""
    if _HAS_PROC:
        return 0.0
    import psutil  # 50 ms, and Linux never needs it

    with suppress(psutil.Error):
        return float(sum(psutil.Process(pid).cpu_times()[:2]))
    return 0.0


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a process of our own user was started with, and where it is now.

    ``directory`` is empty, and the others too, when the system does not tell.
    """

    arguments: tuple[str, ...] = ()
    directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def portrait(process: Process) -> Portrait | None:
    """How exactly this process was started; ``None`` when it does not live any more."""
    import psutil  # 50 ms, and only asked about processes that we did not start

    if _same(process) is None:
        return None
    found = psutil.Process(process.pid)
    with suppress(psutil.Error, OSError):
        return Portrait(tuple(found.cmdline()), found.cwd(), dict(found.environ()))
    return Portrait() if _same(process) else None


def words() -> set[str]:
    """Every word of the command lines of all processes, as far as the system tells them."""
    import psutil  # 50 ms, and only asked when files are to be removed

    found: set[str] = set()
    for process in psutil.process_iter(["cmdline"]):
        found.update(process.info["cmdline"] or ())
    return found


def terminate(process: Process) -> bool:
    """Send SIGTERM to exactly this process; one that is stopped is also continued, to hear it.

    False when it does not live any more or is not ours to signal: nothing was sent then.
    """
    if not hasattr(os, "pidfd_open"):
        return _terminate_by(lambda number: os.kill(process.pid, number), process)
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        return _terminate_by(lambda number: signal.pidfd_send_signal(handle, number), process)
    finally:
        os.close(handle)


def _terminate_by(send: Callable[[signal.Signals], None], process: Process) -> bool:
    # Read after the handle was taken, so the handle is of this process or of nobody.
    was = life(process)
    if was not in {Life.ALIVE, Life.STOPPED}:
        return False
    try:
        send(signal.SIGTERM)
        if was is Life.STOPPED:
            send(signal.SIGCONT)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _same(process: Process) -> _Facts | None:
    facts = _read(process.pid)
    if facts is None or facts.started != process.started or process.boot != _boot():
        return None
    return facts


def _read(pid: int) -> _Facts | None:
    if pid <= 0:
        return None
    return _read_proc(pid) if _HAS_PROC else _read_psutil(pid)


def _read_proc(pid: int) -> _Facts | None:
    try:  # once for each session in each look, so by the barest way
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = os.read(descriptor, _STAT_BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    # The name in the second field may hold anything, brackets and blanks too.
    fields = text[text.rindex(b")") + 2 :].decode("ascii").split()
    state, parent, group, foreground, started = (fields[at] for at in (0, 1, 2, 5, 19))
    return _Facts(_LIVES.get(state, Life.ALIVE), int(parent), int(group), int(foreground), started)


def _read_psutil(pid: int) -> _Facts | None:
    import psutil  # 50 ms, and Linux never needs it

    lives = {
        psutil.STATUS_STOPPED: Life.STOPPED,
        psutil.STATUS_TRACING_STOP: Life.STOPPED,
        psutil.STATUS_ZOMBIE: Life.ZOMBIE,
        psutil.STATUS_DEAD: Life.GONE,
    }
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
        process = psutil.Process(pid)
        with process.oneshot():
            status, started = process.status(), str(process.create_time())
            parent = process.ppid()
        return _Facts(lives.get(status, Life.ALIVE), parent, os.getpgid(pid), None, started)
    return None


@cache
def _boot() -> str:
    if _HAS_PROC:
        return _BOOT_ID.read_text("ascii").strip()
    import psutil

    return str(int(psutil.boot_time()))
