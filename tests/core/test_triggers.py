"""When a checkpoint is due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmuxclaude.core.conversations import Activity, Conversation, Kept, Transcript
from tmuxclaude.core.rules import CheckpointRules
from tmuxclaude.core.triggers import Measured, oldest_first, triggers, verdict
from tmuxclaude.core.triggers import measured as of

NOW = 1_800_000_000.0
AT = CheckpointRules()


def measured(
    hours: float = 0.0,
    files: int = 0,
    context: float | None = 0.0,
    idle: float = 0.0,
    checkpoint: float | None = None,
) -> Measured:
    """``hours`` and ``idle`` (minutes) ago; ``checkpoint``: minutes ago."""
    taken = NOW - 60 * checkpoint if checkpoint is not None else None
    return Measured(NOW - 3600 * hours, taken, files, context, NOW - 60 * idle)


@pytest.mark.parametrize(
    ("one", "reasons"),
    [
        (measured(hours=2), ("time",)),
        (measured(files=15), ("activity",)),
        (measured(context=0.75), ("context",)),
        (measured(idle=30), ("idle",)),
        (measured(hours=3, files=40), ("time", "activity")),
    ],
)
def test_one_threshold_is_enough(one: Measured, reasons: tuple[str, ...]) -> None:
    found = verdict(one, AT, NOW)
    assert found.due
    assert found.reasons == reasons


@pytest.mark.parametrize(
    ("one", "due"),
    [
        # 0.3 x 0.7 + 0.4 x 0.7 + 0.5 x 0.72 + 0.2 x 0.7 = 0.99
        (measured(hours=1.4, files=10, context=0.54, idle=21), False),
        # 0.3 x 0.9 + 0.4 x 12/15 + 0.5 x 0.8 + 0.2 x 0.1 = 1.01
        (measured(hours=1.8, files=12, context=0.60, idle=3), True),
        (measured(hours=1.99, files=14, context=None, idle=29), False),
        (measured(), False),
    ],
)
def test_none_reached_but_the_sum(one: Measured, due: bool) -> None:
    found = verdict(one, AT, NOW)
    assert found.due is due
    assert all(trigger.share < 1 for trigger in found.triggers)


def test_the_sum_is_what_it_says() -> None:
    found = verdict(measured(hours=1, files=3, context=0.375, idle=15), AT, NOW)
    assert found.total == pytest.approx(0.3 * 0.5 + 0.4 * 0.2 + 0.5 * 0.5 + 0.2 * 0.5)
    assert [trigger.name for trigger in found.triggers] == ["time", "activity", "context", "idle"]
    assert "0.58 of 1" in found.why


def test_exactly_one_in_sum_is_due() -> None:
    tenths = CheckpointRules(hours=10, files=10, context_percent=10, idle_minutes=10)
    one = measured(hours=9, files=9, context=0.09, idle=0)
    assert verdict(one, tenths, NOW).due  # 0.9 x (0.3 + 0.4 + 0.5) = 1.08
    one = Measured(NOW - 3600 * 20 / 3, None, 10 - 1, 0.088, NOW)  # 0.2 + 0.36 + 0.44 = 1
    found = verdict(one, tenths, NOW)
    assert found.total == pytest.approx(1.0)
    assert found.due


def test_each_weight_is_the_configuration_s() -> None:
    one = measured(hours=1.8, files=12, context=0.60, idle=3)
    for key, share in (
        ("hours_weight", 0.9),
        ("files_weight", 0.8),
        ("context_weight", 0.8),
        ("idle_weight", 0.1),
    ):
        at = replace(AT, hours_weight=0, files_weight=0, context_weight=0, idle_weight=0)
        found = verdict(one, replace(at, **{key: 1}), NOW)
        assert (found.total, found.due) == (pytest.approx(share), False)
    assert not verdict(one, replace(AT, context_weight=0.4), NOW).due


def test_never_within_the_cooldown() -> None:
    busy = measured(hours=5, files=50, context=1.0, checkpoint=29)
    found = verdict(busy, AT, NOW)
    assert not found.due
    assert "29 min ago" in found.why
    assert verdict(measured(hours=5, files=50, checkpoint=31), AT, NOW).due


def test_never_for_the_same_point_again() -> None:
    idle = replace(measured(hours=9, idle=300, checkpoint=200), anew=False)
    found = verdict(idle, AT, NOW)
    assert not found.due
    assert "nothing happened" in found.why


def conversation(offset: int, timed: int, last_at: float, kept: Kept | None) -> Conversation:
    activity = Activity(first_at=0, last_at=last_at, timed=timed, files={"a": timed})
    transcript = Transcript("/a/projects/p/c.jsonl", "/a", 1, 2, offset, 3, offset, False, activity)
    return Conversation(transcript, kept=kept)


@pytest.mark.parametrize(
    ("kept_at", "timed", "offset", "due"),
    [
        (500, 500, 600, True),  # the first record that it does not know
        (600, 500, 600, False),
        (900, 500, 600, True),  # another file stands there now
    ],
)
@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_what_is_new_stands_behind_what_was_read_whatever_its_time(
    kept_at: int, timed: int, offset: int, due: bool, seconds: float
) -> None:
    kept = Kept("one", NOW - 3600, kept_at)
    one = of(conversation(offset, timed, NOW - 3600 + seconds, kept))
    assert verdict(one, replace(AT, hours=1), NOW).due is due
    assert one.files == due


def test_a_conversation_without_a_record_is_not_due() -> None:
    assert not verdict(Measured(None, None, 99, 1.0, None), AT, NOW).due


def test_a_clock_that_went_back_makes_nothing_negative() -> None:
    ahead = Measured(NOW + 60, None, 0, None, NOW + 60)
    assert all(trigger.value == 0 for trigger in triggers(ahead, AT, NOW))
    assert not verdict(ahead, AT, NOW).due


def test_a_threshold_of_zero_switches_its_trigger_off() -> None:
    off = CheckpointRules(hours=0, files=0, context_percent=0, idle_minutes=0)
    assert not verdict(measured(hours=99, files=99, context=1.0, idle=99), off, NOW).due


def test_the_oldest_checkpoint_comes_first() -> None:
    found = [
        ("young", measured(checkpoint=40)),
        ("old", measured(checkpoint=400)),
        ("none", measured()),
    ]
    assert oldest_first(found) == ["none", "old", "young"]
