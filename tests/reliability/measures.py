"""What is measured beside crashes and swaps: commits, coming back, modes of files."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.reliability.fragile import Fragile
from tests.store.processes import start
from tests.store.test_crash import WRITER
from tests.supervisor.house import Seat
from tests.waiting import until
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing


def lost_commits(path: Path, wanted: int, kills_after: int = 90) -> tuple[int, int, int]:
    """Kills writers until so many commits were acknowledged: acknowledged, lost, kills.

    Fails when the database is not whole after a kill.
    """
    acknowledged = lost = kills = 0
    while acknowledged < wanted:
        writer = start(WRITER, path, acknowledged)
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(kills_after + 17 * (kills % 7))]
        writer.kill()
        lines += writer.stdout.read().splitlines()
        writer.wait()
        kills += 1
        told = {float(line) for line in lines if line.strip()}
        with closing(open_for_writing(path)) as database:
            kept = {event.at for event in Books(database).events.of("s1", last=10**6)}
            assert database.row("PRAGMA integrity_check") == {"integrity_check": "ok"}
        lost += len(told - kept)
        acknowledged = len(kept)
    return acknowledged, lost, kills


def back_and_found(house: Fragile, seats: list[Seat]) -> tuple[float, float]:
    """Seconds from a start after kill -9 until it answers, and until it has seen every session."""
    house.kill()
    began = time.monotonic()
    house.start()
    back = time.monotonic() - began
    for seat in seats:
        until(lambda s=seat: "process: alive" in house.explain(s.name), what=seat.story)
    return back, time.monotonic() - began


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def open_to_others(*roots: Path) -> list[str]:
    """Every file and directory below that is not for its user alone."""
    found = []
    for root in roots:
        for path in (root, *root.rglob("*")):
            mode = path.lstat().st_mode
            wanted = 0o700 if stat.S_ISDIR(mode) else 0o600
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & ~wanted:
                found.append(f"{path} {stat.S_IMODE(mode):04o}")
    return found
