"""The figures as bars of plain characters. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tmuxclaude.core import drawn
from tmuxclaude.core.stats import HOUR, Figures


def bars(rows: Iterable[tuple[str, Figures]], columns: int) -> list[str]:
    """A bar for each row with any hours: ``#`` is time worked, ``.`` time waited on limits.

    The number behind it is that of the hours worked. No line is wider than ``columns``; names are
    cut first.
    """
    shown = [(name, one) for name, one in rows if one.worked + one.waited > 0]
    if not shown:
        return []
    most = max(one.worked + one.waited for _, one in shown)
    widest = max(drawn.columns(name) for name, _ in shown)
    label = min(widest, max(columns // 3, 4))
    room = max(columns - label - len("    1234.5h"), 1)
    lines = []
    for name, one in shown:
        both = max(round(room * (one.worked + one.waited) / most), 1)
        hashes = min(round(room * one.worked / most), both)
        bar = "#" * hashes + "." * (both - hashes)
        named = drawn.padded(drawn.cut(drawn.visible(name), label), label)
        lines.append(drawn.cut(f"{named}  {bar}  {length(one.worked) or '0h'}", columns))
    return lines


def length(seconds: float) -> str:
    """A length of time as the figures are told to people: ``2.5h``, ``12m``; empty for none."""
    if seconds >= HOUR:
        return f"{seconds / HOUR:.1f}h"
    return drawn.span(seconds) if seconds > 0 else ""
