"""Claude Code's prompt box on a screen: where it stands, and what is in it.

It knows the shape of the box and how typed text, a hint and the cursor are drawn in it. What stands
above and below is for others. Observed with Claude Code 2.1.329: a mark and a no-break space
between two rules over the whole width::

    ──────────────── session name ─
    ❯ a draft, wrapped and indented
      by two
    ───────────────────────────────
      what is under the box is indented too

A draft of more rows than half the pane is scrolled. The rules count what is hidden:
``─── ↑ 2 more`` above and ``─── ↓ 1 more`` below. A name as wide as the pane leaves the upper rule
no stroke to its left. In a low pane the box ends at the pane's edge, without its lower rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tmuxclaude.claude.capture import Row, cells
from tmuxclaude.core.model import Box

PROMPT = "❯"
NBSP = "\u00a0"

RULE = re.compile(r"─{10,}")
_LOWER_RULE = re.compile(r"─{10,}|─── ↓ \d+ more ─+")
_UPPER_RULE = re.compile(
    r"(?:─── ↑ (?P<hidden>\d+) more )?(?:─+|(?P<strokes>─*) (?P<label>\S.*?) ─+)"
)
_NARROWEST = 10
_INSIDE = "  "

_HINTS = re.compile(
    r"Once fixed, resend your message|Resend your message to try again"
    r"|Press up to edit queued messages|Try \".*\""
)
"""What Claude Code writes into its empty box; only needed where dim text cannot be told."""

_FOLDED = re.compile(r"\[Pasted text #\d+(?: \+(\d+) lines?)?\]")
"""What stands for a paste of more than 800 characters or more than two line breaks; its number
grows with each one. The model is given the text itself."""

_UNUSED_CELLS = 4
"""The box wraps at the pane's width less these."""

_SURELY_COUNTED = 24
"""In panes of fewer columns the upper rule has no room to count what is hidden (seen at 11)."""

_UNSURE_CELLS = 2
"""By so many cells terminals, Claude Code and Unicode's tables may differ over one character that
is not ASCII: tmux 3.3a draws a heart with a variation selector in one cell where Claude Code
reckons two, and two emoji that are joined in two, not four."""


@dataclass(frozen=True, slots=True)
class PromptBox:
    """``top`` and ``bottom``: the row numbers of its two rules. ``width``: theirs, in cells.

    ``holds``: never ``Box.NONE``. ``draft``: what was typed, as far as it is shown; empty unless it
    holds a draft. ``hidden``: how many rows of it are above those that are shown. ``unended``: it
    may go on below them. ``label``: the session's name on its upper rule as it is drawn, empty for
    none. ``label_cut``: an ellipsis stands there for the end of it.
    """

    top: int
    bottom: int
    width: int
    holds: Box
    draft: str
    label: str
    label_cut: bool = False
    hidden: int = 0
    unended: bool = False

    @property
    def area(self) -> int:
        """At how many cells its text wraps."""
        return self.width - _UNUSED_CELLS

    @property
    def folded(self) -> int | None:
        """The line breaks of the paste whose mark is all that is in it, if one is."""
        mark = _FOLDED.fullmatch(self.draft)
        return int(mark[1] or 0) if mark is not None else None


def find(rows: Sequence[Row], *, inked: bool) -> PromptBox | None:
    """The live prompt box, or ``None`` where anything else has the keys.

    Only the last rule on the screen can be its lower one, and only indented lines may follow it:
    further up there may be boxes that a redraw left behind, and at the edge writes whoever came
    after Claude Code. ``inked``: whether dim text can be told.
    """
    bottom = next((n for n in reversed(range(len(rows))) if _LOWER_RULE.fullmatch(rows[n].text)), 0)
    if all(row.blank or row.indent >= 2 for row in rows[bottom + 1 :]):
        found = _above(rows, bottom, rows[bottom].width, inked=inked)
        if found is not None:
            return replace(found, unended="↓" in rows[bottom].text)
    return _at_the_edge(rows, inked=inked)


def height(rows: Sequence[Row]) -> int:
    """How many rows the pane has: a capture's last line ends with a line break."""
    return len(rows) - (1 if not rows[-1].text else 0)


def room(columns: int, height: int) -> int | None:
    """How many rows a draft may have so that its end can be seen in a pane of this size, and how
    much of it is hidden; ``None`` for any number.

    The lower half of the pane is the box's, with a row above it and what is under it. Of a draft
    that does not fit at least three rows are drawn, even over the pane's edge.
    """
    to_the_edge, drawn = height // 2 - 2, max(3, height // 2 - 5)
    if to_the_edge < drawn:
        return max(0, to_the_edge)
    return drawn if columns < _SURELY_COUNTED else None


