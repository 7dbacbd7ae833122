"""What is chosen from the rows and what is asked about it. Knows no terminal."""

from __future__ import annotations

from tmuxclaude.cli.picker.source import Line, Page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Input:
    """One line that is typed, the cursor at its end."""

    __slots__ = ("text",)

    def __init__(self, text: str = "") -> None:
        self.text = text

    def typed(self, key: str) -> bool:
        """Whether this key was for the line: a character, or one that takes some away."""
        before = self.text
        if len(key) == 1 and key.isprintable():
            self.text += key
        elif key == "backspace":
            self.text = before[:-1]
        elif key == "ctrl-u":
            self.text = ""
        elif key == "ctrl-w":
            self.text = before.rstrip().rpartition(" ")[0]
            self.text += " " if self.text else ""
        else:
            return False
        return True


class Question:
    """What is asked at the foot. ``then`` gets the answer, unless it is empty."""

    def __init__(self, words: str, then: Callable[[str], None], yes_or_no: bool = False) -> None:
        self.words = words
        self.then = then
        self.yes_or_no = yes_or_no
        self.input = Input()


class Choice:
    """Which rows are offered and which is under the cursor; it stays on its session by name."""

    def __init__(self) -> None:
        self.page = Page([], [], [])
        self.filter = Input()
        self.past = False
        self.offered: list[Line] = []
        self.at = 0

    @property
    def line(self) -> Line | None:
        """The row under the cursor."""
        return self.offered[self.at] if self.offered else None

    def take(self, page: Page) -> None:
        """The rows have changed."""
        self.page = page
        self.weigh()

    def weigh(self) -> None:
        """What is offered, after the rows, the filter or ``past`` changed."""
        kept = self.line
        words = self.filter.text.lower().split()
        self.offered = [
            line
            for line in self.page.lines
            if (self.past or line.kind != "past") and all(word in line.plain for word in words)
        ]
        names = [line.name for line in self.offered]
        if kept is not None and kept.name in names:
            self.at = names.index(kept.name)
        self.at = max(0, min(self.at, len(self.offered) - 1))

    def move(self, by: int) -> None:
        """The cursor goes so many rows down; not beyond the first and the last."""
        self.at = max(0, min(self.at + by, len(self.offered) - 1))

    def to_filter(self, key: str) -> bool:
        """Whether this key changed the filter; the best match then is the first."""
        if not self.filter.typed(key):
            return False
        self.at = 0
        self.offered = []
        self.weigh()
        return True
