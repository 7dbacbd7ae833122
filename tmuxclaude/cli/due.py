"""Which conversations are due for a checkpoint, and why: as a table for people, as plain data."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from tmuxclaude.cli import in_force, layout
from tmuxclaude.cli.conversations import Progress, called, complain
from tmuxclaude.survey import overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmuxclaude.core.conversations import Conversation
    from tmuxclaude.core.triggers import Trigger, Verdict
    from tmuxclaude.edges.paths import Paths

    Told = Sequence[tuple[Conversation, Verdict]]

DAYS = 7
"""A conversation whose last record is older is looked at no more."""

UNITS = {"time": "h", "activity": "", "context": "%", "idle": "min"}

FITS = {
    "DIRECTORY": layout.Fit(12, middle=True, may_go=True),
    "WHY": layout.Fit(20, may_go=True),
    "TITLE": layout.Fit(8),
}


def verdicts(paths: Paths) -> Told:
    """What is to be said of every conversation of the last days."""
    rules, now, progress = in_force.rules(), time.time(), Progress()
    try:
        since = now - 86400 * DAYS
        found, problems = overview.look(paths, rules, os.environ, since, tell=progress.tell)
    finally:
        progress.end()
    complain(problems)
    return overview.due(found, rules, now)


def text(told: Told) -> str:
    """Of each conversation the four values, what they weigh, their sum and the verdict."""
    if not told:
        return "No conversations."
    columns = zip(*(verdict.triggers for _, verdict in told), strict=True)
    alike = [len({trigger.weight for trigger in column}) == 1 for column in columns]
    values = [
        one.name.upper() + _weight(one, same)
        for one, same in zip(told[0][1].triggers, alike, strict=True)
    ]
    heads = ("TITLE", "DIRECTORY", *values, "SUM", "DUE", "WHY")
    return layout.table(heads, [_cells(*one, alike) for one in told], layout.room(), FITS)


def plain(told: Told) -> list[dict[str, Any]]:
    """The same as ``--json`` shows it."""
    return [
        {
            "id": one.transcript.conversation,
            "account": one.transcript.account,
            "session": one.session or None,
            "directory": one.activity.directory or None,
            "title": called(one),
            "checkpoint_at": one.kept.at if one.kept is not None else None,
            "triggers": [_trigger(trigger) for trigger in verdict.triggers],
            "sum": verdict.total,
            "due": verdict.due,
            "reasons": list(verdict.reasons),
            "why": verdict.why,
        }
        for one, verdict in told
    ]


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {
        "name": trigger.name,
        "value": trigger.value,
        "threshold": trigger.threshold,
        "share": trigger.share,
        "weight": trigger.weight,
    }


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _weight(trigger: Trigger, said: bool) -> str:
    return f" x{trigger.weight:g}" if said else ""


def _cells(one: Conversation, verdict: Verdict, alike: Sequence[bool]) -> tuple[str, ...]:
    """``alike``: of which triggers the weight is the same in all, and stands in the head."""
    values = (
        f"{_short(trigger.value)} of {trigger.threshold:g}{UNITS[trigger.name]}"
        + _weight(trigger, not same)
        for trigger, same in zip(verdict.triggers, alike, strict=True)
    )
    return (
        layout.cut(one.session or layout.visible(called(one)), 30),
        layout.short(one.activity.directory),
        *values,
        f"{verdict.total:.2f}",
        "due" if verdict.due else "no",
        verdict.why,
    )
