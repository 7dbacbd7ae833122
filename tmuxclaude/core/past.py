"""The history of sessions: starts, ends, stops, and who resumed after what wait. Pure.

Made of the journal of events and of the halts, as the rows of ``store/remembered`` give them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tmuxclaude.core.model import Actor, LimitKind
from tmuxclaude.core.policy import PLAIN_WORDS

KINDS = {
    "registered": "registered",
    "adopted": "registered",
    "rebuilt": "registered",
    "started": "started",
    "queued": "queued",
    "stopped": "stopped",
    "forgotten": "forgotten",
}
"""What each kind of event is called in the history. Those of the states are read apart."""

STATES = {"queued → starting": "started", "→ ended": "ended", "→ lost": "lost"}
"""The events of the kind ``state`` that belong to the history, by what their text holds."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history.

    ``session``: a uid, and ``name`` its name now; both are empty for what is forgotten. ``by`` and
    ``waited`` (seconds) are of what was resumed: who did it, and how long it had stood still.
    """

    at: float
    session: str
    name: str
    what: str
    text: str
    by: str = ""
    waited: float | None = None


def history(events: Iterable[Row], halts: Iterable[Row]) -> list[Entry]:
    """The lines, oldest first. What the same instant brought stays in the order of its rows."""
    entries = [entry for event in events if (entry := _of_event(event)) is not None]
    for halt in halts:
        entries += _of_halt(halt)
    return sorted(entries, key=lambda entry: entry.at)


def _of_event(event: Row) -> Entry | None:
    what, text = KINDS.get(event["kind"]), str(event["text"])
    if event["kind"] == "state":
        what = next((word for sign, word in STATES.items() if sign in text), None)
    if what is None:
        return None
    return Entry(event["at"], event["session"], event["name"] or "", what, text)


def _of_halt(halt: Row) -> list[Entry]:
    name, uid = str(halt["name"]), str(halt["session"])
    kind = str(halt["limit_kind"])
    words = PLAIN_WORDS[LimitKind(kind)] if kind in tuple(LimitKind) else kind
    found = [Entry(halt["opened_at"], uid, name, "limited", words)]
    if halt["ended_at"] is not None:
        by = halt["ended_by"] or Actor.NOBODY.value
        resumed = by != Actor.NOBODY
        waited = halt["ended_at"] - min(halt["limit_said_at"], halt["opened_at"])
        found.append(
            Entry(
                at=halt["ended_at"],
                session=uid,
                name=name,
                what="resumed" if resumed else "over",
                text=str(halt["outcome"]),
                by=by if resumed else "",
                waited=max(0.0, waited) if resumed else None,
            )
        )
    return found
