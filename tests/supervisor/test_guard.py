"""What follows a round: a mistake of ours in one part costs the others nothing."""

from __future__ import annotations

import logging

import pytest

from tmuxclaude.store.format import DatabaseUnavailableError
from tmuxclaude.supervisor.guard import Guard


def test_a_part_that_fails_is_named(caplog: pytest.LogCaptureFixture) -> None:
    guard, done = Guard(), list[str]()
    for _ in range(3):
        guard.run("the lamp", lambda: [][0])
        guard.run("the bell", lambda: done.append("rung"))
    assert done == ["rung"] * 3
    assert guard.notices() == ["the lamp failed by a mistake of ours; see the log"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR], "the log has it once"

    guard.run("the lamp", lambda: {}["x"])
    assert len(caplog.records) == 2, "another mistake"
    guard.run("the lamp", lambda: None)
    assert len(guard.notices()) == 1, "it may fail only now and then"


def test_a_database_that_is_not_available_is_the_loops_affair() -> None:
    def fail() -> None:
        raise DatabaseUnavailableError("locked")

    guard = Guard()
    with pytest.raises(DatabaseUnavailableError):
        guard.run("the bell", fail)
    assert guard.notices() == []
