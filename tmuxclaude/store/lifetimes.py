"""When each session's lifetime ends, and until when it was extended.

Knows the rows; what they mean is decided in ``core/lifetimes``. Times are UTC epoch seconds.
"""

from __future__ import annotations

from tmuxclaude.store.database import Database

MINUTE = 60.0
"""An end that moved by less than this is not worth a write."""


class Lifetimes:
    """One row for each session that was ever looked at."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def active(self) -> dict[str, float]:
        """When each session that has not ended, by its uid, last did anything, if it ever did."""
        rows = self._db.rows(
            "SELECT session, max(active_at) AS at FROM activity WHERE session IN"
            " (SELECT uid FROM sessions WHERE state <> 'ended') GROUP BY session"
        )
        return {row["session"]: row["at"] for row in rows}

    def extended(self) -> dict[str, float]:
        """Until when sessions, by their uid, were given time."""
        rows = self._db.rows("SELECT session, extended_to FROM lifetimes")
        return {r["session"]: r["extended_to"] for r in rows if r["extended_to"] is not None}

    def ends(self) -> dict[str, float | None]:
        """When each lifetime ends, as it is shown; ``None``: never."""
        rows = self._db.rows("SELECT session, ends_at FROM lifetimes")
        return {row["session"]: row["ends_at"] for row in rows}

    def show(self, session: str, ends_at: float | None, before: float | None) -> None:
        """Keep when it ends, unless that is as good as it was ``before``."""
        if ends_at == before:
            return
        if ends_at is not None and before is not None and abs(ends_at - before) < MINUTE:
            return
        self._put(session, {"ends_at": ends_at})

    def extend(self, session: str, until: float) -> None:
        """It lives until then at least."""
        self._put(session, {"extended_to": until, "ends_at": until})

    def _put(self, session: str, values: dict[str, float | None]) -> None:
        with self._db.writing():
            if not self._db.update("lifetimes", values, "session = ?", session):
                row: dict[str, object] = {"session": session, "ends_at": None, "extended_to": None}
                self._db.insert("lifetimes", row | values)
