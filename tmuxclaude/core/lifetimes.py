"""How long a session may lie idle before it is ended in order: its own clock, wound by activity.

Pure: times are UTC epoch seconds. Whether it may be ended at this very moment is ``parting``'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from tmuxclaude.core.rules import LifetimeRules

HOUR, MINUTE = 3600.0, 60.0

GRACE_SECONDS = 900.0
"""No session ends sooner after its warning: a machine that slept through the warning wakes to it,
not to the end."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a session is to be ended, when its user is told so, and from when on it counts as idle.

    Each ``None`` for never.
    """

    ends_at: float | None = None
    warns_at: float | None = None
    idles_at: float | None = None


def lifetime(active_at: float, extended_to: float | None, rules: LifetimeRules) -> Lifetime:
    """The lifetime of a session that was last active at ``active_at``.

    ``extended_to``: what its user, or ``lifetime.keep_alive``, has given it; activity may give
    more.
    """
    if not rules.hours:
        return Lifetime()
    ends_at = max(active_at + rules.hours * HOUR, extended_to or 0.0)
    warns = 0 < rules.warn_hours < rules.hours
    ahead = (rules.hours - rules.warn_hours) * HOUR
    return Lifetime(
        ends_at=ends_at,
        warns_at=ends_at - ahead if warns else None,
        idles_at=active_at + rules.idle_minutes * MINUTE if rules.idle_minutes else None,
    )


def renews_at(life: Lifetime) -> float | None:
    """When ``lifetime.keep_alive`` extends it: when its user would be warned, else at its end."""
    return life.warns_at if life.warns_at is not None else life.ends_at


def is_over(life: Lifetime, warned_at: float | None, now: float) -> bool:
    """Whether the time has come, and long enough after the warning if there is one."""
    if life.ends_at is None or now < life.ends_at:
        return False
    if life.warns_at is None:
        return True
    return warned_at is not None and now >= warned_at + GRACE_SECONDS


def lasts(hours: float) -> str:
    """A length in hours for people: ``24 h``, ``30 min``."""
    return f"{hours:g} h" if hours >= 1 else f"{hours * 60:g} min"
