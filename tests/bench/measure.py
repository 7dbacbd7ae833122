"""Rounds of several cases one after the other, so that other load on the machine meets them all."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF
from typing import Self

import psutil

Cases = Mapping[str, Callable[[], object]]


Meter = Callable[[], float]


def wall() -> float:
    """Milliseconds on the clock on the wall."""
    return time.perf_counter() * 1000


def processor(*others: psutil.Process) -> Meter:
    """Milliseconds of processor time: ours, that of our ended children, and of these others.

    What else runs on the machine hardly touches it.
    """

    def meter() -> float:
        used = [resource.getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        ours = sum(one.ru_utime + one.ru_stime for one in used)
        return ours * 1000 + sum(map(_run_time, others))

    return meter


def _run_time(process: psutil.Process) -> float:
    try:
        # In nanoseconds, where psutil knows hundredths of a second.
        told = Path(f"/proc/{process.pid}/schedstat").read_text()
    except OSError:
        times = process.cpu_times()
        return (times.user + times.system) * 1000
    return int(told.split()[0]) / 1_000_000


@dataclass(frozen=True)
class Figure:
    """What was measured, as median and span. Times are in milliseconds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Self:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.least)}-{_short(self.most)})"


def interleaved(
    cases: Cases, rounds: int, *meters: Meter, rest: float = 0.0
) -> list[dict[str, Figure]]:
    """Each case once in each round, in an order that turns; the figures of each meter.

    ``rest``: seconds before each case, in which others finish what the one before set off.
    """
    took: list[dict[str, list[float]]] = [{name: [] for name in cases} for _ in meters]
    names = list(cases)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            time.sleep(rest)
            began = [meter() for meter in meters]
            cases[name]()
            for values, meter, at in zip(took, meters, began, strict=True):
                values[name].append(meter() - at)
    return [{name: Figure.of(got) for name, got in values.items()} for values in took]


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Plain text, the first column to the left and the others to the right."""
    lines = [heads, *rows]
    wide = [max(len(line[at]) for line in lines) for at in range(len(heads))]

    def shown(line: list[str]) -> str:
        cells = [cell.rjust(width) for cell, width in zip(line, wide, strict=True)]
        return "  ".join([line[0].ljust(wide[0]), *cells[1:]])

    return "\n".join(map(shown, lines))


def load() -> str:
    """What else the machine does, as the kernel tells it; with a warning when that is much."""
    one, five, _ = os.getloadavg()
    cores = os.cpu_count() or 1
    busy = "" if one < cores / 2 else "  BUSY: trust the ratios, not the milliseconds"
    return f"load {one:.1f} now, {five:.1f} in five minutes, on {cores} cores{busy}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
