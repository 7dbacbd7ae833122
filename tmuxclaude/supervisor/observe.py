"""Looks at the sessions: one question to each tmux server, Claude Code's files, a screen if needed.

Gathers witnesses and weighs nothing. What it remembers between two looks is only what saves asking
again: how far a file was read, and what a screen showed when nothing has been printed since. All of
it can be lost at any time.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from tmuxclaude.claude import screen
from tmuxclaude.core.evidence import AT_PROMPT, Evidence, Life, PaneFacts, in_view
from tmuxclaude.core.model import Box, Pane, Process, Session
from tmuxclaude.edges import tmux
from tmuxclaude.edges.clock import Clock
from tmuxclaude.edges.tmux.status import Segment
from tmuxclaude.supervisor.files import OwnFiles, open_elsewhere
from tmuxclaude.supervisor.lives import Fate, Seen
from tmuxclaude.supervisor.places import place_of, shared_windows
from tmuxclaude.supervisor.sight import NEVER, Sight
from tmuxclaude.supervisor.workers import Done, Workers

T = TypeVar("T")

log = logging.getLogger(__name__)

STALE_SECONDS = 2.0
"""A look that took longer does not say whether keys may be sent now."""

HANGING_SECONDS = 10.0
"""No question to tmux takes so long: something else that a look touches does not answer."""

LIMIT_WORDS = ("limit", "resets", "credits")
"""What tmux itself searches the screens of blind sessions for; a hint to read one, nothing more."""


@dataclass(slots=True)
class _Memory:
    """What one session's last looks left behind."""

    files: OwnFiles = field(default_factory=OwnFiles)
    fate: Fate = field(default_factory=Fate)
    sight: Sight = field(default_factory=Sight)
    found: Pane | None = None
    program: str | None = None
    mistake: str = ""


