"""Makes a database anew when the old one cannot be read or is gone, from what the world says.

tmux shows which panes carry our mark; the process in a pane, Claude Code's registry file and its
transcript tell the rest. What can still be read of the old database adds what only that knew (a
name, a wish, the flags). Halts and attempts are not guessed at: a limit from before the rebuild is
left to a person (``core/policy``).
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from tmuxclaude.claude import launch, registry
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.model import NAME, Launch, Pane, Process, Session, State, Want
from tmuxclaude.edges import claude_files, processes, tmux
from tmuxclaude.edges.processes import Portrait
from tmuxclaude.store import aside
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import Database, open_for_writing
from tmuxclaude.store.format import DatabaseUnreadableError
from tmuxclaude.supervisor.files import claude_process, is_spoken_in
from tmuxclaude.supervisor.settings import session_of

log = logging.getLogger(__name__)

_CONVERSATION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OURS_FIRST = ("--session-id", "--resume", "--name", "--settings")
"""With one of these our own words begin in the command line of a session."""


@dataclass(frozen=True, slots=True)
class World:
    """Where to look. ``sockets``: tmux servers that may hold sessions of ours; others are found
    through ``accounts``, the directories of Claude Code. ``settings``: the folder of our hook
    files. ``command``: what starts Claude Code where a command line does not tell.
    """

    door: Callable[[str], tmux.Tmux]
    sockets: tuple[str, ...]
    accounts: tuple[str, ...]
    settings: Path
    command: tuple[str, ...]
    now: Callable[[], float]


def open_or_rebuild(path: Path, world: World, patience: float) -> tuple[Database, str]:
    """The database, and a notice for people when it was made anew; the old one is kept.

    Where there is none, and panes are there that we have opened, it was removed.
    ``patience``: seconds that a write waits for a lock. Raises ``RefusedError`` for a newer schema
    and ``DatabaseUnavailableError``; nothing is put aside then.
    """
    aside.settle(path)
    search = _Search(world, [], aside.backups(path), removed=aside.is_gone(path))
    found = list(search.sessions()) if search.removed else []
    try:
        if not found:
            return open_for_writing(path, patience), ""
        log.error("the database %s was removed, and sessions of it live", path)
    except DatabaseUnreadableError as problem:
        log.error("%s", problem)
        search = _Search(world, aside.remembered(path), search.older)
        found = list(search.sessions())
    fresh = open_for_writing(aside.unborn(path), patience)
    try:
        notice = _fill(Books(fresh), search, found)
        fresh.tidy()
    finally:
        fresh.close()
    if not search.removed:
        notice = f"{notice}; the old database is kept as {aside.put_aside(path, world.now())}"
    aside.settle(path)
    log.warning("%s", notice)
    return open_for_writing(path, patience), notice


def _fill(books: Books, search: _Search, sessions: list[tuple[Session, str]]) -> str:
    with books.db.writing(durable=True):
        for session, where in sessions:
            books.sessions.add(session)
            if session.conversation is not None:
                books.sessions.link(session.uid, session.conversation, search.at, "found")
            books.events.note(search.at, session.uid, "rebuilt", where)
            log.warning("session %s: %s", session.name, where)
        number = len(search.names)
        found = counted(number, "session was found again", "sessions were found again")
        books.events.note(search.world.now(), "", "rebuilt", found)
    why = "was gone" if search.removed else "could not be read"
    return (
        f"the database {why} and was made anew; {found}, and a limit that was met before is left "
        "to you"
    )


@dataclass(slots=True)
class _Search:
    """``old``: what could be read of the damaged database, ``older``: of a copy of it.

    ``removed``: there is none. Then a pane counts only if our own files name it, for another state
    directory, as that of the demo, marks its panes in the same way.
    """

    world: World
    old: list[Session]
    older: list[Session]
    removed: bool = False
    at: float = 0.0
    names: set[str] = field(default_factory=set)
    uids: set[str] = field(default_factory=set)

    def sessions(self) -> Iterator[tuple[Session, str]]:
        """Each session of ours, and what was found of it."""
        self.at = self.world.now()
        for socket in self._sockets():
            try:
                listing = self.world.door(socket).panes()
            except (tmux.Silent, tmux.ServerGone) as problem:
                if not self.removed:  # else most likely there never was one
                    log.warning("not looked at: %s", problem)
                continue
            for facts in listing.panes.values():
                session = self._session(socket, facts, listing) if facts.nonce else None
                if session is not None:
                    yield self._unique(session), f"found again in pane {facts.pane_id}"
        for session in self.old:
            if session.uid not in self.uids:
                yield self._unique(self._without_pane(session)), "its pane was not found"

    def _sockets(self) -> list[str]:
        found = [*self.world.sockets, *(session.socket for session in self.old + self.older)]
        for account in self._accounts():
            for pid, _ in claude_files.registry_entries(Path(account)):
                own = processes.identify(pid)
                portrait = processes.portrait(own) if own is not None else None
                if portrait is not None:
                    found.append(portrait.environment.get("TMUX", "").partition(",")[0])
        return [socket for socket in dict.fromkeys(found) if socket]

    def _accounts(self) -> list[str]:
        remembered = (session.account for session in self.old + self.older)
        return list(dict.fromkeys((*self.world.accounts, *remembered)))

    def _session(self, socket: str, facts: tmux.PaneFacts, listing: tmux.Listing) -> Session | None:
        """The session in a pane that carries our mark; ``None`` when too little is known of it."""
        pane = facts.at(listing.server)
        known = self._remembered(pane)
        own = processes.identify(pane.pane_pid)
        portrait = processes.portrait(own) if own is not None else None
        account = self._account(pane, portrait, known)
        start = _Start(self.world.settings, portrait)
        if self.removed and not (start.uid or self._has_settings(pane)):
            return None
        session = known or Session(
            uid=start.uid or uuid4().hex,
            name="",
            directory=portrait.directory if portrait is not None else "",
            account=account,
            launch=start.launch(self.world.command),
            state=State.STARTING,
            since=self.at,
            conversation=start.conversation,
            opened_by_us=bool(start.uid),
            zone=portrait.environment.get("TZ", "").lstrip(":") if portrait is not None else "",
        )
        session = self._by_claude_code(replace(session, pane=pane, socket=socket), facts)
        if known is None and not session.opened_by_us and session.conversation is None:
            return None  # a user's own pane, whose session has left
        if not session.directory:
            log.error("pane %s on %s is ours, but nothing tells whose", pane.pane_id, socket)
            return None
        return self._as_found(session, facts, start)

    def _has_settings(self, pane: Pane) -> bool:
        return (self.world.settings / f"{pane.nonce}.json").exists()

    def _by_claude_code(self, session: Session, facts: tmux.PaneFacts) -> Session:
        """The process, the conversation and the directory, as Claude Code's own file says."""
        pane = session.pane
        if pane is None:
            return session
        process = None if facts.dead else claude_process(session, pane)
        path = claude_files.registry_path(
            Path(session.account), process.pid if process is not None else pane.pane_pid
        )
        entry = registry.parse(claude_files.read_small(path) or "")
        if entry is None or not _is_of(entry, process):
            return replace(session, process=process)
        conversation = entry.conversation if entry.status is not None else ""
        return replace(
            session,
            process=process,
            conversation=conversation or session.conversation,
            directory=session.directory or entry.cwd,
        )

    def _as_found(self, session: Session, facts: tmux.PaneFacts, start: _Start) -> Session:
        account, conversation = Path(session.account), session.conversation or ""
        transcript = claude_files.transcript_path(account, conversation, session.directory)
        door = self.world.door(session.socket)
        return replace(
            session,
            name=session.name or self._name(door, session, facts, start),
            tmux_session=door.session_name(facts.session_id) or "",
            state=State.LOST if facts.dead else State.STARTING,
            since=self.at,
            reason="",
            recorded=transcript is not None and is_spoken_in(transcript),
            created_at=session.created_at or self.at,
            rebuilt_at=self.at,
        )

    def _name(self, door: tmux.Tmux, session: Session, facts: tmux.PaneFacts, start: _Start) -> str:
        given = (door.window_name(facts.pane_id), start.name, Path(session.directory).name)
        return next((name for name in given if name and NAME.fullmatch(name)), "claude")

    def _account(self, pane: Pane, portrait: Portrait | None, known: Session | None) -> str:
        if known is not None:
            return known.account
        if portrait is not None:
            if portrait.environment.get("CLAUDE_CONFIG_DIR"):
                return str(claude_files.account_dir(portrait.environment))
            return self.world.accounts[0]
        for account in self._accounts():
            path = claude_files.registry_path(Path(account), pane.pane_pid)
            if claude_files.read_small(path) is not None:
                return account
        return self.world.accounts[0]

    def _remembered(self, pane: Pane) -> Session | None:
        """What the old database, else a copy of it, knew of this very pane."""
        for session in self.old + self.older:
            if session.pane is not None and session.pane.nonce == pane.nonce:
                return session
        return None

    def _without_pane(self, session: Session) -> Session:
        """What became of it the loop finds out, as of every session whose pane is missing."""
        if session.state is State.ENDED or session.want is Want.DOWN:
            return replace(session, state=State.ENDED, rebuilt_at=self.at)
        if session.state is State.LOST:
            return replace(session, rebuilt_at=self.at)
        return replace(session, state=State.STARTING, since=self.at, reason="", rebuilt_at=self.at)

    def _unique(self, session: Session) -> Session:
        """The session under a name and a uid that no other has."""
        if session.uid in self.uids:
            session = replace(session, uid=uuid4().hex)
        self.uids.add(session.uid)
        if session.state is State.ENDED:
            return session
        base = session.name[:40]
        others = (f"{base}-{number}" for number in range(2, len(self.names) + 3))
        name = next(name for name in (session.name, *others) if name not in self.names)
        self.names.add(name)
        return replace(session, name=name)


