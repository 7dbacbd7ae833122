"""Takes in a session that starts itself, in a terminal that somebody else opened.

The process is there already and becomes Claude Code; behind it there may be a shell, so its pane is
marked as ours and nothing else in it is changed. Outside tmux there is no pane: such a session is
watched through Claude Code's files and never typed to.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from tmuxclaude.claude import launch
from tmuxclaude.core import errors, launching, names
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import Pane, Process, Session, State
from tmuxclaude.edges import processes, tmux
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.settings import SettingsFiles, given


@dataclass(slots=True)
class Entering:
    """``door`` gives the tmux server at a socket; ``recap`` is as in ``Windows``."""

    books: Books
    door: Callable[[str], tmux.Tmux]
    files: SettingsFiles
    now: Callable[[], float]
    recap: Callable[[Session], str] = lambda _: ""

    def enter(self, session: Session, entrance: Entrance) -> tuple[Session, list[str]]:
        """Keeps ``session``; gives it as it is kept, and the words that Claude Code must get too.

        ``session`` has no conversation, flags, pane or process yet; its name is a wish, and may be
        empty. Raises an error, with nothing kept, when the process is not in that pane, and when
        another session lives there, or is this process.
        """
        process = self._process(entrance)
        words = launch.split(entrance.arguments)
        theirs = given(entrance.settings, session.directory)
        fresh = entrance.conversation or str(uuid.uuid4())
        conversation = launch.first_conversation(words, fresh)
        session = replace(
            session,
            process=process,
            conversation=conversation,
            launch=replace(session.launch, flags=words.flags),
        )
        session = self._in_its_pane(session, process, entrance.pane_id)
        added = [] if words.chooses_conversation else ["--session-id", conversation or ""]
        recap = "" if words.chooses_conversation else self.recap(session)
        added += ["--settings", str(self.files.write(session.uid, theirs, recap))]
        self._keep(session)
        return session, added

    def _process(self, entrance: Entrance) -> Process:
        """The process itself, which is no session yet."""
        process, wanted = processes.identify(entrance.pid), entrance.process
        if process is None or wanted not in (None, process):
            raise errors.RefusedError(f"there is no process {entrance.pid} any more")
        if wanted is not None and processes.owner(process) != os.geteuid():
            raise errors.RefusedError(f"process {entrance.pid} is another user's")
        for other in self.books.sessions.not_ended():
            if other.process == process:
                raise errors.RefusedError(f"process {process.pid} is {other.name} already")
        return process

    def _in_its_pane(self, session: Session, process: Process, pane_id: str) -> Session:
        """The session with its name, and with its pane, which is marked as ours from now on."""
        taken = self.books.sessions.names_taken()
        if not pane_id:
            return replace(session, name=names.of_directory(_wish(session, None), taken))
        tmux.check_socket(session.socket)
        door = self.door(session.socket)
        listing = door.panes()
        facts = listing.panes.get(pane_id)
        if facts is None:
            raise errors.RefusedError(f"there is no pane {pane_id} on {session.socket}")
        if not processes.descends_from(process.pid, facts.pane_pid):
            raise errors.RefusedError(f"process {process.pid} does not run in pane {pane_id}")
        self._must_be_free(facts.at(listing.server))
        pane = facts.at(listing.server)
        if not pane.nonce:
            claimed = door.claim(pane, session.uid)
            if isinstance(claimed, tmux.Refused):
                raise errors.RefusedError(claimed.obstacle.words)
            pane = claimed
        return replace(
            session,
            name=names.of_directory(_wish(session, facts.window_name), taken),
            pane=pane,
            tmux_session=next((name for name, _ in facts.homes if name), ""),
        )

    def _must_be_free(self, pane: Pane) -> None:
        """One pane, one session; what is only remembered of it may be over already."""
        for other in self.books.sessions.not_ended():
            here = other.pane is not None and replace(other.pane, nonce=pane.nonce) == pane
            if here and other.state is not State.LOST and _lives(other):
                raise errors.RefusedError(f"this pane holds the session {other.name} already")

    def _keep(self, session: Session) -> None:
        now, others = self.now(), self.books.sessions.not_ended()
        where = f"in pane {session.pane.pane_id}" if session.pane is not None else "outside tmux"
        what = "queued" if launching.waits(session) else "started"
        with self.books.db.writing():
            self._end_lost(session, others, now)
            self.books.sessions.add(session)
            if session.conversation is not None:
                self.books.sessions.link(session.uid, session.conversation, now, "start")
            self.books.events.note(now, session.uid, what, f"by its user, {where}")

    def _end_lost(self, session: Session, others: list[Session], now: float) -> None:
        """Whoever opened a lost conversation by hand needs nobody to open it once more."""
        for other in others:
            same = other.conversation == session.conversation is not None
            if same and other.account == session.account and other.state is State.LOST:
                reason = f"its conversation goes on in {session.name}"
                self.books.sessions.save(
                    replace(other, state=State.ENDED, since=now, reason=reason)
                )
                self.books.events.note(now, other.uid, "state", f"lost → ended: {reason}")


def _wish(session: Session, window: str | None) -> str:
    return session.name or window or session.directory


def _lives(session: Session) -> bool:
    if session.process is None:
        return True
    life = processes.life(session.process)
    return life not in (processes.Life.GONE, processes.Life.ZOMBIE)
