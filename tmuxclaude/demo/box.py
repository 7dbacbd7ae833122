"""The prompt box: what stands in it, what C-s put aside, and what becomes of long pastes.

The caret always stands at the end. Draws nothing: `rows` are plain text.
"""

from __future__ import annotations

from tmuxclaude.demo.recorded import printable, wrap

_INLINE_BREAKS, _INLINE_UNITS = 2, 800
"""A longer paste is shown as one mark; the length is that of UTF-16."""


class Box:
    """`shell` is the mode that a leading `!` opens."""

    def __init__(self) -> None:
        self.text = ""
        self.shell = False
        self.stashed = ""
        self._pastes: dict[str, str] = {}
        self._count = 0

    def type(self, text: str) -> None:
        if not self.text and not self.shell and text.startswith("!"):
            self.shell, text = True, text[1:]
        self.text += text

    def paste(self, text: str) -> None:
        text = printable(text)
        count = text.count("\n")
        if count <= _INLINE_BREAKS and len(text.encode("utf-16-le")) // 2 <= _INLINE_UNITS:
            self.text += text
            return
        more = f" +{count} lines" if count else ""
        self._count += 1
        mark = f"[Pasted text #{self._count}{more}]"
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
        """What is submitted: the text, trimmed, with its long pastes; the box is empty then."""
        text = self.text.strip()
        for mark, pasted in self._pastes.items():
            text = text.replace(mark, _wrapped(pasted))
        self._pastes = {}
        self.clear()
        return text

    def rows(self, room: int) -> list[str]:
        return wrap(self.text, room)


def _wrapped(pasted: str) -> str:
    """A long paste as the model, and the transcript, get it."""
    safe, name = pasted.replace("</pasted_content", "<\\/pasted_content"), "e3b5"
    return f'\n\n<pasted_content id="{name}">\n{safe}\n</pasted_content id="{name}">\n'
