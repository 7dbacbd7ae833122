"""Takes an export in: all of it in one transaction, or nothing.

A session is a unit: one that is known already stays as it is here, one that is not comes with all
that belongs to it. So a second import brings nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from tmuxclaude.core.messages import WAITING
from tmuxclaude.core.messages import Stage as MessageStage
from tmuxclaude.core.model import ENDED_STEPS, State, Step, Want
from tmuxclaude.core.secrets import REDACTED
from tmuxclaude.store.database import Database
from tmuxclaude.store.exporting import Row, Tables
from tmuxclaude.store.importing import check, refused
from tmuxclaude.store.legible import TABLES as LEGIBLE
from tmuxclaude.store.legible import flaws


@dataclass(slots=True)
class Merged:
    """What an import brought: names of sessions, and how many rows. ``known``: sessions that were
    there already. ``held``: those that have not ended, so that nobody touches them before their
    user releases them."""

    sessions: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    known: int = 0
    events: int = 0
    checkpoints: int = 0


def merge(db: Database, tables: Tables) -> Merged:
    """Adds what is not known yet.

    A session that has not ended is held: it may run on another machine, or another registry of this
    one may watch it, and two would type into one pane. Deliveries that were under way are over, for
    nobody knows what became of them.
    Raises ``RefusedError`` when anything in it is not what could be kept; nothing is kept then.
    """
    check(db, tables)
    strange = set(flaws(db.reading, LEGIBLE))
    with db.writing(durable=True):
        try:
            merged = _Merging(db).all(tables)
            for flaw in set(flaws(db.reading, LEGIBLE)) - strange:
                raise refused(f"{flaw.words}, which is not understood")
            return merged
        except (sqlite3.IntegrityError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise refused(f"it contradicts itself ({error})") from error


class _Merging:
    def __init__(self, db: Database) -> None:
        self._db, self._merged = db, Merged()
        self._halts: dict[int, int] = {}
        self._attempts: dict[int, int] = {}
        names = db.rows("SELECT name FROM sessions WHERE state <> 'ended'")
        self._names = {row["name"] for row in names}

    def all(self, tables: Tables) -> Merged:
        uids = {row["uid"] for row in tables["sessions"]}
        known = {row["uid"] for row in self._db.rows("SELECT uid FROM sessions")}
        fresh = uids - known
        self._merged.known = len(uids & known)
        for row in tables["sessions"]:
            if row["uid"] in fresh:
                self._session(row)
        for table in ("chain", "activity", "lifetimes", "labels"):
            for row in _of(tables[table], fresh):
                self._db.insert(table, row)
        for row in _of(tables["halts"], fresh):
            self._halts[row["id"]] = self._insert("halts", row)
        for row in _of(tables["attempts"], fresh):
            halt = None if row["halt"] is None else self._halts[row["halt"]]
            over = row["step"] if row["step"] in ENDED_STEPS else Step.SKIPPED
            self._attempts[row["id"]] = self._insert("attempts", row | {"halt": halt, "step": over})
        for row in tables["steps"]:
            if row["attempt"] in self._attempts:
                self._insert("steps", row | {"attempt": self._attempts[row["attempt"]]})
        for row in _of(tables["messages"], fresh):
            self._message(row)
        self._limits(tables["limits"])
        self._checkpoints(tables["checkpoints"])
        self._events(tables["events"], fresh)
        return self._merged

    def _session(self, row: Row) -> None:
        name, living = row["name"], row["state"] != State.ENDED
        number = 2
        while living and name in self._names:
            name, number = f"{row['name'][:44]}-{number}", number + 1
        if living:
            self._names.add(name)
        launch = json.loads(row["launch"])
        given = [pair for pair in launch["environment"] if REDACTED not in pair[1]]
        row = row | {"name": name, "launch": json.dumps(launch | {"environment": given})}
        if living:
            row["want"] = Want.HOLD
            self._merged.held.append(name)
        self._db.insert("sessions", row)
        self._merged.sessions.append(name)

    def _message(self, row: Row) -> None:
        attempt = None if row["attempt"] is None else self._attempts[row["attempt"]]
        row = row | {"attempt": attempt, "key": ""}  # nobody asks for it anew
        if row["stage"] in WAITING:
            why = "it waited where it was exported"
            row |= {"stage": MessageStage.DROPPED, "over_at": row["asked_at"], "reason": why}
        self._insert("messages", row)

    def _limits(self, rows: list[Row]) -> None:
        for row in rows:
            which = ("account = ? AND kind = ?", row["account"], row["kind"])
            known = self._db.row(f"SELECT said_at FROM limits WHERE {which[0]}", *which[1:])
            if known is None:
                self._db.insert("limits", row)
            elif known["said_at"] < row["said_at"]:
                self._db.update("limits", row, *which)

    def _checkpoints(self, rows: list[Row]) -> None:
        known = {row["id"] for row in self._db.rows("SELECT id FROM checkpoints")}
        for row in rows:
            if row["id"] not in known and row["stage"] in ("taken", "gave_up"):
                self._db.insert("checkpoints", row)
                self._merged.checkpoints += 1

    def _events(self, rows: list[Row], fresh: set[str]) -> None:
        loose = self._db.rows("SELECT at, kind, text FROM events WHERE session = ''")
        known = {(row["at"], row["kind"], row["text"]) for row in loose}
        for row in rows:
            if row["session"] in fresh or (
                not row["session"] and (row["at"], row["kind"], row["text"]) not in known
            ):
                self._insert("events", row | {"evidence": self._evidence(row["evidence"])})
                self._merged.events += 1
        # They are old news: nobody is told of them now.
        self._db.update("told", {"upto": _newest(self._db)}, "TRUE")

    def _evidence(self, kept: str) -> str:
        found = json.loads(kept)
        moved = {
            name: ids[found[name]]
            for name, ids in (("halt", self._halts), ("attempt", self._attempts))
            if found.get(name) in ids and ids[found[name]] != found[name]
        }
        return json.dumps(found | moved) if moved else kept

    def _insert(self, table: str, row: Row) -> int:
        """Adds a row, under its own number if nobody has it."""
        taken = self._db.row(f"SELECT 1 FROM {table} WHERE id = ?", row["id"])
        if taken is not None:
            row = {column: value for column, value in row.items() if column != "id"}
        return self._db.insert(table, row)


def _newest(db: Database) -> int:
    row = db.row("SELECT coalesce(max(id), 0) AS id FROM events")
    return 0 if row is None else int(row["id"])


def _of(rows: Iterable[Row], uids: set[str]) -> Iterable[Row]:
    return (row for row in rows if row["session"] in uids)
