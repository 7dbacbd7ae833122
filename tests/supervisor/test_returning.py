"""The first prompt of its user after a resume is written down, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tmuxclaude.core.evidence import Origin, Tail, UserTurn
from tmuxclaude.core.messages import Stage
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Session,
    Source,
    State,
    Step,
)
from tmuxclaude.core.stats import BACK
from tmuxclaude.core.texts import digest
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.returning import Returns

SESSION = Session("s", "api", "/srv", "/a", Launch(("/bin/claude",)), State.IDLE, 1.0)
LIMIT = Limit(LimitKind.FIVE_HOUR, "hit", Source.TRANSCRIPT, 100.0, 200.0)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    db = open_for_writing(tmp_path / "tmuxclaude.db")
    books = Books(db)
    books.sessions.add(SESSION)
    yield books
    db.close()


def halted(books: Books, record: str = "r1", at: float = 100.0) -> Halt:
    halt = books.halts.open_halt("s", "c", replace(LIMIT, said_at=at), record, at)
    attempt = Attempt(0, "s", 1, "Please  continue.", Step.DUE, at + 100, halt=halt.id)
    books.halts.begin(attempt)
    return halt


def tail(*turns: tuple[str, float, Origin]) -> Tail:
    return Tail(
        turns=tuple(
            UserTurn(text, at, offset, origin) for offset, (text, at, origin) in enumerate(turns)
        )
    )


def backs(books: Books) -> list[tuple[float, object]]:
    found = (event for event in books.events.of("s") if event.kind == BACK)
    return [(event.at, event.evidence["halt"]) for event in found]


BEFORE = ("do it", 50.0, Origin.TYPED)
OURS = ("Please continue.", 205.0, Origin.TYPED)
NATIVE = ("go on", 206.0, Origin.NATIVE)
THEIRS = ("and now?", 300.0, Origin.TYPED)
LATER = ("well?", 400.0, Origin.TYPED)


def test_the_first_prompt_of_a_person_and_no_other(books: Books) -> None:
    halt, returns = halted(books), Returns(books)
    returns.note(SESSION, tail(BEFORE, OURS))
    assert backs(books) == []  # the halt is open
    books.halts.save(replace(halt, ended_at=210.0, ended_by=Actor.US))
    returns.note(SESSION, tail(BEFORE, OURS, NATIVE))
    assert backs(books) == []
    returns.note(SESSION, tail(BEFORE, OURS, NATIVE, THEIRS))
    assert backs(books) == [(300.0, halt.id)]
    returns.note(SESSION, tail(BEFORE, OURS, NATIVE, THEIRS, LATER))
    Returns(books).note(SESSION, tail(LATER))  # after a restart, of a longer transcript
    assert backs(books) == [(300.0, halt.id)]
    second = halted(books, "r2", 500.0)
    books.halts.save(replace(second, ended_at=600.0, ended_by=Actor.CLAUDE))
    returns.note(SESSION, tail(THEIRS, LATER, NATIVE, ("x", 700.0, Origin.TYPED)))
    assert backs(books) == [(300.0, halt.id), (700.0, second.id)]


def test_a_prompt_before_its_halt_is_over_is_found_when_it_is(books: Books) -> None:
    halt, returns = halted(books), Returns(books)
    returns.note(SESSION, tail(BEFORE, OURS, THEIRS))
    assert backs(books) == []
    books.halts.save(replace(halt, ended_at=310.0, ended_by=Actor.US))
    returns.note(SESSION, tail(BEFORE, OURS, THEIRS))
    assert backs(books) == [(300.0, halt.id)]


def queued(books: Books, text: str, at: float) -> None:
    """A message that was asked for at this time, and is delivered."""
    message = books.messages.add("s", text, at)
    sent = books.messages.begin(message, Attempt(0, "s", 1, text, Step.DUE, at + 100))
    books.halts.step(sent, Step.CONFIRMED, at + 101)
    books.messages.settle(replace(message, stage=Stage.SENT, over_at=at + 101))


def test_a_message_that_was_queued_before_is_nobody_who_comes_back(books: Books) -> None:
    halt, returns = halted(books), Returns(books)
    long = "and then " * 500
    queued(books, "go on with step 2", 150.0)
    queued(books, long, 151.0)
    books.halts.save(replace(halt, ended_at=210.0, ended_by=Actor.US))
    sent = ("go on with  step 2", 250.0, Origin.TYPED)
    whole = UserTurn(long[:300], 255.0, 9, Origin.TYPED, digest=digest(long))
    seen = replace(tail(OURS, sent), turns=(*tail(OURS, sent).turns, whole))
    returns.note(SESSION, seen)
    assert backs(books) == []
    queued(books, "and step 3", 260.0)
    after = UserTurn("and step 3", 300.0, 10, Origin.TYPED)
    returns.note(SESSION, replace(seen, turns=(*seen.turns, after)))
    assert backs(books) == [(300.0, halt.id)], "who queues it then is back"


@pytest.mark.parametrize("who", [Actor.YOU, Actor.NOBODY])
def test_who_resumed_it_themselves_does_not_come_back(books: Books, who: Actor) -> None:
    books.halts.save(replace(halted(books), ended_at=210.0, ended_by=who))
    Returns(books).note(SESSION, tail(BEFORE, THEIRS))
    assert backs(books) == []


def test_nothing_is_known_of_a_session_without_halts_or_turns(books: Books) -> None:
    for seen in (None, Tail(), tail(BEFORE)):
        Returns(books).note(SESSION, seen)
    assert backs(books) == []
