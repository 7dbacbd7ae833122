"""Prompts and replies are counted once, however often a long transcript is looked at anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import session
from tmuxclaude.core.evidence import Ending, Tail, UserTurn
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.counting import Counts

UID = "a" * 32
CONVERSATION = "0a1b2c3d-0000-4000-8000-000000000001"
NOW = 1_800_000_000.0


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    db = open_for_writing(tmp_path / "tmuxclaude.db")
    books = Books(db)
    books.sessions.add(session("api", tmp_path, uid=UID, conversation=CONVERSATION))
    yield books
    db.close()


def read(begins: int, *at: float, replies: int = 0) -> Tail:
    """What a reading from byte ``begins`` on found: a prompt at each of these times."""
    turns = tuple(UserTurn(f"at {one:g}", NOW + one, 1000 + int(one)) for one in at)
    return Tail(
        ending=Ending.DONE,
        turns=turns[-32:],
        prompts=len(turns),
        replies=replies,
        conversation=CONVERSATION,
        last_at=NOW + (at[-1] if at else 0.0) + 0.5,
        begins=begins,
    )


def counted(books: Books) -> tuple[int, int]:
    known = books.activity.counted(UID, CONVERSATION)
    assert known is not None
    return known.prompts, known.replies


def test_a_new_look_goes_on_where_the_last_one_counted(books: Books) -> None:
    Counts(books).note(UID, read(0, *range(40), replies=50))
    assert counted(books) == (40, 50)
    again, far = Counts(books), read(900, 38, 39, replies=3)
    again.note(UID, far)
    assert counted(books) == (40, 50), "nothing of it is new"
    again.note(UID, read(900, 38, 39, 40, replies=4))
    assert counted(books) == (41, 51)
    Counts(books).note(UID, read(950, 40, 41, 42, replies=4))
    assert counted(books)[0] == 43, "two came while nobody looked"


def test_what_is_read_from_its_beginning_is_all_there_is(books: Books) -> None:
    counts = Counts(books)
    counts.note(UID, read(900, 1, 2, replies=2))
    assert counted(books) == (2, 2), "of what lies before nothing is known"
    counts.note(UID, read(0, *range(10), replies=9))
    assert counted(books) == (10, 9)


def test_what_was_said_last_stays_until_something_else_is_said(books: Books) -> None:
    counts = Counts(books)
    counts.note(UID, replace(read(0, 1), reply="done"))
    counts.note(UID, replace(read(0, 1, 2), reply=""))
    [row] = said_last(books)
    assert (row["last_prompt"], row["last_reply"]) == ("at 2", "done")


def said_last(books: Books) -> list[dict[str, object]]:
    rows = books.db.rows("SELECT last_prompt, last_reply FROM activity")
    return [dict(row) for row in rows]
