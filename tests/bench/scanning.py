"""Accounts with many conversations: a survey of all, beside the least that it could cost.

python -m tests.bench.scanning [ROUNDS]
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.bench.measure import Cases, Figure, interleaved, load, table, wall
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.paths import Paths, private_directory
from tmuxclaude.survey import overview, scan

SIZES = {268: 338, 5000: 1000}
"""How many conversations, and how many megabytes they have together."""

FOLDERS = 40
GROWN = 5

DAY = 86400.0
DAYS = 28
"""How old the oldest one is; as many are of each day."""

FIRST, NOTHING, SOME = "the first survey", "nothing new, and none is shown", f"{GROWN} have grown"
WEEK, ALL = "nothing new, the last 7 days are shown", "nothing new, all are shown"
FLOOR, FULL = "scandir and stat", "json.loads of every line"
SURVEYS = (NOTHING, WEEK, ALL, SOME)

NEVER = 4e9
"""A time of which no record is."""


def measure(rounds: int) -> dict[int, dict[str, Figure]]:
    """The figures for each size."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="tc", dir="/var/tmp") as root:
        for size, megabytes in SIZES.items():
            home = Path(root) / str(size)
            paths = make(home / ".claude", size, megabytes)
            found[size] = _measure(home, paths, rounds)
    return found


def _measure(home: Path, paths: list[Path], rounds: int) -> dict[str, Figure]:
    env = {"HOME": str(home)}
    ours, rules, now = Paths.from_environment(env), Rules(), time.time()

    def first() -> None:
        ours.transcripts.unlink(missing_ok=True)
        assert survey().read == len(paths)

    def survey() -> scan.Survey:
        return scan.survey([str(home / ".claude")], ours.transcripts, since=NEVER)

    def nothing() -> None:
        assert survey().read == 0

    def looking(days: float) -> Callable[[], None]:
        """What ``conversations`` does before it looks at git, and the search for those due."""

        def look() -> None:
            found, _ = overview.look(ours, rules, env, now - days * DAY)
            assert abs(len(found) * DAYS - len(paths) * min(days, DAYS)) < DAYS

        return look

    private_directory(ours.state_dir)
    slow: Cases = {FULL: lambda: full(paths), FIRST: first}
    [figures] = interleaved(slow, 2, wall)
    quick: Cases = {
        FLOOR: lambda: floor(home / ".claude"),
        NOTHING: nothing,
        WEEK: looking(7),
        ALL: looking(10 * DAYS),
        SOME: _grown(paths, survey),
    }
    [more] = interleaved(quick, 3 * rounds, wall)
    return figures | more


def _grown(paths: list[Path], survey: Callable[[], scan.Survey]) -> Callable[[], None]:
    def grown() -> None:
        for path in paths[:GROWN]:
            with path.open("a") as file:
                file.write(turn(path.stem, 1, time.time() - DAY))
        assert survey().read == GROWN

    return grown


def floor(account: Path) -> None:
    """All names, and what each file is like."""
    with os.scandir(account / "projects") as folders:
        for folder in folders:
            with os.scandir(folder.path) as files:
                for file in files:
                    file.stat(follow_symlinks=False)


def full(paths: list[Path]) -> None:
    """Every record of every transcript."""
    for path in paths:
        with path.open("rb") as file:
            for line in file:
                json.loads(line)


def make(account: Path, size: int, megabytes: int) -> list[Path]:
    """So many transcripts of different sizes, all of which have this size together."""
    chance, paths, now = random.Random(1), [], time.time()
    for number in range(size):
        name = str(uuid.UUID(int=chance.getrandbits(128)))
        path = account / "projects" / f"-home-ann-p{number % FOLDERS}" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        wanted = megabytes * 1_000_000 / size * chance.choice((0.1, 0.3, 0.5, 1, 1, 3.1))
        at = now - DAY * DAYS * (number + 0.5) / size
        text = "".join(turn(name, count, at) for count in range(20))
        path.write_text(text * max(1, round(wanted / len(text))))
        paths.append(path)
    return paths


def turn(conversation: str, number: int, at: float) -> str:
    """A prompt, an answer that edits a file, and its result; ``at``: UTC epoch seconds."""
    common = {"sessionId": conversation, "cwd": "/home/ann/p", "uuid": str(uuid.uuid4())}
    common["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    edit = {"file_path": f"/home/ann/p/f{number}.py", "old_string": "x" * 900}
    used = {"input_tokens": 5, "cache_read_input_tokens": 20_000, "output_tokens": 90}
    call = {"type": "tool_use", "id": "t", "name": "Edit", "input": edit}
    answer = {"id": f"m{number}", "model": "claude", "usage": used, "content": [call]}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "z" * 6000}
    records: list[dict[str, object]] = [
        {**common, "type": "user", "message": {"role": "user", "content": "do the work " * 9}},
        {**common, "type": "assistant", "message": answer},
        {**common, "type": "user", "message": {"role": "user", "content": [result]}},
    ]
    return "".join(json.dumps(record) + "\n" for record in records)


def shown(found: dict[int, dict[str, Figure]]) -> str:
    """The figures as a table, with what each survey is of the least possible."""
    heads = ["A SURVEY OF CONVERSATIONS, CLOCK ms"]
    heads += [f"{size} ({SIZES[size]} MB)" for size in found]
    cases = (FULL, FIRST, FLOOR, *SURVEYS)
    rows = [[name, *(str(figures[name]) for figures in found.values())] for name in cases]
    for name in SURVEYS:
        ratios = [figures[name].median / figures[FLOOR].median for figures in found.values()]
        rows.append([f"  {name}, times {FLOOR}", *(f"{ratio:.1f}x" for ratio in ratios)])
    return table(heads, rows)


def reached(found: dict[int, dict[str, Figure]], case: str) -> bool:
    """Whether such a survey is within twice the least possible."""
    return all(one[case].median <= 2 * one[FLOOR].median for one in found.values())


if __name__ == "__main__":
    print(f"{load()}\n{shown(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 11))}")
