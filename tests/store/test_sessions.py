from dataclasses import replace

import pytest

from tmuxclaude.core.errors import NotFoundError, RefusedError
from tmuxclaude.core.model import State
from tmuxclaude.store.books import Books
from tmuxclaude.store.sessions import Link

from .values import SESSION, defaults_left, session


def test_a_session_comes_back_as_it_was_kept(books: Books) -> None:
    assert defaults_left(SESSION) == []
    books.sessions.add(SESSION)
    assert books.sessions.get("s1") == SESSION


def test_what_is_unknown_stays_unknown(books: Books) -> None:
    bare = replace(SESSION, pane=None, process=None, conversation=None)
    books.sessions.add(bare)
    assert books.sessions.get("s1") == bare
    assert books.sessions.get("s2") is None


def test_only_what_changed_is_written(books: Books) -> None:
    books.sessions.add(SESSION)
    assert books.sessions.save(SESSION) is False
    idle = replace(SESSION, state=State.IDLE, pane=None)
    assert books.sessions.save(idle) is True
    assert books.sessions.get("s1") == idle
    assert books.sessions.save(idle) is False


def test_a_session_that_was_never_added_is_not_saved(books: Books) -> None:
    with pytest.raises(NotFoundError):
        books.sessions.save(SESSION)
    assert books.sessions.all() == []


def test_a_name_is_taken_until_its_session_ends(books: Books) -> None:
    first, second = session("s1", "api"), session("s2", "api")
    books.sessions.add(first)
    with pytest.raises(RefusedError, match="api"):
        books.sessions.add(second)
    assert books.sessions.names_taken() == {"api"}

    books.sessions.save(replace(first, state=State.ENDED))
    assert books.sessions.names_taken() == frozenset()
    books.sessions.add(second)
    with pytest.raises(RefusedError, match="api"):
        books.sessions.save(first)
    assert books.sessions.get("s1") == replace(first, state=State.ENDED)


def test_a_name_means_the_session_that_has_it_now_or_had_it_last(books: Books) -> None:
    for uid, created_at in (("old", 1.0), ("older", 0.5)):
        books.sessions.add(session(uid, "api", state=State.ENDED, created_at=created_at))
    found = books.sessions.by_name("api")
    assert found is not None
    assert found.uid == "old"

    now = session("now", "api", created_at=0.25)
    books.sessions.add(now)
    assert books.sessions.by_name("api") == now
    assert books.sessions.by_name("nobody") is None


def test_the_ended_are_kept_but_not_watched(books: Books) -> None:
    kept = [session(state, state=State(state)) for state in State]
    for each in kept:
        books.sessions.add(each)
    assert books.sessions.all() == kept
    assert books.sessions.not_ended() == kept[:-1]


def test_the_chain_grows_with_each_other_conversation(books: Books) -> None:
    books.sessions.add(SESSION)
    books.sessions.add(session("s2"))
    assert books.sessions.link("s1", "c1", 1.0, "start") is True
    assert books.sessions.link("s1", "c1", 2.0, "start") is False
    assert books.sessions.link("s1", "c2", 3.0, "clear") is True
    assert books.sessions.link("s1", "c1", 4.0, "resume") is True
    assert books.sessions.link("s2", "c9", 5.0, "start") is True
    assert books.sessions.chain("s1") == [
        Link(1, "c1", 1.0, "start"),
        Link(2, "c2", 3.0, "clear"),
        Link(3, "c1", 4.0, "resume"),
    ]


def test_an_unknown_session_has_no_chain(books: Books) -> None:
    with pytest.raises(NotFoundError):
        books.sessions.link("nobody", "c1", 1.0, "start")
    assert books.sessions.chain("nobody") == []
