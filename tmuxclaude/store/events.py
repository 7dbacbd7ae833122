"""The journal of events: what was seen, decided and done, and on what evidence."""

from __future__ import annotations

import json

from tmuxclaude.core.model import Event
from tmuxclaude.store.database import Database


class Events:
    """Events are added and read, never changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

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

    def of(self, session: str, last: int = 20) -> list[Event]:
        """The last events of the session with this uid, oldest first."""
        rows = self._db.rows(
            "SELECT at, session, kind, text, evidence FROM events"
            " WHERE session = ? ORDER BY at DESC, id DESC LIMIT ?",
            session,
            last,
        )
        return [Event(**row | {"evidence": json.loads(row["evidence"])}) for row in reversed(rows)]
