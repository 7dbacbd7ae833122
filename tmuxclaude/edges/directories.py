"""Asks after directories that may lie on a mount which does not answer, as sshfs after a sleep.

Such a call cannot be ended. It is made in a thread that may be left behind, and where one was left
nobody is sent after it: that directory counts as silent until the first one comes back. Knows
nothing of what the directories are for. For one caller, in one thread.
"""

from __future__ import annotations

import os
import threading

from tmuxclaude.core.errors import UnreachableError

PATIENCE_SECONDS = 1.0
"""How long the caller waits; a disk that has to spin up is asked again."""


class _Question(threading.Thread):
    """A daemon: one that hangs must not keep its process from ending."""

    def __init__(self, path: str) -> None:
        super().__init__(name=f"look for {path}", daemon=True)
        self._path = path
        self.found = False

    def run(self) -> None:
        self.found = os.path.isdir(self._path)  # noqa: PTH112 - never raises


_left_behind: dict[str, _Question] = {}


def is_there(path: str, patience: float = PATIENCE_SECONDS) -> bool:
    """Whether a directory is at ``path``; raises ``UnreachableError`` when nothing answers."""
    question = _left_behind.pop(path, None)
    if question is None:
        question = _Question(path)
        question.start()
        question.join(patience)
    if question.is_alive():
        _left_behind[path] = question
        raise UnreachableError(
            f"the directory {path} does not answer (a mount that hangs?); nothing was started. "
            "Look there: mount it again, or wait for its network"
        )
    return question.found
