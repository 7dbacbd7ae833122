"""When a limit resets, from the words that were printed. Pure: text and the moment it was said in.

Every answer is anchored to the first sighting of the text, never to now: a text that is read again
an hour later means the same instant. What is not known for sure is ``None``, and nobody guesses
from there. This module knows no file, no clock and no zone of its own; ``zoneinfo``'s data is the
one thing that it reads.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tmuxclaude.core.model import LimitKind

EARLIER_SECONDS = 600.0
"""How long before its first sighting a reset may lie: the text was on the screen before we looked,
and it is printed to the minute."""

_HOUR = 3600.0
_DAY = 24 * _HOUR
_BARE_SECONDS = _DAY
"""Claude Code 2.1.329 prints a time without a date only for a reset at most this far ahead."""
_ROLL_DAYS = 8
"""A date without a year may lie in the next year only when it is this near."""

_AHEAD_SECONDS = {
    LimitKind.FIVE_HOUR: 5.25 * _HOUR,
    LimitKind.SEVEN_DAY: 7 * _DAY + _HOUR,
    LimitKind.OPUS: 7 * _DAY + _HOUR,
    LimitKind.SONNET: 7 * _DAY + _HOUR,
    LimitKind.MODEL: 7 * _DAY + _HOUR,
}
FARTHEST_SECONDS = 8 * _DAY
"""No limit that ends by itself resets later than this after it was said."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"d": _DAY, "h": _HOUR, "m": 60.0, "s": 1.0}

_PRINTED = re.compile(r"(?P<words>[^()]{1,60}?)(?: ?\((?P<zone>[^()]{1,64})\))?")
_EPOCH = re.compile(r"[0-9]{10}")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)"
)
_DATE = (
    rf"(?:(?P<also>{_WEEKDAY}),? )?{_MONTH} (?P<day>[0-9]{{1,2}})(?P<ordinal>st|nd|rd|th)?"
    r"(?:,? (?P<year>20[0-9]{2}))?"
)
_DAY_NAMED = rf"(?:(?P<near>today|tomorrow)|{_DATE}|(?P<weekday>{_WEEKDAY}))"
_CLOCK = (
    r"(?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))? ?(?P<half>am|pm|a\.m\.?|p\.m\.?)"
    r"|(?P<hour24>[0-9]{2}):(?P<minute24>[0-9]{2})|(?P<noon>noon))"
)
_ON_THE_CLOCK = re.compile(rf"(?:{_DAY_NAMED},? )?(?:at )?{_CLOCK}|(?:at )?(?P<midnight>midnight)")
"""``midnight`` of a named day may be its beginning or its end, so it is understood alone only."""
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
_PART = r"([0-9]{1,5}) ?(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])"
_IN_A_WHILE = re.compile(rf"in (?:(?:, ?| and | )?{_PART})+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")
_OFFSET = re.compile(r"(?:GMT|UTC)(?P<sign>[+-])(?P<hours>[0-9]{1,2}):(?P<minutes>[0-5][0-9])")
"""As JavaScript prints a zone without a name: plus is east. Whole hours alone are not understood,
for in POSIX's ``GMT+5`` plus is west."""
_NOT_A_PLACE = re.compile(r"(?:right|posix)/.*|posixrules|localtime|factory", re.IGNORECASE)
"""Zone files that are no zone that Claude Code could print: leap-second and alias trees, and the
machine's own zone, which need not be the pane's."""


def parse(text: str, said_at: float, zone: str | None) -> float | None:
    """The UTC epoch seconds meant by what is printed after ``resets ``, or ``None``.

    ``said_at``: when the text was first seen, in UTC epoch seconds. ``zone``: the zone recorded for
    the pane's session (``Europe/Berlin``); a zone printed in parentheses wins over it. The answer
    is the first matching instant that is not more than ten minutes before ``said_at``. A local time
    that occurs twice means the later one; one that a clock change skips means the same distance
    after the change.
    """
    printed = _PRINTED.fullmatch(text.strip().removesuffix("."))
    if printed is None:
        return None
    words = printed["words"].lower()
    try:
        if _EPOCH.fullmatch(words):
            found: float | None = float(words)
        elif words.startswith("in "):
            found = _after_a_while(words, said_at)
        else:
            printed_zone = printed["zone"]
            place = _printed_place(printed_zone) if printed_zone else _place(zone)
            found = _on_the_clock(words, said_at, place)
    except (OverflowError, ValueError, OSError):  # a date or a year that no calendar has
        return None
    return found if found is not None and found >= said_at - EARLIER_SECONDS else None


