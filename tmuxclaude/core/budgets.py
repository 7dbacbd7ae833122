"""What *we* impose on our own resumes: the user's brakes. Pure: values in, one answer out.

Four brakes, the strictest first. ``hold`` keeps one session from every key; a pause keeps all of
them from every key that nobody asked for; ``resume.quiet_hours`` and ``resume.max_per_day`` keep
new resumes from beginning. A resume that a person asks for by name passes all but the hold. None of
them reaches Claude Code's own continue, which is not ours to stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tmuxclaude.core import hours
from tmuxclaude.core.model import Actor, Attempt, Outlook, Session, Step, Want
from tmuxclaude.core.resume import Deed
from tmuxclaude.core.rules import ResumeRules

TOUCHING = frozenset({Deed.ESCAPE, Deed.STASH, Deed.TYPE, Deed.ENTER, Deed.RELAUNCH})
"""Deeds that send a key or start a process."""

LINKS = 8
"""How many brakes are followed that take over from each other, end to end."""


class Brake(StrEnum):
    """What holds a resume back."""

    HOLD = "hold"
    PAUSE = "pause"
    QUIET = "quiet hours"
    DAY = "resumes of a day"


@dataclass(frozen=True, slots=True)
class Pause:
    """No session is resumed unasked. ``until``: ``None`` when it ends by hand alone.

    ``zone``: of whoever asked for it, in which ``until`` is told to people.
    """

    since: float
    until: float | None
    zone: str

    @property
    def words(self) -> str:
        """Stays the same while the pause lasts."""
        if self.until is None:
            return "paused; to go on: tmuxclaude unpause"
        return f"paused until {hours.said(self.until, self.zone)}"


@dataclass(frozen=True, slots=True)
class Hold:
    """A resume is held back. ``brake`` is the strictest that holds now, ``reason`` is for people.

    ``until``: when the last of the brakes that follow each other ends; ``None``: by hand alone.
    """

    brake: Brake
    reason: str
    until: float | None


def held(session: Session) -> Hold | None:
    """The hold of this session, if its user, or a budget, has put one on it."""
    if session.want is not Want.HOLD:
        return None
    return Hold(Brake.HOLD, f"held; to go on: tmuxclaude release {session.name}", None)


def held_back(
    at: float,
    session: Session,
    rules: ResumeRules,
    pause: Pause | None,
    delivered: Sequence[float],
) -> Hold | None:
    """What would hold back a resume of ``session`` at the instant ``at``, or ``None``.

    ``delivered``: when the unasked resumes of all sessions together were made, at least those of
    that day; a night's cost is theirs together. Hours and days are those of the session's zone.
    """
    by_hand = held(session)
    if by_hand is not None:
        return by_hand
    found: list[Hold] = []
    until = at
    for _ in range(LINKS):
        link = _at(until, session.zone, rules, pause, delivered)
        if link is None:
            break
        if found and found[-1].brake is link.brake:
            found.pop()
        found.append(link)
        if link.until is None:
            break
        until = link.until
    if not found:
        return None
    reason = ", then ".join(link.reason for link in found)
    return Hold(found[0].brake, reason, found[-1].until)


def _at(
    at: float, zone: str, rules: ResumeRules, pause: Pause | None, delivered: Sequence[float]
) -> Hold | None:
    """The strictest brake of that very instant, but for the hold."""
    if pause is not None and (pause.until is None or at < pause.until):
        return Hold(Brake.PAUSE, pause.words, pause.until)
    quiet = hours.span_end(at, rules.quiet_hours, zone) if rules.quiet_hours else None
    if quiet is not None:
        return Hold(Brake.QUIET, f"quiet hours until {hours.said(quiet, zone)}", quiet)
    if rules.max_per_day:
        begin, end = hours.day_of(at, zone)
        if sum(begin <= when < end for when in delivered) >= rules.max_per_day:
            words = f"no more than {rules.max_per_day} resumes a day, until {hours.said(end, zone)}"
            return Hold(Brake.DAY, words, end)
    return None


def binds(hold: Hold, attempt: Attempt | None) -> bool:
    """Whether ``hold`` concerns this delivery, or with ``None`` one that is not begun.

    Only the hold concerns what a person asked for. What has left ``due`` is stopped by the hold and
    the pause; quiet hours and a day's end let it finish, for our text would stay in the prompt box.
    """
    if attempt is None or not attempt.open or hold.brake is Brake.HOLD:
        return True
    if attempt.halt is None or attempt.by_hand:
        return False
    return hold.brake is Brake.PAUSE or attempt.step is Step.DUE


def stops(hold: Hold, attempt: Attempt, deed: Deed) -> bool:
    """Whether ``hold`` forbids the next deed of an open attempt; a look or a note is never."""
    starts = deed is Deed.RELAUNCH and attempt.halt is not None and not attempt.by_hand
    return deed in TOUCHING and (starts or binds(hold, attempt))


def outlook(seen: Outlook, hold: Hold | None) -> Outlook:
    """Who acts next, given what ``hold`` says to ``seen``, the outlook without any brake."""
    if hold is None:
        return seen
    if seen.actor is Actor.CLAUDE:  # its own continue comes whatever we hold back
        return Outlook(seen.actor, seen.at, f"{seen.why}; tmuxclaude: {hold.reason}")
    why = hold.reason if seen.why in ("", hold.reason) else f"{hold.reason} ({seen.why})"
    if seen.actor is not Actor.US:
        return Outlook(seen.actor, seen.at, why if hold.brake is Brake.HOLD else seen.why)
    return Outlook(Actor.YOU if hold.until is None else Actor.US, hold.until, why)
