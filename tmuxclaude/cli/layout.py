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


def visible(text: str) -> str:
    """``text`` on one line that cannot drive a terminal: what is not printable is escaped.

    That covers control characters, line breaks, invisible characters, those that change the
    direction of writing, and halves of surrogate pairs.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def columns(text: str) -> int:
    """How many columns of a terminal the printable ``text`` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    wide = sum(east_asian_width(c) in ("W", "F") for c in text)
    bare = sum(category(c) in ("Mn", "Me") for c in text)
    return len(text) + wide - bare


def cut(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns, with an ellipsis where something is missing."""
    if columns(text) <= room:
        return text
    kept = text[: max(room, 0)]
    while kept and columns(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…" if room > 0 else ""


def shorten(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns, what is missing left out of its middle."""
    if columns(text) <= room or room < 5:
        return cut(text, room)
    begin = cut(text, (room + 1) // 2)
    end = cut(text[::-1], room - columns(begin) + 1)[::-1]
    return begin[:-1] + end


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
    if at is None:
        return "?"
    then, today = time.localtime(at), time.localtime(now)
    clock = f"{then.tm_hour:02}:{then.tm_min:02}"
    if then[:3] == today[:3]:
        return clock
    if abs(at - now) < 6 * 86400:
        return time.strftime("%a ", then) + clock
    day = f"{then.tm_mday} {time.strftime('%b', then)}"
    if then.tm_year == today.tm_year:
        return f"{day} {clock}"
    return f"{day} {then.tm_year} {clock}"


def stamp(at: float | None) -> str:
    """An instant in full, to the second."""
    return "?" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def span(seconds: float) -> str:
    """A length of time in its two largest units: ``45s``, ``12m``, ``1h 12m``, ``3d 4h``."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole}s"
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    units = [(days, "d"), (hours, "h"), (minutes, "m")]
    while units[0][0] == 0:
        del units[0]
    return " ".join(f"{count}{unit}" for count, unit in units[:2] if count)


def countdown(at: float | None, now: float) -> str:
    """How long until ``at``: ``in 1h 12m``, ``due`` when it has come, empty when not known."""
    if at is None:
        return ""
    return "due" if at <= now else f"in {span(at - now)}"


def short(path: str) -> str:
    """A path with the home directory as ``~``."""
    home = os.environ.get("HOME", "").rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path


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
