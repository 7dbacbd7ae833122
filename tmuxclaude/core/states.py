"""The law of states: which signal turns which state into which.

One table. ``docs/states.md`` is generated from it. A signal that the table does not list for a
state changes nothing, and that is reported by returning the state unchanged.
"""

from __future__ import annotations

from enum import StrEnum

from tmuxclaude.core.model import State


class Signal(StrEnum):
    """What the evidence of one instant says about a session."""

    IDLE = "idle"
    WORK = "work"
    QUESTION = "question"
    DIALOG = "dialog"
    LIMIT = "limit"
    GONE = "gone"
    GOODBYE = "goodbye"
    WOKEN = "woken"
    LAUNCHED = "launched"
    QUEUED = "queued"
    FAILED = "failed"


LIVING = frozenset(
    {State.STARTING, State.IDLE, State.WORKING, State.WAITING, State.LIMITED, State.RESUMING}
)
"""States in which a Claude Code process is expected to live."""

_SEEN = {
    Signal.IDLE: State.IDLE,
    Signal.WORK: State.WORKING,
    Signal.QUESTION: State.WAITING,
    Signal.DIALOG: State.WAITING,
    Signal.LIMIT: State.LIMITED,
    Signal.GONE: State.LOST,
    Signal.GOODBYE: State.ENDED,
}

TABLE: dict[tuple[State, Signal], State] = {
    (state, signal): target for state in LIVING for signal, target in _SEEN.items()
} | {
    (State.IDLE, Signal.WOKEN): State.RESUMING,
    (State.LIMITED, Signal.WOKEN): State.RESUMING,
    (State.LOST, Signal.WOKEN): State.RESUMING,
    (State.QUEUED, Signal.LAUNCHED): State.STARTING,
    (State.LOST, Signal.LAUNCHED): State.STARTING,
    (State.ENDED, Signal.LAUNCHED): State.STARTING,
    (State.LOST, Signal.QUEUED): State.QUEUED,
    (State.QUEUED, Signal.FAILED): State.LOST,
    (State.QUEUED, Signal.GOODBYE): State.ENDED,
    (State.LOST, Signal.GOODBYE): State.ENDED,
}


def after(state: State, signal: Signal) -> State:
    """The state after ``signal``; the same state when the law does not know the pair."""
    return TABLE.get((state, signal), state)
