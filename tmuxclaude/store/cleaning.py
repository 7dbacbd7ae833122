"""What may be forgotten: sessions that ended long ago, and events of none.

Never a session that lives, waits or is lost, and never one with an open halt or delivery, or with
messages that wait for it to come back.
"""

from __future__ import annotations

from collections.abc import Container

from tmuxclaude.core.model import ENDED_STEPS, Session
from tmuxclaude.store.database import Database
from tmuxclaude.store.sessions import from_row


def outlived(db: Database, before: float, strange: Container[str]) -> list[Session]:
    """The sessions that ended, and did nothing more, before this (UTC epoch seconds).

    ``strange``: uids of those of which something is not understood; nothing is known of their end.
    """
    marks = ", ".join("?" * len(ENDED_STEPS))
    rows = db.rows(
        "SELECT * FROM sessions s WHERE state = 'ended' AND since < ?"
        " AND NOT EXISTS (SELECT 1 FROM activity WHERE session = s.uid AND active_at >= ?)"
        " AND NOT EXISTS (SELECT 1 FROM halts WHERE session = s.uid AND ended_at IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM attempts WHERE session = s.uid"
        f" AND step NOT IN ({marks}))"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE session = s.uid AND over_at IS NULL)"
        " ORDER BY rowid",
        before,
        before,
        *ENDED_STEPS,
    )
    return [from_row(row) for row in rows if row["uid"] not in strange]


def loose_events(db: Database, before: float, dry_run: bool) -> int:
    """Forgets the events before this that are about no session; how many there were."""
    which = "session = '' AND at < ?"
    if dry_run:
        row = db.row(f"SELECT count(*) AS count FROM events WHERE {which}", before)
        return 0 if row is None else int(row["count"])
    with db.writing():
        return db.delete("events", which, before)
