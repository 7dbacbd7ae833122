"""The hours of a user's day: across midnight, over clock changes, in their zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core import hours
from tmuxclaude.core.errors import UsageError

BERLIN = "Europe/Berlin"  # 2026: forward on Mar 29 at 02:00, back on Oct 25 at 03:00
HAVANA = "America/Havana"  # forward at midnight: Mar 8 2026 begins at 01:00; back to 00:00 on Nov 1
ZONES = ("UTC", BERLIN, HAVANA, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def at(text: str, zone: str = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


NIGHT = "23:00-07:00"
SPANS = [
    # the moment, the span, when it ends
    ("2026-03-03 22:59:59", NIGHT, None),
    ("2026-03-03 23:00", NIGHT, "2026-03-04 07:00"),
    ("2026-03-04 00:00", NIGHT, "2026-03-04 07:00"),
    ("2026-03-04 06:59:59", NIGHT, "2026-03-04 07:00"),
    ("2026-03-04 07:00", NIGHT, None),
    ("2026-12-31 23:30", NIGHT, "2027-01-01 07:00"),
    ("2026-03-04 12:30", "12:00-13:00", "2026-03-04 13:00"),
    ("2026-03-04 11:59", "12:00-13:00", None),
    ("2026-03-04 13:00", "12:00-13:00", None),
    ("2026-03-04 23:59", "22:00-00:00", "2026-03-05 00:00"),
    ("2026-03-05 00:00", "22:00-00:00", None),
    # spring: the night is an hour shorter
    ("2026-03-29 01:59:59", NIGHT, "2026-03-29 07:00"),
    ("2026-03-29 03:00", NIGHT, "2026-03-29 07:00"),
    # autumn: an hour longer
    ("2026-10-25 02:30", NIGHT, "2026-10-25 07:00"),
]


@pytest.mark.parametrize(("moment", "span", "end"), SPANS)
def test_a_span_of_the_day_has_an_end(moment: str, span: str, end: str | None) -> None:
    assert hours.span_end(at(moment), span, BERLIN) == (None if end is None else at(end))


def test_a_night_lasts_seven_eight_or_nine_hours() -> None:
    for evening, length in (("2026-03-28", 7), ("2026-03-03", 8), ("2026-10-24", 9)):
        begin = at(f"{evening} 23:00")
        end = hours.span_end(begin, NIGHT, BERLIN)
        assert end == begin + length * 3600


def test_a_repeated_hour_is_quiet_from_the_first_to_the_second() -> None:
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert second - first == 3600
    for span in ("01:00-02:30", "22:00-02:30"):
        assert hours.span_end(first - 1, span, BERLIN) == second
        assert hours.span_end(first + 1, span, BERLIN) == second
        assert hours.span_end(second, span, BERLIN) is None
    assert hours.span_end(first, "02:30-05:00", BERLIN) == at("2026-10-25 05:00")


def test_a_skipped_time_makes_the_span_longer_never_shorter() -> None:
    two = at("2026-03-29 01:59:59") + 1
    assert hours.span_end(two - 1, "01:00-02:30", BERLIN) == two + 1800
    assert hours.span_end(two, "01:00-02:30", BERLIN) == two + 1800
    assert hours.span_end(two, "02:30-05:00", BERLIN) == at("2026-03-29 05:00")


def test_hours_are_those_of_the_zone() -> None:
    moment = at("2026-03-03 23:30", "Asia/Tokyo")
    assert hours.span_end(moment, NIGHT, "Asia/Tokyo") == at("2026-03-04 07:00", "Asia/Tokyo")
    assert hours.span_end(moment, NIGHT, BERLIN) is None
    assert hours.span_end(at("2026-03-03 23:30", "UTC"), NIGHT, "No/Where") is not None


@pytest.mark.parametrize(
    ("moment", "zone", "begin", "length"),
    [
        ("2026-03-03 00:00", BERLIN, "2026-03-03 00:00", 24),
        ("2026-03-03 23:59:59", BERLIN, "2026-03-03 00:00", 24),
        ("2026-03-29 12:00", BERLIN, "2026-03-29 00:00", 23),
        ("2026-10-25 12:00", BERLIN, "2026-10-25 00:00", 25),
        ("2026-03-08 01:00", HAVANA, "2026-03-08 01:00", 23),
        ("2026-03-07 23:59:59", HAVANA, "2026-03-07 00:00", 24),
        # back from 00:01 to 23:01: for a minute it was the next day already
        ("2010-11-07 00:00:30", "America/St_Johns", "2010-11-06 00:00", 25),
    ],
)
def test_a_day_goes_from_midnight_to_midnight(
    moment: str, zone: str, begin: str, length: int
) -> None:
    first, end = hours.day_of(at(moment, zone), zone)
    assert (first, end - first) == (at(begin, zone), length * 3600)


@given(st.floats(0, 4e9), st.sampled_from(ZONES))
def test_every_instant_lies_in_one_day_and_days_follow_each_other(moment: float, zone: str) -> None:
    begin, end = hours.day_of(moment, zone)
    assert begin <= moment < end
    assert 22 * 3600 <= end - begin <= 26 * 3600
    assert hours.day_of(end, zone)[0] == end
    assert hours.day_of(begin, zone) == (begin, end)


@given(st.floats(0, 4e9), st.sampled_from(ZONES), st.integers(0, 1439), st.integers(0, 1439))
def test_a_span_ends_later_and_reads_its_end_on_the_clock(
    moment: float, zone: str, begins: int, ends: int
) -> None:
    span = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (begins, ends))
    end = hours.span_end(moment, span, zone)
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    now = local.hour * 60 + local.minute
    inside = begins <= now < ends if begins < ends else now >= begins or now < ends
    if end is None:
        assert not inside or begins == ends
    else:
        assert moment < end <= moment + 26 * 3600


NOW = at("2026-03-03 22:15")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("07:00", at("2026-03-04 07:00")),
        ("7:00", at("2026-03-04 07:00")),
        ("22:16", at("2026-03-03 22:16")),
        ("22:15", at("2026-03-04 22:15")),
        ("00:00", at("2026-03-04 00:00")),
        ("2h", NOW + 7200),
        ("30m", NOW + 1800),
        ("1h30m", NOW + 5400),
        ("2d", NOW + 2 * 86400),
        ("90m", NOW + 5400),
        (" 2h ", NOW + 7200),
        ("2026-03-05", at("2026-03-05 00:00")),
        ("2026-03-05T07:00", at("2026-03-05 07:00")),
        ("2026-03-05 07:00:30", at("2026-03-05 07:00:30")),
        ("2026-03-05T07:00Z", at("2026-03-05 07:00", "UTC")),
        ("2026-03-05T07:00+09:00", at("2026-03-05 07:00", "Asia/Tokyo")),
    ],
)
def test_until_means_what_a_person_means(text: str, meant: float) -> None:
    assert hours.meant(text, NOW, BERLIN) == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is no time; allowed: 07:00"),
        ("tomorrow", "'tomorrow' is no time"),
        ("24:00", "no time"),
        ("7", "no time"),
        ("7am", "no time"),
        ("2h30", "no time"),
        ("30m2h", "no time"),
        ("-2h", "no time"),
        ("٢h", "no time"),
        ("20260305", "no time"),
        ("2026-02-30", "no time"),
        ("2026-03-05T25:00", "no time"),
        ("0001-01-01T00:00", "past"),
        ("0001-01-01T00:00+09:00", "past"),
        ("0h", "past"),
        ("2026-03-03T22:15", "past"),
        ("2025-03-05", "past"),
        ("2027-03-06", "more than a year"),
        ("999d", "more than a year"),
        ("9999-12-31T23:59", "more than a year"),
    ],
)
def test_what_is_no_time_to_come_is_refused_and_named(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        hours.meant(text, NOW, BERLIN)
    assert "nothing was changed" in str(caught.value).lower()


def test_a_clock_time_until_which_there_are_two_or_none() -> None:
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert hours.meant("02:30", first - 60, BERLIN) == second
    assert hours.meant("02:30", first + 60, BERLIN) == second
    assert hours.meant("02:30", second, BERLIN) == at("2026-10-26 02:30")
    skipped = hours.meant("02:30", at("2026-03-29 01:00"), BERLIN)
    assert skipped == at("2026-03-29 03:30")


def test_an_instant_is_told_in_its_zone() -> None:
    assert hours.said(at("2026-03-03 07:00"), BERLIN) == "Tue 3 Mar 07:00 (CET)"
    assert hours.said(at("2026-03-03 07:00"), "UTC") == "Tue 3 Mar 06:00 (UTC)"
    assert hours.said(at("2026-03-03 07:00"), "No/Where") == "Tue 3 Mar 06:00 (UTC)"
    new_year = at("2027-01-01 00:30")
    assert hours.said(new_year, BERLIN, new_year - 3600) == "Fri 1 Jan 2027 00:30 (CET)"
    assert hours.said(new_year, "UTC", new_year - 3600) == "Thu 31 Dec 23:30 (UTC)"
