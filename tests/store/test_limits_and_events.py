from dataclasses import replace
from pathlib import Path

from tmuxclaude.core.model import Event, LimitKind, Source
from tmuxclaude.store.books import Books

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
