"""What a user hangs on a session: a group, and free metadata. Pure.

Nothing is decided by either; they are found again in ``list``, ``chain`` and ``--json``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.model import NAME

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")

VALUE_CHARS = 200

MOST = 32
"""How many keys a session has at most."""


@dataclass(frozen=True, slots=True)
class Labels:
    """``group`` is empty for none."""

    group: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)


def changed(labels: Labels, group: str | None, meta: Mapping[str, str]) -> Labels:
    """``labels`` with another ``group`` (``None``: the same) and these keys; an empty value takes
    its key away. Raises ``UsageError`` for what cannot be kept."""
    if group and not NAME.fullmatch(group):
        raise UsageError(
            "a group is called by letters from A to Z, digits, _ and -, 48 at most, the first a "
            f"letter or a digit; {group[:60]!r} is no such name; nothing was done"
        )
    for key, value in meta.items():
        _check(key, value)
    kept = {key: value for key, value in {**labels.meta, **meta}.items() if value}
    if len(kept) > MOST:
        raise UsageError(f"a session has at most {MOST} keys of metadata; nothing was done")
    return Labels(labels.group if group is None else group, dict(sorted(kept.items())))


def _check(key: str, value: str) -> None:
    if not KEY.fullmatch(key):
        raise UsageError(
            "a key of metadata is at most 32 letters from A to Z, digits, dots, _ and -, the first "
            f"a letter or a digit; {key[:60]!r} is no such key; nothing was done"
        )
    if len(value) > VALUE_CHARS or not value.isprintable():
        raise UsageError(
            f"the value of {key} must be one line of at most {VALUE_CHARS} printable characters; "
            "nothing was done"
        )


def pairs(words: tuple[str, ...]) -> dict[str, str]:
    """Metadata as it is typed, ``key=value`` each. Raises ``UsageError`` for another word."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--meta {word[:60]!r}: write it as key=value; nothing was done")
        found[key] = value
    return found
