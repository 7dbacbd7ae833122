"""No shell ever runs the resume text, whenever Claude Code ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.reliability.swaps import Swapping


@pytest.fixture
def swapping(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[Swapping]:
    house = Swapping(tmp_path, new_tmux_server().start(100, 30))
    yield house
    house.stop()


@pytest.mark.parametrize("shell_behind", [False, True])
def test_no_shell_runs_our_text(swapping: Swapping, shell_behind: bool) -> None:
    found = swapping.swap(16, shell_behind=shell_behind)
    print(found)
    assert found.run == 0
    assert found.inherited > 0, "the shell found our text: only the missing Enter held it back"
    assert found.delivered + found.inherited + found.other == 16


def test_the_trap_catches_what_is_sent_without_a_guard(swapping: Swapping) -> None:
    assert swapping.naive(8)
