"""Looks how the processes do: what they take, and whether they are stopped, dead, or do not listen.

That a process died, the loop sees at each look and calls the session lost. Here it is noticed what
lives and yet does nothing: stopped by a signal, a zombie that nobody collects, and one that has not
read its terminal for a while, though keys wait there. Nothing else is taken for a failure: a turn
may last for hours without a sign of life, and that is not ours to judge.

What it takes to look (``edges/usage``) is done by a worker; what follows is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Process, Session
from tmuxclaude.core.parting import OVERDUE
from tmuxclaude.core.resources import Figures, Meter, Use
from tmuxclaude.core.rules import Rules
from tmuxclaude.core.states import LIVING
from tmuxclaude.edges import usage
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.processes import Life
from tmuxclaude.edges.usage import Taken
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.parting import UNWELL
from tmuxclaude.supervisor.resources import Resources

log = logging.getLogger(__name__)

WELL = "well again"
"""A kind of events that the user is not told of."""

DEAF_SECONDS = 30.0
"""How long keys may wait in a terminal until its program counts as one that does not respond."""

STOPPED, ZOMBIE, DEAF = "stopped", "zombie", "unresponsive"
WORDS = {
    STOPPED: "its process is stopped (SIGSTOP, or Ctrl-Z); to let it go on: kill -CONT {pid}",
    ZOMBIE: "its process has ended, and its parent does not collect it",
    DEAF: "it has read nothing of what was typed for half a minute",
}
PERSONAL = frozenset({*WORDS, OVERDUE})
"""What stands of a session, and goes with its process."""


@dataclass(slots=True)
class Health:
    """``wake`` is called from a worker's thread when a look has ended.

    ``figures``: what the last one found of the sessions that live.
    """

    books: Books
    rules: Rules
    clock: Clock
    wake: Callable[[], None]
    resources: Resources
    figures: Figures = field(default_factory=Figures)
    _next: float = 0.0
    _look: Future[dict[Process, Taken]] | None = None
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "health"))
    _scales: usage.Scales = field(default_factory=usage.Scales)
    _meters: dict[Process, Meter] = field(default_factory=dict)
    _deaf_since: dict[str, float] = field(default_factory=dict)
    _mistake: str = ""

    def turn(self, known: Collection[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        now, judged = self.clock.monotonic(), False
        if self._look is not None and self._look.done():
            look, self._look = self._look, None
            judged = self._judged(look, now)
        if self._look is None and now >= self._next:
            self._next = now + self.rules.supervisor.health_seconds
            roots = [one.process for one in self._living() if one.process is not None]
            self._look = self._worker.submit(self._scales.measure, roots)
            self._look.add_done_callback(lambda _: self.wake())
        if judged or self.resources.looks:
            self.resources.enforce(known, evidence)

    def close(self) -> None:
        """Looks no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _living(self) -> list[Session]:
        """By the registry: what is known of each does not hang on its tmux server's answer."""
        return [one for one in self.books.sessions.not_ended() if one.state in LIVING]

    def _judged(self, look: Future[dict[Process, Taken]], now: float) -> bool:
        """Whether the look brought anything; a mistake of ours in it costs no more than that."""
        mistake = look.exception()
        if mistake is None:
            self._judge(self._living(), look.result(), now)
        elif repr(mistake) != self._mistake:
            self._mistake = repr(mistake)
            log.error("a look at the processes failed", exc_info=mistake)
        return mistake is None

    def _judge(self, sessions: list[Session], taken: dict[Process, Taken], now: float) -> None:
        found = {one.uid: taken[one.process] for one in sessions if one.process in taken}
        self._meters = {process: self._meters.get(process, Meter()) for process in taken}
        standing, troubles = self.books.standing.all(), {}
        for session in sessions:
            said = {what for what in WORDS if (what, session.uid) in standing}
            trouble = self._trouble(session, found.get(session.uid), DEAF in said, now)
            troubles[session.uid] = trouble
            for what in WORDS:
                self._say(session, what, what == trouble, what in said)
        living = {session.uid for session in sessions}
        for what, whose in standing:
            if what in PERSONAL and whose not in living:
                self.books.standing.end(what, whose)
        uses = [
            self._use(one, found[one.uid], troubles[one.uid], now)
            for one in sessions
            if one.uid in found
        ]
        self.figures = Figures(self.clock.now(), tuple(uses))
        self.resources.judge(uses)

    def _use(self, session: Session, taken: Taken, trouble: str, now: float) -> Use:
        process, seconds = session.process, self.rules.budget.cpu_seconds
        assert process is not None
        cpu = self._meters[process].read(now, taken.seconds, seconds, usage.PROCESSORS)
        memory = taken.memory or None  # what lives takes some: the system did not say how much
        return Use(session.uid, session.name, session.account, memory, cpu, trouble)

    def _trouble(self, session: Session, taken: Taken | None, was_deaf: bool, now: float) -> str:
        """What is wrong with a session's process; empty when nothing that can be known."""
        if taken is None or taken.life is not Life.ALIVE or not taken.unread:
            self._deaf_since.pop(session.uid, None)
        if taken is None:
            return ""
        if taken.life is not Life.ALIVE:
            return {Life.STOPPED: STOPPED, Life.ZOMBIE: ZOMBIE}.get(taken.life, "")
        if not taken.unread:
            return ""
        since = self._deaf_since.setdefault(session.uid, now)
        return DEAF if was_deaf or now - since >= DEAF_SECONDS else ""

    def _say(self, session: Session, what: str, holds: bool, held: bool) -> None:
        """An event when it begins, and another when it is over."""
        if holds == held:
            return
        now, process = self.clock.now(), session.process
        with self.books.db.writing():
            if holds:
                self.books.standing.begin(what, session.uid, now)
                words = WORDS[what].format(pid=process.pid if process is not None else "?")
                self.books.events.note(now, session.uid, UNWELL, words, {"what": what})
            else:
                self.books.standing.end(what, session.uid)
                self.books.events.note(now, session.uid, WELL, f"it is not {what} any more")
