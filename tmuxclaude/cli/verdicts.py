"""What the supervisor decided about each session, and how that goes on.

A verdict is the answer to resume, stop, hold and release. Knows how to say one, how to follow what
it began, and which exit code it means.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.cli import layout
from tmuxclaude.cli.quick import ACTORS
from tmuxclaude.core.errors import BY_CODE, RefusedError
from tmuxclaude.core.model import Step

LOOK_SECONDS = 0.2
"""How often an attempt is asked for while a command follows it."""

DELIVERED = frozenset({Step.CONFIRMED, Step.SKIPPED})
"""Steps after which the session goes on."""


def text(verdicts: Sequence[wire.Verdict], words: Mapping[str, str]) -> str:
    """A sentence for a single session; of several a line for each, in a table where
    that has room, and the notes of all.

    ``words``: what each ``done`` means.
    """
    now = time.time()
    if len(verdicts) == 1:
        [only] = verdicts
        return "\n".join([layout.visible(_sentence(only, now, words)), *_notes(only)])
    rows = [(one.name, words.get(one.done, one.done), _why(one, now)) for one in verdicts]
    shown, room = layout.table(("NAME", "WHAT", "WHY"), rows), layout.room()
    if room is not None and any(layout.columns(line) > room for line in shown.splitlines()):
        # Behind each reason stands what to do next, so none is cut.
        shown = "\n".join(layout.visible(_sentence(one, now, words)) for one in verdicts)
    return "\n".join([shown, *(line for one in verdicts for line in _notes(one))])


def _sentence(verdict: wire.Verdict, now: float, words: Mapping[str, str]) -> str:
    why = _why(verdict, now)
    if verdict.done == "refused":
        return why if why.startswith(f"{verdict.name} ") else f"{verdict.name}: {why}"
    what = words.get(verdict.done, verdict.done)
    return f"{verdict.name}: {what}" + (f" ({why})" if why else "")


def _why(verdict: wire.Verdict, now: float) -> str:
    """The reason, with its time in the reader's own zone, and who acts next as ``list`` says it."""
    if not verdict.actor:
        return verdict.why
    due = verdict.due
    when = "no time is known"
    if due is not None:
        when = f"due at {layout.moment(due, now)} ({layout.countdown(due, now)})"
    who = ACTORS.get(verdict.actor, "")
    follows = f"{who} {'act' if who == 'you' else 'acts'} next" if who else "nobody acts next"
    now_ = f"To go on at once: tmuxclaude resume {verdict.name} --now"
    return f"{verdict.why}; {when}, {follows}. {now_}"


def _notes(verdict: wire.Verdict) -> list[str]:
    return [layout.visible(f"{verdict.name}: {note}") for note in verdict.notes]


def evidence(verdict: wire.Verdict) -> str:
    """The witnesses of one verdict, one a line, indented."""
    return "\n".join(f"    {layout.visible(line)}" for line in verdict.evidence)


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
    """One sentence about a resume."""
    said = {
        Step.CONFIRMED: "continues",
        Step.SKIPPED: "needed nothing",
        Step.NEEDS_HUMAN: "needs you",
        Step.GAVE_UP: "was given up",
    }
    return _told(progress, said)


def delivery(progress: wire.Progress) -> str:
    """One sentence about a message."""
    said = {
        Step.CONFIRMED: "sent",
        Step.SKIPPED: "not sent",
        Step.NEEDS_HUMAN: "not sure that it was sent",
        Step.GAVE_UP: "not sent",
    }
    return _told(progress, said)


def _told(progress: wire.Progress, said: Mapping[Step, str]) -> str:
    step = Step(progress.step)
    why = f": {progress.reason}" if progress.reason and step is not Step.CONFIRMED else ""
    if progress.open:
        more = f"see: tmuxclaude show {progress.name}"
        return f"{progress.name}: not yet ({progress.step}{why}); {more}"
    return f"{progress.name}: {said[step]}{why}"


def failed(progress: Iterable[wire.Progress]) -> bool:
    """Whether an attempt ended without its session going on."""
    return any(not one.open and one.step not in DELIVERED for one in progress)
