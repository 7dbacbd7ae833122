"""Sessions that tell of themselves: register, heartbeat, end; and whether an account is paused.

What they say is written down and believed less than what is seen: a heartbeat changes no state, and
a session in a pane has ended when its process has. Whoever speaks for a session shows its nonce, or
descends from its process, so that no session speaks for another.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import Brakes
from tmuxclaude.api.finding import called
from tmuxclaude.api.wants import Surroundings, Watch, Windows
from tmuxclaude.core import errors, hours, launching
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import Launch, Session, State
from tmuxclaude.core.policy import PLAIN_WORDS
from tmuxclaude.core.states import Signal, after
from tmuxclaude.store.books import Books

DAEMON_STATUS = "running"


@dataclass(frozen=True, slots=True)
class Telling:
    """``peer``: the process that asks, if it is known."""

    books: Books
    windows: Windows
    watch: Watch
    now: Callable[[], float]
    around: Surroundings
    brakes: Brakes

    def register(self, order: wire.Register, peer: int | None) -> wire.Registered:
        """Keeps a session that runs already; one that is kept is only confirmed."""
        hours.must_be_known(order.zone)
        _absolute(order.config_dir)  # what is wrong is wrong for one that is known too
        known = self._registered(order)
        if known is not None:
            nonce = order.nonce if self.books.activity.knows(known.uid, order.nonce) else ""
            if not nonce and not order.relayed and self._is_own(known, peer):
                nonce = self._introduced(known)
            return self._answer(known, nonce)
        _must_be_possible(order)
        if order.pane and not (peer is None or self._are_kin(peer, order.pid)):
            raise errors.RefusedError(
                "a pane is registered by a process that runs in it; nothing was registered"
            )
        session, _ = self.windows.enter(
            self._stranger(order),
            Entrance(order.pid, order.pane, ["--session-id", order.session_id.lower()], None),
        )
        self.watch.touch(session.uid)
        return self._answer(session, self._introduced(session))

    def heartbeat(self, order: wire.Heartbeat, peer: int | None) -> wire.Beaten:
        """Writes down that a session lives, and what it says of itself."""
        session = self._spoken_for(order, peer)
        now = self.now()
        self.books.activity.said(session.uid, now, order.status)
        self._count(session, order.prompt_count)
        return wire.Beaten(is_paused=self._pause_of(session.account).is_paused)

    def end(self, order: wire.End, peer: int | None) -> wire.Ended:
        """Writes down that a session ends; one in a pane is watched until its process has."""
        session = self._spoken_for(order, peer)
        if session.state is State.ENDED:
            return wire.Ended()
        if order.prompt_count is not None:
            self._count(session, order.prompt_count)
        now, reason = self.now(), order.reason or "it said so"
        if not launching.is_outside(session):
            self.watch.goodbye(session, reason)
            return wire.Ended()
        state = after(session.state, Signal.GOODBYE)
        self.books.events.note(now, session.uid, "state", f"{session.state} → {state}: {reason}")
        self.books.sessions.save(replace(session, state=state, since=now, reason=reason))
        self.watch.touch(session.uid)
        return wire.Ended()

    def status(self, order: wire.Status) -> wire.PauseStatus:
        """Whether an account is paused, since when and until when."""
        if order.session_id:
            return self._pause_of(called(self.books, order.session_id).account)
        return self._pause_of(self.around.account(_absolute(order.config_dir)))

    # -- who speaks ------------------------------------------------------------------------------

    def _spoken_for(self, order: wire.Heartbeat | wire.End, peer: int | None) -> Session:
        """The session; raises ``RefusedError`` when whoever asks may not speak for it."""
        session = called(self.books, order.session_id)
        own = not order.relayed and self._is_own(session, peer)
        if not own and not self.books.activity.knows(session.uid, order.nonce):
            raise errors.RefusedError(
                f"only {session.name} itself, or who has its nonce, may say that; nothing was done"
            )
        return session

    def _is_own(self, session: Session, peer: int | None) -> bool:
        """Whether ``peer`` is the session's process, or one of those it has started."""
        process = session.process
        if peer is None or process is None or self.around.identify(process.pid) != process:
            return False
        return self.around.descends_from(peer, process.pid)

    def _are_kin(self, one: int, other: int) -> bool:
        return self.around.descends_from(one, other) or self.around.descends_from(other, one)

    def _introduced(self, session: Session) -> str:
        import secrets  # brings OpenSSL, 3 MB of memory

        nonce = secrets.token_urlsafe(24)
        self.books.activity.introduce(session.uid, nonce)
        return nonce

    # -- what is kept ----------------------------------------------------------------------------

    def _registered(self, order: wire.Register) -> Session | None:
        """The session that this process, or this conversation, is already."""
        process, conversation = self.around.identify(order.pid), order.session_id.lower()
        for session in self.books.sessions.not_ended():
            same = session.conversation == conversation and session.state is not State.LOST
            if same or (process is not None and session.process == process):
                return session
        return None

    def _stranger(self, order: wire.Register) -> Session:
        now, config_dir = self.now(), _absolute(order.config_dir)
        environment = (("CLAUDE_CONFIG_DIR", config_dir),) if config_dir else ()
        try:
            command = self.around.claude()
        except errors.NotFoundError:
            command = list(self.watch.rules.claude.command)
        began = order.start_time
        return Session(
            uid=uuid4().hex,
            name=order.name,
            directory=self.around.directory(order.directory),
            account=self.around.account(config_dir),
            launch=Launch(tuple(command), (), environment),
            state=State.STARTING,
            since=now,
            socket=order.socket,
            opened_by_us=False,
            created_at=began if began is not None and 0 < began <= now else now,
            zone=order.zone,
        )

    def _count(self, session: Session, prompts: int | None) -> None:
        self.books.activity.note(
            session.uid, session.conversation or "", prompts or 0, self.now(), settled=False
        )

    def _answer(self, session: Session, nonce: str) -> wire.Registered:
        return wire.Registered(
            session_id=session.uid,
            daemon_status=DAEMON_STATUS,
            is_paused=self._pause_of(session.account).is_paused,
            nonce=nonce,
        )

    def _pause_of(self, account: str) -> wire.PauseStatus:
        """A limit that stands; else the pause of a user."""
        now, pause = self.now(), self.brakes.standing()
        limit = launching.gate(self.books.limits.standing(account), now, "UTC").limit
        since = until = None
        reason = ""
        if limit is not None:
            since, until = limit.said_at, limit.resets_at
            reason = f"{PLAIN_WORDS[limit.kind]} of {account}"
        elif pause is not None:
            since, until, reason = pause.since, pause.until, pause.words
        return wire.PauseStatus(
            is_paused=since is not None,
            paused_at=since,
            resume_at=until,
            reason=reason,
            daemon_status=DAEMON_STATUS,
        )


def _must_be_possible(order: wire.Register) -> None:
    """Raises an error for half a place, and for a process that is no Claude Code for certain."""
    if bool(order.socket) != bool(order.pane):
        raise errors.UsageError("give socket and pane, or neither; nothing was registered")
    if order.pid in (1, os.getpid()):
        raise errors.RefusedError(f"process {order.pid} is no session; nothing was registered")


def _absolute(config_dir: str) -> str:
    """A configuration directory as we write it; empty when none was named."""
    if not config_dir:
        return ""
    path = os.path.expanduser(config_dir) if "\0" not in config_dir else ""  # noqa: PTH111 - never raises
    if not path.startswith("/"):
        raise errors.UsageError("configDir must be an absolute path; nothing was done")
    return str(Path(path))
