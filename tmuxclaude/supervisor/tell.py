"""Tells the user what happened: from what was just written to the news that is sent.

Looks at the journal of events, at each of them once, even when we were killed in between; and
writes down what only time or a screen brings, so that it happens once too. The words are
``core/notices``'; how news travels, ``edges/notify`` knows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tmuxclaude.core import notices, restoring
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Event, Topic
from tmuxclaude.core.refusals import Refusal
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import configured, resources
from tmuxclaude.supervisor.decide import Decided
from tmuxclaude.supervisor.restore import TOLD

log = logging.getLogger(__name__)

OF_ALL = {resources.EVENT: Topic.BUDGET, configured.SPOILED: Topic.NEEDS_YOU}
"""Kinds of events of no session that are told in their own words."""


@dataclass(slots=True)
class Teller:
    """``send`` passes news on and returns at once. ``refusals``: by uid, what tmux refused last."""

    books: Books
    rules: ResumeRules
    send: Callable[[Sequence[notices.News]], None]
    refusals: Mapping[str, Refusal]
    _noted: set[tuple[str, str, str]] = field(default_factory=set)

    def tell(self, known: Iterable[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Once in each loop. ``known``: the sessions as the last look at each left them."""
        self._note(known, evidence)
        events = self.books.events.take_untold()
        for event in events:
            self._log(event)
        batch = [told for event in events for told in self._of(event)]
        if batch:
            self.send(batch)

    def _note(self, known: Iterable[Decided], evidence: Mapping[str, Evidence]) -> None:
        """Keeps the events that nobody else writes, each once for ever."""
        known = list(known)
        uids = {decided.session.uid for decided in known}
        self._noted = {occasion for occasion in self._noted if occasion[0] in uids}
        for decided in known:
            seen = evidence.get(decided.session.uid)
            if seen is None or decided.halt is None:
                continue
            past = notices.Past(decided.session, decided.halt, decided.attempt)
            refusal = self.refusals.get(decided.session.uid)
            for event in notices.occasions(past, seen, self.rules, refusal):
                occasion = (event.session, event.kind, event.text)
                if occasion not in self._noted and not self.books.events.has(*occasion):
                    self.books.events.add(event)
                self._noted.add(occasion)

    def _log(self, event: Event) -> None:
        """One line for each event; what a limit says may be words of a screen, and stays out."""
        session = self.books.sessions.get(event.session)
        text = f": {event.text}" if event.kind != "limit" and event.text else ""
        name = session.name if session is not None else "all sessions"
        log.info("%s", notices.plain(f"{name}: {event.kind}{text}"))

    def _of(self, event: Event) -> list[notices.News]:
        if not event.session and event.kind == "rebuilt":
            sessions = self.books.sessions.not_ended()
            return [notices.rebuilt(event, dict.fromkeys(s.socket for s in sessions))]
        if not event.session and event.kind == TOLD:
            lost = filter(restoring.told_together, self.books.sessions.not_ended())
            return [notices.of_all(Topic.LOST, event, dict.fromkeys(s.socket for s in lost))]
        if not event.session and event.kind in OF_ALL:
            sessions = self.books.sessions.not_ended()
            sockets = dict.fromkeys(s.socket for s in sessions)
            return [notices.of_all(OF_ALL[event.kind], event, sockets)]
        session = self.books.sessions.get(event.session)
        if session is None:
            return []
        about, halts = event.evidence.get("halt"), self.books.halts
        halt = halts.get(about) if isinstance(about, int) else halts.current(session.uid)
        past = notices.Past(session, halt, halts.latest_attempt(session.uid))
        told = notices.news(event, past, self.rules)
        return [told] if told is not None else []
