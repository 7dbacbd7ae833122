"""When a conversation is due for a checkpoint: four values, their weights, one verdict.

Each trigger measures something as a share of its threshold. A checkpoint is due when any share
reaches 1, or when the shares times their weights sum up to 1, but never within the cooldown of the
last one. A trigger that is not known counts as nothing. A halt and a session's end are reasons of
their own, and need no verdict. Thresholds, weights and the cooldown are the configuration's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tmuxclaude.core.conversations import Conversation
from tmuxclaude.core.rules import CheckpointRules

Name = Literal["time", "activity", "context", "idle"]

NEARLY = 1e-9
"""What sums of shares like 0.1 may lack, for floating point's sake."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one conversation shows now. Times in UTC epoch seconds.

    ``began_at``: the last checkpoint's time or, without one, that of the first record.
    ``checkpoint_at``: ``None`` when there was none. ``files``: distinct ones since then.
    ``context``: a share of the window, 0 to 1; ``None`` when it is unknown. ``last_at``: of the
    last record. ``anew``: whether a record came since the transcript was read for the checkpoint;
    where it stands tells that, for times are only what records claim, and taking one lasts a while.
    """

    began_at: float | None
    checkpoint_at: float | None
    files: int
    context: float | None
    last_at: float | None
    anew: bool = True


@dataclass(frozen=True, slots=True)
class Trigger:
    """One of the four: ``share`` of its threshold (1 is reached), and what it weighs."""

    name: Name
    value: float
    threshold: float
    weight: float

    @property
    def share(self) -> float:
        return self.value / self.threshold if self.threshold > 0 else 0.0

    @property
    def weighed(self) -> float:
        return min(self.share, 1.0) * self.weight


@dataclass(frozen=True, slots=True)
class Verdict:
    """``due`` and why, or why not; ``reasons`` name the triggers that brought it about."""

    triggers: tuple[Trigger, ...]
    due: bool
    reasons: tuple[Name, ...]
    why: str

    @property
    def total(self) -> float:
        """The weighted sum."""
        return sum(trigger.weighed for trigger in self.triggers)


def measured(one: Conversation) -> Measured:
    """What a conversation shows."""
    activity, kept = one.activity, one.kept
    return Measured(
        began_at=kept.at if kept is not None else activity.first_at,
        checkpoint_at=kept.at if kept is not None else None,
        files=activity.files_since(one.since),
        context=activity.context,
        last_at=activity.last_at,
        anew=activity.timed >= one.since,
    )


def triggers(measured: Measured, rules: CheckpointRules, now: float) -> tuple[Trigger, ...]:
    """The four: hours since the last checkpoint (or the beginning), files modified since, tokens of
    the last turn in percent of the window, idle minutes."""
    hours = max(0.0, now - measured.began_at) / 3600 if measured.began_at is not None else 0.0
    idle = max(0.0, now - measured.last_at) / 60 if measured.last_at is not None else 0.0
    context = 100 * measured.context if measured.context is not None else 0.0
    return (
        Trigger("time", hours, rules.hours, rules.hours_weight),
        Trigger("activity", float(measured.files), float(rules.files), rules.files_weight),
        Trigger("context", context, rules.context_percent, rules.context_weight),
        Trigger("idle", idle, rules.idle_minutes, rules.idle_weight),
    )


def verdict(measured: Measured, rules: CheckpointRules, now: float) -> Verdict:
    """Whether a checkpoint is due at ``now`` (UTC epoch seconds).

    Never when nothing happened since the last one: the same point again is no point to come back
    to. That is said before the cooldown is looked at.
    """
    found = triggers(measured, rules, now)
    taken = measured.checkpoint_at
    if measured.last_at is None:
        return Verdict(found, False, (), "nothing was said in it yet")
    if taken is not None and not measured.anew:
        return Verdict(found, False, (), "nothing happened since the last checkpoint")
    if taken is not None and now - taken < 60 * rules.cooldown_minutes:
        ago, next_after = max(0.0, now - taken) / 60, f"{rules.cooldown_minutes:g}"
        why = f"the last checkpoint was {ago:.0f} min ago; the next after {next_after}"
        return Verdict(found, False, (), why)
    reached = tuple(one.name for one in found if one.share >= 1 - NEARLY)
    if reached:
        return Verdict(found, True, reached, f"{' and '.join(reached)} reached")
    total = sum(one.weighed for one in found)
    if total >= 1 - NEARLY:
        reasons = tuple(one.name for one in found if one.weighed > 0)
        return Verdict(found, True, reasons, f"together they weigh {total:.2f}")
    return Verdict(found, False, (), f"together they weigh {total:.2f} of 1")


def oldest_first(found: Iterable[tuple[str, Measured]]) -> list[str]:
    """The conversations in the order of their last checkpoint; those that never had one first."""
    return [
        uid for uid, one in sorted(found, key=lambda pair: (pair[1].checkpoint_at or 0, pair[0]))
    ]
