"""Opens, reopens and closes the windows that sessions live in.

Claude Code is each pane's own process, so that there is no shell behind it. Knows how a session
becomes a command line and a window; whether it may, others have decided.

An opening is journaled by the registry: a session without pane and process is being opened. What
becomes of us or of tmux meanwhile, its pane is found by our mark (``lives``), and nothing is opened
a second time before two looks have said that there is none.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.claude import launch
from tmuxclaude.core import errors, launching
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import NAME, Pane, Session, Want
from tmuxclaude.core.states import Signal, after
from tmuxclaude.edges import directories, processes, tmux
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor import resumable
from tmuxclaude.supervisor.entering import Entering
from tmuxclaude.supervisor.files import claude_process, open_elsewhere
from tmuxclaude.supervisor.resumable import NothingToResumeError, NotStartedError
from tmuxclaude.supervisor.settings import SettingsFiles, given

HOME_SESSION = "claude"
"""The tmux session that gets a window when no other was named."""


@dataclass(slots=True)
class Windows:
    """``door`` gives the tmux server at a socket; ``settings`` is the folder of our hook files.

    ``countdown``: the program that runs in the pane of a queued session until its time has come.
    ``recap``: what a new conversation of a session is told of earlier ones.
    """

    books: Books
    door: Callable[[str], tmux.Tmux]
    settings: Path
    spool: Path
    now: Callable[[], float]
    countdown: tuple[str, ...] = ()
    recap: Callable[[Session], str] = lambda _: ""

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]:
        """Starts a session for the first time; returns it as the registry has it, and notes.

        ``session`` has no conversation, launch flags or pane yet. ``arguments``: the user's words
        for Claude Code. Raises an error, with nothing opened and nothing kept, for a socket that
        can be none, words that open no session, settings that cannot be read, and a conversation
        that is open elsewhere. When tmux did not answer the session is kept, for its window may be
        there or not.
        """
        tmux.check_socket(session.socket)
        directories.is_there(session.directory)  # raises where tmux would be asked in vain
        words = launch.split(arguments)
        theirs = given(words.settings, session.directory)
        conversation, notes = launch.first_conversation(words, str(uuid.uuid4())), list[str]()
        session = replace(
            session,
            conversation=conversation,
            launch=replace(session.launch, flags=words.flags),
            tmux_session=session.tmux_session or self._tmux_session_of(session, caller_pane),
        )
        if open_elsewhere(session):
            raise errors.RefusedError(
                f"the conversation {conversation} is open in another process; nothing was opened. "
                "Close it there first, or add --fork-session"
            )
        recap = "" if words.chooses_conversation else self.recap(session)
        argv = launch.fresh(
            session.launch.command,
            words,
            conversation or "",
            session.name,
            str(self._files.write(session.uid, theirs, recap)),
        )
        if launching.waits(session):
            argv = [*self.countdown, *_ticket(session), "--", *argv]
        self.books.sessions.add(session)
        try:
            pane, home, made = self._window(session, argv, select, elsewhere=False)
        except tmux.Silent as problem:
            raise _in_doubt(session, problem) from problem
        except errors.TmuxclaudeError:
            self.books.sessions.remove(session.uid)
            self._files.remove(session.uid)
            raise
        if made and session.tmux_session:
            notes = [*notes, f"there was no tmux session {home}, so it was made"]
        session = replace(session, tmux_session=home, window_name=session.name)
        return self._placed(session, pane), notes

    def enter(self, session: Session, entrance: Entrance) -> tuple[Session, list[str]]:
        """Takes in a session that starts itself; see ``Entering``."""
        entering = Entering(self.books, self.door, self._files, self.now, self.recap)
        return entering.enter(session, entrance)

    def reopen(self, session: Session) -> tuple[Session, list[str]]:
        """Starts a session's conversation again, without text, and returns what is worth saying.

        One without messages cannot be resumed by Claude Code; then a new one is begun, and a note
        says so. Raises ``RefusedError`` when neither can be done just now.
        """
        session = resumable.found(self.books, session)
        resumable.check(session)
        settings, notes = self._settings_of(session), []
        command, flags = session.launch.command, session.launch.flags
        if session.conversation is not None and session.recorded:
            argv = launch.again(command, flags, session.conversation, session.name, settings, None)
        else:
            session = replace(session, conversation=str(uuid.uuid4()))
            words = launch.Arguments(flags=flags)
            argv = launch.fresh(command, words, session.conversation or "", session.name, settings)
            notes = ["its conversation had no messages yet, so a new one was begun"]
        return self._started_again(session, argv), notes

    def relaunch(self, session: Session, text: str) -> Session:
        """Starts a session's conversation again with ``text``, which Claude Code itself submits.

        Raises ``NothingToResumeError`` when there is nothing that the text could continue; a new
        conversation is never begun for it. Raises ``NotStartedError`` when nothing was tried.
        """
        try:
            session = resumable.found(self.books, session)
            resumable.check(session)
            resumable.must_have_messages(session)
            settings = self._settings_of(session)
        except NothingToResumeError:
            raise
        except (errors.RefusedError, errors.UnreachableError) as problem:
            raise NotStartedError(str(problem)) from problem
        flags, conversation = session.launch.flags, session.conversation or ""
        return self._started_again(
            session,
            launch.again(session.launch.command, flags, conversation, session.name, settings, text),
        )

    def check(self, session: Session) -> None:
        """Raises ``RefusedError`` when ``session`` could not be started again just now."""
        resumable.check(session)

    def take_up(self, session: Session, pane: Pane) -> Session:
        """The session in a pane that was opened for it without our learning of it.

        One whose user stopped it meanwhile is closed.
        """
        if session.want is Want.DOWN:
            self.close(replace(session, pane=pane, opened_by_us=True))
            return session
        return self._placed(replace(session, window_name=session.name), pane)

    def rename(self, session: Session, name: str) -> bool:
        """Names the session's window so if it is still called as the session; whether it was."""
        if session.pane is None:
            return False
        try:
            door = self.door(session.socket)
            done = door.set_window_name(session.pane, name, before=session.name)
        except tmux.ServerGone:
            return False
        return isinstance(done, tmux.Sent)

    def close(self, session: Session) -> None:
        """Closes the window of a session that has ended, if it is still there and was ours."""
        if session.pane is not None and session.opened_by_us:
            try:
                self.door(session.socket).close(session.pane)
            except (tmux.Silent, tmux.ServerGone):
                return

    def terminate(self, session: Session) -> bool:
        """SIGTERM to exactly the session's process; its conversation stays resumable."""
        return session.process is not None and processes.terminate(session.process)

    # -- inside ----------------------------------------------------------------------------------

    @property
    def _files(self) -> SettingsFiles:
        return SettingsFiles(self.settings, self.spool)

    def _settings_of(self, session: Session) -> str:
        """The settings file of an earlier start, made anew if it is gone."""
        try:
            return str(self._files.write(session.uid, None))
        except OSError as problem:
            raise errors.RefusedError(
                f"the hooks of {session.name} cannot be written: {problem.strerror} "
                f"({self.settings}); nothing was started"
            ) from problem

    def _started_again(self, session: Session, argv: list[str]) -> Session:
        """In its own dead pane, else in a new window."""
        before = self.books.sessions.get(session.uid)
        self._being_opened(session)
        try:
            pane = self._respawned(session, argv)
            if pane is None:
                pane, home = self._in_idle_shell(session, argv), session.tmux_session
                if pane is None:
                    pane, home, _ = self._window(session, argv, select=False, elsewhere=True)
                session = replace(session, tmux_session=home, window_name=session.name)
        except tmux.Silent as problem:
            raise _in_doubt(session, problem) from problem
        except errors.TmuxclaudeError:
            if before is not None:
                self.books.sessions.save(before)
            raise
        return self._placed(session, pane)

    def _tmux_session_of(self, session: Session, caller_pane: str | None) -> str:
        """The name of the caller's tmux session; empty when the caller is in none."""
        if caller_pane is None:
            return ""
        door = self.door(session.socket)
        found = door.session_of(caller_pane)
        return "" if found is None else door.session_name(found) or ""

    def _window(
        self, session: Session, argv: list[str], select: bool, elsewhere: bool
    ) -> tuple[Pane, str, bool]:
        """A new window in the session's tmux session, which is made when it is not there.

        Gives its pane, the name of the tmux session, and whether that was made. One whose name we
        would not give is not made: ``elsewhere`` allows ours in its place.
        """
        wanted = session.tmux_session or HOME_SESSION
        door = self.door(session.socket)
        try:
            pane = self._opened(door, session, argv, wanted, create=False, select=select)
        except (errors.NotFoundError, tmux.ServerGone):
            home = wanted if NAME.fullmatch(wanted) else HOME_SESSION
            if home != wanted and not elsewhere:
                raise errors.NotFoundError(
                    f"there is no tmux session {wanted!r}; nothing was opened. One is made only "
                    "for a name of letters, digits, - and _"
                ) from None
            pane = self._opened(door, session, argv, home, create=True, select=select)
            return pane, home, True
        return pane, wanted, False

    def _opened(
        self,
        door: tmux.Tmux,
        session: Session,
        argv: list[str],
        tmux_session: str,
        *,
        create: bool,
        select: bool,
    ) -> Pane:
        return door.open_window(
            tmux_session=tmux_session,
            create=create,
            name=session.name,
            directory=session.directory,
            environment=session.launch.environment,
            argv=argv,
            nonce=session.uid,
            select=select,
        ).pane

    def _respawned(self, session: Session, argv: list[str]) -> Pane | None:
        """The session's own pane with the new process; ``None`` when there is no such pane.

        One that was adopted goes back to its user: a shell is in it.
        """
        if session.pane is None:
            return None
        try:
            if not session.opened_by_us:
                self.door(session.socket).disclaim(session.pane, opened_by_us=False)
                return None
            again = self.door(session.socket).respawn(
                session.pane,
                directory=session.directory,
                environment=session.launch.environment,
                argv=argv,
            )
        except tmux.ServerGone:
            return None
        if isinstance(again, Pane):
            return again
        if again.obstacle is tmux.Obstacle.ALIVE:
            raise errors.RefusedError(f"the pane of {session.name} still runs a program")
        return None

    def _in_idle_shell(self, session: Session, argv: list[str]) -> Pane | None:
        """Its window as another program has restored it after the end of the tmux server.

        Only one in which nothing was done yet; ``None`` without such a window.
        """
        door, wanted = self.door(session.socket), session.tmux_session or HOME_SESSION
        try:
            children = processes.families()
            shell = door.idle_shell(wanted, session.name, lambda pid: pid not in children)
        except tmux.ServerGone:
            return None
        before = session.pane
        if shell is None or (before is not None and shell.pane.server == before.server):
            return None
        return door.take_over(
            shell,
            directory=session.directory,
            environment=session.launch.environment,
            argv=argv,
            nonce=session.uid,
        )

    def _being_opened(self, session: Session) -> None:
        """The intent, before the deed."""
        state = after(session.state, Signal.LAUNCHED)
        opening = replace(session, state=state, since=self.now(), pane=None, process=None)
        self.books.sessions.save(opening)

    def _placed(self, session: Session, pane: Pane) -> Session:
        """The session in its new pane, as the registry now has it."""
        now, waits = self.now(), launching.waits(session)
        session = replace(session, opened_by_us=True, process=None)
        placed = replace(
            session,
            pane=pane,
            process=claude_process(session, pane),
            state=session.state if waits else after(session.state, Signal.LAUNCHED),
            since=now,
            program="",
            reason=session.reason if waits else "",
        )
        with around("launched"):
            self.books.sessions.save(placed)
        if placed.conversation is not None:
            why = "resume" if session.recorded else "start"
            self.books.sessions.link(placed.uid, placed.conversation, now, why)
        self.books.events.note(
            now, session.uid, "queued" if waits else "started", f"in pane {pane.pane_id}"
        )
        return placed


def _in_doubt(session: Session, problem: tmux.Silent) -> errors.UnreachableError:
    return errors.UnreachableError(
        f"{problem} Whether the window of {session.name} was opened is not known yet; tmux is "
        "asked again, and nothing is opened twice. See: tmuxclaude list"
    )


def _ticket(session: Session) -> tuple[str, ...]:
    """What the countdown has to know: whose it is, and when it ends if nobody tells it better.

    A time that nobody knows is ``inf``.
    """
    at = session.outlook.at if session.outlook.at is not None else math.inf
    return session.uid, session.name, str(session.created_at), str(at), session.outlook.why
