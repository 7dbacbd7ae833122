"""Opens, reopens and closes the windows that sessions live in.

Claude Code is each pane's own process, so that there is no shell behind it. Knows how a session
becomes a command line and a window; whether it may, others have decided.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.claude import hooks, launch
from tmuxclaude.core import errors
from tmuxclaude.core.model import NAME, Pane, Session
from tmuxclaude.core.states import Signal, after
from tmuxclaude.edges import claude_files, processes, spool, tmux
from tmuxclaude.edges.failpoints import around
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.files import claude_process, open_elsewhere

HOME_SESSION = "claude"
"""The tmux session that gets a window when no other was named."""

SETTINGS_BYTES = 1_048_576


@dataclass(slots=True)
class Windows:
    """``door`` gives the tmux server at a socket; ``settings`` is the folder of our hook files."""

    books: Books
    door: Callable[[str], tmux.Tmux]
    settings: Path
    spool: Path
    now: Callable[[], float]

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]:
        """Starts a session for the first time; returns it as the registry has it, and notes.

        ``session`` has no conversation, launch flags or pane yet. ``arguments``: the user's words
        for Claude Code. Raises an error, with nothing opened and nothing kept, for words that open
        no session, settings that cannot be read, and a conversation that is open elsewhere.
        """
        words = launch.split(arguments)
        theirs = _their_settings(words.settings, session.directory)
        conversation, notes = _first_conversation(words)
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
        argv = launch.fresh(
            session.launch.command,
            words,
            conversation or "",
            session.name,
            str(self._write_settings(session.uid, theirs)),
        )
        self.books.sessions.add(session)
        try:
            pane, home, made = self._window(session, argv, select, elsewhere=False)
            if made and session.tmux_session:
                notes = [*notes, f"there was no tmux session {home}, so it was made"]
            return self._placed(replace(session, tmux_session=home), pane), notes
        except errors.TmuxclaudeError:
            self.books.sessions.remove(session.uid)
            self._settings_of(session.uid).unlink(missing_ok=True)
            raise

    def reopen(self, session: Session, text: str | None) -> tuple[Session, list[str]]:
        """Starts a session's conversation again: in its own dead pane, else in a new window.

        ``text`` is submitted by Claude Code itself. A conversation that never had a record cannot
        be resumed by Claude Code; then a new one is begun, and a note says so.
        """
        if not Path(session.directory).is_dir():
            raise errors.RefusedError(
                f"the directory {session.directory} of {session.name} is gone; nothing was "
                "started. Make it again to come back to the conversation"
            )
        settings, notes = str(self._write_settings(session.uid, None)), []
        command, flags = session.launch.command, session.launch.flags
        if session.conversation is not None and session.recorded:
            self._must_be_resumable(session)
            argv = launch.again(command, flags, session.conversation, session.name, settings, text)
        else:
            session = replace(session, conversation=str(uuid.uuid4()))
            words = launch.Arguments(flags=flags)
            argv = launch.fresh(command, words, session.conversation or "", session.name, settings)
            notes = ["its conversation had no messages yet, so a new one was begun"]
        pane = self._respawned(session, argv)
        if pane is None:
            pane, home, _ = self._window(session, argv, select=False, elsewhere=True)
            session = replace(session, tmux_session=home)
        return self._placed(session, pane), notes

    def find_again(self, session: Session) -> None:
        """Takes up a pane that was opened for ``session`` just before a crash forgot it.

        Every pane that we open carries the session's uid, so it is known by that alone.
        """
        try:
            listing = self.door(session.socket).panes()
        except (tmux.Silent, tmux.ServerGone):
            return
        living = [
            Pane(listing.server, pane_id, facts.pane_pid, facts.nonce)
            for pane_id, facts in listing.panes.items()
            if facts.nonce == session.uid and not facts.dead
        ]
        if len(living) == 1 and living != [session.pane]:
            self._placed(session, living[0])

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

    def _must_be_resumable(self, session: Session) -> None:
        account, conversation = Path(session.account), session.conversation or ""
        if claude_files.transcript_path(account, conversation, session.directory) is None:
            raise errors.RefusedError(
                f"the conversation {conversation} of {session.name} is gone from {account}; "
                "nothing was started. Begin a new one: tmuxclaude new"
            )
        if open_elsewhere(session):
            raise errors.RefusedError(
                f"the conversation of {session.name} is open in another process; nothing was "
                "started, for two would write to it"
            )

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
        """The session's own pane with the new process; ``None`` when there is no such pane."""
        if session.pane is None:
            return None
        try:
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

    def _placed(self, session: Session, pane: Pane) -> Session:
        """The session in its new pane, as the registry now has it."""
        now = self.now()
        placed = replace(
            session,
            pane=pane,
            process=claude_process(session, pane),
            state=after(session.state, Signal.LAUNCHED),
            since=now,
            opened_by_us=True,
            program="",
            reason="",
        )
        with around("launched"):
            self.books.sessions.save(placed)
        if placed.conversation is not None:
            why = "resume" if session.recorded else "start"
            self.books.sessions.link(placed.uid, placed.conversation, now, why)
        self.books.events.note(now, session.uid, "started", f"in pane {pane.pane_id}")
        return placed

    def _settings_of(self, uid: str) -> Path:
        return self.settings / f"{uid}.json"

    def _write_settings(self, uid: str, theirs: Mapping[str, object] | None) -> Path:
        """The session's own settings file: our hooks, merged with the user's ``--settings``.

        ``None`` keeps the file of an earlier start.
        """
        path = self._settings_of(uid)
        if theirs is None and path.exists():
            return path
        script = self.settings / "spool.sh"
        spool.write(script, hooks.SPOOL_SCRIPT)
        ours = hooks.settings(["/bin/sh", str(script), str(self.spool), uid])
        spool.write(path, json.dumps(hooks.merge(ours, dict(theirs or {}))))
        return path


def _first_conversation(words: launch.Arguments) -> tuple[str | None, list[str]]:
    """The conversation that a first start will have, if that can be known before."""
    if words.session_id is not None:
        return words.session_id.lower(), []
    if words.resume and not words.fork_session:
        try:
            return str(uuid.UUID(words.resume)), []
        except ValueError:
            return None, []
    return (None, []) if words.chooses_conversation else (str(uuid.uuid4()), [])


def _their_settings(given: str | None, directory: str) -> Mapping[str, object]:
    """The user's ``--settings``: a JSON object, or the name of a file that holds one."""
    if not given:
        return {}
    text = given
    if not given.lstrip().startswith("{"):
        path = Path(directory) / Path(given).expanduser()
        read = claude_files.read_small(path, SETTINGS_BYTES, named_by_user=True)
        if read is None:
            raise errors.UsageError(f"--settings: the file {path} cannot be read")
        text = read
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise errors.UsageError(f"--settings is no JSON: {problem}") from problem
    if not isinstance(settings, dict):
        raise errors.UsageError("--settings must be a JSON object")
    return settings
