"""How the built-in picker looks: what is drawn where, on a terminal of any size."""

from __future__ import annotations

import curses

from tmuxclaude.cli.picker.choice import Choice
from tmuxclaude.cli.picker.paint import Painter
from tmuxclaude.core.drawn import columns, folded

HELP = (
    "enter      go to the window; bring back a session that is lost or ended",
    "alt-n      a new session in the current directory",
    "ctrl-r     resume now, or bring back",
    "ctrl-o     hold (‖): watch it, never touch it; again: release it",
    "ctrl-x     stop (asks)",
    "ctrl-e     rename (asks)",
    "ctrl-t     type one line into it (asks)",
    "ctrl-l     show lost and ended sessions, or hide them",
    "alt-p      pause all resumes, or go on",
    "up, down   also ctrl-p and ctrl-n, ctrl-k and ctrl-j, Page Up and Page Down",
    "a word     shows only the rows that hold it; ctrl-u and ctrl-w take away",
    "escape     closes this; any other key goes on",
)

MEANING = 11
"""The column of ``HELP`` where a key's meaning begins."""

PREVIEW_COLUMNS = 110
"""How wide a terminal has to be for a preview beside the rows."""

POINTER = "▌"


class View:
    """Draws on ``screen``. ``rows``: how many rows of sessions had room the last time.
    ``more_help``: whether there is more of it than was drawn."""

    def __init__(self, screen: curses.window) -> None:
        self.screen = screen
        self.rows = 1
        self.more_help = False
        self._painter = Painter(screen)
        self._first = 0
        self._layout = 0

    @property
    def previews(self) -> bool:
        """Whether there is room for a preview."""
        height, width = self.screen.getmaxyx()
        return width >= PREVIEW_COLUMNS and height >= 10

    def draw(self, choice: Choice, foot: str, typed: str | None, helps: int, preview: str) -> None:
        """Everything. ``foot``: a message. ``typed``: the answer to it so far, when it asks.
        ``helps``: the page of help, from 1; 0 for none."""
        height, width = self.screen.getmaxyx()
        room = width // 2 if self.previews else width
        self._layout = choice.page.layout(room - 2)
        self.screen.erase()
        cursor = (0, self._prompt(choice, room))
        top = self._head(choice, room, height)
        feet = _foot(f"{foot}{typed or ''}", width, height)
        bottom = max(height - len(feet), 1)
        self.rows = max(1, bottom - top)
        if helps:
            self._help(helps, top, room)
        else:
            self._sessions(choice, top, room)
        if self.previews:
            self._preview(preview, room, height)
        for y, line in enumerate(feet, height - len(feet)):
            taken = self._painter.draw(y, 0, line, width, curses.A_BOLD)
            cursor = (y, taken) if typed is not None else cursor
        self.screen.move(cursor[0], min(cursor[1], width - 1))
        self.screen.refresh()

    def _prompt(self, choice: Choice, room: int) -> int:
        """The filter; returns the column of the cursor."""
        text = choice.filter.text
        while columns(text) > max(room - 4, 0):
            text = text[1:]
        count = f"{len(choice.offered)}/{len(choice.page.lines)}"
        column = self._painter.draw(0, 0, f"> {text}", room)
        if column + len(count) + 2 < room:
            self._painter.draw(0, room - len(count) - 1, count, room, curses.A_DIM)
        return column

    def _head(self, choice: Choice, room: int, height: int) -> int:
        """As much of the head as leaves room for sessions; returns the next line."""
        shown = choice.page.head
        if height < 9:
            shown = shown[1:2] if not choice.page.lines else shown[-1:]
        if height < 5 and choice.page.lines:
            shown = []
        for y, line in enumerate(shown, 1):
            self._painter.draw(y, 2, line[self._layout], room - 2)
        return 1 + len(shown)

    def _sessions(self, choice: Choice, top: int, room: int) -> None:
        self._first = min(self._first, choice.at, max(0, len(choice.offered) - self.rows))
        self._first = max(self._first, choice.at - self.rows + 1)
        visible = choice.offered[self._first : self._first + self.rows]
        for at, line in enumerate(visible, self._first):
            y, chosen = top + at - self._first, at == choice.at
            if chosen:
                self._painter.draw(y, 0, f"\x1b[36m{POINTER}", 1)
            self._painter.draw(
                y, 2, line.drawn[self._layout], room - 2, curses.A_BOLD if chosen else 0
            )

    def _help(self, page: int, top: int, room: int) -> None:
        lines = [part for line in HELP for part in folded(line, room - 2, MEANING)]
        first = (page - 1) * self.rows
        for y, line in enumerate(lines[first : first + self.rows], top):
            self._painter.draw(y, 2, line, room - 2)
        self.more_help = first + self.rows < len(lines)

    def _preview(self, preview: str, left: int, height: int) -> None:
        _, width = self.screen.getmaxyx()
        for y in range(height):
            self._painter.draw(y, left, "│", 1, curses.A_DIM)
        lines = preview.rstrip().split("\n")[-height:]
        for y, line in enumerate(lines):
            self._painter.draw(y, left + 2, line, width - left - 2)


def _foot(text: str, width: int, height: int) -> list[str]:
    """``text`` on as many lines as it needs, up to half of all; then its middle is left out."""
    lines = folded(text, width) if text else []
    most = max(height // 2, 1)
    return lines if len(lines) <= most else [*lines[: most - 1], lines[-1]]
