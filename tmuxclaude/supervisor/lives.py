"""What became of a session's pane and process: alive, stopped, ended on purpose, or died.

Dead beats everything, and "tmux did not answer" is not "the pane is gone": what is not known for
sure is left unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.claude import registry
from tmuxclaude.core import launching
from tmuxclaude.core.evidence import SERVER_GONE, Life
from tmuxclaude.core.model import Pane, Process, Session
from tmuxclaude.edges import claude_files, processes, tmux

UNREAPED_LOOKS = 3
"""How often tmux is asked to collect a child it missed before the pane counts as died."""


START_SECONDS = 2.0
"""How far what tmux and the kernel tell of the same start may lie apart: both are rounded."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What tmux and the system say of one session's pane and process.

    Of a session that is being opened ``pane`` is the one that carries its mark.
    """

    life: Life | None = None
    pane: tmux.PaneFacts | None = None
    last_words: str = ""


@dataclass(slots=True)
class Fate:
    """How often a session's pane was missed."""

    missing: int = 0
    unreaped: int = 0

    def look(
        self,
        session: Session,
        listing: tmux.Listing | None,
        gone: bool,
        door: tmux.Tmux,
        said_goodbye: bool,
    ) -> Seen:
        """What became of it. ``listing`` is ``None`` when tmux did not answer; ``gone``: it says
        that there is no server; ``said_goodbye``: its user ended it at its prompt."""
        pane = session.pane
        if launching.is_outside(session):
            return _outside(session, said_goodbye)
        if pane is None:
            return self._sought(session, listing, gone) if session.process is None else Seen()
        if gone or (listing is not None and listing.server != pane.server):
            # A socket that was removed is not a server that ended: its process decides.
            if gone and _lives_on(session, pane):
                return Seen()
            if said_goodbye:  # it was the last window, and its server ended with it
                return Seen(Life.EXITED, None, "it was ended at its prompt")
            return Seen(Life.DIED, None, SERVER_GONE)
        if listing is None:
            return Seen()
        facts = listing.panes.get(pane.pane_id)
        if facts is None or facts.nonce != pane.nonce or facts.pane_pid != pane.pane_pid:
            self.missing += 1
            if self.missing < 2:
                return Seen()
            said = "it was ended at its prompt" if said_goodbye else "its pane was closed"
            return Seen(Life.EXITED, None, said)
        self.missing = 0
        if facts.dead:
            return self._death(facts, listing, door, said_goodbye)
        life = _process(session, said_goodbye)
        process = session.process
        if session.opened_by_us or process is None or life in (Life.ALIVE, Life.STOPPED):
            return Seen(life, facts)
        if not said_goodbye and _left_its_file(session, process):
            return Seen(Life.DIED, facts, "its process was killed")
        return Seen(Life.EXITED, facts, "it was ended at its prompt")

    def _sought(self, session: Session, listing: tmux.Listing | None, gone: bool) -> Seen:
        """Whether tmux has opened a pane for a session that has none; two looks say that not."""
        if listing is None and not gone:
            return Seen()
        panes = listing.panes.values() if listing is not None else ()
        ours = [facts for facts in panes if facts.nonce == session.uid]
        living = [facts for facts in ours if not facts.dead]
        if ours:
            self.missing = 0
            [*others, found] = living or ours
            return Seen(None, None if others else found, "a pane with its mark was found")
        self.missing += 1
        return Seen() if self.missing < 2 else Seen(Life.DIED, None, "it has no window")

    def _death(
        self, facts: tmux.PaneFacts, listing: tmux.Listing, door: tmux.Tmux, said_goodbye: bool
    ) -> Seen:
        if facts.unreaped and self.unreaped < UNREAPED_LOOKS:
            self.unreaped += 1
            door.reap(listing.server)
            return Seen()
        if facts.exit_status == 0 or said_goodbye:
            return Seen(Life.EXITED, facts, "it was ended at its prompt")
        if facts.exit_status is not None:
            return Seen(Life.DIED, facts, f"it ended with status {facts.exit_status}")
        return Seen(Life.DIED, facts, f"it was killed by {facts.exit_signal or 'a signal'}")


def _process(session: Session, said_goodbye: bool) -> Life:
    process = session.process
    if process is None or session.pane is None:
        return Life.ALIVE
    life = processes.life(process)
    if life is processes.Life.STOPPED:
        return Life.STOPPED
    if life is processes.Life.ALIVE or process.pid == session.pane.pane_pid:
        return Life.ALIVE
    return Life.EXITED if said_goodbye else Life.DIED


def _outside(session: Session, said_goodbye: bool) -> Seen:
    """A session outside tmux is known by its process alone."""
    if session.process is None:
        return Seen()
    life = processes.life(session.process)
    if life is processes.Life.STOPPED:
        return Seen(Life.STOPPED)
    if life is processes.Life.ALIVE:
        return Seen(Life.ALIVE)
    if not said_goodbye and _left_its_file(session, session.process):
        return Seen(Life.DIED, None, "its process was killed")
    return Seen(Life.EXITED, None, "it was ended")


def _left_its_file(session: Session, process: Process) -> bool:
    """Whether a process that no hook and no pane tells of was killed.

    Claude Code 2.1.329 removes its registry file at every end that it can hear of.
    """
    path = claude_files.registry_path(Path(session.account), process.pid)
    entry = registry.parse(claude_files.read_small(path) or "")
    return entry is not None and entry.proc_start in ("", process.started)


def _lives_on(session: Session, pane: Pane) -> bool:
    """Whether the process of the pane's tmux server is still there, and not another of its pid."""
    server = processes.identify(pane.server.pid)
    if server is None or session.process is None or server.boot != session.process.boot:
        return False
    if processes.life(server) is processes.Life.ZOMBIE:
        return False
    # A clock that was set since says nothing where the pane's process is the server's child.
    since = abs(processes.began(server) - pane.server.started)
    return since <= START_SECONDS or processes.descends_from(pane.pane_pid, server.pid)
