"""What tmux shows of the sessions: the segment of its status line, and the mark at a window's name.

Both are made of numbers, times and the user's own symbols. Nothing that a program, a directory or a
screen says ever gets here, so nothing can drive tmux through it.

In tmux the segment is one option of the server, ``@tmuxclaude-segment``, which the supervisor sets;
``#{T:@tmuxclaude-segment}`` in ``status-right`` or ``status-left`` shows it, without a process
(``edges/tmux/status``). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tmuxclaude.core.model import Actor, Halt, Session, State, Want
from tmuxclaude.core.symbols import ASCII, Symbols


def text(
    known: Iterable[tuple[Session, Halt | None]], paused: bool, now: float, shown: Symbols
) -> str:
    """How many wait, work, ask and are held, and the soonest reset; empty: nothing is to be said.

    ``known``: each session with its open halt. ``paused``: all resumes are.
    """
    count = dict.fromkeys(("limited", "working", "waiting", "lost", "held"), 0)
    resets: list[tuple[float, str]] = []
    for session, halt in known:
        kind = _kind(session, halt, paused)
        if kind:
            count[kind] += 1
        count["held"] += session.want is Want.HOLD and session.state is not State.ENDED
        at = _resets_at(session, halt, now)
        if kind in ("limited", "lost") and at is not None:
            resets.append((at, session.zone))
    parts = [shown.paused] if paused else []
    parts += [f"{getattr(shown, kind)}{number}" for kind, number in count.items() if number]
    if resets:
        separator = "·" if shown != ASCII else "-"
        parts += [separator, clock_text(*min(resets), now)]
    return " ".join(parts)


def mark(session: Session, halt: Halt | None, now: float, shown: Symbols) -> str:
    """What stands behind the name of a session's window; empty unless it waits for a reset."""
    if halt is None or _kind(session, halt, paused=True) != "limited":
        return ""
    at = _resets_at(session, halt, now)
    return f" {shown.limited}{clock_text(at, session.zone, now) if at is not None else ''}"


def clock_text(at: float, zone: str, now: float) -> str:
    """An instant on a user's clock, with as little of the date as tells it from today."""
    then, today = (datetime.fromtimestamp(one, _zone(zone)) for one in (at, now))
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if then.date() - today.date() < timedelta(days=7):
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b}"


def _kind(session: Session, halt: Halt | None, paused: bool) -> str:
    """As what a session counts; as nothing when it is at rest.

    What its user has braked, by a pause or a hold, does not wait for its user.
    """
    state = session.state
    if state is State.LOST:
        return "" if session.want is Want.DOWN else "lost"
    if state is State.ENDED:
        return ""
    braked = paused or session.want is Want.HOLD
    stuck = halt is not None and halt.open and bool(halt.needs_human)
    if state is State.WAITING or stuck or (session.outlook.actor is Actor.YOU and not braked):
        return "waiting"
    if state is State.LIMITED or (state is State.IDLE and halt is not None and halt.open):
        return "limited"
    return "working" if state in (State.WORKING, State.RESUMING) else ""


def _resets_at(session: Session, halt: Halt | None, now: float) -> float | None:
    """When its limit resets; once that has passed, or where it is not known, when it goes on."""
    if halt is None or not halt.open:
        return None
    ahead = (at for at in (halt.limit.resets_at, session.outlook.at) if at is not None)
    return next((at for at in ahead if at > now), None)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC
