"""Hours of the day as the user's clock shows them: days, spans such as 23:00-07:00, and "until".

Pure: ``zoneinfo``'s data is the one thing that it reads. Instants are UTC epoch seconds, zones are
names (``Europe/Berlin``); an unknown zone counts as UTC, but where it ``must_be_known``. Where a
clock change makes a local time happen twice or not at all, a span lasts for the longer reading, and
"until" means the later one.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tmuxclaude.core.errors import UsageError

LONGEST_SECONDS = 366 * 86400.0
"""The farthest that anybody may name: beyond it lies a slip of the keyboard."""

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_LENGTH = re.compile(r"(?=[0-9])(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?")
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
_DATED = re.compile(f"{_DATE}(?:[T ]{_TIME}(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?")


def place(zone: str) -> tzinfo:
    """The zone of this name; UTC when it is not known."""
    try:
        return ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return UTC


def must_be_known(zone: str) -> None:
    """Raises ``UsageError`` for a name that no zone has."""
    if zone != "UTC" and place(zone) is UTC:  # UTC is there without any zone data
        raise UsageError(
            f"{zone[:60]!r} is no time zone; allowed: one such as Europe/Berlin, or UTC. "
            "Nothing was done"
        )


def said(at: float, zone: str, now: float | None = None) -> str:
    """An instant for people, the same at every look: ``Tue 3 Mar 07:00 (CET)``.

    ``now``: when it is told, for what may lie in another year, which is named then.
    """
    where = place(zone)
    local = datetime.fromtimestamp(at, where)
    elsewhen = now is not None and datetime.fromtimestamp(now, where).year != local.year
    year = f" {local.year}" if elsewhen else ""
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M (%Z)}"


def day_of(at: float, zone: str) -> tuple[float, float]:
    """The day that ``at`` lies in: its midnight and the next one, which is no part of it."""
    where = place(zone)
    today = datetime.fromtimestamp(at, where).date()
    midnights = [_last(today + timedelta(days=ahead), time(), where) for ahead in range(-1, 3)]
    return next((begin, end) for begin, end in pairwise(midnights) if at < end)


def span_end(at: float, span: str, zone: str) -> float | None:
    """When the span ends that ``at`` lies in; ``None`` when it lies in none.

    ``span``: ``23:00-07:00``, as the key ``resume.quiet_hours`` allows it; it may go over midnight.
    """
    begins, ends = (time.fromisoformat(clock) for clock in span.split("-"))
    where = place(zone)
    today = datetime.fromtimestamp(at, where).date()
    for ahead in (-1, 0, 1):
        day = today + timedelta(days=ahead)
        last_day = day if begins < ends else day + timedelta(days=1)
        end = _last(last_day, ends, where)
        if _first(day, begins, where) <= at < end:
            return end
    return None


def meant(text: str, now: float, zone: str) -> float:
    """The instant that a person means by ``07:00`` (the next one), ``2h``, ``1h30m`` or ISO 8601.

    An ISO time without an offset is one of ``zone``. Raises ``UsageError`` that names the text and
    what is allowed.
    """
    text = text.strip()
    try:
        at = _meant(text, now, place(zone))
    except (ValueError, OverflowError):  # a date or a time that no calendar has
        at = None
    if at is None:
        raise UsageError(
            f"{text[:60]!r} is no time; allowed: 07:00 (of your time zone), 2h, 30m, 1h30m or "
            "2026-03-01T07:00. Nothing was changed"
        )
    if at <= now:
        raise UsageError(f"{text} is past; nothing was changed")
    if at > now + LONGEST_SECONDS:
        raise UsageError(f"{text} is more than a year ahead; nothing was changed")
    return at


def length(text: str) -> float:
    """The seconds that a person means by ``12h``, ``2d`` or ``1h30m``.

    Raises ``UsageError`` that names the text and what is allowed.
    """
    found = _length(text.strip())
    if not found or found > LONGEST_SECONDS:
        raise UsageError(
            f"{text.strip()[:60]!r} is no length of time; allowed: 12h, 30m, 2d or 1h30m, at most "
            "a year. Nothing was changed"
        )
    return found


def ago(text: str, now: float, zone: str) -> float:
    """The instant that lies ``7d``, ``12h`` or ``1h30m`` back, or one of the past in ISO 8601.

    Raises ``UsageError`` that names the text and what is allowed.
    """
    text = text.strip()
    length = _length(text)
    try:
        at = _dated(text, place(zone)) if length is None else now - length
    except (ValueError, OverflowError):
        at = None
    if at is None or not 0 <= at < now:
        raise UsageError(
            f"{text[:60]!r} is no time of the past; allowed: 7d, 12h, 1h30m or 2026-03-01 (of your "
            "time zone). Nothing was done"
        )
    return at


def _meant(text: str, now: float, where: tzinfo) -> float | None:
    if clock := _CLOCK.fullmatch(text):
        wanted = time(int(clock[1]), int(clock[2]))
        today = datetime.fromtimestamp(now, where).date()
        instants = (_last(today + timedelta(days=ahead), wanted, where) for ahead in range(-1, 3))
        return next(instant for instant in instants if instant > now)
    if (length := _length(text)) is not None:
        return now + length
    return _dated(text, where)


def _length(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 86400.0 + hours * 3600.0 + minutes * 60.0


def _dated(text: str, where: tzinfo) -> float | None:
    if not _DATED.fullmatch(text):
        return None
    dated = datetime.fromisoformat(text)
    if dated.tzinfo is not None:
        return dated.timestamp()
    return _last(dated.date(), dated.time(), where)


def _first(day: date, clock: time, where: tzinfo) -> float:
    return min(_readings(day, clock, where))


def _last(day: date, clock: time, where: tzinfo) -> float:
    return max(_readings(day, clock, where))


def _readings(day: date, clock: time, where: tzinfo) -> list[float]:
    """Both instants that a local time can mean; the same one twice on all but two days a year."""
    local = datetime.combine(day, clock, tzinfo=where)
    return [local.replace(fold=fold).timestamp() for fold in (0, 1)]
