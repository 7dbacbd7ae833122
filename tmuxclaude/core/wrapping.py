"""Which rows a text takes in a prompt box, so that the end of one proves the whole. Pure.

A box that is too low for a text shows its end and counts the rows above that. It wraps between
words, and splits those alone that are longer than a row (Claude Code 2.1.329).
"""

from __future__ import annotations

from math import ceil

from tmuxclaude.core.drawn import columns
from tmuxclaude.core.model import Reading
from tmuxclaude.core.texts import bare

FOLDED_CHARS = 800
"""A longer paste is shown as a mark, on one row, as in a low pane is one with line breaks."""


def is_the_end(reading: Reading, ours: str) -> bool:
    """Whether the box shows the end of our text, and hides as many rows as the rest of it takes."""
    shown = bare(reading.draft)
    if not shown or not bare(ours).endswith(shown):
        return False
    rest = _without_end(ours, len(shown))
    if not rest.strip():
        return False  # all of ours is shown, so what is hidden is somebody else's
    # The blanks and blank lines in between may be shown or not.
    least, most = rest.rstrip(), rest.removesuffix("\n")
    return rows_taken(least, reading.area) <= reading.hidden <= rows_taken(most, reading.area)


def too_low_for(text: str, reading: Reading) -> bool:
    """Whether the pane could not show enough of the text to recognise it."""
    if reading.room is None:
        return False
    folded = "\n" in text or len(text) > FOLDED_CHARS
    return (1 if folded else rows_taken(text, reading.area)) > reading.room


def rows_taken(text: str, area: int) -> int:
    """How many rows the text takes where one has so many cells."""
    return sum(_rows_of_line(line, area) for line in text.split("\n"))


def _rows_of_line(line: str, area: int) -> int:
    rows, used = 1, 0
    for number, word in enumerate(line.split(" ")):
        if number:  # the blank before it, which begins a row behind one that is full
            rows, used = (rows, used + 1) if used < area else (rows + 1, 1)
        long, left = columns(word), area - used
        # A word goes to the next row unless that would split it no less.
        if used and long > left and ceil(long / area) - 1 < ceil((long - left) / area):
            rows, used = rows + 1, 0
        for character in word:
            wide = columns(character)
            rows, used = (rows, used + wide) if used + wide <= area else (rows + 1, wide)
    return rows


def _without_end(text: str, letters: int) -> str:
    """The text without its last so many characters that are no blanks."""
    end = len(text)
    while letters:
        end -= 1
        letters -= not text[end].isspace()
    return text[:end]