def plausible(kind: LimitKind, resets_at: float, said_at: float) -> bool:
    """Whether a limit of this kind can reset then; when not, nothing is done by itself.

    Both times in UTC epoch seconds. The windows: five hours; seven days for the weekly and the
    models' limits (each with some slack); eight days for all others; and never more than ten
    minutes before it was said.
    """
    ahead = _AHEAD_SECONDS.get(kind, FARTHEST_SECONDS)
    return -EARLIER_SECONDS <= resets_at - said_at <= ahead


def _printed_place(name: str) -> tzinfo | None:
    """The zone in parentheses. None has a blank: a narrow pane breaks a long name anywhere."""
    name = name.replace(" ", "")
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return _place(name)
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"]))
    return timezone(ahead if offset["sign"] == "+" else -ahead)


def _place(name: str | None) -> tzinfo | None:
    """The zone of that name; ``None`` for one that is unknown or no zone that can be printed."""
    if name in ("UTC", "utc"):  # known for sure even where the system has no zone data
        return UTC
    if name is None or not _ZONE.fullmatch(name) or _NOT_A_PLACE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America" is a directory
        return None


def _after_a_while(words: str, said_at: float) -> float | None:
    """``in 2h 5m``: each unit at most once, the largest first."""
    if not _IN_A_WHILE.fullmatch(words):
        return None
    parts = [(unit[0], int(amount)) for amount, unit in re.findall(_PART, words)]
    units = [unit for unit, _ in parts]
    if units != [unit for unit in _UNITS if unit in units]:
        return None
    return said_at + sum(_UNITS[unit] * amount for unit, amount in parts)


def _on_the_clock(words: str, said_at: float, place: tzinfo | None) -> float | None:
    """``9pm``, ``Wed 9am``, ``Nov 23, 11:16pm``: the first such instant at or after the anchor.

    Of a time that the clock shows twice, set back between, the second, if it is near enough.
    """
    match = _ON_THE_CLOCK.fullmatch(words)
    clock = _clock(match) if match else None
    if match is None or clock is None or place is None:
        return None
    anchor = said_at - EARLIER_SECONDS
    today = datetime.fromtimestamp(anchor, place).date()
    latest = float("inf")
    days = _next_days(today)
    if match["month"]:
        days = _dates(match, today)
    elif match["weekday"]:
        days = [day for day in days if _is_called(day, match["weekday"])]
    elif match["near"]:
        known = today == datetime.fromtimestamp(said_at, place).date()
        days = [today + timedelta(days=match["near"] == "tomorrow")] if known else []
    else:
        latest = said_at + _BARE_SECONDS
    both = (_instants(day, clock, place) for day in days)
    first = next((readings for readings in both if readings[1] >= anchor), ())
    return max((instant for instant in first if anchor <= instant <= latest), default=None)


def _clock(match: re.Match[str]) -> time | None:
    if match["midnight"] or match["noon"]:
        return time(12 if match["noon"] else 0)
    if not match["half"]:
        return time(int(match["hour24"]), int(match["minute24"]))
    hour = int(match["hour"])
    if not 1 <= hour <= 12:
        return None
    return time(hour % 12 + (12 if match["half"][0] == "p" else 0), int(match["minute"] or 0))


def _next_days(today: date) -> list[date]:
    """From yesterday, for a clock set back over midnight repeats the end of the day before."""
    return [today + timedelta(days=ahead) for ahead in range(-1, 9)]


def _dates(match: re.Match[str], today: date) -> list[date]:
    """The printed date in its year; without one in this year, or in the next if that is near.

    Empty when what else is printed of it, its weekday or the end of its number, is of another date.
    """
    month, day = _MONTHS.index(match["month"][:3]) + 1, int(match["day"])
    if match["ordinal"] not in (None, _ORDINALS.get(day, "th")):
        return []
    found = date(int(match["year"] or today.year), month, day)
    if not match["year"] and month < today.month:
        next_year = date(today.year + 1, month, day)
        found = next_year if (next_year - today).days <= _ROLL_DAYS else found
    return [found] if not match["also"] or _is_called(found, match["also"]) else []


def _is_called(day: date, weekday: str) -> bool:
    return day.weekday() == _WEEKDAYS.index(weekday[:3])


def _instants(day: date, clock: time, place: tzinfo) -> tuple[float, float]:
    """Both readings, the later one last: of a repeated time the second, of a skipped one the one
    read forward."""
    local = datetime.combine(day, clock, tzinfo=place)
    first, second = sorted(local.replace(fold=fold).timestamp() for fold in (0, 1))
    return first, second
