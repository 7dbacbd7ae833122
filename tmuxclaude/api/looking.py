"""What is only looked at: list, show, history, explain, and the events as they happen.

The data are those of ``--json``, made by the same functions of ``core``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from tmuxclaude.api import wire
from tmuxclaude.api.feed import Feed
from tmuxclaude.api.finding import called, named
from tmuxclaude.api.resources import Resources
from tmuxclaude.api.wants import Watch
from tmuxclaude.core import past, shown
from tmuxclaude.core.evidence import explain
from tmuxclaude.core.model import Session
from tmuxclaude.store import reader, remembered
from tmuxclaude.store.books import Books

EVENTS = 20
"""How many of the last events ``show`` tells."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Changes nothing."""

    books: Books
    watch: Watch
    resources: Resources

    def sessions(self, order: wire.List) -> wire.Listed:
        """The sessions as ``tmuxclaude list --json`` shows them."""
        rows = reader.rows(self.books.db.reading, order.every, order.socket)
        found, strange = _rows(reader.SESSION_COLUMNS, rows), self.books.sessions.illegible
        sessions = [
            shown.session(row)
            for row in found
            if row["uid"] not in strange and order.group in (None, row["in_group"])
        ]
        return msgspec.convert({"type": "listed", "sessions": sessions}, wire.Listed)

    def show(self, order: wire.Show) -> wire.Shown:
        """One session as ``tmuxclaude show --json`` shows it."""
        session, reading = named(self.books, order.name), self.books.db.reading
        every = _rows(reader.SESSION_COLUMNS, reader.rows(reading, include_ended=True))
        [row] = [row for row in every if row["uid"] == session.uid]
        history = shown.past(
            _rows(remembered.CHAIN_COLUMNS, remembered.chain(reading, session.uid)),
            _rows(remembered.HALT_COLUMNS, remembered.halts(reading, session.uid)),
            _rows(remembered.ATTEMPT_COLUMNS, remembered.attempts(reading, session.uid)),
            _rows(remembered.STEP_COLUMNS, remembered.steps(reading, session.uid)),
            _rows(remembered.EVENT_COLUMNS, remembered.events(reading, session.uid, EVENTS)),
        )
        now = {
            "session": shown.session(row),
            "resources": wire.plain(self.resources.of(session)),
            "evidence": self._evidence(session),
        }
        return msgspec.convert({"type": "shown", **now, **history}, wire.Shown)

    def history(self, order: wire.History) -> wire.Past:
        """The newest lines of the history."""
        if order.name is not None:
            named(self.books, order.name)
        reading = self.books.db.reading
        events = remembered.past_events(reading, past.KINDS, past.STATES, order.name)
        halts = remembered.past_halts(reading, order.name)
        entries = past.history(
            _rows(remembered.PAST_EVENT_COLUMNS, events), _rows(remembered.PAST_HALT_COLUMNS, halts)
        )
        return wire.Past(entries=[wire.EntryView(**asdict(e)) for e in entries[-order.last :]])

    def explain(self, order: wire.Explain) -> wire.Explained:
        """What the witnesses of one session said last."""
        session = named(self.books, order.name)
        return wire.Explained(name=session.name, evidence=self._evidence(session))

    def subscribe(self, order: wire.Subscribe) -> Feed:
        """The events from now on, or from the one after ``since`` on."""
        uids = {called(self.books, word).uid for word in order.sessions}
        return Feed.begun(self.books.events, frozenset(uids), order.since)

    def _evidence(self, session: Session) -> list[str]:
        evidence = self.watch.evidence.get(session.uid)
        return explain(evidence) if evidence is not None else ["it was not looked at yet"]


def _rows(columns: tuple[str, ...], found: Iterable[tuple[object, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in found]
