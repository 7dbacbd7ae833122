"""The terminal that the actor plays on: its modes, its size, its bytes. Draws nothing.

The modes are those that Claude Code 2.1.329 sets, except the two extended keyboard protocols: the
actor speaks the plain one, which is what tmux sends unless it was told to do otherwise.
"""

from __future__ import annotations

import contextlib
import os
import termios

FRESH = "\x1b[?25h\x1b[?2004h\x1b[?2031h\x1b[?1004h"
FULLSCREEN = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h"
HIDE_CURSOR = "\x1b[?25l"
LEAVE_FULLSCREEN = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l"
LEAVE = "\x1b[?1004l\x1b[?2031l\x1b[?2004l\x1b[?7h\x1b[?25h\x1b]0;\x07"


class Terminal:
    """Standard input and output, which must be one terminal."""

    def __init__(self) -> None:
        self.input, self.output = 0, 1
        self._cooked = termios.tcgetattr(self.input)
        self._fullscreen = False

    def open(self) -> None:
        """Raw input, as node sets it; output keeps translating newlines."""
        mode = termios.tcgetattr(self.input)
        mode[0] &= ~(termios.ICRNL | termios.IXON | termios.BRKINT | termios.INPCK | termios.ISTRIP)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        termios.tcsetattr(self.input, termios.TCSADRAIN, mode)
        self.write(FRESH + HIDE_CURSOR)

    def go_fullscreen(self) -> None:
        """Over to the alternate screen."""
        self._fullscreen = True
        self.write(FULLSCREEN + HIDE_CURSOR)

    def close(self, goodbye: str = "") -> None:
        """Give the terminal back and print `goodbye`.

        Typed bytes that nobody read stay in its queue for whoever reads next, as with the real
        program: this is what a careful sender must survive.
        """
        self.write((LEAVE_FULLSCREEN if self._fullscreen else "\r\n") + LEAVE + goodbye)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self.input, termios.TCSADRAIN, self._cooked)

    def title(self, text: str) -> None:
        self.write(f"\x1b]0;{text}\x07")

    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, rows = os.get_terminal_size(self.output)
        return max(columns, 20), max(rows, 8)

    def read(self) -> bytes:
        """What is there; empty when the terminal is gone."""
        try:
            return os.read(self.input, 65536)
        except OSError:
            return b""

    def write(self, text: str) -> None:
        """Write all of it; a terminal that is gone takes nothing, and `read` will tell."""
        data = text.encode(errors="replace")
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self.output, data) :]
