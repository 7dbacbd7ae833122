"""What ``tmux capture-pane -e`` writes, as rows and inks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.claude import capture
from tmuxclaude.claude.capture import PLAIN, Ink, Row


def ink_of(escapes: str) -> Ink:
    [row] = capture.rows(f"{escapes}x")
    assert row.text == "x"
    return row.inks[0]


@pytest.mark.parametrize(
    ("escapes", "ink"),
    [
        ("", PLAIN),
        ("\x1b[2m", Ink(dim=True)),
        ("\x1b[0;2m", Ink(dim=True)),
        ("\x1b[2m\x1b[22m", PLAIN),
        ("\x1b[7m", Ink(inverse=True)),
        ("\x1b[7m\x1b[27m", PLAIN),
        ("\x1b[2;7m\x1b[m", PLAIN),
        ("\x1b[31m", Ink(colour=(205, 0, 0))),
        ("\x1b[91m", Ink(colour=(255, 0, 0))),
        ("\x1b[38;5;9m", Ink(colour=(255, 0, 0))),
        ("\x1b[38;5;211m", Ink(colour=(255, 135, 175))),
        ("\x1b[38;5;246m", Ink(colour=(148, 148, 148))),
        ("\x1b[38;2;1;2;3m", Ink(colour=(1, 2, 3))),
        ("\x1b[31m\x1b[39m", PLAIN),
        ("\x1b[48;5;2;7m", Ink(backed=True, inverse=True)),
        ("\x1b[41m", Ink(backed=True)),
        ("\x1b[104m\x1b[49m", PLAIN),
        ("\x1b[58;5;2m", PLAIN),
        ("\x1b[58;2;2;7;2m", PLAIN),
        ("\x1b[4:3m", PLAIN),
        ("\x1b[1;3;4;9m", Ink(bold=True)),
        ("\x1b[1;2m\x1b[22m", PLAIN),
        ("\x1b]8;;https://x.example\x1b\\", PLAIN),
        ("\x1b]8;;https://x.example\x07", PLAIN),
        ("\x1b(0\x0e\x0f\x1b(B", PLAIN),
        ("\x1b[2K", PLAIN),
    ],
)
def test_inks(escapes: str, ink: Ink) -> None:
    assert ink_of(escapes) == ink


def test_the_ink_goes_on_in_the_next_row() -> None:
    first, second = capture.rows("a\x1b[2m\nb\x1b[0mc")
    assert first == Row("a", (PLAIN,))
    assert second == Row("bc", (Ink(dim=True), PLAIN))


def test_blanks_at_the_end_are_not_there_but_no_break_spaces_are() -> None:
    [row] = capture.rows("  ❯\u00a0   ")
    assert (row.text, row.indent, row.blank) == ("  ❯\u00a0", 2, False)
    [empty] = capture.rows("   ")
    assert (empty.text, empty.blank) == ("", True)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("❯─", 2)])
def test_cells(text: str, width: int) -> None:
    assert capture.cells(text) == width


@given(st.text())
def test_any_text_becomes_rows(text: str) -> None:
    rows = capture.rows(text)
    assert len(rows) <= text.count("\n") + 1
    for row in rows:
        assert len(row.text) == len(row.inks)
        assert "\x1b" not in row.text
        assert "\n" not in row.text
