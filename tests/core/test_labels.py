"""Groups and metadata: what may be kept, and how a change meets what is there."""

from __future__ import annotations

import pytest

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.labels import MOST, Labels, changed, pairs


def test_a_change_keeps_what_it_does_not_name() -> None:
    before = Labels("night", {"ticket": "T-1", "owner": "ann"})
    assert changed(before, None, {"owner": "", "z.y": "a b"}) == Labels(
        "night", {"ticket": "T-1", "z.y": "a b"}
    )
    assert changed(before, "", {}) == Labels("", before.meta)


@pytest.mark.parametrize(
    ("group", "meta"),
    [
        ("two words", {}),
        ("g" * 49, {}),
        (None, {"": "x"}),
        (None, {"-k": "x"}),
        (None, {"k" * 33: "x"}),
        (None, {"k": "x" * 201}),
        (None, {"k": "two\nlines"}),
        (None, {f"k{number}": "x" for number in range(MOST + 1)}),
    ],
)
def test_what_cannot_be_kept_is_refused(group: str | None, meta: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="nothing was done"):
        changed(Labels(), group, meta)


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    assert pairs(("a=b=c", "d=")) == {"a": "b=c", "d": ""}
    with pytest.raises(UsageError, match="key=value"):
        pairs(("a",))
