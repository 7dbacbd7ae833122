"""What was said once and still holds: so that it is said once, over restarts too.

Knows the rows and no meaning of any. Times are UTC epoch seconds.
"""

from __future__ import annotations

from tmuxclaude.store.database import Database


class Standing:
    """What holds now and was said when it began: a breach, a warning, a process that is stopped.

    ``whose``: a session's uid, an account, or empty for all of them.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, what: str, whose: str, now: float) -> bool:
        """It holds from now on; whether that is new."""
        if self.since(what, whose) is not None:
            return False
        with self._db.writing():
            self._db.insert("standing", {"what": what, "whose": whose, "since": now})
        return True

    def end(self, what: str, whose: str) -> bool:
        """It holds no longer; whether it did."""
        if self.since(what, whose) is None:
            return False
        with self._db.writing():
            return self._db.delete("standing", "what = ? AND whose = ?", what, whose) > 0

    def since(self, what: str, whose: str) -> float | None:
        """Since when it holds; ``None``: it does not."""
        row = self._db.row("SELECT since FROM standing WHERE what = ? AND whose = ?", what, whose)
        return None if row is None else row["since"]

    def all(self) -> dict[tuple[str, str], float]:
        """What holds and whose, and since when."""
        rows = self._db.rows("SELECT what, whose, since FROM standing")
        return {(row["what"], row["whose"]): row["since"] for row in rows}
