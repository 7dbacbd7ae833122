"""How everything looks: the one formatter of tables, times and JSON, and where it is printed.

Takes plain values and returns text. Knows no session, no database and no socket. ``list`` and
``status`` load it before anything else, so it imports nothing heavy (no ``re``, no ``typing``, no
``json`` until it is needed).

Times come in as UTC epoch seconds and are shown in the user's own zone.
"""

from __future__ import annotations

import os
import sys
import time

from tmuxclaude.core import drawn
from tmuxclaude.core.drawn import columns as columns
from tmuxclaude.core.drawn import countdown as countdown
from tmuxclaude.core.drawn import cut as cut
from tmuxclaude.core.drawn import shorten as shorten
from tmuxclaude.core.drawn import span as span
from tmuxclaude.core.drawn import visible as visible
from tmuxclaude.core.errors import UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TextIO


class OutputError(UnreachableError):
    """Standard output does not take what is written, as on a full disk."""

    def __init__(self, why: str | None) -> None:
        super().__init__(f"standard output cannot be written: {why or 'unknown error'}")


GAP = "  "
NOTHING = "-"


class Fit:
    """What a table may do to a column for which there is no room.

    ``least``: how much of it is kept, all of it unless said otherwise. ``middle``: it is shortened
    in its middle, not at its end. ``may_go``: it can be left out.
    """

    __slots__ = ("least", "may_go", "middle")

    def __init__(self, least: int = 1000, middle: bool = False, may_go: bool = False) -> None:
        self.least = least
        self.middle = middle
        self.may_go = may_go


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    room: int | None = None,
    fits: dict[str, Fit] | None = None,
) -> str:
    """Aligned columns under their heads, none of its lines wider than ``room`` (``None``: as wide
    as it takes).

    ``fits``: by its head, what gives way first; without it the last column does.
    """
    cells = [list(heads), *([visible(cell) or NOTHING for cell in row] for row in rows)]
    widths = [max(columns(row[i]) for row in cells) for i in range(len(heads))]
    fits = {heads[-1]: Fit(columns(heads[-1]))} if fits is None else fits
    if room is None:
        return "\n".join(_line(row, widths, ()) for row in cells)
    narrow = _narrowed(heads, widths, room, fits)
    middle = [i for i, head in enumerate(heads) if head in fits and fits[head].middle]
    return "\n".join(cut(_line(row, narrow, middle), room) for row in cells)


def _narrowed(
    heads: Sequence[str], widths: list[int], room: int, fits: dict[str, Fit]
) -> list[int]:
    """The width of each column so that all fit in ``room``, as far as ``fits`` allows; 0: left out.

    Columns go only where shortening is not enough; what that saves, the others have.
    """
    places = {head: i for i, head in enumerate(heads)}
    narrow = list(widths)
    for leaves in (None, *(head for head, fit in fits.items() if fit.may_go)):
        if leaves is not None:
            narrow[places[leaves]] = 0
        least = list(narrow)
        for head, fit in fits.items():
            least[places[head]] = min(narrow[places[head]], fit.least)
        if _total(least) <= room:
            break
    for head in fits:
        i = places[head]
        narrow[i] -= min(max(_total(narrow) - room, 0), narrow[i] - least[i])
    return narrow


def _total(widths: list[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + len(GAP) * (len(shown) - 1)


def _line(row: list[str], widths: list[int], middle: Sequence[int]) -> str:
    cells = []
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        if width:
            fitting = shorten(cell, width) if i in middle else cut(cell, width)
            cells.append(fitting + " " * (width - columns(fitting)))
    return GAP.join(cells).rstrip()


def pairs(items: Iterable[tuple[str, str]]) -> str:
    """A name and its value on each line, the values aligned."""
    lines = [(name, visible(value) or NOTHING) for name, value in items]
    width = max((columns(name) for name, _ in lines), default=0)
    return "\n".join(f"{name.ljust(width)}{GAP}{value}" for name, value in lines)


def room() -> int | None:
    """The width of the terminal; ``None`` when the output goes elsewhere and nothing is cut."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return None


def moment(at: float | None, now: float) -> str:
    """When something is or was: as little of the date as is needed to tell it from today."""
    return drawn.moment(at, now, time.localtime)


def stamp(at: float | None) -> str:
    """An instant in full, to the second."""
    return "?" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def short(path: str) -> str:
    """A path with the home directory as ``~``."""
    return drawn.short(path, os.environ.get("HOME", ""))


def json_text(value: object) -> str:
    """Plain data as JSON that any program can read, ASCII only."""
    import json

    return json.dumps(value, indent=2)


def untagged(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the supervisor without the word that names its kind on the wire."""
    return {key: value for key, value in answer.items() if key != "type"}


def failure(code: str, message: str) -> str:
    """An error as ``--json`` prints it."""
    return json_text({"error": {"code": code, "message": message}})


def out(text: str) -> None:
    """One or more lines for people or programs, on standard output.

    Raises ``OutputError`` when it does not take them.
    """
    try:
        print(text)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(problem.strerror) from problem


def flush() -> None:
    """What was printed leaves for its reader now. Raises ``OutputError``."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(problem.strerror) from problem


def to_nowhere(stream: TextIO) -> None:
    """What is left in a stream that takes nothing is dropped; Python tries again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(message: str) -> None:
    """One message for people, on standard error; if that takes none, there is nobody to tell."""
    lines = [visible(line) for line in message.splitlines()] or [""]
    try:
        print("tmuxclaude: " + "\n".join(lines), file=sys.stderr, flush=True)
    except OSError:
        to_nowhere(sys.stderr)
