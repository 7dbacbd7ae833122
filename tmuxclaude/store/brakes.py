"""What the user's brakes go by: the pause, and when sessions were resumed unasked.

Knows the rows; what they hold back is decided in ``core/budgets``. Times are UTC epoch seconds.
"""

from __future__ import annotations

from tmuxclaude.core.budgets import Pause
from tmuxclaude.core.model import Step
from tmuxclaude.store.database import Database


class Brakes:
    """There is one pause or none, for everything."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def pause(self) -> Pause | None:
        """The pause that was asked for, whether or not its time is over by now."""
        row = self._db.row("SELECT since, until, zone FROM pause")
        return None if row is None else Pause(**row)

    def begin(self, pause: Pause) -> None:
        """Keep this pause, in place of one before it. On the disk when the call returns."""
        row = {"since": pause.since, "until": pause.until, "zone": pause.zone}
        with self._db.writing(durable=True):
            self._db.delete("pause", "TRUE")
            self._db.insert("pause", row)

    def end(self) -> bool:
        """Keep no pause any more; returns whether there was one."""
        with self._db.writing(durable=True):
            return self._db.delete("pause", "TRUE") > 0

    def delivered(self, since: float, besides: int = 0) -> list[float]:
        """When each unasked resume of any session was made, from ``since`` on.

        An attempt counts from its first key or launch on, whatever became of it afterwards, unless
        it was skipped. ``besides``: the id of one that does not count.
        """
        rows = self._db.rows(
            "SELECT max(stepped_at, keyed_at) AS at FROM attempts"
            " WHERE halt IS NOT NULL AND NOT by_hand AND step <> ? AND id <> ?"
            " AND (left_due OR escapes > 0 OR stashed) AND max(stepped_at, keyed_at) >= ?",
            Step.SKIPPED,
            besides,
            since,
        )
        return [row["at"] for row in rows]
