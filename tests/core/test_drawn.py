"""Text on the lines of a terminal."""

from __future__ import annotations

import pytest

from tmuxclaude.core.drawn import columns, folded, visible

KEY = "alt-n      a new session in the current directory"


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("", 10, [""]),
        ("one two", 7, ["one two"]),
        ("one two", 6, ["one", "two"]),
        ("a  b", 4, ["a  b"]),
        ("incomprehensible", 6, ["incomp", "rehens", "ible"]),
        ("東京都庁", 5, ["東京", "都庁"]),
        ("ab", 0, ["ab"]),
    ],
)
def test_it_breaks_between_words_where_it_can(text: str, room: int, lines: list[str]) -> None:
    assert folded(text, room) == lines


def test_a_margin_is_kept_where_it_leaves_room() -> None:
    wide = folded(KEY, 30, 11)
    assert wide == ["alt-n      a new session in", "           the current", "           directory"]
    assert folded(KEY, 20, 11)[-1] == "current directory"
    for room in range(2, 60):
        assert all(columns(line) <= room for line in folded(KEY, room, 11))


def test_a_byte_that_is_not_utf_8_is_shown_as_it_is() -> None:
    name = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    assert visible(name) == "caf\\xe9 \\xff"
    assert visible("\ud800 \x1b[m \u202e") == "\\ud800 \\x1b[m \\u202e"
