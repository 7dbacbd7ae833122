"""The events as they happen, for one subscriber.

A feed is a place in the journal of events and nothing else: whatever its reader has not taken yet
lies in the database, so a slow one costs no memory and misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tmuxclaude.api import wire
from tmuxclaude.store.events import Events

BATCH = 64
"""How many events are read at once."""


@dataclass(slots=True)
class Feed:
    """``at``: the number of the last event that was read. ``sessions``: uids, none means all."""

    events: Events
    sessions: frozenset[str]
    at: int
    _seen: int = field(default=-1)

    @classmethod
    def begun(cls, events: Events, sessions: frozenset[str], since: int | None) -> Feed:
        """After the event ``since``, or from now on. A number from another database is void."""
        newest = events.newest()
        if since is not None and since > newest:
            since = 0
        return cls(events, sessions, newest if since is None else since)

    @property
    def begins(self) -> wire.Subscribed:
        """The answer to the request."""
        return wire.Subscribed(since=self.at)

    @property
    def has_more(self) -> bool:
        """Whether there may be events that were not read yet."""
        return self._seen != self.events.added

    def read(self) -> list[wire.Happened]:
        """The next events, at most ``BATCH``."""
        added = self.events.added
        found = self.events.after(self.at, self.sessions, BATCH)
        if len(found) < BATCH:
            self._seen = added
        if found:
            self.at = found[-1].id
        return [wire.Happened(**told._asdict()) for told in found]

    def last(self, now: float) -> wire.Happened:
        """What a subscriber hears last when the supervisor ends. It has the number of the last
        event that was read, so that whoever subscribes since then misses nothing."""
        text = "the supervisor ends; sessions go on"
        return wire.Happened(id=self.at, at=now, session="", name="", kind="ending", text=text)
