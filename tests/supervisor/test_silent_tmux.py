"""A tmux that fails or hangs says nothing about any pane: no state changes, and all goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until

SHIM = """#!/bin/sh
echo . >> {calls}
if [ -s {mood} ]; then
    read mood < {mood}
    case $mood in
        fail) echo "it is not a good moment" >&2; exit 1 ;;
        empty) exit 0 ;;
        hang) exec sleep 60 ;;
    esac
fi
exec {tmux} "$@"
"""


class Shim:
    """A ``tmux`` before the real one: ``mood``: what it does, ``calls``: how often it was asked."""

    def __init__(self, house: House) -> None:
        real = shutil.which("tmux")
        assert real is not None
        self._mood = house.home / "mood"
        self._calls = house.home / "calls"
        program = house.programs / "tmux"
        program.write_text(SHIM.format(calls=self._calls, mood=self._mood, tmux=real))
        program.chmod(0o755)
        self.mood("")

    def mood(self, mood: str) -> None:
        fresh = Path(f"{self._mood}.new")
        fresh.write_text(f"{mood}\n" if mood else "")
        fresh.replace(self._mood)

    def calls(self) -> int:
        return len(self._calls.read_text()) // 2 if self._calls.exists() else 0


@pytest.mark.parametrize("mood", ["fail", "empty", "hang"])
def test_no_state_changes_while_tmux_is_silent(closed_house: House, mood: str) -> None:
    shim = Shim(closed_house)
    house = closed_house.start()
    seat = house.limited("calm")
    kept = ("state", "pane_id", "halt", "want")
    row, keys = seat.row(), seat.keys()
    shim.mood(mood)
    asked = shim.calls()
    house.let_it_be_due()
    until(lambda: shim.calls() >= asked + (3 if mood != "hang" else 1))
    seat.never(lambda: any(seat.row()[key] != row[key] for key in kept))
    assert seat.keys() == keys
    shim.mood("")
    seat.has_turns(TASK, OURS)


def test_what_only_others_may_end_is_not_looked_at_all_the_time(closed_house: House) -> None:
    shim = Shim(closed_house)
    closed_house.configure(enabled=False)
    house = closed_house.start()
    seat = house.limited("off")
    house.let_it_be_due()
    until(lambda: "enabled is false" in seat.why(), what=seat.story)
    asked, began = shim.calls(), time.monotonic()
    seat.never(lambda: seat.attempts(), 2.0)
    calls, rounds = shim.calls() - asked, (time.monotonic() - began) / 0.2
    assert calls <= 2 * (rounds + 1)
