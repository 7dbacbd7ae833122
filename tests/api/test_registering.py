"""Who may register a process."""

from __future__ import annotations

import pytest

from tests.api.house import House
from tmuxclaude.api import wire
from tmuxclaude.core import errors


def test_a_process_registers_only_itself(house: House) -> None:
    words = ["--resume", "c1"]
    order = wire.Run(pid=7, directory="/srv/api", command=["/bin/claude"], arguments=words)
    with pytest.raises(errors.RefusedError, match="only itself"):
        house.operations.answer(order, 8)
    assert house.windows.told == []
    house.operations.answer(order, 7)
    assert [what[0] for what in house.windows.told] == ["enter"]
