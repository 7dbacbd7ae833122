"""What a process and all below it take of this machine: memory, processors, unread input.

Knows ``/proc`` and, where there is none (macOS, unverified), asks ``processes``. Memory is the
proportional share (PSS): what two processes share counts half for each, so that sums are true.
Where a process does not let us see that, or the kernel does not tell, it is what lies in memory
less what is shared. Nothing here is quick for hundreds of processes: it belongs into a worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.core.model import Process
from tmuxclaude.edges import processes, terminals

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process tree takes at one moment.

    ``memory``: bytes. ``seconds``: of one processor, used since each began, children that have
    ended included. ``life``: of the root. ``unread``: bytes that wait in the root's terminal;
    ``None``: not known.
    """

    life: processes.Life
    memory: int = 0
    seconds: float = 0.0
    unread: int | None = None


def measure(roots: Iterable[Process]) -> dict[Process, Taken]:
    """What each of these processes takes, with everything below it."""
    children = processes.families()
    return {root: _taken(root, children) for root in roots}


def _taken(root: Process, children: Mapping[int, list[int]]) -> Taken:
    life = processes.life(root)
    if life in (processes.Life.GONE, processes.Life.ZOMBIE):
        return Taken(life)
    pids = _below(root.pid, children)
    memory, seconds = sum(map(_memory, pids)), sum(map(_seconds, pids))
    if processes.life(root) is processes.Life.GONE:  # it may have been anybody's pid meanwhile
        return Taken(processes.Life.GONE)
    return Taken(life, memory, seconds, terminals.unread(_terminal(root.pid)))


def _below(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    """The process itself and all of its descendants."""
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += [child for child in children.get(found[-1], ()) if child not in found]
    return found


def _memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace")
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")
    except (OSError, StopIteration):
        pass
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
        return max(0, int(resident) - int(shared)) * _PAGE
    except (OSError, ValueError):
        return processes.resident_memory(pid)


def _seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return processes.processor_seconds(pid)
    # The name in the second field may hold anything, brackets and blanks too.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return sum(int(field) for field in fields[11:15]) / _TICK


def _terminal(pid: int) -> str:
    """The path of the terminal that a process reads; empty when it reads none, or is not ours."""
    try:
        return str(Path(f"/proc/{pid}/fd/0").readlink())
    except OSError:
        return ""