class _Start:
    """What the command line of a session's process tells of how we started it."""

    def __init__(self, settings: Path, portrait: Portrait | None) -> None:
        words = list(portrait.arguments) if portrait is not None else []
        while words and not words[-1]:  # what a program that renames itself leaves behind
            words.pop()
        begin = min((words.index(word) for word in _OURS_FIRST if word in words), default=None)
        self._command = tuple(words[:begin]) if begin is not None else ()
        self._environment = portrait.environment if portrait is not None else {}
        self._given = launch.Arguments()
        if begin is not None:
            try:
                self._given = launch.split(words[begin:])
            except UsageError as problem:
                log.warning("a command line was not understood: %s", problem)
        self.uid = session_of(self._given.settings, settings)

    @property
    def name(self) -> str:
        return self._given.name or ""

    @property
    def conversation(self) -> str | None:
        chosen = self._given.session_id or self._given.resume or ""
        return chosen if _CONVERSATION.fullmatch(chosen) else None

    def launch(self, otherwise: tuple[str, ...]) -> Launch:
        account = self._environment.get("CLAUDE_CONFIG_DIR")
        pairs = (("CLAUDE_CONFIG_DIR", account),) if account else ()
        absolute = bool(self._command) and self._command[0].startswith("/")
        return Launch(
            self._command if absolute else self._found(otherwise), self._given.flags, pairs
        )

    def _found(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """The configured command, as the process would have found it."""
        program = shutil.which(command[0], path=self._environment.get("PATH"))
        return (program or command[0], *command[1:])


def _is_of(entry: registry.Entry, process: Process | None) -> bool:
    """Whether the file was written by this process; of a dead one only its pid is left."""
    return process is None or entry.proc_start in ("", process.started)
