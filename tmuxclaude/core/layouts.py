"""How a picker's rows are fitted to terminals of different widths. Pure.

Whoever shows the rows has no time to fit them, and fzf cannot, so every row is drawn ahead of time
in each of a few layouts (docs/internals/picker.md). Takes what is said of the sessions as plain
text and knows nothing else of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tmuxclaude.core.drawn import columns, padded, shorten

HEADS = ("NAME", "STATE", "WHEN", "DIRECTORY", "WHY")
STATE_ROOM, WHY_ROOM = 16, 120
"""The most columns that these take, wherever."""

GAP = "  "


@dataclass(frozen=True, slots=True)
class Layout:
    """How everything is drawn where there are at least ``least`` columns for a row.

    ``keys``: columns for the keys that are told of. ``name``: the most for a name. ``words``:
    a time is told in more words than the clock's. ``directory``: it has a column of its own, 12 to
    30 wide, so that ``WHY_LEAST`` are left for the reason; else it stands behind the reason, where
    what a terminal has no room for is cut.
    """

    least: int
    keys: int
    name: int
    words: bool = True
    directory: bool = True


LAYOUTS = (
    Layout(0, 40, 12, words=False, directory=False),
    Layout(60, 60, 20, directory=False),
    Layout(90, 90, 24),
    Layout(120, 120, 24),
)
"""Rising; each row is drawn by all of them, and who shows it chooses."""

WHY_LEAST, DIRECTORY_LEAST, DIRECTORY_MOST = 30, 12, 30

KEYS = (
    *("? help", "enter go", "alt-n new", "ctrl-r resume", "ctrl-o hold", "ctrl-x stop"),
    "ctrl-l lost, ended",
)
"""As many as there is room for."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What is said of a session, printable; but for the name nothing is wider than it may be.

    ``colour``: SGR numbers for the state. ``clock``: a time; ``when``: the same in more words.
    """

    name: str
    state: str
    colour: str
    clock: str
    when: str
    directory: str
    why: str


def table(cells: Sequence[Cells], present: int, layout: Layout) -> list[str]:
    """The titles, and then a row for each of ``cells``, drawn.

    The columns are as wide as the ``present`` first of them need, or the titles; the others, which
    are mostly hidden, have columns of their own where they need more.
    """
    fitted = [HEADS[:4], *(_fitted(one, layout) for one in cells)]
    near = _widths(fitted[: present + 1], layout)
    far = near if present == len(cells) else _widths(fitted, layout)
    places = (0, 1, 2, 3, 4) if layout.directory else (0, 1, 2, 4, 3)
    titles = GAP.join(padded(HEADS[i], near[i]) for i in places)
    rows = [f"\x1b[2m{titles.rstrip()}\x1b[m"]
    for number, (one, texts) in enumerate(zip(cells, fitted[1:], strict=True)):
        rows.append(_drawn(one, texts, near if number < present else far, layout))
    return rows


def _fitted(one: Cells, layout: Layout) -> tuple[str, ...]:
    """Name, state, time and directory."""
    when = one.when if layout.words else one.clock
    return shorten(one.name, layout.name), one.state, when, one.directory


def _widths(fitted: Sequence[tuple[str, ...]], layout: Layout) -> list[int]:
    """Of the columns in the order of ``HEADS``; the reason is padded to none."""
    widths = [max(columns(line[i]) for line in fitted) for i in range(4)]
    if not layout.directory:
        return [*widths[:3], 0, 0]
    free = layout.least - sum(widths[:3]) - 4 * len(GAP) - WHY_LEAST
    return [*widths[:3], min(widths[3], max(free, DIRECTORY_LEAST)), 0]


def _drawn(one: Cells, fitted: tuple[str, ...], widths: list[int], layout: Layout) -> str:
    name, state, when = map(padded, fitted[:3], widths)
    begin = f"{name}{GAP}\x1b[{one.colour}m{state}\x1b[m{GAP}{when}{GAP}"
    if not layout.directory:
        return f"{begin}{one.why}{GAP if one.why else ''}\x1b[2m{fitted[3]}\x1b[m"
    place = padded(shorten(fitted[3], widths[3]), widths[3])
    return f"{begin}\x1b[2m{place}\x1b[m{GAP}{one.why}".rstrip()


def keys(layout: Layout) -> str:
    """The keys for which there is room."""
    told = KEYS[0]
    for key in KEYS[1:]:
        if len(told) + len(GAP) + len(key) > layout.keys:
            break
        told += GAP + key
    return told
