"""Draws coloured text into a curses window. Knows SGR and curses' attributes, and no session."""

from __future__ import annotations

import curses

from tmuxclaude.core.drawn import columns, fitting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SWITCHES = {
    1: (curses.A_BOLD, True),
    2: (curses.A_DIM, True),
    3: (getattr(curses, "A_ITALIC", 0), True),
    4: (curses.A_UNDERLINE, True),
    7: (curses.A_REVERSE, True),
    22: (curses.A_BOLD | curses.A_DIM, False),
    23: (getattr(curses, "A_ITALIC", 0), False),
    24: (curses.A_UNDERLINE, False),
    27: (curses.A_REVERSE, False),
}
_CUBE = (0, 95, 135, 175, 215, 255)
_DEFAULT = -1


class Style:
    """What SGR has set: curses' attributes, and the colours by number, -1 for the terminal's."""

    __slots__ = ("attributes", "back", "fore")

    def __init__(self) -> None:
        self.attributes, self.fore, self.back = 0, _DEFAULT, _DEFAULT

    def take(self, numbers: list[int]) -> None:
        """One SGR sequence."""
        left = numbers or [0]
        while left:
            one = left.pop(0)
            if one == 0:
                self.attributes, self.fore, self.back = 0, _DEFAULT, _DEFAULT
            elif one in _SWITCHES:
                bits, on = _SWITCHES[one]
                self.attributes = self.attributes | bits if on else self.attributes & ~bits
            elif one in (38, 48):
                colour = _extended(left)
                self.fore, self.back = (colour, self.back) if one == 38 else (self.fore, colour)
            elif 30 <= one <= 37 or one == 39:
                self.fore = one - 30 if one != 39 else _DEFAULT
            elif 40 <= one <= 47 or one == 49:
                self.back = one - 40 if one != 49 else _DEFAULT
            elif 90 <= one <= 97:
                self.fore = one - 82
            elif 100 <= one <= 107:
                self.back = one - 92


def _extended(left: list[int]) -> int:
    """The colour that 38 or 48 began: one of 256, or the nearest of them to a true one."""
    form = left.pop(0) if left else 0
    if form == 5 and left:
        return min(left.pop(0), 255)
    if form == 2 and len(left) >= 3:
        steps = [min(range(6), key=lambda i: abs(_CUBE[i] - one)) for one in left[:3]]
        del left[:3]
        return 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    return _DEFAULT


def runs(drawn: str) -> Iterator[tuple[str, Style]]:
    """The parts of a text between its SGR sequences. Other escape sequences are left out."""
    style = Style()
    first, *more = drawn.split("\x1b")
    yield _printable(first), style
    for part in more:
        if part.startswith("["):
            end = next((i for i, c in enumerate(part[1:], 1) if "@" <= c <= "~"), len(part) - 1)
            if part[end] == "m":
                style.take([int(one) for one in part[1:end].split(";") if one.isdecimal()])
            yield _printable(part[end + 1 :]), style
        elif part.startswith("]"):  # a hyperlink; its end is ESC \ or BEL
            yield _printable(part.partition("\x07")[2]), style
        else:
            yield _printable(part[1:]), style


def _printable(text: str) -> str:
    """Blanks for tabs, nothing for what curses would write as two characters or refuse."""
    if text.isprintable():
        return text
    return "".join(c for c in text.replace("\t", " ") if c.isprintable())


class Painter:
    """Draws into ``screen``, and never outside of it."""

    def __init__(self, screen: curses.window) -> None:
        self._screen = screen
        self._pairs: dict[tuple[int, int], int] = {}
        self._colours = 0
        if curses.has_colors():
            curses.use_default_colors()
            self._colours = curses.COLORS

    def draw(self, y: int, x: int, drawn: str, room: int, more: int = 0) -> int:
        """One line at a place, cut to ``room`` columns; returns how many it took.

        ``more``: curses' attributes for the whole of it.
        """
        height, width = self._screen.getmaxyx()
        room = min(room, width - x)
        if not 0 <= y < height or room <= 0:
            return 0
        taken = 0
        for text, style in runs(drawn):
            fits = fitting(text, room - taken)
            self._put(y, x + taken, fits, self._attributes(style) | more)
            taken += columns(fits)
            if len(fits) < len(text):
                break
        return taken

    def _put(self, y: int, x: int, text: str, attributes: int) -> None:
        try:
            if text:
                self._screen.addstr(y, x, text, attributes)
        except curses.error:  # the last cell of the screen is drawn all the same
            pass
        except UnicodeEncodeError:
            self._put(y, x, text.encode("ascii", "replace").decode(), attributes)

    def _attributes(self, style: Style) -> int:
        fore = style.fore if style.fore < self._colours else _DEFAULT
        back = style.back if style.back < self._colours else _DEFAULT
        if fore == back == _DEFAULT:
            return style.attributes
        number = self._pairs.get((fore, back))
        if number is None:
            number = len(self._pairs) + 1
            if number >= min(curses.COLOR_PAIRS, 256):
                return style.attributes
            curses.init_pair(number, fore, back)
            self._pairs[fore, back] = number
        return style.attributes | curses.color_pair(number)