@dataclass(slots=True)
class Observer:
    """``door`` gives the tmux server at a socket; ``clock`` the time of every look.

    Each server is looked at by a worker of its own, so that one that hangs delays no other.
    ``wake``: called from there when a look has ended that was not waited for. ``segment``: what
    tmux's status line shows on each server that is looked at; ``None`` leaves it alone.
    ``watched``: the sockets of those that go on being looked at; on others nothing stays shown.
    ``mistakes`` counts the looks at one session that failed by a mistake of ours.
    """

    door: Callable[[str], tmux.Tmux]
    clock: Clock
    wake: Callable[[], None] = lambda: None
    segment: Segment | None = None
    watched: frozenset[str] = frozenset()
    mistakes: int = 0
    _workers: Workers[dict[str, Evidence]] = field(init=False)
    _dressed: set[str] = field(default_factory=set)
    _under_way: dict[str, set[str]] = field(default_factory=dict)
    _void: set[str] = field(default_factory=set)
    _parted: set[Process] = field(default_factory=set)
    _memories: defaultdict[str, _Memory] = field(default_factory=lambda: defaultdict(_Memory))

    def __post_init__(self) -> None:
        self._workers = Workers(self.wake)

    def look(
        self,
        sessions: Iterable[Session],
        closely: frozenset[str],
        since: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, Evidence]:
        """The evidence that there is by now: of these sessions, or of an earlier look.

        ``closely``: uids whose screen and pane are read anyway. ``since``: by uid, from which byte
        on a transcript must be known. A look that was overtaken by ``forget`` tells nothing.
        """
        by_socket: dict[str, list[Session]] = {}
        for session in sessions:
            by_socket.setdefault(session.socket, []).append(session)
        tasks = {}
        for socket, group in by_socket.items():
            if self._workers.idle(socket):
                for session in group:
                    self._memory(session.uid).files.since = since.get(session.uid)
                tasks[socket] = partial(self._look_at_server, socket, group, closely)
                self._under_way[socket] = {session.uid for session in group}
        for socket in self._dressed - self.watched - by_socket.keys():
            if self._workers.idle(socket):
                nothing = Segment() if self.segment is None else self.segment.nothing()
                tasks[socket] = partial(self._undress, socket, nothing)
                self._under_way[socket] = set()
        found: dict[str, Evidence] = {}
        for socket, done in self._workers.run(tasks).items():
            found |= self._still_true(socket, done)
        return found

    def notices(self) -> list[str]:
        """Which looks do not end, for people: what they look at is not watched meanwhile."""
        hangs = f"has not ended for {HANGING_SECONDS:.0f} s, so they are not watched"
        return [
            f"the look at the sessions {f'at {socket}' if socket else 'outside tmux'} {hangs}"
            for socket in self._workers.late(HANGING_SECONDS)
        ]

    def close(self) -> None:
        """Ends the looking, and lets the status lines say so."""
        if self.segment is not None:
            gone, idle = self.segment.at_the_end(), filter(self._workers.idle, self._dressed)
            nothing = self.segment.nothing()
            last = {socket: gone if socket in self.watched else nothing for socket in idle}
            self._workers.run({at: partial(self._undress, at, said) for at, said in last.items()})
        self._workers.close()

    def goodbye(self, session: Session) -> None:
        """The user ended this session: when its process of now ends, it was on purpose."""
        if session.process is not None:
            self._parted.add(session.process)

    def found(self, uid: str) -> Pane | None:
        """The pane that carries the mark of a session which is being opened, by the last look."""
        return self._memory(uid).found

    def program(self, uid: str) -> str | None:
        """What tmux calls the program in front of the pane of a session at its first prompt."""
        return self._memory(uid).program

    def clocks_jumped(self) -> None:
        """The times of past looks mean nothing any more: every screen and file is due."""
        for memory in list(self._memories.values()):  # a late look may add one meanwhile
            memory.sight.read_at, memory.files.sought_at = NEVER, 0.0

    def forget(self, uid: str) -> None:
        """A session that was launched anew has no past looks; one that is under way is void.

        Only what was read of a very long turn is kept: it is not read again for each request.
        """
        if any(uid in uids for uids in self._under_way.values()):
            self._void.add(uid)
        else:
            self._renew(uid)

    def drop(self, uid: str) -> None:
        """The session is not looked at any more."""
        self.forget(uid)
        self._memories.pop(uid, None)

    def _renew(self, uid: str) -> None:
        memory = self._memories.pop(uid, None)
        if memory is not None and memory.files.reaches_far:
            memory.files.seek_anew()
            self._memories[uid] = _Memory(files=memory.files)

    def _still_true(self, socket: str, done: Done[dict[str, Evidence]]) -> dict[str, Evidence]:
        """What a look gives when it has ended. Of an old one no key may follow."""
        uids = self._under_way.pop(socket)
        void = self._void & uids
        self._void -= uids
        for uid in void:
            self._renew(uid)
        return {
            uid: evidence if done.age < STALE_SECONDS else replace(evidence, pane=None)
            for uid, evidence in done.value.items()
            if uid not in void
        }

    # -- one server --------------------------------------------------------------------------

    def _look_at_server(
        self, socket: str, sessions: list[Session], closely: frozenset[str]
    ) -> dict[str, Evidence]:
        now = self.clock.now()
        door = self.door(socket)
        listing, gone = None, False
        try:
            if socket:  # others live outside tmux
                listing = self._panes(socket, sessions, closely, now)
        except tmux.ServerGone:
            gone = True
        except tmux.Silent:
            pass
        seen = {
            session.uid: self._spared(
                session.uid,
                partial(self._fate, session, listing, gone, door),
                Seen(),
            )
            for session in sessions
        }
        evidence = {
            session.uid: self._own(session, seen[session.uid], now, session.uid in closely)
            for session in sessions
        }
        shared = shared_windows(listing) if listing is not None else frozenset()
        for session in sessions:
            place = place_of(session, seen[session.uid].pane, shared)
            evidence[session.uid] = replace(evidence[session.uid], place=place)
        self._screens(door, sessions, seen, evidence, closely)
        for session in sessions:
            facts = seen[session.uid].pane
            if listing is not None and facts is not None:
                self._learn(door, session, facts.at(listing.server), evidence[session.uid])
                if session.uid in closely:
                    hands = partial(
                        self._hands, door, session, facts, listing, evidence[session.uid]
                    )
                    evidence[session.uid] = self._spared(session.uid, hands, evidence[session.uid])
        return evidence

    def _fate(
        self, session: Session, listing: tmux.Listing | None, gone: bool, door: tmux.Tmux
    ) -> Seen:
        fate = self._memory(session.uid).fate
        return fate.look(session, listing, gone, door, session.process in self._parted)

    def _learn(self, door: tmux.Tmux, session: Session, pane: Pane, evidence: Evidence) -> None:
        """What the registry does not know of the session yet: its pane, its program."""
        if session.pane is None:
            self._memory(session.uid).found = pane
        elif not session.program and at_prompt(evidence):
            with suppress(tmux.Silent, tmux.ServerGone):
                self._memory(session.uid).program = door.program(pane)

    def _spared(self, uid: str, look: Callable[[], T], otherwise: T) -> T:
        """What ``look`` gives. A mistake of ours about one session costs no other anything."""
        try:
            return look()
        except Exception as mistake:
            self.mistakes += 1
            if repr(mistake) != self._memory(uid).mistake:
                self._memory(uid).mistake = repr(mistake)
                log.exception("a look at session %s failed", uid)
            return otherwise

    def _panes(
        self, socket: str, sessions: list[Session], closely: frozenset[str], now: float
    ) -> tmux.Listing:
        clients = any(session.uid in closely for session in sessions)
        blind = any(self._memory(session.uid).sight.blind for session in sessions)
        segment = None if self.segment is None else (self.segment, int(now))
        listing = self.door(socket).panes(
            LIMIT_WORDS if blind else (), clients=clients, segment=segment
        )
        self._dressed.add(socket)
        return listing

    def _own(self, session: Session, seen: Seen, now: float, closely: bool) -> Evidence:
        """What this session's own files say."""
        bare = Evidence(at=now, life=seen.life, last_words=seen.last_words)
        return self._spared(session.uid, partial(self._files, session, seen, now, closely), bare)

    def _undress(self, socket: str, segment: Segment) -> dict[str, Evidence]:
        """Shows ``segment`` on a server that is not looked at any more."""
        self._dressed.discard(socket)
        with suppress(tmux.Silent, tmux.ServerGone):
            self.door(socket).panes(segment=(segment, int(self.clock.now())))
        return {}

    # -- files -------------------------------------------------------------------------------

    def _files(self, session: Session, seen: Seen, now: float, closely: bool) -> Evidence:
        files, facts = self._memory(session.uid).files, None
        if seen.life in (Life.ALIVE, Life.STOPPED):
            facts = files.registry(session)
        conversation = session.conversation
        if facts is not None and facts.status is not None:
            conversation = facts.conversation
        parked = facts.parked if facts is not None else None
        elsewhere = closely and open_elsewhere(session, parked.job if parked is not None else "")
        copied_from = parked.copied_from if parked is not None else ""
        return Evidence(
            at=now,
            life=seen.life,
            registry=facts,
            tail=files.tail(session, conversation, now, copied_from),
            reading_on=files.behind,
            open_elsewhere=elsewhere,
            last_words=seen.last_words,
        )

    # -- screens -----------------------------------------------------------------------------

    def _screens(
        self,
        door: tmux.Tmux,
        sessions: list[Session],
        seen: dict[str, Seen],
        evidence: dict[str, Evidence],
        closely: frozenset[str],
    ) -> None:
        """Reads the screens that must be read, all of them in one question."""
        wanted = {
            session.uid: session.pane.pane_id
            for session in sessions
            if session.pane is not None
            and seen[session.uid].life in (Life.ALIVE, Life.STOPPED)
            and self._memory(session.uid).sight.must_read(
                session,
                seen[session.uid].pane,
                evidence[session.uid],
                session.uid in closely,
                self.clock.monotonic(),
            )
        }
        try:
            shown = door.capture(wanted.values()) if wanted else {}
        except (tmux.Silent, tmux.ServerGone):
            shown = {}
        for session in sessions:
            sight, uid = self._memory(session.uid).sight, session.uid
            if uid in wanted:
                text = shown.get(wanted[uid])
                read = partial(screen.read, text or "")
                reading = None if text is None else self._spared(uid, read, None)
                sight.was_read(reading, self.clock.monotonic())
            if sight.reading is not None and seen[uid].life in (Life.ALIVE, Life.STOPPED):
                evidence[uid] = replace(evidence[uid], reading=sight.reading)
            evidence[uid] = in_view(evidence[uid])

    def _hands(
        self,
        door: tmux.Tmux,
        session: Session,
        facts: tmux.PaneFacts,
        listing: tmux.Listing,
        evidence: Evidence,
    ) -> Evidence:
        """What decides whether keys may be sent to this pane now."""
        pane = session.pane
        if pane is None or not evidence.alive:
            return evidence
        try:
            unread = door.unread(pane)
        except (tmux.Silent, tmux.ServerGone):
            return evidence
        activity = [
            client.activity
            for client in listing.clients
            if not client.control and client.pane_id == pane.pane_id
        ]
        hands = PaneFacts(
            in_mode=facts.in_mode,
            synchronized=facts.synchronized,
            input_off=facts.input_off,
            unread=unread,
            human_at=float(max(activity)) if activity else None,
        )
        return replace(evidence, pane=hands)

    def _memory(self, uid: str) -> _Memory:
        return self._memories[uid]


def at_prompt(evidence: Evidence) -> bool:
    """Whether Claude Code itself runs in the foreground and takes a prompt, as far as is known.

    Its registry file says so, or where there is none, its prompt box.
    """
    if evidence.life is not Life.ALIVE:
        return False
    if evidence.registry is not None and evidence.registry.status is not None:
        return evidence.registry.status in AT_PROMPT
    return evidence.reading is not None and evidence.reading.box is not Box.NONE
