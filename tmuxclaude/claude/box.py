"""Claude Code's prompt box on a screen: where it stands, and what is in it.

It knows the shape of the box and how typed text, a hint and the cursor are drawn in it. What stands
above and below is for others. Observed with Claude Code 2.1.329: a mark and a no-break space
between two rules over the whole width::

    ──────────────── session name ─
    ❯ a draft, wrapped and indented
      by two
    ───────────────────────────────
      what is under the box is indented too
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tmuxclaude.claude.capture import Row, cells
from tmuxclaude.core.model import Box

PROMPT = "❯"
NBSP = "\u00a0"

RULE = re.compile(r"─{10,}")
_UPPER_RULE = re.compile(r"─.{8,}─")
_LABEL = re.compile(r"─+ (.+) ─+")
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

_UNSURE_CELLS = 2
"""By so many cells terminals, Claude Code and Unicode's tables may differ over one character that
is not ASCII: tmux 3.3a draws a heart with a variation selector in one cell where Claude Code
reckons two, and two emoji that are joined in two, not four."""


@dataclass(frozen=True, slots=True)
class PromptBox:
    """``top`` and ``bottom``: the row numbers of its two rules. ``width``: theirs, in cells.

    ``holds``: never ``Box.NONE``. ``draft``: what was typed, empty unless it holds a draft.
    ``label``: the session's name on its upper rule, empty for none.
    """

    top: int
    bottom: int
    width: int
    holds: Box
    draft: str
    label: str

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
    bottom = next((n for n in reversed(range(len(rows))) if _is_rule(rows[n])), 0)
    if any(not row.blank and row.indent < 2 for row in rows[bottom + 1 :]):
        return None
    first = bottom - 1
    while first > 0 and (rows[first].blank or rows[first].text.startswith(_INSIDE)):
        first -= 1
    if first < 1 or not _is_prompt(rows[first]) or not _is_upper(rows[first - 1], rows[bottom]):
        return None
    width = rows[bottom].width
    holds, draft = _content(rows[first:bottom], width, inked=inked)
    label = _LABEL.fullmatch(rows[first - 1].text)
    return PromptBox(first - 1, bottom, width, holds, draft, label[1] if label else "")


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


def _is_upper(row: Row, lower: Row) -> bool:
    """Whether it is a rule as wide as the lower one, as far as its label lets that be counted."""
    if _UPPER_RULE.fullmatch(row.text) is None:
        return False
    label = _LABEL.fullmatch(row.text)
    unsure = sum(not character.isascii() for character in label[1]) if label else 0
    return abs(row.width - lower.width) <= _UNSURE_CELLS * unsure


def _is_prompt(row: Row) -> bool:
    return len(row.text) > 1 and row.text[0] != " " and row.text[1] == NBSP


def _content(rows: Sequence[Row], width: int, *, inked: bool) -> tuple[Box, str]:
    """What is in the box. ``!`` instead of the mark: whatever comes next is a shell command."""
    written = [_written(row) if inked else row.text[len(_INSIDE) :] for row in rows]
    text = _unwrapped(written, width - _UNUSED_CELLS).strip(f" \n{NBSP}")
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
    cursor = row.text.endswith(" ") and row.inks[-1].inverse
    return row.text[len(_INSIDE) : -1 if cursor else None]


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
