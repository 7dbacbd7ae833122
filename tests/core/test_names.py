"""What a session may be called, what it is called by itself, and what is said of a wrong name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core import names
from tmuxclaude.core.model import NAME


@pytest.mark.parametrize("name", ["a", "7", "web-2_x", "a" * 48])
def test_a_plain_name_is_fine(name: str) -> None:
    assert names.name_problem(name) is None


@pytest.mark.parametrize("name", ["", "-a", "_a", "a b", "é", "a" * 49, "a\n"])
def test_a_wrong_name_is_told_what_is_right(name: str) -> None:
    problem = names.name_problem(name) or ""
    assert problem.startswith(f"{name!r} is no session name")
    assert "48" in problem


@pytest.mark.parametrize(
    ("directory", "name"),
    [
        ("/srv/naïve", "naive"),
        ("/srv/Übung macht", "Ubung-macht"),
        ("/srv/café", "cafe"),
        ("/srv/żółw", "zo-w"),
        ("/srv/ﬁle①", "file1"),
        ("/srv/日本語", "claude"),
        ("/", "claude"),
    ],
)
def test_a_directory_gives_its_name_without_accents(directory: str, name: str) -> None:
    assert names.of_directory(directory, ()) == name


@given(st.text(), st.integers(0, 3))
def test_it_is_always_a_name_that_nobody_has(directory: str, others: int) -> None:
    taken: list[str] = []
    for _ in range(others + 1):
        name = names.of_directory(directory, taken)
        assert NAME.fullmatch(name)
        assert name not in taken
        taken.append(name)


def test_who_is_not_there_is_asked_for_by_a_near_name() -> None:
    assert names.no_such("wep", ["api", "web"]) == (
        "there is no session 'wep'; nothing was done. Did you mean web?"
    )
    assert names.no_such("x", ["api"], " on the tmux server /s") == (
        "there is no session 'x' on the tmux server /s; nothing was done. "
        "See: tmuxclaude list --all"
    )
