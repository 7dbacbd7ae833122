"""What was done in a conversation, in a few lines: from its records, no model is called. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from tmuxclaude.core.conversations import Activity

FILES = 50
"""How many of the files that were touched last are named."""

TODOS = 50


@dataclass(frozen=True, slots=True)
class Recap:
    """``first`` and ``last``: what was asked; ``done``: the last reply; each its beginning.

    ``files``: those touched last, the latest first, relative to the directory where they lie in it;
    ``touched``: how many there were in all. ``todos``: what is open.
    """

    title: str = ""
    first: str = ""
    last: str = ""
    done: str = ""
    prompts: int = 0
    files: tuple[str, ...] = ()
    touched: int = 0
    todos: tuple[str, ...] = ()

    @classmethod
    def of(cls, activity: Activity, directory: str) -> Self:
        """The recap of a conversation whose work lies in ``directory``."""
        paths = list(activity.files)[::-1]
        return cls(
            title=activity.title,
            first=activity.first_prompt,
            last=activity.last_prompt,
            done=activity.last_reply,
            prompts=activity.prompts,
            files=tuple(path.removeprefix(f"{directory.rstrip('/')}/") for path in paths[:FILES]),
            touched=len(paths),
            todos=tuple(text for _, text in activity.todos)[:TODOS],
        )

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The recap that ``plain`` gave."""
        lists = {name: tuple(data.get(name, ())) for name in ("files", "todos")}
        return cls(**{**data, **lists})

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def pairs(self) -> list[tuple[str, str]]:
        """Each part that is known, with its name, for people."""
        more = self.touched - len(self.files)
        files = ", ".join(self.files) + (f" and {more} more" if more > 0 else "")
        found = [
            ("title", self.title),
            ("asked first", self.first),
            ("asked last", self.last if self.prompts > 1 else ""),
            ("done", self.done),
            ("files touched", files),
            ("open todos", "; ".join(self.todos)),
        ]
        return [(name, text) for name, text in found if text]

    def text(self) -> str:
        """The same as lines."""
        return "\n".join(f"{name}: {text}" for name, text in self.pairs())
