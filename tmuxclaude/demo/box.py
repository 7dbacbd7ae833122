"""The prompt box: what stands in it, what C-s put aside, and what becomes of long pastes.

The caret always stands at the end. Draws nothing: `rows` are plain text.
"""

from __future__ import annotations

from tmuxclaude.demo.recorded import printable, wrap

_INLINE_LINES, _INLINE_CHARACTERS = 10, 800
"""A longer paste is shown as one mark; 3 lines were seen inline, 31 were not."""


class Box:
    """`shell` is the mode that a leading `!` opens."""

    def __init__(self) -> None:
        self.text = ""
        self.shell = False
        self.stashed = ""
        self._pastes: dict[str, str] = {}

    def type(self, text: str) -> None:
        if not self.text and not self.shell and text.startswith("!"):
            self.shell, text = True, text[1:]
        self.text += text

    def paste(self, text: str) -> None:
        text = printable(text)
        count = text.count("\n")
        if count < _INLINE_LINES and len(text) < _INLINE_CHARACTERS:
            self.text += text
            return
        more = f" +{count} lines" if count else ""
        mark = f"[Pasted text #{len(self._pastes) + 1}{more}]"
        self._pastes[mark] = text
        self.text += mark

    def delete(self) -> None:
        """Backspace."""
        if not self.text:
            self.shell = False
        self.text = self.text[:-1]

    def delete_row(self, room: int) -> None:
        """C-u: the last row as it is shown, then the line break before it."""
        if self.text.endswith("\n"):
            self.text = self.text[:-1]
        else:
            last = wrap(self.text, room)[-1]
            self.text = self.text[: len(self.text) - len(last)]

    def clear(self) -> None:
        self.text, self.shell = "", False

    def stash(self) -> bool:
        """C-s: put the draft aside, or take it back into the empty box; whether it was put."""
        if self.text:
            self.stashed, self.text = self.text, ""
            return True
        self.give_back()
        return False

    def give_back(self) -> bool:
        """Take the stashed draft back; whether there was one and the box was free."""
        if not self.stashed or self.text:
            return False
        self.text, self.stashed = self.stashed, ""
        return True

    def take(self) -> str:
        """What is submitted: the text with its pastes, trimmed; the box is empty then."""
        text = self.text
        for mark, pasted in self._pastes.items():
            text = text.replace(mark, pasted)
        self._pastes = {}
        self.clear()
        return text.strip()

    def rows(self, room: int) -> list[str]:
        return wrap(self.text, room)
