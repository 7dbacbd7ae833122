"""The supervisor is back in time, and nothing that it writes is for others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.fragile import Fragile
from tests.reliability.measures import back_and_found, open_to_others, umask


def test_back_after_each_kill_and_all_found(fragile: Fragile) -> None:
    fragile.start()
    seats = [fragile.open(f"kept-{at}") for at in range(4)]
    for seat in seats:
        seat.idle()
    pids = [seat.pid() for seat in seats]
    figures = [back_and_found(fragile, seats) for _ in range(3)]
    for back, found in figures:
        print(f"back after {back:.2f} s, all found after {found:.2f} s")
    assert [seat.pid() for seat in seats] == pids
    assert [seat.state for seat in seats] == ["idle"] * 4


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_files_and_directories_are_for_their_user_alone(fragile: Fragile, mask: int) -> None:
    with umask(mask):
        fragile.start()
        fragile.open("any").idle()
        assert fragile.run("list").returncode == 0
        paths = fragile.paths
        assert open_to_others(paths.state_dir, paths.runtime_dir) == []
        assert (paths.state_dir / "tmuxclaude.db").exists()


def test_what_is_open_to_others_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    (tmp_path / "mine").chmod(0o644)
    tmp_path.chmod(0o700)
    assert open_to_others(tmp_path) == [f"{tmp_path / 'mine'} 0644"]
