import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tmuxclaude.core.model import Event, LimitKind, Source
from tmuxclaude.store.books import Books
from tmuxclaude.store.events import Events
from tmuxclaude.store.format import DatabaseUnavailableError

from .values import HALF_EMOJI, LIMIT


def test_an_account_has_one_limit_of_each_kind(books: Books) -> None:
    week = replace(LIMIT, kind=LimitKind.SEVEN_DAY, said_at=LIMIT.said_at + 1, resets_at=None)
    assert books.limits.note("/a", LIMIT) is True
    assert books.limits.note("/a", week) is True
    assert books.limits.note("/b", LIMIT) is True
    assert books.limits.of("/a") == [week, LIMIT]
    assert books.limits.of("/c") == []


def test_the_later_word_counts(books: Books) -> None:
    later = replace(LIMIT, said_at=LIMIT.said_at + 60, words="later", source=Source.SCREEN)
    books.limits.note("/a", LIMIT)
    assert books.limits.note("/a", LIMIT) is False
    assert books.limits.note("/a", later) is True
    assert books.limits.note("/a", LIMIT) is False
    assert books.limits.of("/a") == [later]


def test_the_same_moment_may_be_told_better(books: Books) -> None:
    books.limits.note("/a", replace(LIMIT, resets_at=None))
    assert books.limits.note("/a", LIMIT) is True
    assert books.limits.of("/a") == [LIMIT]


def test_a_limit_is_lifted_by_a_turn_that_began_after_it(books: Books) -> None:
    week = replace(LIMIT, kind=LimitKind.SEVEN_DAY)
    for account, limit in (("/a", week), ("/a", LIMIT), ("/b", week)):
        books.limits.note(account, limit)
    kinds, at = {LimitKind.SEVEN_DAY}, LIMIT.said_at
    assert books.limits.lift("/a", kinds, at, at + 9) is False
    assert books.limits.lift("/a", kinds, at + 1, at + 9) is True
    assert books.limits.lift("/a", kinds, at + 1, at + 9) is False
    books.limits.note("/a", week)
    assert books.limits.standing("/a") == [LIMIT]
    assert books.limits.standing("/b") == [week]
    assert books.limits.of("/a") == [week, LIMIT]
    books.limits.note("/a", replace(week, said_at=at + 60))
    assert len(books.limits.standing("/a")) == 2


def test_events_come_back_oldest_first(books: Books) -> None:
    events = [Event(float(at), "s1", "seen", HALF_EMOJI, {"n": [at, None]}) for at in range(5)]
    for event in reversed(events):
        books.events.add(event)
    books.events.note(2.5, "s2", "seen", "another's")
    assert books.events.of("s1") == events
    assert books.events.of("s1", last=2) == events[3:]
    assert books.events.of("s2") == [Event(2.5, "s2", "seen", "another's")]


def test_events_of_one_instant_keep_their_order(books: Books) -> None:
    for text in ("first", "second", "third"):
        books.events.note(1.0, "", "start", text)
    assert [event.text for event in books.events.of("", last=2)] == ["second", "third"]


def test_evidence_that_json_does_not_know_is_kept_as_text(books: Books) -> None:
    books.events.note(1.0, "s1", "seen", "", {"path": Path("/x"), "kind": LimitKind.OPUS})
    assert books.events.of("s1")[0].evidence == {"path": "/x", "kind": "seven_day_opus"}


def test_each_event_is_given_once_to_be_told(books: Books, path: Path) -> None:
    assert books.events.take_untold() == []
    for number in range(3):
        books.events.note(float(number), "s1", "seen", HALF_EMOJI, {"n": number})
    untold = books.events.take_untold()
    assert untold == books.events.of("s1")
    assert books.events.take_untold() == []
    books.events.note(0.5, "", "start", "out of order")
    assert [event.text for event in books.events.take_untold()] == ["out of order"]


def test_what_was_not_told_is_told_by_the_next_supervisor(books: Books) -> None:
    books.events.note(1.0, "s1", "seen", "told")
    books.events.take_untold()
    books.events.note(2.0, "s1", "seen", "left")
    assert [event.text for event in Events(books.db).take_untold()] == ["left"]
    assert Events(books.db).take_untold() == []


def test_what_cannot_be_marked_is_not_given(books: Books, path: Path) -> None:
    books.events.note(1.0, "s1", "seen", "x")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailableError):
            books.events.take_untold()
    assert [event.text for event in books.events.take_untold()] == ["x"]


def test_an_event_that_happened_before_is_known(books: Books) -> None:
    books.events.note(1.0, "s1", "reset", "halt 1")
    assert books.events.has("s1", "reset", "halt 1")
    assert not books.events.has("s2", "reset", "halt 1")
    assert not books.events.has("s1", "draft", "halt 1")
    assert not books.events.has("s1", "reset", "halt 2")
