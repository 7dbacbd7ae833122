"""When each session's lifetime ends, and until when it was extended.

Knows the rows; what they mean is decided in ``core/lifetimes``. Times are UTC epoch seconds.
"""

from __future__ import annotations

from typing import NamedTuple

from tmuxclaude.store.database import Database

MINUTE = 60.0
"""An end that moved by less than this is not worth a write."""


class Kept(NamedTuple):
    """Of one session: when it last did anything, until when it was given time, and when its
    lifetime ends, as it is shown. ``None``: never."""

    active_at: float | None = None
    extended_to: float | None = None
    ends_at: float | None = None


class Lifetimes:
    """One row for each session that was ever looked at."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of_watched(self) -> dict[str, Kept]:
        """What is kept of each session that has not ended, by its uid. Asked for all the time."""
        rows = self._db.rows(
            "SELECT s.uid, l.ends_at, l.extended_to,"
            " (SELECT max(active_at) FROM activity a WHERE a.session = s.uid) AS active_at"
            " FROM sessions s LEFT JOIN lifetimes l ON l.session = s.uid WHERE s.state <> 'ended'"
        )
        return {r["uid"]: Kept(r["active_at"], r["extended_to"], r["ends_at"]) for r in rows}

    def active(self) -> dict[str, float]:
        """When each session that has not ended, by its uid, last did anything, if it ever did."""
        kept = self.of_watched()
        return {uid: one.active_at for uid, one in kept.items() if one.active_at is not None}

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
