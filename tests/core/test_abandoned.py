"""Which sessions were left, and in which words that is told."""

from __future__ import annotations

from typing import Any

import pytest

from tmuxclaude.core import abandoned

NOW = 1_800_000_000.0
HOUR = 3600.0


def row(**more: Any) -> dict[str, Any]:
    return {"uid": "u", "state": "idle", "since": NOW - 9 * HOUR, "active_at": None} | more


@pytest.mark.parametrize(
    ("one", "hours", "found"),
    [
        (row(), 8, True),
        (row(), 10, False),
        (row(), 9, True),
        (row(), 0, False),
        (row(state="waiting"), 8, True),
        (row(state="lost"), 8, True),
        (row(state="limited"), 8, False),
        (row(state="working"), 8, False),
        (row(state="ended"), 8, False),
        (row(active_at=NOW - HOUR), 8, False),
        (row(active_at=NOW - 9 * HOUR, since=NOW - HOUR), 8, True),
    ],
)
def test_who_may_be_abandoned(one: dict[str, Any], hours: float, found: bool) -> None:
    assert (abandoned.candidates([one], NOW, hours) == {"u": one}) is found
    assert bool(abandoned.candidates([one], NOW, hours)) is found


def test_how_it_is_told() -> None:
    told = abandoned.words(NOW - 9.5 * HOUR, 3, NOW)
    assert told == "abandoned: nothing for 9h 30m, 3 files are not committed"
    assert abandoned.words(NOW - 49 * HOUR, 1, NOW).endswith("2d 1h, 1 file is not committed")
