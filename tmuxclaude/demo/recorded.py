"""The recorded parts of screens, with their changing places filled in. See `recordings/README.md`.

In a recording `{field}` is a changing place, `{fill X}` is X as often as the row has room, and a
second line with `{text}` is the shape of all further rows of a long text. In a dialog `{chosen}`
and `{other}` begin the two shapes of the rows that follow, and `{row NAME}` begins each row.
It decides nothing.
"""

from __future__ import annotations

import os
import unicodedata

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recordings")
_cache: dict[str, list[str]] = {}
_TEXT_MARGIN = {"user": 4, "reply": 2, "notice": 10}
"""Columns that a wrapped text leaves free, as seen at 80 and 120 columns."""


def recording(name: str) -> list[str]:
    """The lines of a recorded part, its fields still open."""
    if name not in _cache:
        with open(os.path.join(FOLDER, f"{name}.txt"), encoding="utf-8") as file:
            _cache[name] = file.read().removesuffix("\n").split("\n")
    return _cache[name]


def lines(name: str, columns: int, text: str | None = None, /, **fields: object) -> list[str]:
    """A recorded part as rows of at most `columns`; `text` is wrapped where it stands."""
    long = text is not None and sum("{text}" in line for line in recording(name)) > 1
    if text is not None and not long:
        fields["text"] = printable(text).replace("\n", " ")
    rows = wrap(printable(text), columns - _TEXT_MARGIN[name]) if text is not None and long else []
    made: list[str] = []
    first = True
    for line in recording(name):
        if not long or "{text}" not in line:
            made += _fold(_fill(line, columns, fields), columns)
            continue
        made += [_fill(line, columns, {"text": row}) for row in (rows[:1] if first else rows[1:])]
        first = False
    return made


class Dialog:
    """One recorded dialog: the names of its rows, and its look with one of them chosen."""

    def __init__(self, name: str, **fields: object) -> None:
        self.name = name
        self.fields = fields
        self.chosen = 0
        self.rows = [
            line[len("{row ") : line.index("}")]
            for line in recording(f"dialog-{name}")
            if line.startswith("{row ")
        ]

    def lines(self, columns: int, *, classic: bool) -> tuple[list[str], int]:
        """Its rows on the screen, and which of them the cursor stands on."""
        name = f"dialog-{self.name}"
        if classic and os.path.exists(os.path.join(FOLDER, f"{name}-classic.txt")):
            name += "-classic"
        shapes = {"{chosen}": "", "{other}": ""}
        made: list[str] = []
        number, cursor = 0, 0
        for line in recording(name):
            mark, _, rest = line.partition("}")
            if f"{mark}}}" in shapes:
                shapes[f"{mark}}}"] = rest
                continue
            if mark.startswith("{row "):
                if number == self.chosen:
                    cursor = len(made)
                line = shapes["{chosen}" if number == self.chosen else "{other}"]
                number += 1
                line = line.replace("{label}", rest).replace("{number}", str(number))
            made += _fold(_fill(line, columns, self.fields), columns)
        return made, cursor


def wrap(text: str, room: int) -> list[str]:
    """Rows of at most `room` columns, broken after blanks, which stay at the end of their row."""
    rows: list[str] = []
    for line in text.split("\n"):
        row = ""
        for word in line.replace(" ", " \0").split("\0"):
            if row and columns_of(row + word.rstrip(" ")) > room:
                rows.append(row)
                row = ""
            while columns_of(word) > room:
                cut = next(n for n in range(len(word), 0, -1) if columns_of(word[:n]) <= room)
                rows.append(word[:cut])
                word = word[cut:]
            row += word
        rows.append(row)
    return rows


def columns_of(text: str) -> int:
    """How many columns a plain text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def plain(line: str) -> str:
    """A row without its colours."""
    pieces = line.split("\x1b[")
    return pieces[0] + "".join(piece.partition("m")[2] for piece in pieces[1:])


def printable(text: str) -> str:
    """Without what would steer a terminal; tabs become blanks, line breaks stay."""
    return "".join(c for c in text.replace("\t", "    ") if c == "\n" or (c >= " " and c != "\x7f"))


def _fill(line: str, columns: int, fields: dict[str, object]) -> str:
    for name, value in fields.items():
        line = line.replace("{%s}" % name, str(value))  # noqa: UP031
    before, mark, rest = line.partition("{fill ")
    if not mark:
        return line
    after = rest[2:]
    return before + rest[0] * (columns - columns_of(plain(before + after))) + after


def _fold(line: str, columns: int) -> list[str]:
    """Break a row that is too wide for this pane; the rest is indented as its beginning is."""
    if columns_of(plain(line)) <= columns:
        return [line]
    indent = " " * (len(plain(line)) - len(plain(line).lstrip(" ")))
    head = line.lstrip(" ")
    colour = head[: head.index("m") + 1] if head.startswith("\x1b[") else ""
    ending = "\x1b[0m" if colour else ""
    rows = wrap(plain(line).strip(), columns - len(indent))
    return [f"{indent}{colour}{row}{ending}" for row in rows]
