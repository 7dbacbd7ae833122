"""When a limit resets: a table of printed texts, and properties over zones and clock changes."""

from __future__ import annotations

import functools
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tmuxclaude.core.model import LimitKind
from tmuxclaude.core.resets import parse, plausible

HOUR = 3600.0
DAY = 24 * HOUR


def at(text: str) -> float:
    """UTC epoch seconds of an ISO time; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


FRIDAY = "2026-11-20T21:00"

KNOWN = [
    # the text after "resets ", said at, the session's zone, the instant
    ("10:17pm (UTC)", FRIDAY, None, "2026-11-20T22:17"),
    ("9pm", FRIDAY, "UTC", "2026-11-20T21:00"),
    ("22:17", FRIDAY, "UTC", "2026-11-20T22:17"),
    ("00:05", FRIDAY, "UTC", "2026-11-21T00:05"),
    ("Nov 23, 11:16pm (UTC)", FRIDAY, None, "2026-11-23T23:16"),
    ("Nov 23 at 11pm (Asia/Seoul)", FRIDAY, None, "2026-11-23T23:00+09:00"),
    ("Nov 23, 2026 at 11pm", FRIDAY, "UTC", "2026-11-23T23:00"),
    ("Jan 2, 2027, 11pm", FRIDAY, "UTC", "2027-01-02T23:00"),
    ("Jul 15 at 12am (Australia/Melbourne)", "2026-07-10T03:00", None, "2026-07-15T00:00+10:00"),
    ("Feb 17 at 2pm (Asia/Seoul)", "2026-02-12T00:00", None, "2026-02-17T14:00+09:00"),
    ("Oct 9 at 10:30am", "2026-10-05T00:00", "Europe/Berlin", "2026-10-09T10:30+02:00"),
    ("Sep 1 at 12:00am", "2026-08-28T00:00", "UTC", "2026-09-01T00:00"),
    ("Mon 12:00am", FRIDAY, "UTC", "2026-11-23T00:00"),
    ("Wed 9am", FRIDAY, "UTC", "2026-11-25T09:00"),
    ("Wednesday at 9am", FRIDAY, "UTC", "2026-11-25T09:00"),
    ("Fri 8pm", FRIDAY, "UTC", "2026-11-27T20:00"),
    ("at 9am (America/Chicago).", FRIDAY, None, "2026-11-21T09:00-06:00"),
    ("3:45pm (Europe/Berlin)", "2026-06-01T10:00", None, "2026-06-01T15:45+02:00"),
    ("11:30am (Asia/Colombo)", "2026-06-01T00:00", None, "2026-06-01T11:30+05:30"),
    ("3 PM", "2026-06-01T10:00", "UTC", "2026-06-01T15:00"),
    ("1795300000", FRIDAY, None, "2026-11-21T22:26:40"),
    ("in 0 minutes", FRIDAY, None, "2026-11-20T21:00"),
    ("in 2h 5m", FRIDAY, None, "2026-11-20T23:05"),
    ("in 2h5m", FRIDAY, None, "2026-11-20T23:05"),
    ("in 1 day, 2 hours and 5 minutes", FRIDAY, None, "2026-11-21T23:05"),
    ("in 45 seconds", FRIDAY, None, "2026-11-20T21:00:45"),
    # of a time that comes twice the second; the first where the second is more than a day ahead
    ("1:36am (America/New_York)", "2027-11-06T12:00-04:00", None, "2027-11-07T01:36-05:00"),
    ("1:36am (America/New_York)", "2027-11-06T02:19-04:00", None, "2027-11-07T01:36-04:00"),
    # the printed zone wins over the session's
    ("9pm (Asia/Tokyo)", "2026-11-20T10:00", "America/New_York", "2026-11-20T21:00+09:00"),
    # noon and midnight
    ("12am", FRIDAY, "UTC", "2026-11-21T00:00"),
    ("12pm", FRIDAY, "UTC", "2026-11-21T12:00"),
    ("12:04am", "2026-11-20T21:00", "UTC", "2026-11-21T00:04"),
    ("noon", FRIDAY, "UTC", "2026-11-21T12:00"),
    ("at noon (Asia/Tokyo)", FRIDAY, None, "2026-11-21T12:00+09:00"),
    ("Mon at noon", FRIDAY, "UTC", "2026-11-23T12:00"),
    ("midnight", FRIDAY, "UTC", "2026-11-21T00:00"),
    ("at midnight (UTC)", "2026-11-21T00:04", None, "2026-11-21T00:00"),
    # days that are named otherwise
    ("today at 11pm", FRIDAY, "UTC", "2026-11-20T23:00"),
    ("today at 8:55pm (UTC)", FRIDAY, None, "2026-11-20T20:55"),
    ("tomorrow at 9am", FRIDAY, "UTC", "2026-11-21T09:00"),
    ("tomorrow, 11:30 PM (Asia/Tokyo)", FRIDAY, None, "2026-11-22T23:30+09:00"),
    ("Nov 23rd, 9pm", FRIDAY, "UTC", "2026-11-23T21:00"),
    ("Nov 22nd at 9pm", FRIDAY, "UTC", "2026-11-22T21:00"),
    ("Nov 25th, 2026 at 9pm", FRIDAY, "UTC", "2026-11-25T21:00"),
    ("Fri, Nov 27, 9pm", FRIDAY, "UTC", "2026-11-27T21:00"),
    ("Monday Nov 23rd at 9pm (UTC)", FRIDAY, None, "2026-11-23T21:00"),
    # halves of the day and zones that are written otherwise
    ("9:30 p.m.", FRIDAY, "UTC", "2026-11-20T21:30"),
    ("9:30 a.m. (UTC)", FRIDAY, None, "2026-11-21T09:30"),
    ("9:30p.m", FRIDAY, "UTC", "2026-11-20T21:30"),
    ("10pm (utc)", FRIDAY, None, "2026-11-20T22:00"),
    ("11pm (GMT+5:30)", "2026-11-20T16:00", None, "2026-11-20T23:00+05:30"),
    ("11pm (UTC-03:30)", FRIDAY, None, "2026-11-20T23:00-03:30"),
    # a narrow pane has broken the zone
    (
        "9pm (Americ a/Argentina/Buenos_ Aires)",
        FRIDAY,
        None,
        "2026-11-20T21:00-03:00",
    ),
    # the anchor: ten minutes back means due now, more means the next day
    ("3pm", "2026-11-20T15:01", "UTC", "2026-11-20T15:00"),
    ("3pm", "2026-11-20T15:10", "UTC", "2026-11-20T15:00"),
    ("3pm", "2026-11-20T15:11", "UTC", "2026-11-21T15:00"),
    ("11:58pm", "2026-11-21T00:05", "UTC", "2026-11-20T23:58"),
    # east of Greenwich, where "tomorrow" in UTC is not tomorrow there
    ("8pm (Asia/Tokyo)", "2026-11-20T10:43", None, "2026-11-20T20:00+09:00"),
    ("8am (Pacific/Kiritimati)", "2026-11-20T15:00", None, "2026-11-21T08:00+14:00"),
    # the end of the year
    ("12:30am", "2026-12-31T23:00", "UTC", "2027-01-01T00:30"),
    ("Jan 2, 3pm", "2026-12-31T12:00", "UTC", "2027-01-02T15:00"),
    ("Dec 31, 11:58pm", "2027-01-01T00:05", "UTC", "2026-12-31T23:58"),
    ("Feb 29, 1pm", "2028-02-25T00:00", "UTC", "2028-02-29T13:00"),
    # clocks go back: the later of the two; New York and Lord Howe, which moves by half an hour
    ("Nov 1, 1:30am (America/New_York)", "2026-10-30T00:00", None, "2026-11-01T01:30-05:00"),
    ("1:30am (America/New_York)", "2026-11-01T04:00", None, "2026-11-01T01:30-05:00"),
    ("1:45am (Australia/Lord_Howe)", "2026-04-04T12:00", None, "2026-04-05T01:45+10:30"),
    ("3am (America/New_York)", "2026-11-01T04:00", None, "2026-11-01T03:00-05:00"),
    # clocks go forward: the skipped time moves on by the same step
    ("2:30am (America/New_York)", "2026-03-08T05:00", None, "2026-03-08T03:30-04:00"),
    ("2:15am (Australia/Lord_Howe)", "2026-10-03T12:00", None, "2026-10-04T02:45+11:00"),
    ("1:30am (Europe/London)", "2026-03-28T22:00", None, "2026-03-29T02:30+01:00"),
    # set back over midnight: the same evening comes twice
    ("11:30pm (America/St_Johns)", "2010-11-07T02:40:30", None, "2010-11-06T23:30-03:30"),
]


@pytest.mark.parametrize(("text", "said", "zone", "expected"), KNOWN)
def test_what_is_printed_means_one_instant(
    text: str, said: str, zone: str | None, expected: str
) -> None:
    assert parse(text, at(said), zone) == at(expected)


UNKNOWN = [
    "",
    "after an update)",
    "soon (UTC)",
    "0am",
    "0:30am",
    "13pm",
    "9:60pm",
    "9:5pm",
    "9:17",
    "9",
    "24:00",
    "22:60",
    "22:17pm",
    "٣pm",
    "9\u202fpm",
    "mo\u0274 9am",
    "9pm (\u212aiev)",
    "９pm",
    "9pm\nEnter",
    "9pm · out of usage credits",
    "9pm (Mars/Base)",
    "9pm (America)",
    "9pm (localtime)",
    "9pm (right/UTC)",
    "9pm (posixrules)",
    "9pm (../../etc/passwd)",
    "9pm (/etc/localtime)",
    "9pm ()",
    "9pm (UTC",
    "9pm (UTC) (UTC)",
    "Nov 31, 9pm",
    "Nov 0, 9pm",
    "Feb 29, 1pm",
    "Feb 29, 2027, 1pm",
    "Nov 23",
    "Nov 23rd",
    "Nov 23, 2026",
    "today",
    "tomorrow",
    "today at 8pm",
    "yesterday at 11pm",
    "tomorrow at midnight",
    "Nov 23 at midnight",
    "Mon midnight",
    "midnight 9pm",
    "around noon",
    "Nov 23th, 9pm",
    "Nov 21th, 9pm",
    "Nov 12nd, 9pm",
    "Thu, Nov 27, 9pm",
    "Fri Mon 9pm",
    "FriNov 27, 9pm",
    "today, Nov 20, 11pm",
    ", 9pm",
    "9pm.m.",
    "9 p.",
    "9pm (GMT+5)",
    "9pm (GMT+5:60)",
    "9pm (GMT+24:00)",
    "9pm (New York)",
    "9pm ( )",
    "Mon",
    "Montag 9am",
    "23 Nov, 9pm",
    "Dez 1, 9pm",
    "Nov 20, 3pm",
    "Nov 20, 2025, 11pm",
    "Jan 2, 11pm",
    "in",
    "in a minute",
    "in 5m 2h",
    "in 5m 5m",
    "in 5 months",
    "1500000000",
    "17953000001",
    "9pm" + " " * 80 + "(UTC)",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_known_for_sure_is_unknown(text: str) -> None:
    assert parse(text, at(FRIDAY), "UTC") is None


NO_ZONES = [
    "Mars/Base",
    "Europe",
    "localtime",
    "Europe/Berlin\n",
    "../../etc/passwd",
    "/etc/localtime",
]


@pytest.mark.parametrize("zone", [None, "", *NO_ZONES])
def test_no_zone_or_an_unknown_one_is_no_time(zone: str | None) -> None:
    assert parse("10pm", at(FRIDAY), zone) is None
    assert parse("10pm (UTC)", at(FRIDAY), zone) == at("2026-11-20T22:00")


def test_a_time_without_a_date_is_never_more_than_a_day_ahead() -> None:
    """With the hour that is gained, 12:45 tomorrow is 24 h 45 min away, so it was not meant."""
    assert parse("12:45pm", at("2026-10-31T13:00-04:00"), "America/New_York") is None


@pytest.mark.parametrize("said_at", [float("nan"), float("inf"), -1e18, 1e18, 253402300799.0])
def test_a_moment_that_no_calendar_has_is_no_time(said_at: float) -> None:
    assert parse("9pm", said_at, "Europe/Berlin") is None
    assert parse("Mon 9pm", said_at, "Europe/Berlin") is None


def test_without_zone_data_only_utc_is_known() -> None:
    code = (
        "import sys; sys.modules['tzdata'] = None\n"
        "import zoneinfo; zoneinfo.reset_tzpath(to=[])\n"
        "from tmuxclaude.core.resets import parse\n"
        "print(parse('9pm (UTC)', 0.0, None), parse('9pm (Europe/Berlin)', 0.0, None))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["75600.0", "None"]


PLAUSIBLE = [
    (LimitKind.FIVE_HOUR, 5 * HOUR, True),
    (LimitKind.FIVE_HOUR, 5.25 * HOUR, True),
    (LimitKind.FIVE_HOUR, 5.25 * HOUR + 1, False),
    (LimitKind.SEVEN_DAY, 7 * DAY + HOUR, True),
    (LimitKind.SEVEN_DAY, 7 * DAY + HOUR + 1, False),
    (LimitKind.OPUS, 7 * DAY + HOUR + 1, False),
    (LimitKind.SONNET, 7 * DAY + HOUR + 1, False),
    (LimitKind.MODEL, 7 * DAY + HOUR + 1, False),
    (LimitKind.USAGE, 8 * DAY, True),
    (LimitKind.USAGE, 8 * DAY + 1, False),
    (LimitKind.OTHER, 300 * DAY, False),
    (LimitKind.FIVE_HOUR, -600.0, True),
    (LimitKind.FIVE_HOUR, -601.0, False),
    (LimitKind.OTHER, -3 * DAY, False),
    (LimitKind.OTHER, float("nan"), False),
    (LimitKind.OTHER, float("inf"), False),
]


@pytest.mark.parametrize(("kind", "ahead", "expected"), PLAUSIBLE)
def test_each_kind_has_its_window(kind: LimitKind, ahead: float, expected: bool) -> None:
    assert plausible(kind, at(FRIDAY) + ahead, at(FRIDAY)) is expected


# Properties. Zones that no program prints are left out; so is the time before 2000.

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
FIRST, LAST = int(at("2000-01-01")), int(at("2036-01-01"))


@functools.cache
def clock_changes(zone: str) -> list[int]:
    """The instants at which the zone's clocks change, to the minute, between FIRST and LAST."""
    place = ZoneInfo(zone)

    def offset(instant: int) -> timedelta | None:
        return datetime.fromtimestamp(instant, place).utcoffset()

    changes = []
    for start in range(FIRST, LAST, 5 * int(DAY)):
        low, high = start, start + 5 * int(DAY)
        if offset(low) == offset(high):
            continue
        while high - low > 60:
            middle = low + (high - low) // 120 * 60
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        changes.append(high)
    return changes


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """A zone and an instant, every other one within some hours of a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    changes = clock_changes(zone)
    anywhere = st.integers(FIRST, LAST)
    if not changes:
        return zone, draw(anywhere)
    near = st.builds(int.__add__, st.sampled_from(changes), st.integers(-30 * 3600, 6 * 3600))
    return zone, draw(anywhere | near)


def as_printed(instant: float, zone: str, *, dated: bool) -> str:
    """As Claude Code 2.1.329 prints an instant: ``9pm (Zone)``, ``Nov 23, 11:16pm (Zone)``."""
    local = datetime.fromtimestamp(instant, ZoneInfo(zone))
    minutes = f":{local.minute:02d}" if local.minute else ""
    clock = f"{local.hour % 12 or 12}{minutes}{'pm' if local.hour >= 12 else 'am'}"
    return f"{local:%b} {local.day}, {clock} ({zone})" if dated else f"{clock} ({zone})"


def to_the_minute(instant: float, zone: str) -> float:
    """The start of the instant's minute; the later one where the clock shows it twice."""
    local = datetime.fromtimestamp(instant // 60 * 60, ZoneInfo(zone))
    return max(local.replace(fold=fold).timestamp() for fold in (0, 1))


@given(moments(), st.floats(0, 5 * HOUR))
@example(("Australia/Lord_Howe", int(at("2026-04-04T13:00"))), 2 * HOUR)
@example(("Australia/Lord_Howe", int(at("2026-10-03T13:00"))), 3 * HOUR)
@example(("UTC", int(at("2026-12-31T22:00"))), 3 * HOUR)
@example(("UTC", int(at("2028-02-28T23:00"))), 2 * HOUR)
def test_a_five_hour_reset_is_read_back_to_the_minute(
    moment: tuple[str, int], ahead: float
) -> None:
    zone, said = moment
    reset = said + ahead
    found = parse(as_printed(reset, zone, dated=False), said, "Asia/Tokyo")
    assert found == to_the_minute(reset, zone)


@given(moments(), st.floats(DAY, 7 * DAY))
@example(("America/New_York", int(at("2026-10-29T00:00"))), 3 * DAY + 5.5 * HOUR)
@example(("Europe/London", int(at("2026-12-28T00:00"))), 6 * DAY)
@example(("UTC", int(at("2028-02-25T00:00"))), 4 * DAY)
def test_a_weekly_reset_is_read_back_to_the_minute(moment: tuple[str, int], ahead: float) -> None:
    zone, said = moment
    reset = said + ahead
    assert parse(as_printed(reset, zone, dated=True), said, None) == to_the_minute(reset, zone)


@given(moments(), st.integers(1, 12), st.integers(0, 59), st.sampled_from(["am", "pm"]))
def test_a_bare_time_is_the_first_minute_that_shows_it(
    moment: tuple[str, int], hour: int, minute: int, half: str
) -> None:
    """Against an oracle that walks the clock minute by minute from the anchor."""
    zone, said = moment
    place = ZoneInfo(zone)
    wanted = (hour % 12 + (12 if half == "pm" else 0), minute)
    found = parse(f"{hour}:{minute:02d}{half}", said, zone)
    assume(found is not None)
    assert found is not None
    assert said - 600 <= found <= said + DAY
    shown = datetime.fromtimestamp(found, place)
    start = -(-(said - 600) // 60) * 60
    clocks = ((t, datetime.fromtimestamp(t, place)) for t in range(start, int(found) + 60, 60))
    first = next((t for t, local in clocks if (local.hour, local.minute) == wanted), None)
    if (shown.hour, shown.minute) != wanted:
        assert first is None, "a skipped time, but the clock does show it"
    else:
        assert first is not None
        assert found in (first, to_the_minute(first, zone))


@given(moments(), st.integers(0, 7 * 24 * 60))
def test_a_text_that_is_seen_later_never_means_an_earlier_instant(
    moment: tuple[str, int], ahead_minutes: int
) -> None:
    zone, said = moment
    text = as_printed(said + 60 * ahead_minutes, zone, dated=False)
    first, later = parse(text, said, zone), parse(text, said + 60, zone)
    assert first is None or later is None or later >= first


@pytest.mark.parametrize("text", ["today at 11:58pm", "tomorrow at 9am"])
def test_a_text_that_may_be_of_yesterday_names_no_day(text: str) -> None:
    assert parse(text, at("2026-11-21T00:05"), "UTC") is None
    assert parse(text, at("2026-11-21T00:10"), "UTC") is not None


@given(st.text(max_size=70), st.floats(0, 4e9), st.none() | st.text(max_size=20))
def test_any_text_is_read_or_unknown_and_never_raises(
    text: str, said_at: float, zone: str | None
) -> None:
    found = parse(text, said_at, zone)
    assert found is None or found >= said_at - 600
