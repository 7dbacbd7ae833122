"""A named place kills the process with SIGKILL, and costs nothing when none is named."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tmuxclaude.edges import failpoints
from tmuxclaude.edges.failpoints import PLACES, VARIABLE

ROOT = Path(__file__).parents[2]
PASSES = """
from tmuxclaude.edges.failpoints import around, reach
for number in range(3):
    with around("type"):
        print("typed", number, flush=True)
reach("enter-before")
"""


def run(given: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PASSES],
        env={"PYTHONPATH": str(ROOT)} | ({VARIABLE: given} if given else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_nothing_happens_without_a_name() -> None:
    assert run("") == (0, "typed 0\ntyped 1\ntyped 2\n")


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("type-before", ""),
        ("type-after", "typed 0\n"),
        ("type-before:3", "typed 0\ntyped 1\n"),
        ("type-after:2", "typed 0\ntyped 1\n"),
    ],
)
def test_the_process_kills_itself_there(given: str, printed: str) -> None:
    assert run(given) == (-signal.SIGKILL, printed)


@pytest.mark.parametrize("given", ["nowhere", "type", "type-before:0", "type-before:x"])
def test_a_name_that_does_not_exist_is_told(given: str) -> None:
    status, printed = run(given)
    assert (status, printed) == (1, "")


def test_every_place_is_in_the_source_and_in_the_docs() -> None:
    page = (ROOT / "docs/internals/reliability.md").read_text()
    told = set(
        re.findall(r"`([a-z_-]+)`", page.partition("## Failpoints")[2].partition("\n## ")[0])
    )
    assert set(failpoints.DEEDS + failpoints.WRITES) <= told
    files = [
        path
        for room in ("supervisor", "edges")
        for path in (ROOT / "tmuxclaude" / room).rglob("*.py")
    ]
    code = "".join(path.read_text() for path in files)
    named = set(re.findall(r'around\("([^"]+)"\)', code))
    by_step = {"due", "typing", "typed", "entering", "launching"}
    ends = {"confirmed", "skipped", "needs_human", "gave_up"}
    assert {
        f"{name}-{side}" for name in named | by_step | ends for side in ("before", "after")
    } == (PLACES)
