from dataclasses import replace

import pytest

from tmuxclaude.core.messages import Message, Stage
from tmuxclaude.core.model import Attempt, Step
from tmuxclaude.store.books import Books
from tmuxclaude.store.halts import JournalError

from .values import session


@pytest.fixture
def kept(books: Books) -> Message:
    """The first of two messages for ``s1``."""
    books.sessions.add(session("s1"))
    first = books.messages.add("s1", "one", 1.0)
    books.messages.add("s1", "two", 2.0)
    return first


def due(text: str = "one") -> Attempt:
    return Attempt(0, "s1", 1, text, Step.DUE, 3.0)


def test_they_wait_in_the_order_of_asking(books: Books, kept: Message) -> None:
    assert [message.text for message in books.messages.waiting("s1")] == ["one", "two"]
    assert books.messages.first("s1") == kept == Message(kept.id, "s1", "one", 1.0)
    assert books.messages.first("s2") is None


def test_it_leaves_the_queue_with_its_attempt_or_not_at_all(books: Books, kept: Message) -> None:
    begun = books.messages.begin(kept, due())
    assert books.messages.of_attempt(begun.id)
    assert books.messages.first("s1") == replace(kept, stage=Stage.SENDING, attempt=begun.id)
    with pytest.raises(JournalError):
        books.messages.begin(kept, due())
    assert len(books.halts.open_attempts()) == 1


def test_only_one_is_on_its_way(books: Books, kept: Message) -> None:
    books.messages.begin(kept, due())
    with pytest.raises(JournalError):
        books.messages.begin(books.messages.waiting("s1")[1], due("two"))
    assert len(books.halts.open_attempts()) == 1


def test_one_that_is_over_waits_no_more(books: Books, kept: Message) -> None:
    books.messages.begin(kept, due())
    sending = books.messages.get(kept.id)
    assert sending is not None
    with pytest.raises(JournalError):
        books.messages.drop(sending, 4.0)
    books.messages.settle(replace(sending, stage=Stage.SENT, over_at=4.0))
    with pytest.raises(JournalError):
        books.messages.settle(replace(sending, stage=Stage.QUEUED))
    [left] = books.messages.waiting("s1")
    books.messages.drop(left, 5.0)
    assert books.messages.first("s1") is None
    again = books.messages.get(left.id)
    assert again == replace(left, stage=Stage.DROPPED, over_at=5.0)


def test_it_is_known_from_where_an_attempt_ended(books: Books, kept: Message) -> None:
    begun = books.messages.begin(kept, due())
    typing = books.halts.step(begun, Step.TYPING, 4.0)
    back = books.halts.step(typing, Step.DUE, 5.0)
    over = books.halts.step(back, Step.SKIPPED, 6.0)
    assert books.messages.left_at(over) is Step.DUE


def test_a_session_is_forgotten_with_its_messages(books: Books, kept: Message) -> None:
    books.messages.begin(kept, due())
    books.sessions.remove("s1")
    assert books.messages.get(kept.id) is None
