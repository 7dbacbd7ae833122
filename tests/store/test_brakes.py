"""The pause, and what counts as a resume of the day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.values import ATTEMPT, HALT, session
from tmuxclaude.core.budgets import Pause
from tmuxclaude.core.model import Step
from tmuxclaude.store import reader
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing

AT = 1_791_000_000.0


def test_there_is_one_pause_or_none(books: Books) -> None:
    brakes = books.brakes
    assert brakes.pause() is None
    assert not brakes.end()
    first, second = Pause(1.5, None, "UTC"), Pause(1.5, 99.25, "Europe/Berlin")
    brakes.begin(first)
    assert brakes.pause() == first
    brakes.begin(second)
    assert brakes.pause() == second
    assert brakes.end()
    assert brakes.pause() is None


def test_a_pause_outlives_whoever_wrote_it_and_is_read_without_it(books: Books, path: Path) -> None:
    books.brakes.begin(Pause(1.5, 99.25, "Europe/Berlin"))
    connection = reader.open(path)
    assert connection is not None
    assert reader.pause(connection) == (1.5, 99.25, "Europe/Berlin")
    connection.close()
    again = open_for_writing(path)
    assert Books(again).brakes.pause() == Pause(1.5, 99.25, "Europe/Berlin")
    again.close()


BEGUN = {"by_hand": False, "keyed_at": 0.0, "escapes": 0, "stashed": False, "stepped_at": AT}


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ({"step": Step.DUE}, False),
        ({"step": Step.DUE, "escapes": 1, "keyed_at": AT}, True),
        ({"step": Step.DUE, "stashed": True}, True),
        ({"step": Step.TYPING}, True),
        ({"step": Step.LAUNCHING}, True),
        ({"step": Step.CONFIRMED}, True),
        ({"step": Step.NEEDS_HUMAN, "escapes": 1}, True),
        ({"step": Step.SKIPPED}, False),
        ({"step": Step.SKIPPED, "escapes": 1}, False),
        ({"step": Step.CONFIRMED, "by_hand": True}, False),
        ({"step": Step.CONFIRMED, "halt": None}, False),
        ({"step": Step.CONFIRMED, "stepped_at": AT - 1}, False),
        ({"step": Step.DUE, "escapes": 1, "stepped_at": AT - 9, "keyed_at": AT}, True),
    ],
)
def test_what_counts_is_what_nobody_asked_for_from_its_first_key_on(
    what: dict[str, object], counts: bool, books: Books
) -> None:
    books.sessions.add(session("s1"))
    halt = books.halts.open_halt("s1", "c1", HALT.limit, "r1", AT)
    begun = replace(ATTEMPT, **(BEGUN | {"halt": halt.id} | what))  # type: ignore[arg-type]
    kept = books.halts.begin(begun)
    assert books.brakes.delivered(AT) == ([AT] if counts else [])
    assert books.brakes.delivered(AT, besides=kept.id) == []


def test_those_of_all_sessions_are_counted_together(books: Books) -> None:
    for number in (1, 2, 3):
        uid = f"s{number}"
        books.sessions.add(session(uid))
        halt = books.halts.open_halt(uid, "c1", HALT.limit, "r1", AT)
        what = {"session": uid, "halt": halt.id, "step": Step.TYPED, "stepped_at": AT + number}
        books.halts.begin(replace(ATTEMPT, **(BEGUN | what)))  # type: ignore[arg-type]
    assert sorted(books.brakes.delivered(AT + 2)) == [AT + 2, AT + 3]
