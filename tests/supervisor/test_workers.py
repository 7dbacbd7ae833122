"""One task at a time for each key; who hangs or fails costs the others nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from tests.waiting import until
from tmuxclaude.supervisor.workers import PATIENCE_SECONDS, SLOW_SECONDS, Workers


@pytest.fixture
def woken() -> threading.Event:
    return threading.Event()


@pytest.fixture
def workers(woken: threading.Event) -> Iterator[Workers[str]]:
    made: Workers[str] = Workers(woken.set)
    yield made
    made.close()


def test_what_is_quick_is_there_at_once(workers: Workers[str], woken: threading.Event) -> None:
    done = workers.run({"a": lambda: "one", "b": lambda: "two"})
    assert {key: one.value for key, one in done.items()} == {"a": "one", "b": "two"}
    assert not woken.is_set()


def test_what_hangs_comes_later_and_delays_nobody(
    workers: Workers[str], woken: threading.Event
) -> None:
    free = threading.Event()
    done = workers.run({"hangs": lambda: str(free.wait(20)), "quick": lambda: "here"})
    assert list(done) == ["quick"]
    began = time.monotonic()
    for _ in range(5):
        assert not workers.idle("hangs")
        assert list(workers.run({"quick": lambda: "here"})) == ["quick"]
    assert time.monotonic() - began < 15
    free.set()
    assert woken.wait(5)
    [late] = until(lambda: workers.run({})).values()
    assert (late.value, workers.idle("hangs")) == ("True", True)
    assert late.age >= PATIENCE_SECONDS


def test_who_was_slow_rests(workers: Workers[str]) -> None:
    workers.run({"slow": lambda: str(threading.Event().wait(SLOW_SECONDS + 0.1))})
    until(lambda: workers.run({}))
    assert not workers.idle("slow")
    until(lambda: workers.idle("slow"))


def test_a_task_that_does_not_end_is_known_and_left_behind(workers: Workers[str]) -> None:
    free = threading.Event()
    workers.run({"hangs": lambda: str(free.wait(20)), "quick": lambda: "here"})
    until(lambda: workers.late(0.5) == ["hangs"])
    assert workers.late(20) == []
    [thread] = [one for one in threading.enumerate() if one.name == "look at hangs"]
    assert thread.daemon  # it keeps nobody from ending
    free.set()
    until(lambda: workers.run({}))
    assert workers.late(0.0) == []


def test_nothing_stays_of_who_is_not_asked_any_more(workers: Workers[str]) -> None:
    for number in range(3):
        assert workers.run({f"key {number}": lambda: "here"})
    until(lambda: not [one for one in threading.enumerate() if "look at key" in one.name])


class Clock:
    """In the place of ``time``: it goes only when it is told to."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at

    def go(self, seconds: float) -> str:
        self.at += seconds
        return ""


def test_a_rest_doubles_up_to_half_a_minute_and_ends_with_a_quick_task(
    workers: Workers[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("tmuxclaude.supervisor.workers.time", clock)

    def rest_after(seconds: float) -> float:
        assert workers.run({"key": lambda: clock.go(seconds)})
        ended = clock.at
        while not workers.idle("key"):
            clock.go(0.5)
        return clock.at - ended

    slow = SLOW_SECONDS + 0.5
    assert [rest_after(slow) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [rest_after(seconds) for seconds in (0.25, slow)] == [0, 1]


def test_a_task_that_fails_is_logged_and_given_again(
    workers: Workers[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> str:
        raise ValueError("what nobody expected")

    with caplog.at_level(logging.ERROR):
        done = workers.run({"bad": fails, "good": lambda: "one"})
    assert list(done) == ["good"]
    assert "what nobody expected" in caplog.text
    assert workers.run({"bad": lambda: "again"})["bad"].value == "again"
