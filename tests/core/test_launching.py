"""Which limits stand in the way of a launch."""

from __future__ import annotations

import pytest

from tmuxclaude.core import launching
from tmuxclaude.core.evidence import Ending, Tail, UserTurn
from tmuxclaude.core.model import Actor, Limit, LimitKind, Outlook, Source

NOW = 1_800_000_000.0


def limit(kind: LimitKind, resets_in: float | None, source: Source = Source.TRANSCRIPT) -> Limit:
    resets_at = None if resets_in is None else NOW + resets_in
    return Limit(kind, "you have hit it", source, NOW - 60, resets_at)


@pytest.mark.parametrize(
    ("standing", "closes"),
    [
        (limit(LimitKind.FIVE_HOUR, 600), True),
        (limit(LimitKind.SEVEN_DAY, 600, Source.HOOK), True),
        (limit(LimitKind.USAGE, 600), True),
        (limit(LimitKind.FIVE_HOUR, 600, Source.SCREEN), False),
        (limit(LimitKind.FIVE_HOUR, 0), False),
        (limit(LimitKind.FIVE_HOUR, None), False),
        (limit(LimitKind.OPUS, 600), False),
        (limit(LimitKind.RATE, 600), False),
        (limit(LimitKind.AUTH, 600), False),
    ],
)
def test_what_closes_the_gate(standing: Limit, closes: bool) -> None:
    assert (launching.gate([standing], NOW, "UTC").limit is standing) is closes


def test_the_limit_that_resets_last_counts() -> None:
    short, long = limit(LimitKind.FIVE_HOUR, 600), limit(LimitKind.SEVEN_DAY, 6000)
    assert launching.gate([long, short], NOW, "UTC").limit is long


def test_a_limit_of_one_model_warns() -> None:
    found = launching.gate([limit(LimitKind.OPUS, 600)], NOW, "Europe/Berlin")
    assert found == launching.Gate(None, ("the Opus limit stands until Fri 09:10 (CET)",))


def test_the_refusal_says_what_when_and_the_two_ways_on() -> None:
    words = launching.refusal(
        limit(LimitKind.FIVE_HOUR, 8000), "/home/ann/.claude", NOW, "Europe/Berlin"
    )
    assert "/home/ann/.claude has met its 5-hour limit" in words
    assert "at Fri 11:13 (CET), in 2 h 13 min" in words
    assert "--wait" in words
    assert "--force" in words


def test_a_queued_session_starts_a_margin_after_the_reset() -> None:
    limits = [limit(LimitKind.FIVE_HOUR, 600)]
    due = NOW + 630
    waits = Outlook(Actor.US, due, "starts when the 5-hour limit has reset")
    assert launching.queued(limits, NOW, 30) == waits
    assert launching.queued(limits, due - 1, 30) == waits
    assert launching.queued(limits, due, 30).at is None
    assert launching.queued([], NOW, 30).at is None


def test_only_a_finished_turn_shows_that_a_limit_is_lifted() -> None:
    turns = (UserTurn("one", NOW - 60, 0), UserTurn("two", NOW, 9))
    assert launching.worked(Tail(Ending.DONE, turns=turns, last_at=NOW + 5)) == (NOW, NOW + 5)
    assert launching.worked(Tail(Ending.ERROR, turns=turns, last_at=NOW + 5)) is None
    assert launching.worked(Tail(Ending.DONE, last_at=NOW)) is None
    assert launching.worked(None) is None
