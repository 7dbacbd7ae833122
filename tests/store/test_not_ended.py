"""The sessions to watch are read again exactly when something was written."""

from dataclasses import replace

import pytest

from tmuxclaude.core.model import Session, State
from tmuxclaude.store.books import Books

from .values import session


def names(sessions: list[Session]) -> list[str]:
    return [one.name for one in sessions]


def test_every_write_is_seen(books: Books) -> None:
    sessions = books.sessions
    assert sessions.not_ended() == []
    one, two = session("one"), session("two")
    sessions.add(one)
    assert sessions.not_ended() == [one]
    sessions.add(two)
    assert names(sessions.not_ended()) == ["one", "two"]
    sessions.save(replace(one, state=State.WORKING))
    assert sessions.not_ended()[0].state is State.WORKING
    sessions.save(replace(one, state=State.ENDED))
    assert sessions.not_ended() == [two]
    sessions.remove(two.uid)
    assert sessions.not_ended() == []


def test_what_was_undone_is_not_remembered(books: Books) -> None:
    books.sessions.add(session("one"))
    assert names(books.sessions.not_ended()) == ["one"]
    with pytest.raises(ZeroDivisionError), books.db.writing():  # noqa: PT012 - what is undone
        books.sessions.add(session("two"))
        assert names(books.sessions.not_ended()) == ["one", "two"]
        raise ZeroDivisionError
    assert names(books.sessions.not_ended()) == ["one"]


def test_nothing_is_read_when_nothing_was_written(books: Books) -> None:
    books.sessions.add(session("one"))
    [first], [again] = books.sessions.not_ended(), books.sessions.not_ended()
    assert again is first
    books.events.note(1.0, "one", "x", "something else was written")
    assert books.sessions.not_ended()[0] is not first


def test_the_answer_is_the_askers_own(books: Books) -> None:
    books.sessions.add(session("one"))
    books.sessions.not_ended().clear()
    assert names(books.sessions.not_ended()) == ["one"]
