"""Looks at many work trees at once, within a total time: how much in them is not committed.

One look for each work tree, whoever asks for how many of its directories. Threads of their own do
it, for a directory may be on a disk that does not answer; nobody waits for one that hangs.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tmuxclaude.core.conversations import Uncommitted
from tmuxclaude.edges.git.call import GitError
from tmuxclaude.edges.git.work import Tree

SECONDS = 3.0
"""How long all looks may take together when somebody waits for them."""

THREADS = 4

NO_REPOSITORY = Uncommitted(None, "not in a git repository")
UNKNOWN = Uncommitted(None, "its directory is not known")
GONE = Uncommitted(None, "the directory is gone")
TOO_SLOW = Uncommitted(None, "not known in time")


def uncommitted(
    directories: Iterable[str], home: str, seconds: float = SECONDS
) -> dict[str, Uncommitted]:
    """For each directory how many files of its work tree differ from the commit."""
    wanted = list(dict.fromkeys(directories))
    looks = _Looks(deque(wanted), home, time.monotonic() + seconds)
    threads = [threading.Thread(target=looks.work, daemon=True) for _ in wanted[:THREADS]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(looks.until - time.monotonic(), 0.0) + 0.1)
    return {directory: looks.of(directory) for directory in wanted}


@dataclass(slots=True)
class _Looks:
    """``roots``: the work tree of each directory; ``found``: what is known of each."""

    waiting: deque[str]
    home: str
    until: float
    roots: dict[str, str] = field(default_factory=dict)
    found: dict[str, Uncommitted] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        """In each thread."""
        while time.monotonic() < self.until:
            try:
                directory = self.waiting.popleft()
            except IndexError:
                return
            root = _root(directory) or directory
            with self.lock:
                known = root in self.found
                self.found.setdefault(root, TOO_SLOW)
            self.roots[directory] = root
            if not known:
                self.found[root] = _look(directory, self.home, self.until)

    def of(self, directory: str) -> Uncommitted:
        return self.found.get(self.roots.get(directory, directory), TOO_SLOW)


def _root(directory: str) -> str:
    """Where the repository around a directory begins; empty when there is none."""
    try:
        here = Path(directory).resolve() if Path(directory).is_absolute() else Path("/")
    except (OSError, ValueError):  # links in a circle, or no path at all
        return ""
    found = (str(at) for at in (here, *here.parents) if os.path.lexists(at / ".git"))
    return next(found, "")


def _look(directory: str, home: str, until: float) -> Uncommitted:
    if not Path(directory).is_absolute():
        return UNKNOWN
    if not os.path.isdir(directory):  # noqa: PTH112 - never raises
        return GONE
    if not _root(directory):  # then git need not be asked
        return NO_REPOSITORY
    try:
        tree = Tree.around(directory, home, until)
        return NO_REPOSITORY if tree is None else Uncommitted(tree.uncommitted())
    except (GitError, OSError, ValueError) as problem:
        late = time.monotonic() >= until
        return TOO_SLOW if late else Uncommitted(None, str(problem))
