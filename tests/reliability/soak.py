"""A night in ten minutes: sessions that meet their limits, die, come back and end, over and over.

The supervisor's clock leaps ahead for each reset, so hours pass. In the end every halt must be
accounted for, and what the supervisor holds open must be what it held in the beginning.

    python -m tests.reliability.soak [--minutes 10] [--sessions 50]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.conftest import PrivateServer
from tests.reliability.fragile import Fragile, Tally, settled
from tests.supervisor.house import AHEAD, LIMIT, SLACK
from tests.waiting import until
from tmuxclaude.api import wire

WAYS = ("menu", "free", "dead")


@dataclass(frozen=True)
class Held:
    """What the supervisor holds at one moment: descriptors, memory (MB), children, zombies."""

    files: int
    memory: float
    children: int
    zombies: int

    @classmethod
    def by(cls, pid: int) -> Held:
        process = psutil.Process(pid)
        children = process.children(recursive=True)
        zombies = [child for child in children if child.status() == psutil.STATUS_ZOMBIE]
        memory = process.memory_full_info().uss / 2**20
        return cls(process.num_fds(), memory, len(children), len(zombies))

    def __str__(self) -> str:
        return (
            f"{self.files} descriptors, {self.memory:.1f} MB of its own, "
            f"{self.children} children, {self.zombies} zombies"
        )


@dataclass
class Night:
    """One supervisor for the whole time; each cycle opens sessions anew and ends them."""

    house: Fragile
    sessions: int
    tally: Tally = field(default_factory=Tally)
    held: list[Held] = field(default_factory=list)
    ahead: float = 0.0
    cycles: int = 0

    def cycle(self) -> None:
        """Limited, some dead, due, resumed, counted, stopped."""
        names = [WAYS[at % len(WAYS)] for at in range(self.sessions)]
        # The accounts live by the real clock, the supervisor is ahead of it.
        limit = LIMIT | {"resets_in": self.ahead + AHEAD}
        seats = self.house.all_limited([f"{way}-{self.cycles}" for way in names], limit=limit)
        self.ahead += AHEAD + SLACK
        self.house.shift(self.ahead)
        until(lambda: settled(seats), lambda: self.house.log()[-3000:])
        self.tally.add(self.house.count(seats))
        self.house.ask(wire.Stop(every=True, now=True), wire.Verdicts)
        until(lambda: all(seat.state == "ended" for seat in seats), what=self.house.log)
        self.cycles += 1
        self.held.append(Held.by(self.house.ask(wire.Ping(), wire.Pong).pid))


def spend(house: Fragile, sessions: int, seconds: float) -> Night:
    """Cycles until the time is over, at least two."""
    house.configure(stagger_seconds=0)
    house.start()
    night, end = Night(house, sessions), time.monotonic() + seconds
    while night.cycles < 2 or time.monotonic() < end:
        night.cycle()
        print(f"cycle {night.cycles}: {night.held[-1]}; {night.tally}", flush=True)
    house.stop()
    return night


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--sessions", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tc-") as home:
        server = PrivateServer()
        house = Fragile(Path(home).resolve(), server.start())
        try:
            night = spend(house, options.sessions, options.minutes * 60)
        finally:
            house.stop()
            server.remove()
    first, last = night.held[0], night.held[-1]
    print(f"first cycle: {first}\nlast cycle:  {last}\n{night.cycles} cycles: {night.tally}")
    flat = last.files <= first.files + 3 and last.zombies == 0
    return 0 if flat and night.tally.promise_holds() else 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
