from dataclasses import fields, replace

import pytest

from tmuxclaude.core.model import Actor, Attempt, Halt, Session, Step
from tmuxclaude.store.books import Books
from tmuxclaude.store.halts import JournalError, Noticed, StepTaken

from .values import ATTEMPT, HALT, LIMIT, SESSION, defaults_left, session


@pytest.fixture
def halt(books: Books) -> Halt:
    """The open halt of the session ``s1``; ``s2`` is there too."""
    books.sessions.add(SESSION)
    books.sessions.add(session("s2"))
    return books.halts.open_halt("s1", "c1", LIMIT, "r1", 1.0)


@pytest.fixture
def due(books: Books, halt: Halt) -> Attempt:
    return books.halts.begin(Attempt(0, "s1", 1, "Go on.", Step.DUE, 2.0, halt.id, "r1"))


def second(due: Attempt, **changes: object) -> Attempt:
    return replace(due, number=2, **changes)  # type: ignore[arg-type]


class TestHalts:
    def test_a_halt_comes_back_as_it_was_kept(self, books: Books, halt: Halt) -> None:
        assert defaults_left(HALT) == []
        assert books.halts.save(replace(HALT, id=halt.id)) is True
        assert books.halts.of("s1") == [replace(HALT, id=halt.id)]
        assert books.halts.save(replace(HALT, id=halt.id)) is False

    def test_it_is_current_until_it_ends(self, books: Books, halt: Halt) -> None:
        assert books.halts.current("s1") == halt == Halt(halt.id, "s1", "c1", LIMIT, "r1", 1.0)
        assert books.halts.current("s2") is None
        books.halts.save(replace(halt, ended_at=9.0, ended_by=Actor.CLAUDE, outcome="went on"))
        assert books.halts.current("s1") is None

    def test_a_session_has_one_at_a_time(self, books: Books, halt: Halt) -> None:
        with pytest.raises(JournalError, match="s1"):
            books.halts.open_halt("s1", "c1", LIMIT, "r2", 2.0)
        ended = replace(halt, ended_at=3.0)
        books.halts.save(ended)
        later = books.halts.open_halt("s1", "c1", LIMIT, "r2", 4.0)
        assert books.halts.of("s1") == [ended, later]
        with pytest.raises(JournalError, match="s1"):
            books.halts.save(halt)

    def test_it_belongs_to_a_session(self, books: Books, halt: Halt) -> None:
        with pytest.raises(JournalError):
            books.halts.open_halt("nobody", "c1", LIMIT, "r1", 1.0)
        with pytest.raises(JournalError):
            books.halts.save(replace(halt, id=99))

    def test_a_record_is_known_from_its_halt_or_an_attempt(
        self, books: Books, due: Attempt, halt: Halt
    ) -> None:
        books.halts.save(replace(halt, record="r2"))
        assert books.halts.knows("s1", "r1")
        assert books.halts.knows("s1", "r2")
        assert not books.halts.knows("s1", "r3")
        assert not books.halts.knows("s2", "r1")


