"""What the supervisor decided about each session, and how that goes on.

A verdict is the answer to resume and stop. Knows how to show one, how to follow the attempt
that it opened, and which exit code it means.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.cli import show
from tmuxclaude.core.errors import BY_CODE, RefusedError
from tmuxclaude.core.model import Step

LOOK_SECONDS = 0.2
"""How often an attempt is asked for while a command follows it."""

DELIVERED = frozenset({Step.CONFIRMED, Step.SKIPPED})
"""Steps after which the session goes on."""


def table(verdicts: Sequence[wire.Verdict]) -> str:
    """One line for each session: what is done, or would be, and why."""
    rows = [(verdict.name, verdict.done, verdict.why) for verdict in verdicts]
    return show.table(("NAME", "WHAT", "WHY"), rows, show.room())


def evidence(verdict: wire.Verdict) -> str:
    """The witnesses of one verdict, one a line, indented."""
    return "\n".join(f"    {show.visible(line)}" for line in verdict.evidence)


def exit_code(verdicts: Iterable[wire.Verdict]) -> int:
    """That of the first refusal; 0 without one."""
    for verdict in verdicts:
        if verdict.done == "refused":
            return BY_CODE.get(verdict.code, RefusedError).exit_code
    return 0


def follow(client: Client, attempts: Iterable[int], patience: float) -> list[wire.Progress]:
    """How far each attempt came: until all have ended, at most ``patience`` seconds."""
    until = time.monotonic() + patience
    numbers = list(attempts)
    while True:
        seen = [client.ask(wire.Follow(attempt=number), wire.Progress) for number in numbers]
        if time.monotonic() >= until or not any(progress.open for progress in seen):
            return seen
        time.sleep(LOOK_SECONDS)


def outcome(progress: wire.Progress) -> str:
    """One sentence about an attempt."""
    why = f": {progress.reason}" if progress.reason else ""
    if progress.open:
        more = f"see: tmuxclaude show {progress.name}"
        return f"{progress.name}: not yet ({progress.step}{why}); {more}"
    said = {
        Step.CONFIRMED: "continues; the text is in its transcript",
        Step.SKIPPED: "needed nothing",
        Step.NEEDS_HUMAN: "needs you",
        Step.GAVE_UP: "was given up",
    }
    return f"{progress.name}: {said.get(Step(progress.step), progress.step)}{why}"


def failed(progress: Iterable[wire.Progress]) -> bool:
    """Whether an attempt ended without its session going on."""
    return any(not one.open and one.step not in DELIVERED for one in progress)
