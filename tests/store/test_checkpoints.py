"""Checkpoints in the database: none twice, none lost, the oldest first."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tmuxclaude.core.checkpoints import BACKOFF, Wish, outlived
from tmuxclaude.store import reader
from tmuxclaude.store.books import Books
from tmuxclaude.store.checkpoints import BRINGS, Checkpoints
from tmuxclaude.store.database import Database


def wish(conversation: str = "c", *reasons: str, note: str = "") -> Wish:
    return Wish(conversation, "/a", "/p", "uid", reasons or ("time",), note)


@pytest.fixture
def book(db: Database) -> Checkpoints:
    return Books(db).checkpoints


def brought(**more: object) -> dict[str, object]:
    plain: dict[str, object] = dict.fromkeys(BRINGS, "")
    return plain | {"offset": 1, "tokens": 2, "changed": 0, "files": "[]", "recap": "{}"} | more


def test_two_projects_may_have_a_conversation_of_one_id(book: Checkpoints, db: Database) -> None:
    """Those of sessions do not say which one; they join any."""
    here, there = (replace(wish(), transcript=f"/a/projects/{one}/c", after="") for one in "pq")
    names = [book.ask(here, 1), book.ask(there, 1)]
    assert len(set(names)) == 2
    assert book.ask(replace(wish(), conversation="c"), 2) in names
    for at, (name, one) in enumerate(zip(names, (here, there), strict=True), 3):
        book.begin(name)
        book.taken(name, at, brought(transcript=one.transcript))
    assert [book.ask(one, 9) for one in (here, there)] == names
    last = [(row[1], row[2]) for row in reader.last_checkpoints(db.reading)]
    assert last == [(one.transcript, name) for one, name in zip((here, there), names, strict=True)]
    assert outlived(book.all(), None, 1) == []


def take(book: Checkpoints, name: str, at: float) -> None:
    book.begin(name)
    book.taken(name, at, brought())


def ids(book: Checkpoints, now: float) -> list[str]:
    return [str(row["id"]) for row in book.waiting(now)]


def test_a_second_wish_joins_the_one_that_is_due(book: Checkpoints) -> None:
    name = book.ask(wish(), 1)
    assert book.ask(wish("c", "limit", note="mine"), 2) == name
    row = book.get(name)
    assert row is not None
    assert (json.loads(row["reasons"]), row["note"], row["asked_at"]) == (
        ["time", "limit"],
        "mine",
        2,
    )
    assert book.ask(wish("d"), 2) != name


def test_a_wish_while_one_is_taken_is_another_that_waits(book: Checkpoints) -> None:
    first = book.ask(wish(), 1)
    book.begin(first)
    second = book.ask(wish(), 2)
    assert (second != first, ids(book, 10)) == (True, [])
    book.taken(first, 3, brought())
    assert ids(book, 10) == [second]


def test_what_was_begun_since_answers_whoever_found_it_due_before(book: Checkpoints) -> None:
    found = replace(wish(), after="")
    name = book.ask(found, 1)
    book.begin(name)
    assert book.ask(found, 2) == name
    book.taken(name, 3, brought())
    assert book.ask(found, 4) == name
    assert book.ask(replace(wish(), after=name), 5) != name
    assert len(book.all()) == 2


def test_the_conversation_whose_last_is_oldest_comes_first(book: Checkpoints) -> None:
    for conversation, at in (("late", 20), ("early", 10)):
        take(book, book.ask(wish(conversation), at), at)
    asked = [book.ask(wish(one), 30 + n) for n, one in enumerate(("late", "early", "never"))]
    assert ids(book, 99) == asked[::-1]


def test_what_fails_waits_longer_each_time_and_is_given_up(book: Checkpoints) -> None:
    name, now = book.ask(wish(), 0), 0.0
    for wait in BACKOFF:
        book.begin(name)
        assert not book.failed(name, now, "why")
        assert book.next_at() == now + wait
        assert ids(book, now + wait - 1) == []
        now += wait
        assert ids(book, now) == [name]
    book.begin(name)
    assert book.failed(name, now, "why")
    row = book.get(name)
    assert row is not None
    assert (row["stage"], row["problem"], book.next_at()) == ("gave_up", "why", None)


def test_for_good_means_at_once_and_asking_again_hurries(book: Checkpoints) -> None:
    name = book.ask(wish(), 0)
    book.begin(name)
    book.failed(name, 0, "why")
    assert book.ask(wish(), 5) == name
    assert ids(book, 5) == [name]
    book.begin(name)
    assert book.failed(name, 5, "nothing was said", for_good=True)


def test_what_was_interrupted_is_due_again(book: Checkpoints) -> None:
    name = book.ask(wish(), 0)
    book.begin(name)
    assert (book.interrupted(7), ids(book, 7)) == (1, [name])
    row = book.get(name)
    assert row is not None
    assert row["tries"] == 1
    assert book.interrupted(8) == 0


def test_the_last_try_is_never_lost_to_an_interruption(book: Checkpoints) -> None:
    name = book.ask(wish(), 0)
    for tries in (1, 2, 3, 4, 4, 4):
        book.begin(name)
        assert (book.get(name) or {})["tries"] == tries
        book.interrupted(7)
    assert ids(book, 7) == [name]
    book.begin(name)
    assert book.failed(name, 8, "why")


def test_an_answer_that_comes_too_late_changes_nothing(book: Checkpoints) -> None:
    name = book.ask(wish(), 0)
    take(book, name, 1)
    book.failed(name, 2, "too late")
    row = book.get(name)
    assert row is not None
    assert (row["stage"], row["problem"]) == ("taken", "")


def test_readers_see_the_last_of_each_and_find_by_the_beginning(
    book: Checkpoints, db: Database
) -> None:
    names = [book.ask(wish(), at) for at in (1,)]
    take(book, names[0], 1)
    names.append(book.ask(wish(), 5))
    take(book, names[1], 6)
    found = reader.checkpoints(db.reading)
    assert [row[0] for row in found] == names
    assert reader.checkpoints(db.reading, names[0][:7])[0][0] == names[0]
    assert reader.last_checkpoints(db.reading) == [("/a", "", names[1], 6, 1)]
    assert (book.last_in("/p") or {})["id"] == names[1]
    assert book.last_in("/elsewhere") is None
    book.drop([names[0]])
    assert [row["id"] for row in book.all()] == [names[1]]
