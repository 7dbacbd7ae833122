"""What a process and all below it take of this machine: memory, processors, unread input.

Knows ``/proc`` and, where there is none (macOS, unverified), asks ``processes``. Memory is the
proportional share (PSS): what two processes share counts half for each, so that sums are true.
Where a process does not let us see that, or the kernel does not tell, it is what lies in memory
less what is shared.

Nothing here is quick for hundreds of processes: it belongs into a worker. The share is what costs,
for the kernel walks through all of a process's pages, 4 ms for 350 MB: it is asked for again only
where what lies in memory has changed, or for the few whose turn it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.core.model import Process
from tmuxclaude.edges import processes, terminals

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

PROCESSORS = os.cpu_count() or 1

CHANGED = 0.05
"""By what part of it a process's memory must have changed for its share to be asked for again."""

TURNS = 10
"""In how many looks each process's share is asked for anyway: others may share less by then."""


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


@dataclass(slots=True)
class Scales:
    """Remembers what each process weighed, by its pid: pages in memory, and bytes of its share."""

    _weighed: dict[int, tuple[int, int]] = field(default_factory=dict)
    _looks: int = 0

    def measure(self, roots: Iterable[Process]) -> dict[Process, Taken]:
        """What each of these processes takes, with everything below it. One call at a time."""
        self._looks += 1
        before, self._weighed = self._weighed, {}
        children = processes.families()
        return {root: self._taken(root, children, before) for root in roots}

    def _taken(
        self,
        root: Process,
        children: Mapping[int, list[int]],
        before: Mapping[int, tuple[int, int]],
    ) -> Taken:
        life = processes.life(root)
        if life in (processes.Life.GONE, processes.Life.ZOMBIE):
            return Taken(life)
        pids = _below(root.pid, children)
        memory = sum(self._memory(pid, before.get(pid)) for pid in pids)
        seconds = sum(map(_seconds, pids))
        if processes.life(root) is processes.Life.GONE:  # it may have been anybody's pid meanwhile
            return Taken(processes.Life.GONE)
        return Taken(life, memory, seconds, terminals.unread(_terminal(root.pid)))

    def _memory(self, pid: int, before: tuple[int, int] | None) -> int:
        try:
            statm = Path(f"/proc/{pid}/statm").read_text("ascii").split()
            resident, shared = int(statm[1]), int(statm[2])
        except (OSError, ValueError, IndexError):
            return processes.resident_memory(pid)
        if before is None or self._is_due(pid, resident, before[0]):
            share = _share(pid)
            own = max(0, resident - shared) * _PAGE
            before = resident, own if share is None else share
        self._weighed[pid] = before
        return before[1]

    def _is_due(self, pid: int, resident: int, before: int) -> bool:
        return abs(resident - before) > before * CHANGED or (self._looks + pid) % TURNS == 0


def _below(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    """The process itself and all of its descendants."""
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += [child for child in children.get(found[-1], ()) if child not in found]
    return found


def _share(pid: int) -> int | None:
    """The proportional share; ``None`` where it is not told."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace")
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")
    except (OSError, StopIteration):
        return None


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
