"""How names, paths and times are drawn on one line of a terminal. Pure: plain values in, text out.

Knows no session, no clock and no environment. Whatever shows something to people starts here, some
of it within milliseconds, so this imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from time import struct_time

    Local = Callable[[float], struct_time]
    """What makes local time of UTC epoch seconds, as ``time.localtime``."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def visible(text: str) -> str:
    """``text`` on one line that cannot drive a terminal: what is not printable is escaped.

    That covers control characters, line breaks, invisible characters, those that change the
    direction of writing, and halves of surrogate pairs.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    """A byte that is not UTF-8, which Python keeps as half of a pair, as that byte: ``\\xff``."""
    code = ord(character)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else ascii(character)[1:-1]


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


def fitting(text: str, room: int) -> str:
    """The beginning of ``text`` that fits into so many columns."""
    kept = text[: max(room, 0)]
    while columns(kept) > room:
        kept = kept[:-1]
    return kept


def folded(text: str, room: int, indent: int = 0) -> list[str]:
    """``text`` on lines of at most ``room`` columns, broken between words where that can be.

    All but the first begin with ``indent`` blanks, unless that would leave little room.
    """
    margin = " " * (indent if indent < room // 2 else 0)
    room = max(room, 2)  # the widest character
    lines: list[str] = []
    line: str | None = None
    for word in text.split(" "):
        longer = word if line is None else f"{line} {word}"
        if line is not None and columns(longer) > room:
            lines.append(line)
            longer = margin + word
        while columns(longer) > room:
            begin = fitting(longer, room)
            lines.append(begin)
            longer = margin + longer[len(begin) :]
        line = longer
    return [*lines, line or ""]


def shorten(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns, what is missing left out of its middle."""
    if columns(text) <= room or room < 5:
        return cut(text, room)
    begin = cut(text, (room + 1) // 2)
    end = cut(text[::-1], room - columns(begin) + 1)[::-1]
    return begin[:-1] + end


def padded(text: str, room: int) -> str:
    """``text`` with blanks behind it, ``room`` columns wide."""
    return text + " " * (room - columns(text))


def moment(at: float | None, now: float, local: Local) -> str:
    """When something is or was: as little of the date as is needed to tell it from today."""
    if at is None:
        return "?"
    then, today = local(at), local(now)
    clock = f"{then.tm_hour:02}:{then.tm_min:02}"
    if then[:3] == today[:3]:
        return clock
    if abs(at - now) < 6 * 86400:
        return f"{_DAYS[then.tm_wday]} {clock}"
    day = f"{then.tm_mday} {_MONTHS[then.tm_mon - 1]}"
    if then.tm_year == today.tm_year:
        return f"{day} {clock}"
    return f"{day} {then.tm_year} {clock}"


def counted(number: int, one: str, more: str = "") -> str:
    """``1 session``, ``2 sessions``; ``more``: what is not made by adding an s."""
    return f"{number} {one if number == 1 else more or f'{one}s'}"


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


def short(path: str, home: str) -> str:
    """A path with the directory ``home`` as ``~``."""
    home = home.rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path
