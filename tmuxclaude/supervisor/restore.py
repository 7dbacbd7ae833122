"""Brings back what was lost with its tmux server: asks, or opens the windows one after another.

The queue is in the registry (``core/restoring``), so that it goes on after our own end. A session
leaves it before its next look as one that starts, or as one that could not be opened; how a window
is opened, ``windows`` knows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tmuxclaude.core import errors, restoring
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Session, State
from tmuxclaude.core.rules import SupervisorRules
from tmuxclaude.core.states import LIVING
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.windows import Windows

log = logging.getLogger(__name__)

TOLD = "lost together"
"""The kind of the event of which the user is told."""

START_SECONDS = 10.0
"""How long after our start a tmux server may keep silent before the others are decided on."""

OPENING_SECONDS = 5.0
"""How long the next window waits for Claude Code in the last one to be up."""


@dataclass(slots=True)
class Restorer:
    """``touch``: a session was opened, so it is looked at closely."""

    books: Books
    windows: Windows
    rules: SupervisorRules
    clock: Clock
    touch: Callable[[str], None]
    _began: float | None = None
    _started: bool = False
    _opening: str = ""
    _opened_at: float = 0.0

    def turn(self, evidence: Mapping[str, Evidence]) -> None:
        """Once in each full round, after its look."""
        sessions = self.books.sessions.not_ended()
        if self._began is None:
            self._began = self.clock.monotonic()
        if not self._started and not self._all_seen(sessions, evidence):
            return
        lost = restoring.in_order(filter(restoring.lost_with_server, sessions))
        if lost:
            self._lost(lost)
        self._started = True
        self._open_next()

    def queue(self, session: Session) -> None:
        """From now on ``session`` waits for its turn."""
        now = self.clock.now()
        self.books.sessions.save(restoring.queued(session, now))
        self.books.events.note(now, session.uid, "queued", restoring.TURN)

    def _all_seen(self, sessions: list[Session], evidence: Mapping[str, Evidence]) -> bool:
        """Whether it is known what became of every session that we had left alive."""
        late = self.clock.monotonic() - (self._began or 0.0) >= START_SECONDS
        living = (session for session in sessions if session.state in LIVING)
        seen = (evidence.get(session.uid) for session in living)
        return late or all(one is not None and one.life is not None for one in seen)

    def _lost(self, lost: list[Session]) -> None:
        """Tells of them once; what was found at our start is brought back if that is wished."""
        at_start, mode = not self._started, self.rules.restore
        auto = at_start and mode == "auto" and self.books.brakes.pause() is None
        last = self.books.events.latest("", (TOLD,), 0.0)
        if last is None or any(session.since > last.at for session in lost):
            ask = "" if mode == "never" else "bring them back: tmuxclaude resume --all"
            words = restoring.sentence(lost, "they are opened again" if auto else ask)
            self.books.events.note(self.clock.now(), "", TOLD, words)
        for session in lost if auto else []:
            self.queue(session)

    def _open_next(self) -> None:
        queue = restoring.in_order(filter(restoring.waits, self.books.sessions.not_ended()))
        if not queue or self._is_busy():
            return
        session = queue[0]
        self._open(session)
        self._opening, self._opened_at = session.uid, self.clock.monotonic()
        self.touch(session.uid)

    def _is_busy(self) -> bool:
        """Whether the window that was opened last is still on its way."""
        last = self.books.sessions.get(self._opening)
        young = self.clock.monotonic() - self._opened_at < OPENING_SECONDS
        return young and last is not None and last.state is State.STARTING

    def _open(self, session: Session) -> None:
        try:
            _, notes = self.windows.reopen(session)
            for note in notes:
                self.books.events.note(self.clock.now(), session.uid, "conversation", note)
        except errors.UnreachableError as problem:
            log.warning("%s: %s", session.name, problem)
        except errors.TmuxclaudeError as problem:
            now, why = self.clock.now(), str(problem)
            self.books.sessions.save(restoring.failed(session, now, why))
            self.books.events.note(now, session.uid, "not opened", why)
