"""Our own lines in somebody else's file: between two marks, and nowhere else. Text in, text out.

Everything outside of the marks stays as it is, to the last byte. Our last line always ends in a
line break, so that what a user appends is a line of its own; a line of the block remembers that the
text before it had none. Knows no file and no shell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tmuxclaude.core.errors import RefusedError

_UNENDED = "# (no line break stood before this block)"
"""The first line of a block that was put after a text without a line break at its end."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a block is, as a part of its text, and what stands between its marks."""

    start: int
    end: int
    lines: tuple[str, ...]


def marks(name: str) -> tuple[str, str]:
    """The first and the last line of the block of that name."""
    return f"# >>> tmuxclaude {name} >>>", f"# <<< tmuxclaude {name} <<<"


def find(text: str, name: str) -> Found | None:
    """The block of that name. Its end is after its last line break, if there is one.

    Raises ``RefusedError`` for marks that are not one pair in their order.
    """
    begin, end = marks(name)
    starts: list[tuple[int, int]] = []
    ends: list[tuple[int, int]] = []
    place = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        for mark, places in ((begin, starts), (end, ends)):
            if line.strip() == mark:
                places.append((number, place))
        place += len(line) + 1
    if not starts and not ends:
        return None
    if len(starts) != 1 or len(ends) != 1 or starts > ends:
        told = ", ".join(str(number + 1) for number, _ in sorted(starts + ends))
        raise RefusedError(
            f"the marks {begin!r} and {end!r} must stand there once, in this order, and do not "
            f"(line {told}). Take away what is left of that block, then try again"
        )
    [(first, start)], [(last, last_start)] = starts, ends
    after = min(last_start + len(lines[last]) + 1, len(text))
    return Found(start, after, tuple(lines[first + 1 : last]))


def put(text: str, name: str, lines: Iterable[str]) -> str:
    """``text`` with this block: in the place of the one that is there, else at its end."""
    begin, end = marks(name)
    found = find(text, name)
    before, after = (text, "") if found is None else (text[: found.start], text[found.end :])
    unended = bool(text) and not text.endswith("\n") and not after
    if unended and found is None:
        before += "\n"
    first = [_UNENDED] if unended or (found is not None and _UNENDED in found.lines) else []
    block = "\n".join([begin, *first, *lines, end])
    return f"{before}{block}\n{after}"


def take(text: str, name: str) -> str:
    """``text`` without the block of that name, as it was before ``put``."""
    found = find(text, name)
    if found is None:
        return text
    before, after = text[: found.start], text[found.end :]
    if _UNENDED in found.lines or not text[: found.end].endswith("\n"):
        first, line_break, rest = after.partition("\n")
        if not after:
            before = before.removesuffix("\n")
        elif first.startswith("# >>> tmuxclaude "):  # another block of ours remembers it
            after = f"{first}{line_break}{_UNENDED}\n{rest}"
    return before + after
