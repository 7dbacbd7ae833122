"""What is found in a tmux pane that nobody registered, and the sentences about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tmuxclaude.core.errors import NotFoundError, RefusedError, TmuxclaudeError
from tmuxclaude.core.model import Session


@dataclass(frozen=True, slots=True)
class Found:
    """A pane in which Claude Code runs, or one that was asked for.

    ``session`` is what it would be registered as, ``None`` when it cannot be, ``why``. Its name is
    a wish and may be empty, unless a lost session ``returns``: its conversation goes on here.
    ``known``: the name of the session that it is already. ``settings``: the user's own, if any.
    ``notes``: what cannot be done for it, or what a later start of it will lack.
    """

    pane_id: str
    session: Session | None = None
    why: str = ""
    known: str = ""
    returns: bool = False
    settings: Mapping[str, object] | None = None
    notes: tuple[str, ...] = ()

    @property
    def problem(self) -> TmuxclaudeError:
        """The error that says why it is not adopted."""
        if self.known:
            return RefusedError(f"pane {self.pane_id} is registered already, as {self.known}")
        return (RefusedError if self.why else NotFoundError)(
            f"{self.why or nobody_in(self.pane_id)}; nothing was registered"
        )


BEHIND_A_SHELL = (
    "tmux shows a shell in front of it, so it is only watched and nothing is typed; "
    "to have it resumed too, start claude there without a script around it"
)
"""What is said of Claude Code that runs as a child of a script: keys could reach that."""


def nobody_in(pane_id: str) -> str:
    """Nothing that could be adopted."""
    return f"no Claude Code at its prompt runs in pane {pane_id}"


def background(pane_id: str) -> str:
    """An agent without a terminal of its own."""
    return f"what runs in pane {pane_id} is a background agent of Claude Code, not a session"


def undecided(pane_id: str) -> str:
    """It has no conversation yet."""
    return f"Claude Code in pane {pane_id} shows its list of conversations; choose one first"


def of_another_user(pane_id: str) -> str:
    """Nothing of it can be read."""
    return f"what runs in pane {pane_id} belongs to another user"
