"""The group and the metadata of each session. What may be in them is ``core/labels``'."""

from __future__ import annotations

import json

from tmuxclaude.core.labels import Labels as Values
from tmuxclaude.store.database import Database


class Labels:
    """One row for each session that has any."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, session: str) -> Values:
        """Those of the session with this uid."""
        row = self._db.row("SELECT in_group, meta FROM labels WHERE session = ?", session)
        return Values() if row is None else Values(row["in_group"], json.loads(row["meta"]))

    def members(self, group: str) -> set[str]:
        """The uids of the sessions in a group, ended or not."""
        rows = self._db.rows("SELECT session FROM labels WHERE in_group = ?", group)
        return {str(row["session"]) for row in rows}

    def save(self, session: str, labels: Values) -> None:
        """Keep them in the place of those before."""
        with self._db.writing():
            self._db.delete("labels", "session = ?", session)
            if labels != Values():
                meta = json.dumps(dict(labels.meta))
                row = {"session": session, "in_group": labels.group, "meta": meta}
                self._db.insert("labels", row)
