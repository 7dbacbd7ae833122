"""How much a session was used, and what it says of itself."""

from __future__ import annotations

import pytest

from tests.store.values import session
from tmuxclaude.store.activity import WRITE_SECONDS
from tmuxclaude.store.books import Books


@pytest.fixture
def kept(books: Books) -> Books:
    for uid in ("s1", "s2"):
        books.sessions.add(session(uid))
    return books


def test_counts_add_up_over_the_conversations(kept: Books) -> None:
    activity = kept.activity
    assert activity.prompts("s1") is None
    activity.note("s1", "c1", 3, 10.0)
    activity.note("s1", "c2", 4, 11.0)
    activity.note("s2", "c1", 9, 12.0)
    assert activity.prompts("s1") == 7


def test_nothing_ever_goes_back(kept: Books) -> None:
    kept.activity.note("s1", "c1", 3, 10.0)
    assert not kept.activity.note("s1", "c1", 2, 9.0)
    assert kept.activity.note("s1", "c1", 2, 20.0)
    assert kept.activity.prompts("s1") == 3
    assert kept.activity.note("s1", "c1", 5, 15.0)
    assert kept.activity.prompts("s1") == 5
    row = kept.db.row("SELECT active_at FROM activity")
    assert row == {"active_at": 20.0}


def test_while_a_turn_runs_little_is_written(kept: Books) -> None:
    note = kept.activity.note
    note("s1", "c1", 3, 10.0)
    assert not note("s1", "c1", 3, 10.0 + WRITE_SECONDS, settled=False)
    assert note("s1", "c1", 4, 10.0 + WRITE_SECONDS, settled=False)
    assert note("s1", "c1", 4, 11.0 + 2 * WRITE_SECONDS, settled=False)
    assert not note("s1", "c1", 4, 11.0 + 2 * WRITE_SECONDS)
    assert note("s1", "c1", 4, 12.0 + 2 * WRITE_SECONDS)


def test_a_nonce_is_known_and_not_kept(kept: Books) -> None:
    activity = kept.activity
    assert not activity.knows("s1", "")
    activity.introduce("s1", "secret-1")
    assert activity.knows("s1", "secret-1")
    assert not activity.knows("s2", "secret-1")
    assert not activity.knows("s1", "secret-2")
    assert "secret-1" not in str(kept.db.rows("SELECT * FROM speakers"))
    activity.introduce("s1", "secret-2")
    assert not activity.knows("s1", "secret-1")
    assert (activity.is_introduced("s1"), activity.is_introduced("s2")) == (True, False)


def test_what_it_says_of_itself(kept: Books) -> None:
    activity = kept.activity
    assert activity.word("s1") is None
    activity.introduce("s1", "secret")
    assert activity.word("s1") == (None, "")
    activity.said("s1", 5.0, "busy")
    activity.said("s2", 6.0, "idle")
    assert (activity.word("s1"), activity.word("s2")) == ((5.0, "busy"), (6.0, "idle"))
    assert activity.knows("s1", "secret")
    assert not activity.is_introduced("s2")
    assert not activity.knows("s2", "")


def test_it_goes_with_its_session(kept: Books) -> None:
    kept.activity.note("s1", "c1", 3, 10.0)
    kept.activity.introduce("s1", "secret")
    kept.sessions.remove("s1")
    assert kept.activity.prompts("s1") is None
    assert kept.activity.word("s1") is None
