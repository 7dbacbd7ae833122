"""Which sessions were found to be abandoned; the view ``session_list`` says who still is."""

from __future__ import annotations

from collections.abc import Iterable

from tmuxclaude.store.database import Database


class Abandoned:
    """At most one mark for each session. Times are UTC epoch seconds."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def marks(self) -> dict[str, float]:
        """The uid of each marked session, and since when it was quiet."""
        rows = self._db.rows("SELECT session, since FROM abandoned")
        return {row["session"]: row["since"] for row in rows}

    def mark(self, session: str, since: float, files: int) -> None:
        """Keep that it is quiet since then, with so many files that are not committed."""
        with self._db.writing():
            row = {"since": since, "files": files}
            if not self._db.update("abandoned", row, "session = ?", session):
                self._db.insert("abandoned", row | {"session": session})

    def unmark(self, sessions: Iterable[str]) -> None:
        """These are not abandoned any more."""
        for session in sessions:
            with self._db.writing():
                self._db.delete("abandoned", "session = ?", session)