class TestTheJournal:
    def test_an_attempt_comes_back_as_it_was_kept(self, books: Books, halt: Halt) -> None:
        assert [name for name in defaults_left(ATTEMPT) if name != "step"] == []
        begun = books.halts.begin(ATTEMPT)
        assert begun == replace(ATTEMPT, id=begun.id)
        assert books.halts.attempts(halt.id) == [begun]
        assert books.halts.steps(begun.id) == [StepTaken(ATTEMPT.opened_at, Step.DUE, "because")]

    def test_each_step_is_a_line(self, books: Books, due: Attempt, halt: Halt) -> None:
        typing = books.halts.step(due, Step.TYPING, 3.0, offset=10, escapes=1)
        pressed = books.halts.step(typing, Step.TYPING, 4.0, "the keys are out", keyed_at=4.0)
        typed = books.halts.step(pressed, Step.TYPED, 5.0)
        assert typed == replace(
            due,
            step=Step.TYPED,
            stepped_at=5.0,
            offset=10,
            escapes=1,
            keyed_at=4.0,
            reason="the keys are out",
        )
        assert books.halts.attempts(halt.id) == [typed]
        assert books.halts.steps(due.id) == [
            StepTaken(2.0, Step.DUE, ""),
            StepTaken(3.0, Step.TYPING, ""),
            StepTaken(4.0, Step.TYPING, "the keys are out"),
            StepTaken(5.0, Step.TYPED, ""),
        ]

    def test_everything_else_that_may_change_can_be_noted(
        self, books: Books, due: Attempt, halt: Halt
    ) -> None:
        noticed = Noticed(
            conversation="c2",
            offset=7,
            keyed_at=3.0,
            escapes=2,
            launches=1,
            stashed=True,
            by_hand=True,
        )
        assert set(noticed) == set(Noticed.__annotations__)
        assert set(noticed) <= {field.name for field in fields(Attempt)}
        after = books.halts.step(due, Step.LAUNCHING, 3.0, **noticed)
        assert books.halts.attempts(halt.id) == [after]
        assert [getattr(after, name) for name in noticed] == list(noticed.values())

    def test_a_note_is_a_line_at_the_same_step(
        self, books: Books, due: Attempt, halt: Halt
    ) -> None:
        typing = books.halts.step(due, Step.TYPING, 3.0, "box empty")
        noted = books.halts.note(typing, 4.0, "keys are out", keyed_at=4.0)
        assert noted == replace(typing, reason="keys are out", keyed_at=4.0)
        assert books.halts.attempt(due.id) == noted
        assert books.halts.attempt(99) is None
        assert books.halts.steps(due.id)[-1] == StepTaken(4.0, Step.TYPING, "keys are out")
        typed = books.halts.step(noted, Step.TYPED, 5.0)
        with pytest.raises(JournalError, match="not at typing"):
            books.halts.note(noted, 6.0, "late")
        assert books.halts.attempt(due.id) == typed

    def test_a_note_at_due_spends_nothing(self, books: Books, due: Attempt) -> None:
        books.halts.note(due, 3.0, "your draft is in the prompt box")
        again = books.halts.begin(second(due))
        assert books.halts.step(again, Step.TYPING, 4.0).step is Step.TYPING

    def test_a_stale_belief_writes_nothing(self, books: Books, due: Attempt, halt: Halt) -> None:
        typing = books.halts.step(due, Step.TYPING, 3.0)
        with pytest.raises(JournalError, match="not at due"):
            books.halts.step(due, Step.TYPING, 4.0)
        assert books.halts.attempts(halt.id) == [typing]
        assert len(books.halts.steps(due.id)) == 2

    @pytest.mark.parametrize("end", [Step.CONFIRMED, Step.SKIPPED, Step.NEEDS_HUMAN, Step.GAVE_UP])
    def test_what_has_ended_stays_so(self, books: Books, due: Attempt, end: Step) -> None:
        assert books.halts.open_attempts() == [due]
        ended = books.halts.step(due, end, 3.0)
        assert books.halts.open_attempts() == []
        with pytest.raises(JournalError, match="has ended"):
            books.halts.step(ended, Step.TYPING, 4.0)
        assert books.halts.latest_attempt("s1") == ended

    def test_every_number_once(self, books: Books, due: Attempt, halt: Halt) -> None:
        with pytest.raises(JournalError):
            books.halts.begin(replace(due, record="r2"))
        assert books.halts.attempts(halt.id) == [due]
        assert len(books.halts.steps(due.id)) == 1

    def test_an_error_record_is_answered_once(self, books: Books, due: Attempt, halt: Halt) -> None:
        books.halts.step(due, Step.SKIPPED, 3.0)
        again = books.halts.begin(second(due))
        with pytest.raises(JournalError, match="answered before"):
            books.halts.step(again, Step.TYPING, 4.0)
        assert books.halts.attempts(halt.id)[1] == again
        assert len(books.halts.steps(again.id)) == 1

    def test_the_answer_is_counted_even_back_at_due(self, books: Books, due: Attempt) -> None:
        typing = books.halts.step(due, Step.TYPING, 3.0)
        books.halts.step(typing, Step.DUE, 4.0)
        again = books.halts.begin(second(due))
        with pytest.raises(JournalError, match="answered before"):
            books.halts.step(again, Step.LAUNCHING, 5.0)

    def test_an_attempt_that_begins_beyond_due_is_counted(self, books: Books, due: Attempt) -> None:
        books.halts.step(due, Step.TYPING, 3.0)
        with pytest.raises(JournalError):
            books.halts.begin(second(due, step=Step.LAUNCHING))

    def test_a_person_or_another_record_may_have_another_answer(
        self, books: Books, due: Attempt
    ) -> None:
        books.halts.step(due, Step.CONFIRMED, 3.0)
        by_hand = books.halts.begin(second(due, by_hand=True))
        books.halts.step(by_hand, Step.TYPING, 4.0)
        next_record = books.halts.begin(replace(due, number=3, record="r2"))
        books.halts.step(next_record, Step.TYPING, 5.0)
        assert [attempt.step for attempt in books.halts.attempts(due.halt or 0)] == [
            Step.CONFIRMED,
            Step.TYPING,
            Step.TYPING,
        ]

    def test_messages_of_a_person_have_no_halt_and_no_end(self, books: Books, halt: Halt) -> None:
        message = Attempt(0, "s2", 1, "Hello.", Step.DUE, 2.0, by_hand=True)
        sent = [books.halts.begin(message) for _ in range(2)]
        assert books.halts.open_attempts() == sent
        assert books.halts.latest_attempt("s2") == sent[1]
        assert books.halts.latest_attempt("s1") is None

    def test_an_attempt_belongs_to_a_kept_session_and_halt(self, books: Books, halt: Halt) -> None:
        orphan = Attempt(0, "nobody", 1, "Hello.", Step.DUE, 2.0)
        for wrong in (orphan, replace(orphan, session="s1", halt=99)):
            with pytest.raises(JournalError):
                books.halts.begin(wrong)


