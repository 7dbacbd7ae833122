"""The configuration that is in force, and how a changed one takes its place.

A file that is wrong changes nothing: the rules that were read before go on, and it is said. That
holds over a crash too, for who is brought back has nobody who reads an error and mends it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.core import errors
from tmuxclaude.core.rules import Rules, changes
from tmuxclaude.edges import config
from tmuxclaude.store.books import Books

log = logging.getLogger(__name__)

SPOILED = "configuration"
"""What stands, and the kind of its event, from a start with a wrong file until that is mended."""

THEN = "then: tmuxclaude supervisor reload"


def at_start(file: Path, last_good: Path) -> tuple[Rules, str]:
    """The rules to begin with, and a notice where these are not what the file says.

    A file that is wrong is as if it had not been changed: the last good one counts, and the
    defaults where there was none.
    """
    try:
        return config.load_and_keep(file, last_good), ""
    except errors.TmuxclaudeError as problem:
        wrong = problem
    rules, instead = config.last_good(last_good)
    return rules, f"{instead} until the file is mended ({THEN}): {wrong}"


@dataclass(slots=True)
class Configured:
    """``read`` gives the rules of the file as it is now, ``live_by`` makes everybody keep them.

    ``problem``: why the rules are not those of the file, if they are not.
    """

    rules: Rules
    read: Callable[[], Rules]
    live_by: Callable[[Rules], None]
    books: Books
    now: Callable[[], float]
    problem: str = ""

    def begin(self) -> None:
        """The user hears once of a start with other rules than those of the file."""
        if not self.problem:
            self.books.standing.end(SPOILED, "")
            return
        log.error("%s", self.problem)
        with self.books.db.writing():
            if self.books.standing.begin(SPOILED, "", self.now()):
                self.books.events.note(self.now(), "", SPOILED, self.problem)

    def reload(self) -> list[str]:
        """Reads the file again and returns what changed; raises what is wrong with it."""
        try:
            fresh = self.read()
        except errors.TmuxclaudeError as problem:
            self.problem = f"the configuration was not taken up: {problem}"
            log.error("%s", self.problem)
            raise
        self.problem = ""
        changed = changes(self.rules, fresh)
        if changed:
            self.live_by(fresh)
            self.rules = fresh
        self.books.standing.end(SPOILED, "")
        for line in changed:
            self.books.events.note(self.now(), "", "configured", line)
        log.info("the configuration was read again; keys that changed: %d", len(changed))
        return changed

    def notices(self) -> list[str]:
        """What keeps the file from being in force, for people."""
        return [self.problem] if self.problem else []
