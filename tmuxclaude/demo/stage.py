"""What stands on the screen: the history, and under it the prompt box or a dialog.

Composes rows from recorded parts in Claude Code's two layouts and sends the terminal only what
changed. It is told what there is (`View`) and decides nothing about it.
"""

from __future__ import annotations

from tmuxclaude.demo.box import Box
from tmuxclaude.demo.recorded import Dialog, columns_of, lines, plain
from tmuxclaude.demo.terminal import Terminal

_FLOWING = frozenset({"permission", "question", "trust"})
"""Dialogs that stand right under the history also in fullscreen; others stand at the bottom."""


class Block:
    """One recorded part in the history, with its fields; drawn anew at every width."""

    __slots__ = ("fields", "name", "text")

    def __init__(self, name: str, text: str | None = None, **fields: object) -> None:
        self.name = name
        self.text = text
        self.fields = fields

    def lines(self, columns: int) -> list[str]:
        return lines(self.name, columns, self.text, **self.fields)


class View:
    """Everything that is to be seen. `armed`: the name and the clock of the footer, or None.

    `working`: for how many seconds a turn has been working, or None. `alone`: nothing but the
    dialog, as before the prompt is up.
    """

    def __init__(self, directory: str, name: str) -> None:
        self.history: list[Block] = []
        self.queue: list[str] = []
        self.box = Box()
        self.dialog: Dialog | None = None
        self.alone = False
        self.working: int | None = None
        self.armed: tuple[str, str] | None = None
        self.hint = "◐ medium · /effort"
        self.leaving = False
        self.directory = directory
        self.name = name


class Stage:
    """Draws a View. `classic`: no alternate screen, the history is in tmux's scrollback."""

    def __init__(self, terminal: Terminal, *, classic: bool) -> None:
        self._terminal = terminal
        self.classic = classic
        self._size = (0, 0)
        self._shown: list[str] = []
        self._cursor = 0

    def forget(self) -> None:
        """The next `draw` begins on an empty screen."""
        self._size = (0, 0)

    def draw(self, view: View) -> None:
        """Bring the screen up to date, in one write."""
        size = self._terminal.size()
        rows, (line, column) = self._compose(view, *size)
        text = "" if size == self._size else "\x1b[2J\x1b[3J\x1b[H"
        if text:
            self._shown, self._cursor, self._size = [], 0, size
        paint = self._paint_flow if self.classic or view.alone else self._paint_rows
        text += paint(rows, line)
        self._terminal.write(f"{text}\r\x1b[{column}C" if column else f"{text}\r")
        self._shown, self._cursor = rows, line

    def _paint_rows(self, rows: list[str], line: int) -> str:
        old = self._shown + [""] * (len(rows) - len(self._shown))
        changed = [
            f"\x1b[{at + 1};1H{row}\x1b[K"
            for at, (row, was) in enumerate(zip(rows, old, strict=False))
            if row != was
        ]
        return "".join(changed) + f"\x1b[{line + 1};1H"

    def _paint_flow(self, rows: list[str], line: int) -> str:
        pairs = zip(rows, self._shown, strict=False)
        same = next((at for at, (row, was) in enumerate(pairs) if row != was), None)
        if same is None:
            same = max(0, min(len(rows), len(self._shown)) - 1)
        up, down = self._cursor - same, same - self._cursor
        move = f"\x1b[{up}A" if up > 0 else f"\x1b[{down}B" if down > 0 else ""
        back = len(rows) - 1 - line
        text = f"{move}\r\x1b[J" + "\r\n".join(rows[same:])
        return text + (f"\x1b[{back}A" if back else "")

    def _compose(self, view: View, columns: int, height: int) -> tuple[list[str], tuple[int, int]]:
        """The rows, and where the cursor stands among them (row, column)."""
        above = [] if self.classic or view.alone else [""]
        if not view.alone:
            above += lines("banner", columns, directory=view.directory)
            for block in view.history:
                above += block.lines(columns)
            for text in view.queue:
                above += lines("queued", columns, text)
        if view.dialog:
            below, row = view.dialog.lines(columns, classic=self.classic)
            column = len(plain(below[row])) - len(plain(below[row]).lstrip(" "))
            pinned = view.dialog.name not in _FLOWING
        else:
            below, (row, column) = self._prompt(view, columns)
            pinned = True
        if self.classic or view.alone:
            return above + below, (len(above) + row, column)
        room = max(0, height - len(below))
        above = above[len(above) - room :] if len(above) > room else above
        blank = [""] * (room - len(above))
        rows = above + blank + below if pinned else above + below + blank
        start = room if pinned else len(above)
        return rows[-height:], (start + row, column)

    def _prompt(self, view: View, columns: int) -> tuple[list[str], tuple[int, int]]:
        """Spinner, hint, the box between its rules, footers; and the caret (row, column)."""
        rows = [] if view.working is None else lines("spinner", columns, seconds=view.working)
        hint = lines("hint", columns, view.hint)[0] if view.hint else ""
        gap = " " * max(0, columns - 2 - columns_of(view.hint))
        rows.append("" if self.classic or not hint else gap + hint)
        rows += (
            lines("rule-named", columns, name=view.name) if view.name else lines("rule", columns)
        )
        typed = view.box.rows(columns - 4)
        caret = len(rows) + len(typed) - 1, 2 + columns_of(typed[-1])
        rows += self._box_rows(view, typed)
        rows += lines("rule", columns)
        if view.armed:
            rows += lines(view.armed[0], columns, reset=view.armed[1])
        rows += self._mode(view, columns, hint)
        return rows, caret

    def _box_rows(self, view: View, typed: list[str]) -> list[str]:
        working = view.working is not None
        name = "box-shell" if view.box.shell else "box-working" if working else "box"
        if view.queue and not view.box.text:
            words = "Press up to edit queued messages"
            typed = [_line("placeholder", first=words[0], rest=words[1:])]
        else:
            typed = [*typed[:-1], typed[-1] + _line("caret")]
            name = "box" if view.box.text and working else name
        return [_line(name, text=typed[0]), *(_line("box-more", text=row) for row in typed[1:])]

    def _mode(self, view: View, columns: int, hint: str) -> list[str]:
        if view.leaving:
            return lines("mode-exit", columns)
        if view.box.shell:
            return lines("mode-shell", columns)
        name = "mode-draft" if view.box.text else "mode" if view.working is None else "mode-working"
        mode = lines(name, columns)
        gap = columns - 2 - columns_of(view.hint) - columns_of(plain(mode[-1]))
        if not self.classic or not hint:
            return mode
        if gap > 0:
            return [*mode[:-1], mode[-1] + " " * gap + hint]
        return [*mode, " " * (columns - 2 - columns_of(view.hint)) + hint]


def _line(name: str, **fields: object) -> str:
    """A recorded part of one row, which is not wrapped."""
    return lines(name, 10_000, **fields)[0]
