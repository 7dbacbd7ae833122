"""What the supervisor decided about each session, and how that goes on.

A verdict is the answer to resume, stop, hold and release. Knows how to say one, how to follow what
it began, and which exit code it means.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout
from tmuxclaude.cli.quick import ACTORS
from tmuxclaude.core.errors import BY_CODE, NotFoundError, RefusedError, UnreachableError
from tmuxclaude.core.model import ENDED_STEPS, Step
from tmuxclaude.store import remembered

if TYPE_CHECKING:
    from tmuxclaude.edges.paths import Paths

LOOK_SECONDS = 0.2
"""How often it is looked how far an attempt is, while a command follows it."""

AWAY_SECONDS = 30.0
"""How long a supervisor is waited for that is away, or hangs, before it has ended what it began."""

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


def follow(
    paths: Paths, attempts: Iterable[int], patience: float, away: float = AWAY_SECONDS
) -> list[wire.Progress]:
    """How far each attempt came: until all have ended, at most ``patience`` seconds.

    It reads the database by itself, so it goes on while the supervisor is restarted; ``away``: how
    many seconds that may take.
    """
    numbers = list(attempts)
    began = answered = time.monotonic()
    while True:
        seen = [_progress(paths, number) for number in numbers]
        if not any(progress.open for progress in seen):
            return seen
        now = time.monotonic()
        answered = now if _answers(paths) else answered
        if now - began >= patience or now - answered >= away:
            return seen
        time.sleep(LOOK_SECONDS)


def _progress(paths: Paths, attempt: int) -> wire.Progress:
    row = remembered.delivery(paths.database, attempt)
    if row is None:
        raise NotFoundError(f"attempt {attempt} is not kept any more")
    step = Step(row["step"])
    return wire.Progress(
        attempt=attempt,
        name=row["name"],
        step=step,
        reason=row["reason"],
        open=step not in ENDED_STEPS,
    )


def _answers(paths: Paths) -> bool:
    try:
        return app.ping(paths) is not None
    except UnreachableError:
        return False


def outcome(progress: wire.Progress) -> str:
    """One sentence about a resume."""
    said = {
        Step.CONFIRMED: "continues",
        Step.SKIPPED: "needed nothing",
        Step.NEEDS_HUMAN: "needs you",
        Step.GAVE_UP: "was given up",
    }
    return _told(progress, said, "see")


def delivery(progress: wire.Progress) -> str:
    """One sentence about a message."""
    said = {
        Step.CONFIRMED: "sent",
        Step.SKIPPED: "not sent",
        Step.NEEDS_HUMAN: "not sure that it was sent",
        Step.GAVE_UP: "not sent",
    }
    return _told(progress, said, "it may be sent all the same; before you send it again")


def delivery_code(step: Step) -> int:
    """The exit code of a message whose delivery came so far."""
    if step is Step.CONFIRMED:
        return 0
    return (RefusedError if step in ENDED_STEPS else UnreachableError).exit_code


def _told(progress: wire.Progress, said: Mapping[Step, str], look: str) -> str:
    step = Step(progress.step)
    why = f": {progress.reason}" if progress.reason and step is not Step.CONFIRMED else ""
    if progress.open:
        more = f"{look}: tmuxclaude show {progress.name}"
        return f"{progress.name}: not yet ({progress.step}{why}); {more}"
    return f"{progress.name}: {said[step]}{why}"


def failed(progress: Iterable[wire.Progress]) -> bool:
    """Whether an attempt ended without its session going on."""
    return any(not one.open and one.step not in DELIVERED for one in progress)
