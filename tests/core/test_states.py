"""The table of states is the law; these are its promises."""

import pytest

from tmuxclaude.core.model import State
from tmuxclaude.core.states import LIVING, TABLE, Signal, after


@pytest.mark.parametrize(
    "state", [s for s in State if s not in (State.IDLE, State.LIMITED, State.LOST)]
)
def test_nobody_but_a_resting_session_can_be_woken(state: State) -> None:
    assert after(state, Signal.WOKEN) is state


@pytest.mark.parametrize("signal", [Signal.IDLE, Signal.WORK, Signal.LIMIT, Signal.WOKEN])
def test_an_ended_session_stays_ended_whatever_is_seen(signal: Signal) -> None:
    assert after(State.ENDED, signal) is State.ENDED


def test_only_a_launch_brings_an_ended_session_back() -> None:
    ways = {signal for (state, signal) in TABLE if state is State.ENDED}
    assert ways == {Signal.LAUNCHED}


@pytest.mark.parametrize("state", sorted(LIVING))
def test_a_dead_process_beats_every_living_state(state: State) -> None:
    assert after(state, Signal.GONE) is State.LOST
    assert after(state, Signal.GOODBYE) is State.ENDED


def test_claude_code_may_continue_without_us() -> None:
    assert after(State.LIMITED, Signal.WORK) is State.WORKING


def test_every_state_can_be_reached_and_every_signal_means_something() -> None:
    assert set(TABLE.values()) | {State.QUEUED} == set(State)
    assert {signal for (_, signal) in TABLE} == set(Signal)
