"""The checkpoints: wanted, under way, taken. Written by the supervisor alone.

One is ``due`` until it is begun. The intent (``taking``) is on the disk before anything is done, so
that after a crash it is known which one was under way: it becomes due again, and whoever takes it
drops first what the interrupted try may have left in git.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from uuid import uuid4

from tmuxclaude.core.checkpoints import BACKOFF, Stage, Wish
from tmuxclaude.store.database import Database, Row

BRINGS = (
    "transcript",
    "offset",
    "tokens",
    "root",
    "repository",
    "head",
    "branch",
    "snapshot",
    "changed",
    "files",
    "recap",
    "problem",
)
"""The columns that taking it fills in."""

_EMPTY: dict[str, object] = {
    **dict.fromkeys(BRINGS, ""),
    **dict.fromkeys(("offset", "tokens", "changed", "tries"), 0),
    "files": "[]",
    "recap": "{}",
    "taken_at": None,
}

INTERRUPTED = "the supervisor ended meanwhile"

_LAST = "SELECT max(taken_at) FROM checkpoints l WHERE l.stage = 'taken'"


class Checkpoints:
    """A conversation has at most one checkpoint under way."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- wanting ---------------------------------------------------------------------------------

    def ask(self, wish: Wish, now: float) -> str:
        """The id of the checkpoint that answers ``wish``: a new one, or one that is there."""
        with self._db.writing():
            since = self._begun_since(wish)
            if since is not None:
                return since
            due = self._db.row(
                "SELECT * FROM checkpoints WHERE stage = 'due' AND account = ? AND conversation = ?"
                " AND (transcript IN ('', ?) OR ? = '') ORDER BY asked_at LIMIT 1",
                wish.account,
                wish.conversation,
                wish.transcript,
                wish.transcript,
            )
            if due is not None:
                return self._ask_again(due, wish, now)
            name = uuid4().hex[:8]
            row = {
                "id": name,
                "conversation": wish.conversation,
                "account": wish.account,
                "session": wish.session,
                "directory": wish.directory,
                "asked_at": now,
                "reasons": json.dumps(list(wish.reasons)),
                "note": wish.note,
                "transcript": wish.transcript,
                "stage": Stage.DUE,
                "next_at": now,
            }
            self._db.insert("checkpoints", _EMPTY | row)
            return name

    def _begun_since(self, wish: Wish) -> str | None:
        """The checkpoint that was begun or taken after the last one that the wish knows of."""
        if wish.after is None:
            return None
        row = self._db.row(
            "SELECT id FROM checkpoints WHERE account = ? AND conversation = ? AND stage IN"
            " ('taking', 'taken') AND (transcript = ? OR ? = '' OR (stage = 'taking' AND transcript"
            " = '')) ORDER BY stage = 'taking' DESC, taken_at DESC LIMIT 1",
            wish.account,
            wish.conversation,
            wish.transcript,
            wish.transcript,
        )
        return str(row["id"]) if row is not None and row["id"] != wish.after else None

    def _ask_again(self, due: Row, wish: Wish, now: float) -> str:
        reasons = dict.fromkeys([*json.loads(due["reasons"]), *wish.reasons])
        row = {
            "asked_at": now,
            "next_at": now,
            "reasons": json.dumps(list(reasons)),
            "note": wish.note or due["note"],
            "session": wish.session or due["session"],
            "transcript": wish.transcript or due["transcript"],
        }
        self._db.update("checkpoints", row, "id = ?", due["id"])
        return str(due["id"])

    def sessions_halted(self, since: float) -> list[Row]:
        """Sessions with an open halt of that time or later, of which no checkpoint was wanted
        since: ``uid``, ``name``, ``conversation``, ``account``, ``directory``, ``at``."""
        return self._db.rows(
            "SELECT s.uid, s.name, h.conversation, s.account, s.directory, h.opened_at AS at"
            " FROM halts h JOIN sessions s ON s.uid = h.session"
            " WHERE h.ended_at IS NULL AND h.opened_at >= ?"
            " AND h.conversation <> '' AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE"
            " c.session = s.uid AND c.asked_at >= h.opened_at AND c.reasons LIKE '%\"limit\"%')",
            since,
        )

    def sessions_ended(self, since: float) -> list[Row]:
        """The same of sessions that have ended; those in which nothing was ever said are none."""
        return self._db.rows(
            "SELECT s.uid, s.name, s.conversation, s.account, s.directory, s.since AS at"
            " FROM sessions s WHERE s.state = 'ended' AND s.since >= ?"
            " AND s.conversation IS NOT NULL AND s.recorded"
            " AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE"
            " c.session = s.uid AND c.asked_at >= s.since AND c.reasons LIKE '%\"end\"%')",
            since,
        )

    # -- taking ----------------------------------------------------------------------------------

    def waiting(self, now: float) -> list[Row]:
        """Those to be begun now: the conversation whose last checkpoint is oldest comes first.

        Each conversation once, and none that has one under way.
        """
        rows = self._db.rows(
            "SELECT * FROM checkpoints c WHERE stage = 'due' AND next_at <= ? AND NOT EXISTS ("
            "SELECT 1 FROM checkpoints o WHERE o.stage = 'taking' AND o.account = c.account"
            " AND o.conversation = c.conversation) ORDER BY coalesce(("
            f"{_LAST} AND l.account = c.account AND l.conversation = c.conversation), 0),"
            " asked_at, id",
            now,
        )
        found = {(row["account"], row["conversation"]): row for row in reversed(rows)}
        return list(found.values())[::-1]

    def next_at(self) -> float | None:
        """When the next one can be begun (UTC epoch seconds); ``None`` when none is due."""
        row = self._db.row("SELECT min(next_at) AS at FROM checkpoints WHERE stage = 'due'")
        return None if row is None else row["at"]

    def begin(self, name: str) -> None:
        """The intent, before the deed."""
        with self._db.writing(durable=True):
            self._db.update("checkpoints", {"stage": Stage.TAKING}, "id = ?", name)
            row = self._db.row("SELECT tries FROM checkpoints WHERE id = ?", name)
            if row is not None:
                self._db.update("checkpoints", {"tries": row["tries"] + 1}, "id = ?", name)

    def taken(self, name: str, now: float, brought: Mapping[str, object]) -> None:
        """It is done. ``brought``: a value for each of ``BRINGS``."""
        row = {column: brought[column] for column in BRINGS}
        end = {"stage": Stage.TAKEN, "taken_at": now, "next_at": None}
        with self._db.writing(durable=True):
            self._db.update("checkpoints", row | end, "id = ? AND stage = 'taking'", name)

    def failed(self, name: str, now: float, why: str, for_good: bool = False) -> bool:
        """It could not be taken; whether it is given up now."""
        with self._db.writing():
            row = self._db.row("SELECT tries FROM checkpoints WHERE id = ?", name)
            tries = row["tries"] if row is not None else 0
            over = for_good or tries > len(BACKOFF)
            stage = Stage.GAVE_UP if over else Stage.DUE
            next_at = None if over else now + BACKOFF[max(tries, 1) - 1]
            after = {"stage": stage, "next_at": next_at, "problem": why}
            self._db.update("checkpoints", after, "id = ? AND stage = 'taking'", name)
        return over

    def interrupted(self, now: float) -> int:
        """At our start: what was under way is due again, at once; how many there were.

        That never uses up the last try, which brings a recap at least.
        """
        with self._db.writing():
            rows = self._db.rows("SELECT id, tries FROM checkpoints WHERE stage = 'taking'")
            for row in rows:
                again = {"stage": Stage.DUE, "next_at": now, "problem": INTERRUPTED}
                tries = min(row["tries"], len(BACKOFF))
                self._db.update("checkpoints", again | {"tries": tries}, "id = ?", row["id"])
        return len(rows)

    # -- looking and dropping --------------------------------------------------------------------

    def get(self, name: str) -> Row | None:
        return self._db.row("SELECT * FROM checkpoints WHERE id = ?", name)

    def latest(self, account: str, conversation: str) -> Row | None:
        """The one of a conversation that was asked for last, whatever became of it."""
        return self._db.row(
            "SELECT * FROM checkpoints WHERE account = ? AND conversation = ?"
            " ORDER BY asked_at DESC, rowid DESC LIMIT 1",
            account,
            conversation,
        )

    def all(self) -> list[Row]:
        """Every checkpoint, without its files and its recap."""
        return self._db.rows(
            "SELECT id, account, conversation, transcript, session, directory, repository,"
            " snapshot, stage, asked_at FROM checkpoints ORDER BY asked_at, id"
        )

    def last_in(self, directory: str) -> Row | None:
        """The last one that was taken of work in this very directory."""
        return self._db.row(
            "SELECT * FROM checkpoints WHERE directory = ? AND stage = 'taken'"
            " ORDER BY taken_at DESC LIMIT 1",
            directory,
        )

    def drop(self, names: Iterable[str]) -> None:
        """Forgets them; what git keeps under their names must be gone already."""
        with self._db.writing():
            for name in names:
                self._db.delete("checkpoints", "id = ?", name)
