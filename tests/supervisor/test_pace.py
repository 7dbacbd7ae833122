"""How soon a session is looked at again: a clock whose hands are moved, and nothing else."""

from __future__ import annotations

import threading
from dataclasses import replace

from tests.conftest import PrivateServer
from tests.supervisor.hands import NOW, Hands
from tmuxclaude.core.model import Actor, Attempt, Halt, Limit, LimitKind, Outlook, Source, Step
from tmuxclaude.edges.clock import Clock
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.observe import Observer
from tmuxclaude.supervisor.pace import BRISK_SECONDS, FRESH_SECONDS, Pace

from ..store.values import SESSION

DUE = Attempt(1, "s1", 1, "Go on.", Step.DUE, NOW, stepped_at=NOW)
HALT = Halt(1, "s1", "c1", Limit(LimitKind.SERVER, "500", Source.TRANSCRIPT, NOW), "r", NOW)


def brisk(pace: Pace) -> bool:
    return bool(pace.brisk({}, settled=True))


def test_what_was_asked_is_looked_at_briskly_for_a_while() -> None:
    clock = Hands(passed=100.0)
    pace = Pace(clock)
    assert not brisk(pace)
    pace.hurry("s1")
    assert pace.next_look({}, settled=True) == clock.passed + BRISK_SECONDS
    clock.passed += FRESH_SECONDS
    assert not brisk(pace)
    assert pace.next_look({}, settled=True) is None


def test_each_real_step_is_followed_briskly_and_a_wait_is_not() -> None:
    clock, last = Hands(passed=100.0), DUE
    pace = Pace(clock)
    real = (DUE, replace(DUE, step=Step.TYPED), replace(DUE, step=Step.TYPED, keyed_at=NOW))
    before: Attempt | None = None
    for attempt in real:
        pace.follow("s1", before, attempt)
        assert brisk(pace)
        clock.passed += FRESH_SECONDS
        waits = replace(attempt, reason="copy mode", stepped_at=clock.now())
        pace.follow("s1", attempt, waits)
        assert not brisk(pace), "a refusal, or another reason to wait, is no step"
        before = last = waits
    pace.hurry("s1")
    pace.follow("s1", last, replace(last, step=Step.CONFIRMED))
    assert not brisk(pace)


def test_a_time_of_ours_is_met_at_once_and_then_left_to_full_rounds() -> None:
    clock = Hands(passed=100.0)
    pace = Pace(clock)
    outlook = Outlook(Actor.US, clock.now() + 30, "server error")
    known = {"s1": Decided(replace(SESSION, outlook=outlook), HALT, None)}
    assert pace.next_look(known, settled=True) == clock.passed + 30
    clock.passed += 30
    assert pace.brisk(known, settled=True) == {"s1"}
    assert pace.brisk(known, settled=False) == set()
    clock.passed += FRESH_SECONDS
    assert pace.next_look(known, settled=True) is None
    others = {"s1": replace(known["s1"], session=replace(SESSION, outlook=Outlook(Actor.CLAUDE)))}
    assert pace.brisk(others, settled=True) == set()


def test_a_late_look_does_not_spoil_what_follows_a_sleep(tmux_server: PrivateServer) -> None:
    """It may be the first at its session, in the very moment in which the clocks have jumped."""
    observer = Observer(lambda _: tmux_server.tmux, Clock())
    begun, ended = threading.Event(), threading.Event()

    def look() -> None:
        for number in range(100_000):
            observer.program(str(number))
            begun.set()
        ended.set()

    late = threading.Thread(target=look)
    late.start()
    begun.wait(10)
    try:
        while not ended.is_set():
            observer.clocks_jumped()
    finally:
        late.join()
