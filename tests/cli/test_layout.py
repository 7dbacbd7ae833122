"""Texts, tables, times and lengths of time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmuxclaude.cli import history, layout
from tmuxclaude.core.past import Entry

NOON = 1_795_694_400.0
"""Thursday 26 November 2026, 12:00 UTC."""

HOUR, DAY = 3600, 86400


@pytest.fixture(params=["UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with blanks", "plain, with blanks"),
        ("żółw 日本 🎉", "żółw 日本 🎉"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"),
        ("evil\u202etxt", "evil\\u202etxt"),
        ("caf\udce9", "caf\\xe9"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_could_drive_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert layout.visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_unprintable_is_ever_shown(text: str) -> None:
    shown = layout.visible(text)
    assert shown.isprintable()
    assert shown.encode().decode() == shown


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("abc", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), ("a日e\u0301", 4), ("ＡＢ", 4)],
)
def test_columns(text: str, count: int) -> None:
    assert layout.columns(text) == count


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_cut_text_fits_and_says_so(text: str, room: int, shown: str) -> None:
    assert layout.cut(text, room) == shown


@given(st.text(st.characters(categories=["L", "N", "S"])), st.integers(0, 30))
def test_a_cut_text_always_fits(text: str, room: int) -> None:
    assert layout.columns(layout.cut(text, room)) <= room


def test_columns_are_aligned_by_what_they_look_like() -> None:
    rows = [("日本", "x", "last"), ("a", "", "one\ntwo")]
    assert layout.table(("NAME", "B", "C"), rows).splitlines() == [
        "NAME  B  C",
        "日本  x  last",
        "a     -  one\\ntwo",
    ]


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("/home/ann/api", 9, "/hom…/api"),
        ("/home/日本語/api", 12, "/home…語/api"),
        ("abcdefgh", 3, "ab…"),
    ],
)
def test_a_shortened_text_lacks_its_middle(text: str, room: int, shown: str) -> None:
    assert layout.shorten(text, room) == shown


@given(st.text(st.characters(categories=["L", "N", "S"])), st.integers(0, 30))
def test_a_shortened_text_always_fits(text: str, room: int) -> None:
    assert layout.columns(layout.shorten(text, room)) <= room


FITS = {"C": layout.Fit(may_go=True), "B": layout.Fit(5, middle=True), "D": layout.Fit(3)}


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (31, "name  directory  since  because"),
        (30, "name  dir…tory  since  because"),
        (27, "name  di…ry  since  because"),
        (26, "name  di…ry  since  becau…"),
        (23, "name  di…ry  since  be…"),
        (22, "name  dir…ory  because"),
        (18, "name  di…ry  beca…"),
        (16, "name  di…ry  be…"),
        (10, "name  di……"),
    ],
)
def test_columns_give_way_in_their_order(room: int, line: str) -> None:
    rows = [("name", "directory", "since", "because")]
    shown = layout.table(("A", "B", "C", "D"), rows, room, FITS)
    assert shown.splitlines()[1] == line


words = st.text(st.characters(categories=["L", "N"]), max_size=30)


@settings(deadline=None)
@given(st.lists(st.tuples(words, words, words, words), min_size=1), st.integers(0, 60))
def test_no_line_of_a_table_is_wider_than_there_is_room(
    rows: list[tuple[str, str, str, str]], room: int
) -> None:
    shown = layout.table(("A", "B", "C", "D"), rows, room, FITS)
    assert max(layout.columns(line) for line in shown.split("\n")) <= room


def test_without_a_word_the_last_column_gives_way() -> None:
    rows = [("some name", "a rather long reason")]
    wide = layout.table(("NAME", "WHY"), rows, 20)
    assert wide.splitlines() == ["NAME       WHY", "some name  a rather…"]
    assert layout.table(("NAME", "WHY"), rows, 5).splitlines()[1] == "some…"


def test_pairs_have_one_line_each() -> None:
    assert layout.pairs([("a", "1\x1b"), ("long", "")]) == "a     1\\x1b\nlong  -"


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (NOON + HOUR, "13:00"),
        (NOON - 12 * HOUR, "00:00"),
        (NOON + 12 * HOUR, "Fri 00:00"),
        (NOON - 5 * DAY, "Sat 12:00"),
        (NOON + 7 * DAY, "3 Dec 12:00"),
        (NOON + 10 * DAY, "6 Dec 12:00"),
        (NOON + 100 * DAY, "6 Mar 2027 12:00"),
        (None, "?"),
    ],
)
def test_a_moment_says_as_much_of_the_date_as_is_needed(at: float | None, shown: str) -> None:
    assert layout.moment(at, NOON) == shown


@pytest.mark.parametrize("zone", ["Asia/Kolkata"], indirect=True)
def test_times_are_in_the_users_zone(zone: str) -> None:
    assert layout.moment(NOON, NOON) == "17:30"
    assert layout.stamp(NOON) == "2026-11-26 17:30:00"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (HOUR, "1h"),
        (HOUR + 720, "1h 12m"),
        (DAY, "1d"),
        (DAY + 59, "1d"),
        (3 * DAY + 4 * HOUR + 60, "3d 4h"),
        (3 * DAY + 60, "3d"),
    ],
)
def test_spans(seconds: float, shown: str) -> None:
    assert layout.span(seconds) == shown


@pytest.mark.parametrize(
    ("at", "shown"), [(NOON + 4320, "in 1h 12m"), (NOON, "due"), (NOON - 60, "due"), (None, "")]
)
def test_countdowns(at: float | None, shown: str) -> None:
    assert layout.countdown(at, NOON) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/ann", "~"),
        ("/home/ann/api", "~/api"),
        ("/home/anna/api", "/home/anna/api"),
        ("/srv", "/srv"),
    ],
)
def test_the_home_directory_is_short(
    path: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann/")
    assert layout.short(path) == shown


def test_json_is_plain_ascii_that_reads_back() -> None:
    value = {"name": "caf\udce9 \x1b 日本", "none": None}
    assert layout.json_text(value).isascii()
    assert json.loads(layout.json_text(value)) == value


def test_a_complaint_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    layout.complain("no session \x1b[2J\nSee: more")
    assert capsys.readouterr().err == "tmuxclaude: no session \\x1b[2J\nSee: more\n"


def test_a_history_has_all_its_columns_beside_a_long_name() -> None:
    entry = Entry(1.8e9, "uid", "n" * 48, "resumed", "5-hour limit", "tmuxclaude", 3600.0)
    heads, line = history.text([entry], 80).splitlines()
    assert heads.split() == list(history.HEADS)
    assert line.endswith("resumed  by tmuxclaude after 1h: 5-hour limit")
    assert len(line) <= 80
    [_, wide] = history.text([entry], None).splitlines()
    assert "n" * 48 in wide
