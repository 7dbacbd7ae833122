"""``docs/internals/reliability.md`` has every row of the threat list and the fault matrix, and each
test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/internals/reliability.md").read_text()
ROWS = dict(re.findall(r"^\| ([TF]\d\d) \|.*?\| ([^|]+) \|$", PAGE, re.MULTILINE))


def test_every_row_is_there() -> None:
    threats = [f"T{number:02}" for number in range(1, 36)]
    faults = [f"F{number:02}" for number in range(1, 69)]
    assert list(ROWS) == threats + faults


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_names_exists(row: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", ROWS[row])
    assert named or ROWS[row].startswith(("open: issue", "partly:"))
    for file, test in named:
        assert f"def {test}(" in (TESTS / file).read_text(), f"{file}::{test}"
