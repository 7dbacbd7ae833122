"""What a child brings is written down, or it is written down why not; no answer is lost."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.children import Children, serve
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.checkpoints import BRINGS
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.format import DatabaseUnavailableError
from tmuxclaude.supervisor.checkpoints import Checkpointer


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """What the child of these tests brings: for one conversation a number that is none."""
    if order["do"] == "drop":
        return {}
    numbers = {"offset": 1, "tokens": 2**63 if order["conversation"] == "odd" else 2, "changed": 0}
    plain = dict.fromkeys(BRINGS, "") | {"files": "[]", "recap": "{}"}
    return {"brought": plain | numbers}


@pytest.fixture
def woken() -> list[bool]:
    """One for each answer that lies ready for the next turn, or did."""
    return []


@pytest.fixture
def checkpointer(tmp_path: Path, woken: list[bool]) -> Iterator[Checkpointer]:
    with closing(open_for_writing(tmp_path / "db", busy_timeout=0.05)) as database:
        env, wake = dict(os.environ), lambda: woken.append(True)
        takers, finder = (Children(__name__, env, most, wake) for most in (2, 1))
        one = Checkpointer(Books(database), Rules(), Clock(), takers, finder, str(tmp_path))
        yield one
        one.close()


def test_what_cannot_be_kept_fails_for_good_and_alone(
    checkpointer: Checkpointer, woken: list[bool]
) -> None:
    book = checkpointer.books.checkpoints
    odd, other = (checkpointer.ask(Wish(name, "/a", "/p")) for name in ("odd", "other"))
    checkpointer.turn()
    until(lambda: len(woken) == 2)
    checkpointer.turn()
    rows = {name: book.get(name) or {} for name in (odd, other)}
    assert (rows[odd]["stage"], rows[other]["stage"]) == ("gave_up", "taken")
    assert "cannot be kept" in rows[odd]["problem"]


def test_what_cannot_be_written_down_now_is_later(
    checkpointer: Checkpointer, tmp_path: Path, woken: list[bool]
) -> None:
    name = checkpointer.ask(Wish("one", "/a", "/p"))
    checkpointer.turn()
    until(lambda: len(woken) == 1)
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailableError):
            checkpointer.turn()
        other.execute("ROLLBACK")
    checkpointer.turn()
    assert (checkpointer.books.checkpoints.get(name) or {})["stage"] == "taken"


if __name__ == "__main__":
    sys.exit(serve(answer))
