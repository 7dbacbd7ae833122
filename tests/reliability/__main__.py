"""Prints the figures that are promised, measured here and now: ``make reliability``.

``python -m tests.reliability [--swaps N] [--kills N] [--commits N]``. It takes its time; the short
forms are this package's tests. Exit status 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from tests.conftest import PrivateServer
from tests.reliability.endings import endings
from tests.reliability.fragile import Fragile, Tally, instants
from tests.reliability.measures import back_and_found, lost_commits, open_to_others, umask
from tests.reliability.places import KEYS, LAUNCH, STASH
from tests.reliability.swaps import Swapping, Swaps

Kind = TypeVar("Kind", bound=Fragile)
BATCH = 16
WAYS = ["menu", "free", "dead", "draft"]
HERE = Path(__file__).parent


class Row(NamedTuple):
    """One line of the table."""

    promise: str
    figure: str
    holds: bool


@contextmanager
def living(kind: type[Kind]) -> Iterator[Kind]:
    """A house of this kind in an empty home."""
    with tempfile.TemporaryDirectory(prefix="tch", dir="/tmp", ignore_cleanup_errors=True) as home:
        os.environ["HOME"] = home
        server = PrivateServer().start(100, 30)
        house = kind(Path(home), server)
        try:
            yield house
        finally:
            house.stop()
            server.remove()


def say(text: object) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def swaps(wanted: int) -> Row:
    total = Swaps()
    while total.swaps < wanted:
        with living(Swapping) as house:
            behind = total.swaps // BATCH % 2 == 1
            total.add(house.swap(min(BATCH, wanted - total.swaps), shell_behind=behind))
        say(total)
    return Row("resume text run by a shell", str(total), total.run == 0)


def kills(wanted: int) -> Row:
    """Each place once, then random instants until there were enough."""
    total, seed = Tally(), 0
    batches: list[tuple[list[str], list[str | float]]] = [
        (["menu"] * 6 + ["free"] * 4, [*KEYS]),
        (["draft"] * 6, [*STASH]),
        (["dead"] * 8, [*LAUNCH]),
    ]
    with living(Fragile) as house:
        total.add(endings(house))
    say(total)
    while total.kills < wanted:
        seed += 1
        ways, places = batches.pop(0) if batches else (WAYS * 3, [*instants(seed, 20)])
        part = {"slow_echo": 0.3} if seed % 3 == 0 else {}
        with living(Fragile) as house:
            total.add(house.batch(ways, places, **part))
        say(total)
    for story in total.stories:
        print(story, file=sys.stderr)
    return Row("resumes for each halt under kill -9", str(total), total.promise_holds())


def commits(wanted: int) -> Row:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        acknowledged, lost, count = lost_commits(Path(folder) / "tmuxclaude.db", wanted)
    figure = f"{lost} of {acknowledged}, {count} kills, integrity check ok"
    return Row("acknowledged commits lost under kill -9", figure, lost == 0)


def coming_back() -> Row:
    with living(Fragile) as house:
        house.start()
        seats = [house.open(f"kept-{at}") for at in range(10)]
        for seat in seats:
            seat.idle()
        figures = [back_and_found(house, seats) for _ in range(10)]
    back, found = max(one for one, _ in figures), max(one for _, one in figures)
    figure = f"at most {back:.2f} s / {found:.2f} s in 10 kills, 10 sessions"
    return Row("supervisor back / sessions found again", figure, back <= 2 and found <= 5)


def modes() -> Row:
    bad: list[str] = []
    for mask in (0o000, 0o022, 0o077):
        with living(Fragile) as house, umask(mask):
            house.start()
            house.open("any").idle()
            bad += open_to_others(house.paths.state_dir, house.paths.runtime_dir)
    figure = "none open to others under umask 000, 022, 077" if not bad else ", ".join(bad)
    return Row("files 0600, directories 0700", figure, not bad)


def tested(promise: str, file: str) -> Row:
    """A promise whose figure is that its tests pass, with what they print."""
    call = [sys.executable, "-m", "pytest", str(HERE / file), "-q", "-rP"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines() or ["nothing"]
    seen = [line for line in lines if line.startswith("seen after")]
    return Row(promise, "; ".join([*seen, lines[-1]]), done.returncode == 0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    for name, count in (("swaps", 1000), ("kills", 500), ("commits", 5000)):
        parser.add_argument(f"--{name}", type=int, default=count)
    given = parser.parse_args()
    measures: list[Callable[[], Row]] = [
        lambda: swaps(given.swaps),
        lambda: kills(given.kills),
        lambda: commits(given.commits),
        coming_back,
        lambda: tested("hostile text reaching a shell", "test_hostile_text.py"),
        lambda: tested("one hostile file delays the others", "test_bombs.py"),
        modes,
    ]
    rows = []
    for measure in measures:
        rows.append(measure())
        say(rows[-1])
    print("| promise | figure | holds |\n| --- | --- | --- |")
    for row in rows:
        print(f"| {row.promise} | {row.figure} | {'yes' if row.holds else 'NO'} |")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
