"""Which texts may be typed: a person's line, and the stricter one that is typed unasked."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core.rules import DEFAULT_TEXT
from tmuxclaude.core.texts import RECOGNISED, message_problem, resume_text_problem, text_problem

FINE = [
    "continue",
    "Mach weiter, bitte: größer & schöner!",
    "日本語で続けてください",
    "a/b #1 @home ok?",
    'echo "$(date)"; `x` #{pane_id} #(id)',
    "-R",
    "1",
    "x" * 2000,
    "emoji 🎉 are text",
    "exit now",
    "Exit",
    "quit.",
    r"C:\temp is a folder",
]


@pytest.mark.parametrize("text", FINE)
def test_a_plain_line_may_be_typed(text: str) -> None:
    assert text_problem(text) is None


WRONG = [
    ("", "is empty"),
    ("   ", "is empty"),
    ("\u2003", "is empty"),
    ("x" * 2001, "2001 characters"),
    ("two\nlines", r"character 4 \(U\+000A\)"),
    ("a\rb", r"U\+000D"),
    ("a\tb", r"U\+0009"),
    ("a\x00b", r"U\+0000"),
    ("a\x03b", r"U\+0003"),
    ("\x1b[201~", r"character 1 \(U\+001B\)"),
    ("a\x7fb", r"U\+007F"),
    ("a\x85b", r"U\+0085"),
    ("a\x9bb", r"U\+009B"),
    ("a\u202eb", r"U\+202E"),
    ("a\u2066b", r"U\+2066"),
    ("a\u200bb", r"U\+200B"),
    ("a\u200db", r"U\+200D"),
    ("a\ufeffb", r"U\+FEFF"),
    ("a\u00adb", r"U\+00AD"),
    ("a\u2028b", r"U\+2028"),
    ("a\u2029b", r"U\+2029"),
    ("a\U000e0041b", r"U\+E0041"),
    ("a\udc80b", r"U\+DC80"),
    ("u\u0308ber", "NFC"),
    (" x", "begins or ends with a space"),
    ("x ", "begins or ends with a space"),
    ("/clear", "begins with /"),
    ("!ls", "begins with !"),
    ("#note", "begins with #"),
    ("@file", "begins with @"),
    ("?", r"begins with \?"),
    ("go on\\", "ends with a backslash"),
    ("two\\\\", "ends with a backslash"),
    *((word, "ends Claude Code") for word in ("exit", "quit", ":q", ":q!", ":wq", ":wq!")),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_anything_else_is_refused_with_what_is_wrong(text: str, problem: str) -> None:
    found = text_problem(text) or ""
    assert re.search(problem, found)
    assert found.isprintable()


@given(st.text(max_size=80))
def test_a_line_that_may_be_typed_is_one_line_of_visible_text(text: str) -> None:
    if text_problem(text) is None:
        assert text.splitlines() == [text]
        assert all(c.isprintable() or unicodedata.category(c) in ("Zs", "Co", "Cn") for c in text)


def test_the_default_text_may_be_typed_unasked() -> None:
    assert resume_text_problem(DEFAULT_TEXT) is None


@pytest.mark.parametrize("text", ["Go on", "Please continue, then tidy up.", "a b" + "b" * 197])
def test_a_harmless_text_may_be_typed_unasked(text: str) -> None:
    assert resume_text_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("/clear", "begins with /"),
        ("a" + "b" * 200, "201 characters"),
        ("Go on!", "letters from A to Z"),
        ("Go on; rm", "letters from A to Z"),
        ("Go on 2", "letters from A to Z"),
        ("doctor", "one word"),
        ("Größer", "letters from A to Z"),
        (", go on", "letters from A to Z"),
        (".", "letters from A to Z"),
        ("Go  on", "two spaces"),
        ("Wait for the Limit to end", '"limit"'),
        ("It is unlimited", '"unlimited"'),
        ("The session resets now", '"resets"'),
        ("Esc is a key", '"esc"'),
        ("Please try again", '"try again"'),
    ],
)
def test_a_text_that_could_do_or_mean_something_is_not_typed_unasked(
    text: str, problem: str
) -> None:
    assert problem in (resume_text_problem(text) or "")


def test_what_is_wrong_is_said_as_a_demand() -> None:
    assert (resume_text_problem("Go on!") or "").startswith("the text must begin with a letter")


@pytest.mark.parametrize("words", RECOGNISED)
def test_no_recognised_word_is_typed_unasked(words: str) -> None:
    assert words in (resume_text_problem(f"Please, {words} now") or "")
    assert words in (resume_text_problem(words.capitalize()) or "")


def test_of_a_message_it_is_said_that_lines_are_allowed() -> None:
    said = message_problem("two\nlines\x07")
    assert said == (
        "character 10 (U+0007) is a control character; text, tabs and plain line breaks are typed"
    )
