"""Looks at the sessions: one question to each tmux server, Claude Code's files, a screen if needed.

Gathers witnesses and weighs nothing. What it remembers between two looks is only what saves asking
again: how far a file was read, and what a screen showed when nothing has been printed since. All of
it can be lost at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from tmuxclaude.claude import screen
from tmuxclaude.core.evidence import Busy, Evidence, Life, PaneFacts
from tmuxclaude.core.model import Box, Reading, Session, State
from tmuxclaude.edges import tmux
from tmuxclaude.edges.clock import Clock
from tmuxclaude.supervisor.files import OwnFiles, open_elsewhere
from tmuxclaude.supervisor.lives import Fate, Seen
from tmuxclaude.supervisor.workers import Done, Workers

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
"""A screen that was not read for about this long is read again, whatever tmux says of activity."""

BLIND_SECONDS = 5.0
"""The shortest time between two readings of a busy screen that is our only witness."""

ACTIVITY_SECONDS = 1.0
"""tmux tells in whole seconds when a window was last active: a screen that was read so long after
that is known whole."""

NEVER = -1e9

STALE_SECONDS = 2.0
"""A look that took longer does not say whether keys may be sent now."""

LIMIT_WORDS = ("limit", "resets", "credits")
"""What tmux itself searches the screens of blind sessions for; a hint to read one, nothing more."""


@dataclass(slots=True)
class _Memory:
    """What one session's last looks left behind."""

    files: OwnFiles = field(default_factory=OwnFiles)
    fate: Fate = field(default_factory=Fate)
    reading: Reading | None = None
    read_at: float = NEVER
    activity: int = 0
    active_at: float = NEVER
    blind: bool = False


