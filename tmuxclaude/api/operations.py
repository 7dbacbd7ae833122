"""What may be asked of the supervisor, and what each request does. No socket, no tmux.

Every operation answers at once: a resume or a message becomes an attempt, whose steps the asker
follows. What changes the world outside the registry is done by others (``wants``), whom ``app``
joins in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import Brakes, refuse_if_held
from tmuxclaude.api.resuming import Resuming
from tmuxclaude.api.wants import Journal, Watch, Windows
from tmuxclaude.core import errors, names
from tmuxclaude.core.evidence import explain
from tmuxclaude.core.model import (
    Attempt,
    Box,
    Launch,
    Session,
    State,
    Want,
)
from tmuxclaude.core.texts import text_problem
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Operations:
    """``stop`` ends the loop; ``account`` is the default account of this user."""

    books: Books
    windows: Windows
    watch: Watch
    journal: Journal
    now: Callable[[], float]
    stop: Callable[[], None]
    account: str
    pong: Callable[[], wire.Pong]

    def answer(self, request: wire.AnyRequest) -> wire.Answer:
        """Does what ``request`` asks; raises an error of ``core/errors`` when it cannot."""
        match request:
            case wire.Ping():
                return self.pong()
            case wire.New():
                return self._new(request)
            case wire.Resume():
                return self._resume(request)
            case wire.Stop():
                return self._stop(request)
            case wire.Hold() | wire.Release():
                return self._hold(request)
            case wire.Pause():
                return self._brakes().pause(request)
            case wire.Unpause():
                return self._brakes().unpause()
            case wire.Send():
                return self._send(request)
            case wire.Follow():
                return self._follow(request)
            case wire.Explain():
                return self._explain(request)
            case wire.Shutdown():
                self.stop()
                return wire.Done()

    # -- new -------------------------------------------------------------------------------------

    def _new(self, order: wire.New) -> wire.Opened:
        if order.prompt is not None:
            _check_text(order.prompt)
        if any("\0" in text for text in (order.directory, order.socket, order.zone)):
            raise errors.UsageError("a NUL byte can be in no path; nothing was opened")
        now = self.now()
        environment = dict(order.environment)
        config_dir = order.config_dir or self.watch.rules.claude.config_dir
        if config_dir:
            config_dir = str(Path(config_dir).expanduser())
            environment["CLAUDE_CONFIG_DIR"] = config_dir
        session, notes = self.windows.open(
            Session(
                uid=secrets.token_hex(16),
                name=self._name(order),
                directory=order.directory,
                account=config_dir or self.account,
                launch=Launch(tuple(order.command), (), tuple(environment.items())),
                state=State.STARTING,
                since=now,
                tmux_session=order.tmux_session or "",
                socket=order.socket,
                created_at=now,
                zone=order.zone,
            ),
            order.arguments,
            order.pane,
            order.select,
        )
        attempt = None
        if order.prompt is not None:
            attempt = self.journal.begin(session, order.prompt).id
        self.watch.touch(session.uid)
        return wire.Opened(
            name=session.name,
            uid=session.uid,
            socket=session.socket,
            pane=session.pane.pane_id if session.pane is not None else "",
            directory=session.directory,
            conversation=session.conversation,
            attempt=attempt,
            notes=notes,
        )

    def _name(self, order: wire.New) -> str:
        """The name that was asked for, or one made of the directory's that nobody has."""
        taken = self.books.sessions.names_taken()
        if order.name is not None:
            problem = names.name_problem(order.name)
            if problem:
                raise errors.UsageError(f"{problem}; nothing was opened")
            if order.name in taken:
                raise errors.RefusedError(
                    f"a session {order.name} exists already; nothing was opened. "
                    f"Go to it: tmuxclaude attach {order.name}"
                )
            return order.name
        return names.of_directory(order.directory, taken)

    # -- resume ----------------------------------------------------------------------------------

    def _resume(self, order: wire.Resume) -> wire.Verdicts:
        if order.names and order.every:
            raise errors.UsageError("name sessions or use --all, not both; nothing was done")
        resuming = Resuming(self.books, self.windows, self.watch, self.journal, self.now)
        sessions = [self._named(name) for name in order.names]
        if not order.names:
            sessions = [s for s in self.books.sessions.all() if resuming.is_possible(s)]
        dry = order.dry_run or not (order.names or order.every)
        return wire.Verdicts(sessions=[resuming.one(s, order.now, dry) for s in sessions])

    # -- stop and send ---------------------------------------------------------------------------

    def _stop(self, order: wire.Stop) -> wire.Verdicts:
        if bool(order.names) == order.every:
            raise errors.UsageError("name the sessions to stop, or use --all; nothing was done")
        sessions = [self._named(name) for name in order.names]
        if order.every:
            sessions = self.books.sessions.not_ended()
        return wire.Verdicts(sessions=[self._stop_one(s, order.now) for s in sessions])

    def _stop_one(self, session: Session, now: bool) -> wire.Verdict:
        if session.state is State.ENDED:
            return wire.Verdict(name=session.name, done="ended", why="it had ended already")
        if session.state in (State.WORKING, State.RESUMING) and not now:
            why = (
                f"{session.name} is {session.state}; nothing was done. To end it all the same: "
                f"tmuxclaude stop {session.name} --now"
            )
            return wire.Verdict(name=session.name, done="refused", why=why, code="refused")
        session = replace(session, want=Want.DOWN)
        self.books.sessions.save(session)
        self.watch.touch(session.uid)
        if session.state in (State.LOST, State.QUEUED):
            self.books.sessions.save(
                replace(session, state=State.ENDED, since=self.now(), reason="stopped by you")
            )
            self.windows.close(session)
            self.books.events.note(self.now(), session.uid, "stopped", "by you")
            return wire.Verdict(name=session.name, done="ended", why="it was not running")
        self.books.events.note(self.now(), session.uid, "stopped", "by you")
        if not self.windows.terminate(session):
            self.windows.close(session)
        return wire.Verdict(name=session.name, done="stops", why="its process was asked to end")

    def _hold(self, order: wire.Hold | wire.Release) -> wire.Verdicts:
        if not order.names:
            raise errors.UsageError("name one or more sessions; nothing was done")
        brakes = self._brakes()
        change = brakes.hold if isinstance(order, wire.Hold) else brakes.release
        sessions = [self._named(name) for name in order.names]
        return wire.Verdicts(sessions=[change(session) for session in sessions])

    def _brakes(self) -> Brakes:
        return Brakes(self.books, self.watch, self.now)

    def _send(self, order: wire.Send) -> wire.Progress:
        session = self._named(order.name)
        _check_text(order.text)
        refuse_if_held(session)
        if session.state is not State.IDLE:
            raise errors.RefusedError(
                f"{session.name} is {session.state}, not idle; nothing was typed"
            )
        evidence = self.watch.evidence.get(session.uid)
        reading = evidence.reading if evidence is not None else None
        if reading is not None and reading.box is Box.DRAFT:
            raise errors.RefusedError(
                f"your draft is in the prompt box of {session.name}; nothing was typed"
            )
        latest = self.books.halts.latest_attempt(session.uid)
        if latest is not None and latest.open:
            raise errors.RefusedError(f"something is being typed into {session.name}; try again")
        attempt = self.journal.begin(session, order.text, by_hand=True)
        self.watch.touch(session.uid)
        return self._progress(attempt, session)

    # -- looking ---------------------------------------------------------------------------------

    def _follow(self, order: wire.Follow) -> wire.Progress:
        attempt = self.books.halts.attempt(order.attempt)
        if attempt is None:
            raise errors.NotFoundError(f"there is no attempt {order.attempt}")
        session = self.books.sessions.get(attempt.session)
        if session is None:
            raise errors.NotFoundError(f"the session of attempt {order.attempt} is not kept")
        return self._progress(attempt, session)

    def _explain(self, order: wire.Explain) -> wire.Explained:
        session = self._named(order.name)
        evidence = self.watch.evidence.get(session.uid)
        lines = explain(evidence) if evidence is not None else ["it was not looked at yet"]
        return wire.Explained(name=session.name, evidence=lines)

    def _named(self, name: str) -> Session:
        session = self.books.sessions.by_name(name)
        if session is None:
            known = {session.name for session in self.books.sessions.all()}
            raise errors.NotFoundError(names.no_such(name, sorted(known)))
        return session

    def _progress(self, attempt: Attempt, session: Session) -> wire.Progress:
        return wire.Progress(
            attempt=attempt.id,
            name=session.name,
            step=attempt.step,
            reason=attempt.reason,
            open=attempt.open,
        )


def _check_text(text: str) -> None:
    problem = text_problem(text)
    if problem is not None:
        raise errors.UsageError(f"this text cannot be typed: {problem}; nothing was done")
