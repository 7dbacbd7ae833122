"""Our lines in somebody else's text: what stands outside of the marks is never touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core import blocks
from tmuxclaude.core.errors import RefusedError

BEGIN, END = blocks.marks("tmux")
LINES = ["one", "two"]
BLOCK = f"{BEGIN}\none\ntwo\n{END}\n"

theirs = st.text(st.sampled_from("ab #\n\r\t\0\x85\u2028é\udcff")).filter(
    lambda text: BEGIN not in text
)


@given(theirs)
def test_what_is_put_and_taken_away_leaves_the_same_bytes(text: str) -> None:
    put = blocks.put(text, "tmux", LINES)
    assert put.startswith(text)
    assert blocks.put(put, "tmux", LINES) == put
    assert put.endswith(f"{END}\n")
    assert blocks.take(put, "tmux") == text


@given(theirs, theirs)
def test_a_block_is_renewed_and_taken_away_where_it_stands(before: str, after: str) -> None:
    head = f"{before}\n" if before else ""
    old = f"{head}{BEGIN}\nold\n{END}\n{after}"
    assert blocks.put(old, "tmux", LINES) == f"{head}{BLOCK}{after}"
    assert blocks.take(old, "tmux") == head + after


def test_blocks_of_other_names_are_not_ours() -> None:
    text = blocks.put(blocks.put("x", "wrapper", ["w"]), "completion", ["c"])
    assert blocks.find(text, "tmux") is None
    assert blocks.take(blocks.take(text, "wrapper"), "completion") == "x"
    assert blocks.take(blocks.take(text, "completion"), "wrapper") == "x"


def test_what_a_user_appends_is_a_line_of_its_own() -> None:
    put = blocks.put("x", "tmux", LINES)
    assert blocks.take(f"{put}export FOO=1\n", "tmux") == "x\nexport FOO=1\n"
    older = f"x\n{BLOCK}".removesuffix("\n")  # as it was written before
    assert blocks.take(older, "tmux") == "x"
    assert blocks.put(older, "tmux", LINES) == put


def test_where_the_block_is_and_what_is_in_it() -> None:
    found = blocks.find(f"a\n{BLOCK}b", "tmux")
    assert found == blocks.Found(2, 2 + len(BLOCK), ("one", "two"))
    indented = f"  {BEGIN}\r\none\r\n\t{END}\r\nb\r\n"
    assert blocks.take(indented, "tmux") == "b\r\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"a\n{BEGIN}\none\n", "line 2"),
        (f"a\n{END}\n", "line 2"),
        (f"{END}\n{BEGIN}\n", "line 1, 2"),
        (BLOCK + BLOCK, "line 1, 4, 5, 8"),
        (f"{BEGIN}\n{BEGIN}\n{END}\n", "line 1, 2, 3"),
    ],
)
def test_a_block_that_was_edited_into_nonsense_is_refused(text: str, lines: str) -> None:
    for change in (lambda: blocks.put(text, "tmux", LINES), lambda: blocks.take(text, "tmux")):
        with pytest.raises(RefusedError, match=rf"\({lines}\)"):
            change()
