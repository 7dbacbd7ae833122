"""The limits of each account: kept once, shared by all of its sessions.

An account is the absolute path of a Claude Code configuration directory.
"""

from __future__ import annotations

from tmuxclaude.core.model import Limit, LimitKind, Source
from tmuxclaude.store.database import Database


class Limits:
    """For each account and kind, the limit that was said last."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, account: str, limit: Limit) -> bool:
        """Keep a limit unless a later word about this kind is kept; returns whether it was news."""
        with self._db.writing():
            known = self._db.row(
                "SELECT * FROM limits WHERE account = ? AND kind = ?", account, limit.kind
            )
            row = {
                "account": account,
                "kind": limit.kind,
                "words": limit.words,
                "source": limit.source,
                "said_at": limit.said_at,
                "resets_at": limit.resets_at,
            }
            if known is None:
                self._db.insert("limits", row)
                return True
            if known["said_at"] > limit.said_at or known == row:
                return False
            self._db.update("limits", row, "account = ? AND kind = ?", account, limit.kind)
            return True

    def of(self, account: str) -> list[Limit]:
        """The last limit of each kind, the one said last first."""
        rows = self._db.rows(
            "SELECT kind, words, source, said_at, resets_at FROM limits"
            " WHERE account = ? ORDER BY said_at DESC, kind",
            account,
        )
        return [
            Limit(**row | {"kind": LimitKind(row["kind"]), "source": Source(row["source"])})
            for row in rows
        ]