def test_a_step_and_what_it_means_for_the_session_are_one(books: Books, due: Attempt) -> None:
    def fail(session: Session) -> None:
        with books.db.writing(durable=True):
            books.halts.step(due, Step.TYPING, 3.0)
            books.sessions.save(session)
            raise KeyError("some bug")

    with pytest.raises(KeyError):
        fail(replace(SESSION, reason="typing"))
    assert books.halts.open_attempts() == [due]
    assert books.sessions.get("s1") == SESSION


def test_a_deed_that_was_not_done_leaves_all_as_it_was(books: Books, due: Attempt) -> None:
    typing = books.halts.step(due, Step.TYPING, 5.0, "typing", offset=9)
    back = books.halts.step_back(typing, due, 6.0, "copy mode")
    assert back == replace(due, reason="copy mode") == books.halts.attempt(due.id)
    known = books.halts.steps(due.id)
    assert [(line.at, line.step) for line in known][1:] == [(5.0, Step.TYPING), (6.0, Step.DUE)]
    again = books.halts.step(back, Step.TYPING, 7.0, "typing", line=False)
    assert books.halts.step_back(again, back, 8.0, "copy mode", line=False) == back
    assert books.halts.steps(due.id) == known


def test_what_is_open_is_shifted_and_its_history_is_not(books: Books, due: Attempt) -> None:
    over = books.halts.begin(second(due, session="s2", halt=None, record=""))
    over = books.halts.step(over, Step.SKIPPED, 3.0, "over")
    typed = books.halts.step(due, Step.TYPED, 5.0, "typed", keyed_at=4.5)
    known = books.halts.steps(due.id)
    books.halts.shift(100.0)
    shifted = replace(typed, stepped_at=105.0, keyed_at=104.5)
    assert books.halts.attempt(due.id) == shifted
    assert (books.halts.attempt(over.id), books.halts.steps(due.id)) == (over, known)
