"""The limits of each account: kept once, shared by all of its sessions.

An account is the absolute path of a Claude Code configuration directory.
"""

from __future__ import annotations

from collections.abc import Collection

from tmuxclaude.core.model import Limit, LimitKind, Source
from tmuxclaude.store.database import Database, Row


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
                "lifted_at": None,
            }
            if known is None:
                self._db.insert("limits", row)
                return True
            if known["said_at"] > limit.said_at or known | {"lifted_at": None} == row:
                return False
            self._db.update("limits", row, "account = ? AND kind = ?", account, limit.kind)
            return True

    def known(self) -> list[Row]:
        """The limits of every account, one row for each kind."""
        return [
            row
            for row in self._db.rows("SELECT * FROM limits ORDER BY account, kind")
            if _is_sound(row)
        ]

    def lift(self, account: str, kinds: Collection[LimitKind], began: float, at: float) -> bool:
        """A turn that began at ``began`` was finished, so limits that were said before are lifted.

        Returns whether any limit of these ``kinds`` stood until now.
        """
        before = [limit.kind for limit in self.standing(account) if limit.said_at < began]
        lifted = [kind for kind in before if kind in kinds]
        if lifted:
            with self._db.writing():
                for kind in lifted:
                    row = {"lifted_at": at}
                    self._db.update("limits", row, "account = ? AND kind = ?", account, kind)
        return bool(lifted)

    def standing(self, account: str) -> list[Limit]:
        """Those of the account's limits that nobody has worked past."""
        return self._read("account = ? AND lifted_at IS NULL", account)

    def of(self, account: str) -> list[Limit]:
        """The last limit of each kind, the one said last first."""
        return self._read("account = ?", account)

    def _read(self, which: str, account: str) -> list[Limit]:
        rows = self._db.rows(
            "SELECT kind, words, source, said_at, resets_at FROM limits"
            f" WHERE {which} ORDER BY said_at DESC, kind",
            account,
        )
        return [
            Limit(**row | {"kind": LimitKind(row["kind"]), "source": Source(row["source"])})
            for row in rows
            if _is_sound(row)
        ]


def _is_sound(row: Row) -> bool:
    """Whether it is understood; what a hand has changed is passed over."""
    times = (row["said_at"], row["resets_at"], row.get("lifted_at"))
    known = row["kind"] in tuple(LimitKind) and row["source"] in tuple(Source)
    return known and not any(isinstance(time, str) for time in times)
