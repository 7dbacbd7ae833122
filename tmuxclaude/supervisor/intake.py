"""Takes in what no look tells: hooks, sessions that nobody answered when they began, the process
behind a launcher, panes of an earlier life."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tmuxclaude.claude import hooks
from tmuxclaude.claude.hooks import HookEvent
from tmuxclaude.core.errors import TmuxclaudeError, UnreachableError
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Session, State
from tmuxclaude.core.rules import ChainRules
from tmuxclaude.edges import processes, spool
from tmuxclaude.store.books import Books
from tmuxclaude.store.format import DatabaseUnavailableError, DatabaseUnreadableError
from tmuxclaude.supervisor import decide
from tmuxclaude.supervisor.counting import Counts
from tmuxclaude.supervisor.files import OwnFiles, claude_process, in_another_background
from tmuxclaude.supervisor.observe import Observer, at_prompt
from tmuxclaude.supervisor.places import Places
from tmuxclaude.supervisor.returning import Returns
from tmuxclaude.supervisor.windows import Windows

log = logging.getLogger(__name__)

GOODBYE = "said goodbye"
"""The event of a session that says that it ends."""

LATE_SECONDS = 5.0
"""After how long tmux is asked again about the pane of a session that ``run`` has left."""


@dataclass(slots=True)
class Intake:
    """``spool``: the directory into which hooks and ``run`` drop their files. ``late`` keeps a
    session that ``run`` has left, and when; it raises an error of ours when it cannot."""

    books: Books
    observer: Observer
    windows: Windows
    spool: Path
    late: Callable[[str, float], None] = lambda *_: None
    counts: Counts = field(init=False)
    returns: Returns = field(init=False)
    places: Places = field(init=False)
    _put_off: dict[Path, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = Counts(self.books)
        self.returns = Returns(self.books)
        self.places = Places(self.books)

    def follow(self, rules: ChainRules) -> None:
        """From now on these rules hold, for what is kept already too."""
        self.counts.previews = rules.previews
        if not rules.previews:
            self.books.activity.keep_no_words()

    def take_spool(self, now: float) -> None:
        """The sessions that have begun since the last time, and then what hooks have told."""
        self._take_late(now)
        for told in spool.told(self.spool):
            event, session = hooks.parse(told.text), self.books.sessions.get(told.nonce)
            try:
                if event is not None and session is not None and not event.subagent:
                    # It may have lain there while no supervisor ran.
                    self._take_in(event, session, min(now, told.at))
            except (DatabaseUnavailableError, DatabaseUnreadableError):
                raise
            except Exception:
                log.exception("what a hook told is passed over")
            told.remove()

    def _take_in(self, event: HookEvent, session: Session, at: float) -> None:
        """What one hook tells of its session. Told twice, only a compaction is counted twice."""
        ends = event.kind is hooks.Hook.SESSION_END
        if not ends and in_another_background(session, event.conversation):
            return
        if session.conversation is not None:
            self.books.activity.note(session.uid, session.conversation, 0, at, settled=False)
        if ends and event.reason == "prompt_input_exit":
            self.goodbye(session, at, "at its prompt")
        elif event.kind is hooks.Hook.SESSION_START and session.state is not State.ENDED:
            self._begun(session, event, at)

    def goodbye(self, session: Session, at: float, why: str) -> None:
        """A session says that it ends: when its process does, it was on purpose."""
        if session.state is not State.ENDED:
            self.books.events.note(at, session.uid, GOODBYE, why)
            self.observer.goodbye(session)

    def recall(self) -> None:
        """What sessions said to an earlier life of ours, which did not see their processes end."""
        for session in self.books.sessions.not_ended():
            process = session.process
            if process is None:
                continue
            since = processes.began(process)
            if self.books.events.latest(session.uid, (GOODBYE,), since) is not None:
                self.observer.goodbye(session)

    def _take_late(self, now: float) -> None:
        """What cannot be kept is said once; a tmux that does not answer is asked again later."""
        for left in spool.left(self.spool):
            if 0.0 <= now - self._put_off.get(left.path, 0.0) < LATE_SECONDS:
                continue
            try:
                self.late(left.text, min(now, left.at))
            except (DatabaseUnavailableError, DatabaseUnreadableError):
                raise
            except UnreachableError as silence:
                log.warning("a session that has begun is not kept yet: %s", silence)
                self._put_off[left.path] = now
                return  # one silence in a round is enough
            except TmuxclaudeError as problem:
                log.warning("a session that had begun is not kept: %s", problem)
            except Exception:
                log.exception("a session that had begun is not kept")
            left.remove()
            self._put_off.pop(left.path, None)

    def _begun(self, session: Session, event: HookEvent, at: float) -> None:
        """A conversation began, or the context of the one that goes on was compacted."""
        if event.source == "compact" and event.conversation == session.conversation:
            self.books.activity.compacted(session.uid, event.conversation, at)
            return
        why = event.source if event.source != "startup" else "start"
        self._leave(session, event.conversation, at)
        after = decide.converse(self.books, session, event.conversation, at, why or "start")
        if after != session:
            self.observer.forget(session.uid)
        elif why == "fork" or (why == "resume" and self._has_another(session)):
            # The registry file told of it first, which does not know why.
            self.books.sessions.began(session.uid, event.conversation, why)

    def _has_another(self, session: Session) -> bool:
        return len(self.books.sessions.chain(session.uid)) > 1

    def learn(self, session: Session, evidence: Evidence) -> Session:
        """The session with what this evidence tells of its place, its process and its program."""
        self.counts.note(session.uid, evidence.tail)
        registry = evidence.registry
        if registry is not None and registry.status is not None and registry.conversation:
            self._leave(session, registry.conversation, evidence.at)
        self.returns.note(session, evidence.tail)
        session = self._find_pane(session)
        session = self.places.learn(session, evidence.place, evidence.at)
        return self._find_program(self._find_process(session, evidence), evidence)

    def _leave(self, session: Session, conversation: str, now: float) -> None:
        """Counts what a conversation came to whose file nobody follows from now on."""
        if session.conversation not in (None, conversation):
            self.counts.note(session.uid, OwnFiles().tail(session, session.conversation, now))

    def _find_pane(self, session: Session) -> Session:
        """While it is being opened: tmux, or a crash, may have kept from us that it was done."""
        pane = self.observer.found(session.uid) if session.pane is None else None
        if pane is None:
            return session
        self.observer.forget(session.uid)
        return self.windows.take_up(session, pane)

    def _find_process(self, session: Session, evidence: Evidence) -> Session:
        """While it starts: the process may be a child of what the pane was opened with."""
        starting = session.state is State.STARTING and evidence.alive
        if not starting or evidence.registry is not None or session.pane is None:
            return session
        process = claude_process(session, session.pane)
        if process is None or process == session.process:
            return session
        session = replace(session, process=process)
        self.books.sessions.save(session)
        return session

    def _find_program(self, session: Session, evidence: Evidence) -> Session:
        """At its first prompt: what tmux calls Claude Code, so that keys go to nothing else."""
        if session.program or not at_prompt(evidence):
            return session
        program = self.observer.program(session.uid)
        if program is None:
            return session
        session = replace(session, program=program)
        self.books.sessions.save(session)
        return session
