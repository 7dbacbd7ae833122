"""Everything that is remembered, joined over one database."""

from __future__ import annotations

from tmuxclaude.store.brakes import Brakes
from tmuxclaude.store.database import Database
from tmuxclaude.store.events import Events
from tmuxclaude.store.halts import Halts
from tmuxclaude.store.limits import Limits
from tmuxclaude.store.sessions import Sessions


class Books:
    """The books of one database. ``db.writing()`` makes one transaction of several entries."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.sessions = Sessions(db)
        self.halts = Halts(db)
        self.limits = Limits(db)
        self.brakes = Brakes(db)
        self.events = Events(db)
