"""The journal of events: what was seen, decided and done, and on what evidence."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from tmuxclaude.core.model import Event
from tmuxclaude.core.stats import UNWATCHED
from tmuxclaude.store.database import Database, Row


class Told(NamedTuple):
    """One event as it is told to others: its number, and the name of its session now."""

    id: int
    at: float
    session: str
    name: str
    kind: str
    text: str


class Events:
    """Events are added and read, never changed. ``added`` counts those of this life."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.added = 0
        self._may_be_untold = True  # an earlier life may have left some

    def add(self, event: Event) -> None:
        """Keep an event. Evidence that JSON has no form for is kept as its ``str()``."""
        row = {
            "at": event.at,
            "session": event.session,
            "kind": event.kind,
            "text": event.text,
            "evidence": json.dumps(event.evidence, default=str),
        }
        with self._db.writing():
            self._db.insert("events", row)
        self.added += 1
        self._may_be_untold = True

    def note(
        self,
        at: float,
        session: str,
        kind: str,
        text: str,
        evidence: dict[str, object] | None = None,
    ) -> None:
        """Keep an event made of these; they mean what they mean in ``Event``."""
        self.add(Event(at, session, kind, text, evidence or {}))

    def latest(self, session: str, kinds: tuple[str, ...], since: float) -> Event | None:
        """The last event of one of these kinds that the session with this uid had since then."""
        marks = ", ".join("?" * len(kinds))
        row = self._db.row(
            "SELECT at, session, kind, text, evidence FROM events"
            f" WHERE session = ? AND at >= ? AND kind IN ({marks}) ORDER BY at DESC, id DESC",
            session,
            since,
            *kinds,
        )
        return None if row is None else _event(row)

    def has(self, session: str, kind: str, text: str) -> bool:
        """Whether the session with this uid ever had such an event."""
        query = "SELECT 1 FROM events WHERE session = ? AND kind = ? AND text = ? LIMIT 1"
        return self._db.row(query, session, kind, text) is not None

    def take_untold(self) -> list[Event]:
        """The events since this was last called, in this life or in an earlier one, oldest first.

        What is given is never given again, not even when we are killed right after.
        """
        if not self._may_be_untold:
            return []
        rows = self._db.rows(
            "SELECT id, at, session, kind, text, evidence FROM events"
            " WHERE id > (SELECT upto FROM told) ORDER BY id"
        )
        if rows:
            with self._db.writing():
                self._db.update("told", {"upto": rows[-1]["id"]}, "TRUE")
        self._may_be_untold = False
        return [_event(row) for row in rows]

    def last_sign(self) -> float | None:
        """When anything was last written of any session (UTC epoch seconds)."""
        row = self._db.row(
            "SELECT max(at) AS at FROM (SELECT max(at) AS at FROM events"
            " UNION ALL SELECT max(active_at) FROM activity)"
        )
        return row["at"] if row is not None and isinstance(row["at"], float) else None

    def unwatched(self, since: float | None, now: float, why: str) -> None:
        """Keep that nobody watched between ``since`` and ``now``, if that is any time at all."""
        if since is not None and since < now:
            self.note(now, "", UNWATCHED, why, {"since": since})

    def newest(self) -> int:
        """The number of the last event; 0 before the first. Numbers grow and are not used twice."""
        row = self._db.row("SELECT max(id) AS id FROM events")
        return 0 if row is None or row["id"] is None else int(row["id"])

    def after(self, number: int, sessions: Collection[str], most: int) -> list[Told]:
        """At most so many events after the one with this number, oldest first.

        ``sessions``: only of those with these uids, unless it is empty.
        """
        marks = ", ".join("?" * len(sessions))
        only = f" AND e.session IN ({marks})" if sessions else ""
        rows = self._db.rows(
            "SELECT e.id, e.at, e.session, coalesce(s.name, '') AS name, e.kind, e.text"
            " FROM events e LEFT JOIN sessions s ON s.uid = e.session"
            f" WHERE e.id > ?{only} ORDER BY e.id LIMIT ?",
            number,
            *sessions,
            most,
        )
        return [Told(**row) for row in rows]

    def of(self, session: str, last: int = 20) -> list[Event]:
        """The last events of the session with this uid, oldest first."""
        rows = self._db.rows(
            "SELECT at, session, kind, text, evidence FROM events"
            " WHERE session = ? ORDER BY at DESC, id DESC LIMIT ?",
            session,
            last,
        )
        return [_event(row) for row in reversed(rows)]


def _event(row: Row) -> Event:
    """What carried it may be missing, not it itself."""
    try:
        evidence = json.loads(row["evidence"])
    except ValueError:
        evidence = None
    evidence = evidence if isinstance(evidence, dict) else {}
    return Event(row["at"], row["session"], row["kind"], row["text"], evidence)