def _above(rows: Sequence[Row], bottom: int, width: int | None, *, inked: bool) -> PromptBox | None:
    """The box whose last row is right above ``bottom``; ``width``: its lower rule's, if seen."""
    first = bottom - 1
    while first > 0 and (rows[first].blank or rows[first].text.startswith(_INSIDE)):
        first -= 1
    whole = first >= 1 and _is_prompt(rows[first])
    top = first - 1 if whole else first
    upper = _UPPER_RULE.fullmatch(rows[top].text) if top >= 0 else None
    if upper is None or top + 1 >= bottom or not (whole or upper["hidden"]):
        return None
    label = upper["label"] or ""
    width = rows[top].width if width is None else width
    if not _as_wide(rows[top], label, width):
        return None
    holds, draft = _content(rows[top + 1 : bottom], width, whole=whole, inked=inked)
    cut = not upper["strokes"] and label.endswith("…")
    hidden = 0 if whole else int(upper["hidden"])
    return PromptBox(top, bottom, width, holds, draft, label, cut, hidden)


def _at_the_edge(rows: Sequence[Row], *, inked: bool) -> PromptBox | None:
    """The box whose draft reaches the last row of the pane. Only a draft tells that it is one.

    It ends there where the cursor stands behind its last character.
    """
    end = height(rows)
    found = _above(rows, end, None, inked=inked)
    if found is None or found.holds is not Box.DRAFT or not rows[end - 1].text:
        return None
    return replace(found, unended=not _ends_with_cursor(rows[end - 1]))


def is_agents(rows: Sequence[Row]) -> bool:
    """Whether the box at the foot of the screen is the agents view's, which begins a new session.

    It has the shape of the prompt box, but an ordinary space behind the mark.
    """
    rules = [number for number, row in enumerate(rows) if _is_rule(row)][-2:]
    if len(rules) < 2 or any(not row.blank and row.indent < 2 for row in rows[rules[1] + 1 :]):
        return False
    inside = rows[rules[0] + 1 : rules[1]]
    marked = bool(inside) and inside[0].text.startswith(f"{PROMPT} ")
    return marked and all(row.blank or row.indent >= 2 for row in inside[1:])


def _is_rule(row: Row) -> bool:
    return RULE.fullmatch(row.text) is not None


def _as_wide(upper: Row, label: str, width: int) -> bool:
    """Whether the rule has this width, as far as its label lets that be counted."""
    unsure = sum(not character.isascii() for character in label)
    return upper.width >= _NARROWEST and abs(upper.width - width) <= _UNSURE_CELLS * unsure


def _is_prompt(row: Row) -> bool:
    return len(row.text) > 1 and row.text[0] != " " and row.text[1] == NBSP


def _content(rows: Sequence[Row], width: int, *, whole: bool, inked: bool) -> tuple[Box, str]:
    """What is in the box. ``!`` instead of the mark: whatever comes next is a shell command.

    ``whole``: the first of these rows has the mark, none is hidden above it.
    """
    written = [_written(row) if inked else row.text[len(_INSIDE) :] for row in rows]
    text = _unwrapped(written, width - _UNUSED_CELLS).strip(f" \n{NBSP}")
    if not whole:
        return Box.DRAFT, text
    if rows[0].text[0] != PROMPT:
        return Box.DRAFT, rows[0].text[0] + text
    if not inked and _HINTS.fullmatch(text):
        return Box.PLACEHOLDER, ""
    if text:
        return Box.DRAFT, text
    if any(row.text[len(_INSIDE) :].strip(f" {NBSP}") for row in rows):
        return Box.PLACEHOLDER, ""
    blanks = "\n".join(map(_before_cursor, rows))
    return (Box.DRAFT if blanks else Box.EMPTY), blanks


def _before_cursor(row: Row) -> str:
    """What a row without a letter holds: blanks, as far as a cursor behind them shows them."""
    return row.text[len(_INSIDE) : -1 if _ends_with_cursor(row) else None]


def _ends_with_cursor(row: Row) -> bool:
    return row.text.endswith(" ") and row.inks[-1].inverse


def _written(row: Row) -> str:
    """The row without what nobody typed: dim text, and the cursor on its first character."""
    kept = []
    for number, (character, ink) in enumerate(zip(row.text, row.inks, strict=True)):
        before_hint = number + 1 < len(row.inks) and row.inks[number + 1].dim
        if number >= len(_INSIDE) and not ink.dim and not (ink.inverse and before_hint):
            kept.append(character)
    return "".join(kept).rstrip(" ")


def _unwrapped(lines: Sequence[str], area: int) -> str:
    """The rows as they were typed: one where Claude Code wrapped, a new line where the user did.

    A word is split only when it is longer than a row; the blanks at a wrap are not drawn.
    """
    text = lines[0]
    for above, line in pairwise(lines):
        if not above or not line or cells(above) + 1 + cells(line.split(" ")[0]) <= area:
            text += "\n" + line
        elif _splits_a_word(text, above, line, area):
            text += line
        else:
            text += " " + line
    return text


def _splits_a_word(text: str, above: str, line: str, area: int) -> bool:
    full = cells(above) + cells(line[0]) > area
    word = re.split(r"\s", text)[-1] + line.split(" ")[0]
    return full and cells(word) > area
