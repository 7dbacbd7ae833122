"""Finds Claude Code that was started by hand in a tmux pane, takes it in, and lets it go again.

It is known by Claude Code's own registry file, written by a process below the pane's own; never by
the text of a pane or a name. There may be a shell behind it and it has no hooks, so nothing but a
mark in the pane's options is changed there.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from tmuxclaude.claude import cmdline, launch, registry
from tmuxclaude.core import adopting, errors
from tmuxclaude.core.adopting import Found
from tmuxclaude.core.model import Launch, Pane, Process, Session, State
from tmuxclaude.core.rules import Rules
from tmuxclaude.core.states import Signal, after
from tmuxclaude.edges import claude_files, processes, programs, tmux
from tmuxclaude.edges.processes import Portrait
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.places import NO_NAME
from tmuxclaude.supervisor.settings import SettingsFiles, given, session_of


@dataclass(slots=True)
class Adopter:
    """``door`` gives the tmux server at a socket; ``rules`` the configuration in force."""

    books: Books
    door: Callable[[str], tmux.Tmux]
    files: SettingsFiles
    rules: Callable[[], Rules]
    now: Callable[[], float]

    def find(self, socket: str, pane_id: str | None, zone: str) -> list[Found]:
        """What is in this pane, or in every pane of the server in which Claude Code runs.

        ``zone``: the caller's time zone, for a process that has none. Raises ``NotFoundError`` for
        a pane that is not there, ``UsageError`` for what is no socket, and ``UnreachableError``.
        """
        tmux.check_socket(socket)
        listing = self.door(socket).panes()
        if pane_id is not None and pane_id not in listing.panes:
            raise errors.NotFoundError(
                f"there is no pane {pane_id} on {socket}; nothing was registered. To choose "
                "another tmux server: -L or -S"
            )
        children = processes.families()
        found = []
        for facts in listing.panes.values():
            if pane_id in (None, facts.pane_id) and not facts.dead:
                one = self._found(facts, listing, children, zone)
                if one.session is not None or one.known or one.why or pane_id is not None:
                    found.append(one)
        return found or ([Found(pane_id)] if pane_id is not None else [])

    def take(self, found: Found, session: Session) -> Session:
        """Registers ``session``, which ``found`` has under its final name, and marks its pane."""
        assert session.pane is not None
        claimed = self.door(session.socket).claim(session.pane, session.uid)
        if isinstance(claimed, tmux.Refused):
            raise errors.RefusedError(f"{claimed.obstacle.words}; nothing was registered")
        if found.settings is not None:
            self.files.write(session.uid, found.settings)
        session, now = replace(session, pane=claimed), self.now()
        with self.books.db.writing():
            if self.books.sessions.get(session.uid) is None:
                self.books.sessions.add(session)
            else:
                self.books.sessions.save(session)
            self.books.sessions.link(session.uid, session.conversation or "", now, "adopted")
            self.books.events.note(now, session.uid, "adopted", f"in pane {claimed.pane_id}")
        return session

    def let_go(self, session: Session) -> None:
        """Makes the session's pane nobody's; its window and what runs in it stay.

        Raises ``UnreachableError`` when tmux does not answer.
        """
        if session.pane is not None:
            try:
                self.door(session.socket).disclaim(session.pane, session.opened_by_us)
            except tmux.ServerGone:
                return
        alive = session.process is not None and processes.life(session.process) in _ALIVE
        if not alive:  # Claude Code may look at its settings file as long as it lives
            self.files.remove(session.uid)

    # -- one pane --------------------------------------------------------------------------------

    def _found(
        self,
        facts: tmux.PaneFacts,
        listing: tmux.Listing,
        children: Mapping[int, list[int]],
        zone: str,
    ) -> Found:
        """What is in one pane: the uppermost Claude Code below its process."""
        pane, why = facts.at(listing.server), ""
        for process in _below(facts.pane_pid, children):
            if processes.owner(process) not in (None, os.geteuid()):
                why = why or adopting.of_another_user(facts.pane_id)
                continue
            portrait = processes.portrait(process) or Portrait()
            entry = _entry(process, portrait)
            if entry is None:
                continue
            known = self._registered(pane, process)
            if known is not None:
                return Found(facts.pane_id, known=known.name)
            if entry.kind not in ("", "interactive"):
                why = adopting.background(facts.pane_id)
            elif entry.status is None or not entry.conversation:
                why = adopting.undecided(facts.pane_id)
            else:
                try:
                    return self._stranger(facts, pane, process, portrait, entry, zone)
                except errors.UsageError as problem:
                    why = str(problem)
        return Found(facts.pane_id, why=why)

    def _registered(self, pane: Pane, process: Process) -> Session | None:
        """The session that this process, or this pane, is already."""
        for session in self.books.sessions.not_ended():
            here = session.pane is not None and replace(session.pane, nonce=pane.nonce) == pane
            if session.process == process or (here and session.state is not State.LOST):
                return session
        return None

    def _stranger(
        self,
        facts: tmux.PaneFacts,
        pane: Pane,
        process: Process,
        portrait: Portrait,
        entry: registry.Entry,
        zone: str,
    ) -> Found:
        socket, environment = pane.server.socket, portrait.environment
        directory = entry.cwd or portrait.directory
        start = self._start(portrait, directory)
        alone = self.door(socket).program(pane) is not None
        home, index = facts.homes[0]
        now = self.now()
        stranger = Session(
            uid=start.uid or uuid4().hex,
            name=facts.window_name or "",
            directory=directory,
            account=str(claude_files.account_dir(environment)),
            launch=start.launch,
            state=State.STARTING,
            since=now,
            conversation=entry.conversation,
            tmux_session=home or self.door(socket).session_name(facts.session_id) or "",
            window_index=index,
            window_name=facts.window_name or NO_NAME,
            socket=socket,
            pane=pane,
            process=process,
            opened_by_us=False,
            created_at=now,
            zone=environment.get("TZ", "").lstrip(":") or zone,
        )
        lost = self._lost(stranger)
        return Found(
            facts.pane_id,
            lost or stranger,
            returns=lost is not None,
            settings=start.settings,
            notes=start.notes if alone else (adopting.BEHIND_A_SHELL, *start.notes),
        )

    def _lost(self, stranger: Session) -> Session | None:
        """A lost session whose conversation its user has opened by hand, as it is here now."""
        for lost in self.books.sessions.not_ended():
            same = (lost.account, lost.conversation) == (stranger.account, stranger.conversation)
            if same and lost.state is State.LOST:
                return replace(
                    lost,
                    state=after(lost.state, Signal.LAUNCHED),
                    since=stranger.since,
                    reason="",
                    tmux_session=stranger.tmux_session,
                    window_index=stranger.window_index,
                    window_name=stranger.window_name,
                    socket=stranger.socket,
                    pane=stranger.pane,
                    process=stranger.process,
                    opened_by_us=False,
                    program="",
                )
        return None

    def _start(self, portrait: Portrait, directory: str) -> _Start:
        """How it was started; raises ``UsageError`` when its user's settings cannot be read."""
        rules, environment = self.rules(), dict(portrait.environment)
        kept = ("CLAUDE_CONFIG_DIR", *rules.launch.env)
        pairs = tuple((name, environment[name]) for name in kept if environment.get(name))
        try:
            command = tuple(programs.find_claude(rules, environment))
        except errors.NotFoundError:
            command = rules.claude.command
        try:
            words = launch.split(cmdline.words_of(portrait.arguments))
        except errors.UsageError:
            note = "its command line was not understood; a later start has none of its options"
            return _Start(Launch(command, (), pairs), notes=(note,))
        uid = session_of(words.settings, self.files.folder)
        theirs = given(words.settings, directory) if words.settings and not uid else None
        free = self.books.sessions.get(uid) is None
        return _Start(Launch(command, words.flags, pairs), uid if free else "", theirs)


@dataclass(frozen=True, slots=True)
class _Start:
    """How to start the same again, and what that will lack.

    ``uid``: of the forgotten session for which we started it; its hooks speak for that one still.
    """

    launch: Launch
    uid: str = ""
    settings: Mapping[str, object] | None = None
    notes: tuple[str, ...] = ()


_ALIVE = (processes.Life.ALIVE, processes.Life.STOPPED)


def _below(pid: int, children: Mapping[int, list[int]]) -> Iterator[Process]:
    """The process with this pid and all that descend from it, those nearest to it first."""
    ahead = deque([pid])
    while ahead:
        now = ahead.popleft()
        ahead.extend(children.get(now, ()))
        process = processes.identify(now)
        if process is not None:
            yield process


def _entry(process: Process, portrait: Portrait) -> registry.Entry | None:
    """What Claude Code's registry file says of this very process."""
    account = claude_files.account_dir(portrait.environment)
    path = claude_files.registry_path(account, process.pid)
    entry = registry.parse(claude_files.read_small(path) or "")
    if entry is None or entry.proc_start not in ("", process.started):
        return None
    return entry
