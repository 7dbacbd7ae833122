"""Takes in what no look tells: hooks, the process behind a launcher, panes of an earlier life."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.claude import hooks
from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import Session, State, Step
from tmuxclaude.edges import spool
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import decide
from tmuxclaude.supervisor.files import claude_process
from tmuxclaude.supervisor.observe import Observer, at_prompt
from tmuxclaude.supervisor.windows import Windows


@dataclass(slots=True)
class Intake:
    """``spool``: the directory into which hooks drop their files."""

    books: Books
    observer: Observer
    windows: Windows
    spool: Path

    def take_spool(self, now: float) -> None:
        """What hooks have told since the last time."""
        for dropped in spool.take(self.spool):
            event, session = hooks.parse(dropped.text), self.books.sessions.get(dropped.nonce)
            if event is None or session is None or event.subagent:
                continue
            if event.kind is hooks.Hook.SESSION_END and event.reason == "prompt_input_exit":
                self.observer.goodbye(session.uid)
            elif event.kind is hooks.Hook.SESSION_START and session.state is not State.ENDED:
                why = event.source if event.source != "startup" else "start"
                after = decide.converse(
                    self.books, session, event.conversation, now, why or "start"
                )
                if after != session:
                    self.observer.forget(session.uid)

    def find_panes(self) -> None:
        """At the start: a crash may lie between the opening of a pane and its being kept."""
        attempts = self.books.halts.open_attempts()
        launching = {one.session for one in attempts if one.step is Step.LAUNCHING}
        for session in self.books.sessions.not_ended():
            if session.pane is None or session.uid in launching:
                self.windows.find_again(session)

    def learn(self, session: Session, evidence: Evidence) -> Session:
        """The session with what this evidence tells of its process and its program."""
        return self._find_program(self._find_process(session, evidence), evidence)

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
        program = self.observer.program(session)
        if program is None:
            return session
        session = replace(session, program=program)
        self.books.sessions.save(session)
        return session
