"""Whether the end of a text in the prompt box proves the whole, with rows from real boxes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmuxclaude.core.model import Box, Look, Reading
from tmuxclaude.core.rules import DEFAULT_TEXT
from tmuxclaude.core.wrapping import is_the_end, rows_taken, too_low_for

WORDS = " ".join(f"word{number:03d}" for number in range(70))


@pytest.mark.parametrize(
    ("text", "area", "rows"),
    [
        (DEFAULT_TEXT, 76, 2),
        (DEFAULT_TEXT, 56, 3),
        (DEFAULT_TEXT, 36, 4),
        (DEFAULT_TEXT, 26, 6),
        (WORDS, 76, 8),
        ("repeat finished work.", 7, 3),  # repeat / finishe / d work.
        ("one\n\ntwo", 76, 3),
        ("日本語の" * 10, 20, 4),
        ("日本語の" * 10, 21, 4),
        (" ".join(["b" * 36] * 3), 36, 5),  # the blank behind a full row has one of its own
        (" ".join(["b" * 35] * 3), 36, 3),
        ("", 76, 1),
    ],
)
def test_rows_as_the_box_wraps_them(text: str, area: int, rows: int) -> None:
    assert rows_taken(text, area) == rows


END = "not a new instruction. Please continue the interrupted task and do not repeat finished work."
SHOWN = Reading(Look.IDLE, Box.DRAFT, draft=END, hidden=1, area=36)


def test_the_end_below_as_many_rows_as_the_rest_takes_is_ours() -> None:
    assert is_the_end(SHOWN, DEFAULT_TEXT)


@pytest.mark.parametrize(
    "other",
    [
        replace(SHOWN, hidden=2),
        replace(SHOWN, hidden=3),
        replace(SHOWN, draft=f"{END} And more"),
        replace(SHOWN, draft=END.replace("not repeat", "repeat")),
        replace(SHOWN, draft=""),
        replace(SHOWN, draft=DEFAULT_TEXT),
    ],
)
def test_another_end_or_another_number_of_rows_is_not(other: Reading) -> None:
    assert not is_the_end(other, DEFAULT_TEXT)


def test_a_row_with_nothing_but_a_blank_may_be_the_first_that_is_shown() -> None:
    text, shown = " ".join(["b" * 36] * 8) + " end", f"{'b' * 36}\nend"
    for hidden, proven in ((12, False), (13, True), (14, True), (15, False)):
        box = Reading(Look.IDLE, Box.DRAFT, draft=shown, hidden=hidden, area=36)
        assert is_the_end(box, text) is proven


def test_lines_that_are_hidden_count() -> None:
    shown = Reading(Look.IDLE, Box.DRAFT, draft="three", hidden=2, area=76)
    assert is_the_end(shown, "one\ntwo\nthree")
    assert not is_the_end(shown, "one two\nthree")


def test_a_text_must_fit_where_its_end_would_be_over_the_edge() -> None:
    narrow = Reading(Look.IDLE, Box.EMPTY, area=26, room=2)
    assert too_low_for(DEFAULT_TEXT, narrow)
    assert not too_low_for("Please continue.", narrow)
    assert not too_low_for(DEFAULT_TEXT, replace(narrow, room=None))
    assert not too_low_for("one\ntwo\nthree\nfour", narrow), "it becomes a mark"
