"""Everything that is remembered, joined over one database."""

from __future__ import annotations

from tmuxclaude.store.abandoned import Abandoned
from tmuxclaude.store.activity import Activity
from tmuxclaude.store.brakes import Brakes
from tmuxclaude.store.checkpoints import Checkpoints
from tmuxclaude.store.database import Database
from tmuxclaude.store.events import Events
from tmuxclaude.store.halts import Halts
from tmuxclaude.store.labels import Labels
from tmuxclaude.store.lifetimes import Lifetimes
from tmuxclaude.store.limits import Limits
from tmuxclaude.store.messages import Messages
from tmuxclaude.store.sessions import Sessions
from tmuxclaude.store.standing import Standing


class Books:
    """The books of one database. ``db.writing()`` makes one transaction of several entries."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.sessions = Sessions(db)
        self.halts = Halts(db)
        self.messages = Messages(db, self.halts)
        self.limits = Limits(db)
        self.brakes = Brakes(db)
        self.events = Events(db)
        self.activity = Activity(db)
        self.checkpoints = Checkpoints(db)
        self.abandoned = Abandoned(db)
        self.lifetimes = Lifetimes(db)
        self.labels = Labels(db)
        self.standing = Standing(db)
