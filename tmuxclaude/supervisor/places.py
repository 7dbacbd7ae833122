"""Where the sessions' windows are, and what becomes of a session whose window its user renamed.

What a window is called counts only when a user can have named it (``core.evidence.Place``), and not
for a session whose pane was moved there. Each name is weighed once, also over our own end: the
registry keeps what the window was called last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from tmuxclaude.core.evidence import Place
from tmuxclaude.core.model import Session
from tmuxclaude.edges import tmux
from tmuxclaude.store.books import Books

NO_NAME = "!"
"""What is kept for a window whose name no session can have."""


def shared_windows(listing: tmux.Listing) -> frozenset[str]:
    """The ids of the windows that hold several panes of ours."""
    ours = Counter(facts.window_id for facts in listing.panes.values() if facts.nonce)
    return frozenset(window_id for window_id, count in ours.items() if count > 1)


def place_of(
    session: Session, facts: tmux.PaneFacts | None, shared: frozenset[str]
) -> Place | None:
    """Where the session's pane is; of several tmux sessions that show it, where it was before."""
    if facts is None or not facts.homes:
        return None
    home, index = next((h for h in facts.homes if h[0] == session.tmux_session), facts.homes[0])
    if facts.window_id in shared:
        return Place(home, index, None, "")
    return Place(home, index, facts.window_name, facts.window_id)


@dataclass(slots=True)
class Places:
    """Keeps where the sessions' windows are, and each window's id for as long as we run."""

    books: Books
    _windows: dict[str, str] = field(default_factory=dict)

    def learn(self, session: Session, place: Place | None, now: float) -> Session:
        """The session with its place; renamed when its user renamed its window and the name is
        free."""
        if place is None:
            return session
        before, moved = session.window_name, self._moved(session, place)
        home = place.tmux_session or session.tmux_session
        session = replace(session, tmux_session=home, window_index=place.index)
        if place.window_name is not None:
            session = replace(session, window_name=place.window_name or NO_NAME)
        if before and not moved and session.window_name not in (before, session.name):
            session = _renamed(self.books, session, now)
        self.books.sessions.save(session)
        return session

    def _moved(self, session: Session, place: Place) -> bool:
        """Whether its pane is in another window than the one whose name is known.

        What id that one had is not known after a start of ours; then its number has to tell.
        """
        if not place.window_id:
            return False
        known = self._windows.get(session.uid)
        self._windows[session.uid] = place.window_id
        if known is not None:
            return known != place.window_id
        elsewhere = place.tmux_session not in ("", session.tmux_session)
        return session.window_index not in (None, place.index) or elsewhere


def _renamed(books: Books, session: Session, now: float) -> Session:
    name, kept = session.window_name, f"the session keeps its name {session.name}"
    if name == NO_NAME:
        words = f"its window has a name now that no session can have; {kept}"
        books.events.note(now, session.uid, "window", words)
        return session
    if name in books.sessions.names_taken():
        words = f"its window is called {name} now, as another session is; {kept}"
        books.events.note(now, session.uid, "window", words)
        return session
    books.events.note(now, session.uid, "renamed", f"{session.name} → {name}, as its window was")
    return replace(session, name=name)
