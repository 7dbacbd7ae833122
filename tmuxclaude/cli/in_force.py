"""The rules that a command goes by. A mistake in the file is said, and stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmuxclaude import app
from tmuxclaude.cli import layout, presence

if TYPE_CHECKING:
    from tmuxclaude.core.rules import Rules
    from tmuxclaude.edges.paths import Paths


def rules() -> Rules:
    """Those of the file, else those that hold instead."""
    found, problem = app.rules_in_force(app.paths())
    if problem:
        layout.complain(problem)
    return found


def watched(paths: Paths) -> Rules:
    """The same for what needs a supervisor: with a file that is wrong none is started.

    Raises what is wrong with the file when none runs.
    """
    return rules() if presence.listens(str(paths.socket)) else app.rules(paths)
