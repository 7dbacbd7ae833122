"""The configuration that is in force, and how a changed one takes its place.

A file that is wrong changes nothing: the rules that were read before go on, and it is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from tmuxclaude.core import errors
from tmuxclaude.core.rules import Rules, changes

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Configured:
    """``read`` gives the rules of the file as it is now, ``live_by`` makes everybody keep them.

    ``note`` writes down what changed, one line for each key.
    """

    rules: Rules
    read: Callable[[], Rules]
    live_by: Callable[[Rules], None]
    note: Callable[[str], None]
    _problem: str = field(default="")

    def reload(self) -> list[str]:
        """Reads the file again and returns what changed; raises what is wrong with it."""
        try:
            fresh = self.read()
        except errors.TmuxclaudeError as problem:
            self._problem = f"the configuration was not taken up: {problem}"
            log.error("%s", self._problem)
            raise
        self._problem = ""
        changed = changes(self.rules, fresh)
        if changed:
            self.live_by(fresh)
            self.rules = fresh
        for line in changed:
            self.note(line)
        log.info("the configuration was read again; keys that changed: %d", len(changed))
        return changed

    def notices(self) -> list[str]:
        """What keeps the file from being in force, for people."""
        return [self._problem] if self._problem else []
