"""A tmux capture as rows of inked text: what stands where, and how it is drawn.

It knows the escape sequences that ``tmux capture-pane -e`` writes, and nothing about Claude Code. A
plain capture (without ``-e``) gives the same rows with no ink.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ink:
    """How one character is drawn. ``colour``: red, green, blue; ``None`` for the terminal's own."""

    bold: bool = False
    dim: bool = False
    inverse: bool = False
    colour: Colour | None = None
    backed: bool = False

    @property
    def red(self) -> bool:
        """Whether it is the red in which every built-in theme of Claude Code 2.1.329 says errors.

        The themes differ (``#ff6b80``, ``#ab2b3f``, ANSI red), and a terminal with 256 colours
        changes them once more, so that no exact value can be asked for.
        """
        if self.colour is None or self.backed:
            return False
        red, green, blue = self.colour
        return red - max(green, blue) >= 60

    @property
    def grey(self) -> bool:
        """Whether it is the grey in which Claude Code 2.1.329 says what matters less.

        Neither black nor white: those are the inks of a reply's mark. The themes' greys lie from
        ``#626262`` to the light grey of ANSI.
        """
        if self.colour is None or self.backed:
            return False
        darkest, lightest = min(self.colour), max(self.colour)
        return lightest - darkest <= 12 and darkest >= 60 and lightest <= 235

    @property
    def yellow(self) -> bool:
        """Whether it is the yellow or ochre in which its themes warn (``#ffd700``, ``#966c1e``)."""
        if self.colour is None or self.backed:
            return False
        red, green, blue = self.colour
        return min(red, green) - blue >= 60


PLAIN = Ink()


@dataclass(frozen=True, slots=True)
class Row:
    """One row without the blanks at its end, but for inverse ones, for a cursor may be drawn so;
    ``inks`` has one entry for each character."""

    text: str
    inks: tuple[Ink, ...]

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def indent(self) -> int:
        """How many spaces it begins with. A no-break space is a character, not a blank."""
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def width(self) -> int:
        """The cells it takes on the screen."""
        return cells(self.text)


_ESCAPE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)"  # a hyperlink, from tmux 3.4 on
    r"|\x1b[ -/]*[0-~]?"
)
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")

_ANSI: tuple[Colour, ...] = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0)),
    *((0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0)),
    *((92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
_CUBE = (0, 95, 135, 175, 215, 255)


def rows(capture: str) -> list[Row]:
    """The rows of a capture. tmux carries the ink over the end of a row, and so does this."""
    lines: list[list[tuple[str, Ink]]] = [[]]
    for text, ink in _pieces(capture):
        first, *others = text.split("\n")
        lines[-1].append((first, ink))
        lines += [[(other, ink)] for other in others]
    return [_row(line) for line in lines]


def inked(capture: str) -> bool:
    """Whether the capture was taken with ``-e``, so that dim and colour can be told."""
    return "\x1b[" in capture


def cells(text: str) -> int:
    """How many cells the text takes: wide characters two, combining marks none."""
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _row(pieces: list[tuple[str, Ink]]) -> Row:
    text = "".join(piece for piece, _ in pieces)
    inks = [ink for piece, ink in pieces for _ in piece]
    end = len(text)
    while end and text[end - 1] == " " and not inks[end - 1].inverse:
        end -= 1
    return Row(text[:end], tuple(inks[:end]))


def _pieces(capture: str) -> Iterator[tuple[str, Ink]]:
    """The text between the escapes, each piece with its ink."""
    ink, start = PLAIN, 0
    for escape in _ESCAPE.finditer(capture):
        yield _UNSEEN.sub("", capture[start : escape.start()]), ink
        start = escape.end()
        if escape["sgr"] is not None:
            ink = _after(ink, escape["sgr"])
    yield _UNSEEN.sub("", capture[start:]), ink


def _after(ink: Ink, parameters: str) -> Ink:
    """The ink after one SGR sequence."""
    codes = iter([int(code or 0) for code in parameters.split(";") if ":" not in code])
    for code in codes:
        ink = _applied(ink, code, codes)
    return ink


def _applied(ink: Ink, code: int, more: Iterator[int]) -> Ink:
    match code:
        case 0:
            return PLAIN
        case 1:
            return replace(ink, bold=True)
        case 2:
            return replace(ink, dim=True)
        case 22:
            return replace(ink, bold=False, dim=False)
        case 7 | 27:
            return replace(ink, inverse=code == 7)
        case 38:
            return replace(ink, colour=_extended(more))
        case 39:
            return replace(ink, colour=None)
        case 48:
            return replace(ink, backed=_extended(more) is not None)
        case 49:
            return replace(ink, backed=False)
        case 58:  # the colour of an underline
            _extended(more)
            return ink
    if 30 <= code <= 37 or 90 <= code <= 97:
        return replace(ink, colour=_ANSI[code - 30 if code < 90 else code - 82])
    if 40 <= code <= 47 or 100 <= code <= 107:
        return replace(ink, backed=True)
    return ink


def _extended(more: Iterator[int]) -> Colour | None:
    """The colour after 38, 48 or 58: ``5;N`` of the 256, or ``2;R;G;B``."""
    how = next(more, 0)
    if how == 5:
        return _of_256(next(more, 0))
    if how == 2:
        return next(more, 0), next(more, 0), next(more, 0)
    return None


def _of_256(number: int) -> Colour:
    if number < 16:
        return _ANSI[number]
    if number < 232:
        red, rest = divmod(number - 16, 36)
        return _CUBE[red], _CUBE[rest // 6], _CUBE[rest % 6]
    grey = 8 + 10 * (min(number, 255) - 232)
    return grey, grey, grey


def joined(lines: Iterable[Row]) -> str:
    """Rows as one line, blanks made single: for words that a narrow pane wraps."""
    return " ".join(" ".join(row.text.split()) for row in lines if not row.blank)