@dataclass(slots=True)
class Observer:
    """``door`` gives the tmux server at a socket; ``clock`` the time of every look.

    Each server is looked at by a worker of its own, so that one that hangs delays no other.
    ``wake``: called from there when a look has ended that was not waited for.
    """

    door: Callable[[str], tmux.Tmux]
    clock: Clock
    wake: Callable[[], None] = lambda: None
    _workers: Workers[dict[str, Evidence]] = field(init=False)
    _under_way: dict[str, set[str]] = field(default_factory=dict)
    _void: set[str] = field(default_factory=set)
    _memories: dict[str, _Memory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._workers = Workers(self.wake)

    def look(self, sessions: Iterable[Session], closely: frozenset[str]) -> dict[str, Evidence]:
        """The evidence that there is by now: of these sessions, or of an earlier look.

        ``closely``: uids whose screen and pane are read anyway. A look that was overtaken by
        ``forget`` tells nothing.
        """
        by_socket: dict[str, list[Session]] = {}
        for session in sessions:
            by_socket.setdefault(session.socket, []).append(session)
        tasks = {}
        for socket, group in by_socket.items():
            if self._workers.idle(socket):
                tasks[socket] = partial(self._look_at_server, socket, group, closely)
                self._under_way[socket] = {session.uid for session in group}
        found: dict[str, Evidence] = {}
        for socket, done in self._workers.run(tasks).items():
            found |= self._still_true(socket, done)
        return found

    def close(self) -> None:
        self._workers.close()

    def goodbye(self, uid: str) -> None:
        """Claude Code's hook said that its user ended this session."""
        self._memory(uid).fate.said_goodbye = True

    def program(self, session: Session) -> str | None:
        """What tmux calls the program in front of the session's pane; ``None`` when unsure."""
        if session.pane is None:
            return None
        try:
            return self.door(session.socket).program(session.pane)
        except (tmux.Silent, tmux.ServerGone):
            return None

    def clocks_jumped(self) -> None:
        """The times of past looks mean nothing any more: every screen and file is due."""
        for memory in self._memories.values():
            memory.read_at, memory.files.sought_at = NEVER, 0.0

    def forget(self, uid: str) -> None:
        """A session that was launched anew has no past looks; one that is under way is void."""
        if any(uid in uids for uids in self._under_way.values()):
            self._void.add(uid)
        else:
            self._memories.pop(uid, None)

    def _still_true(self, socket: str, done: Done[dict[str, Evidence]]) -> dict[str, Evidence]:
        """What a look gives when it has ended. Of an old one no key may follow."""
        uids = self._under_way.pop(socket)
        void = self._void & uids
        self._void -= uids
        for uid in void:
            self._memories.pop(uid, None)
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
        clients = any(session.uid in closely for session in sessions)
        door = self.door(socket)
        listing: tmux.Listing | None = None
        gone = False
        try:
            blind = any(self._memory(session.uid).blind for session in sessions)
            listing = door.panes(LIMIT_WORDS if blind else (), clients=clients)
        except tmux.ServerGone:
            gone = True
        except tmux.Silent:
            pass
        seen = {
            session.uid: self._memory(session.uid).fate.look(session, listing, gone, door)
            for session in sessions
        }
        evidence = {
            session.uid: self._own(session, seen[session.uid], now, session.uid in closely)
            for session in sessions
        }
        self._screens(door, sessions, seen, evidence, closely)
        for session in sessions:
            if session.uid in closely and listing is not None:
                evidence[session.uid] = self._hands(
                    door, session, seen[session.uid], listing, evidence[session.uid]
                )
        return evidence

    def _own(self, session: Session, seen: Seen, now: float, closely: bool) -> Evidence:
        """What this session's own files say; a mistake of ours in one costs no other anything."""
        try:
            return self._files(session, seen, now, closely)
        except Exception:
            log.exception("the files of session %s were not understood", session.uid)
            return Evidence(at=now, life=seen.life, last_words=seen.last_words)

    # -- files -------------------------------------------------------------------------------

    def _files(self, session: Session, seen: Seen, now: float, closely: bool) -> Evidence:
        files, facts = self._memory(session.uid).files, None
        if seen.life in (Life.ALIVE, Life.STOPPED):
            facts = files.registry(session)
        conversation = session.conversation
        if facts is not None and facts.status is not None:
            conversation = facts.conversation
        elsewhere = closely and open_elsewhere(session)
        return Evidence(
            at=now,
            life=seen.life,
            registry=facts,
            tail=files.tail(session, conversation, now),
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
            and self._must_read(session, seen[session.uid], evidence[session.uid], closely)
        }
        try:
            shown = door.capture(wanted.values()) if wanted else {}
        except (tmux.Silent, tmux.ServerGone):
            shown = {}
        for session in sessions:
            memory, uid = self._memory(session.uid), session.uid
            if uid in wanted:
                text = shown.get(wanted[uid])
                memory.reading = None if text is None else screen.read(text)
                memory.read_at = self.clock.monotonic()
            if memory.reading is not None and seen[uid].life in (Life.ALIVE, Life.STOPPED):
                evidence[uid] = replace(evidence[uid], reading=memory.reading)

    def _must_read(
        self,
        session: Session,
        seen: Seen,
        evidence: Evidence,
        closely: frozenset[str],
    ) -> bool:
        memory, facts, now = self._memory(session.uid), seen.pane, self.clock.monotonic()
        memory.blind = evidence.registry is None or evidence.tail is None
        if session.uid in closely:
            return True
        if not memory.blind and session.state not in (State.LIMITED, State.WAITING):
            memory.reading = None  # better witnesses speak, and what it showed is past
            return False
        if facts is None:
            return False
        if memory.reading is None or now - memory.read_at >= _sweep_seconds(session.uid):
            return True
        if memory.activity != facts.window_activity:
            memory.activity, memory.active_at = facts.window_activity, now
        if memory.read_at - memory.active_at >= ACTIVITY_SECONDS:
            return False
        if memory.blind and session.state is not State.STARTING and not facts.found:
            return now - memory.read_at >= BLIND_SECONDS
        return True

    def _hands(
        self,
        door: tmux.Tmux,
        session: Session,
        seen: Seen,
        listing: tmux.Listing,
        evidence: Evidence,
    ) -> Evidence:
        """What decides whether keys may be sent to this pane now."""
        facts, pane = seen.pane, session.pane
        if facts is None or pane is None or not evidence.alive:
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
        return self._memories.setdefault(uid, _Memory())


def _sweep_seconds(uid: str) -> float:
    """Each session's own share around ``SWEEP_SECONDS``, so that not all are due in one look."""
    return SWEEP_SECONDS * (0.5 + int(uid[:4], 16) / 0x10000)


def at_prompt(evidence: Evidence) -> bool:
    """Whether Claude Code itself runs in the foreground and takes a prompt, as far as is known.

    Its registry file says so, or where there is none, its prompt box.
    """
    if evidence.life is not Life.ALIVE:
        return False
    if evidence.registry is not None and evidence.registry.status is not None:
        return evidence.registry.status is Busy.IDLE
    return evidence.reading is not None and evidence.reading.box is not Box.NONE
