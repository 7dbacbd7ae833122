"""Lets a mistake of ours in one part cost no other part anything, and no round.

What the loop itself does for each session, it guards itself; this is for what follows a round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Guard:
    """Remembers which part failed and how it failed last, so that the log has each mistake once."""

    _failed: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, part: Callable[[], object]) -> None:
        """``part``, unless it fails: then no more than that. ``name`` is for people.

        Raises what the whole loop must know: that the database is not available, or not readable.
        """
        try:
            part()
        except (DatabaseUnavailableError, DatabaseUnreadableError):
            raise
        except Exception as mistake:
            if self._failed.get(name) != repr(mistake):
                log.exception("%s failed", name)
            self._failed[name] = repr(mistake)

    def notices(self) -> list[str]:
        """What has failed since our start, for people."""
        return [f"{name} failed by a mistake of ours; see the log" for name in self._failed]
