"""What may be asked of the supervisor, and what each request does. No socket, no tmux.

Every operation answers at once: a resume or a message becomes an attempt, whose steps the asker
follows. What changes the world outside the registry is done by the two collaborators below, which
``app`` joins in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import Brakes, refuse_if_held
from tmuxclaude.core import errors, names, policy
from tmuxclaude.core.evidence import Evidence, explain
from tmuxclaude.core.model import (
    Attempt,
    Box,
    Halt,
    Launch,
    Outlook,
    Session,
    State,
    Want,
)
from tmuxclaude.core.rules import Rules
from tmuxclaude.core.texts import text_problem
from tmuxclaude.store.books import Books


class Windows(Protocol):
    """Opens and ends what sessions live in; raises an error with the reason when it cannot."""

    def open(
        self, session: Session, arguments: list[str], caller_pane: str | None, select: bool
    ) -> tuple[Session, list[str]]: ...

    def reopen(self, session: Session, text: str | None) -> tuple[Session, list[str]]: ...

    def close(self, session: Session) -> None: ...

    def terminate(self, session: Session) -> bool: ...


class Watch(Protocol):
    """The loop, as far as a request concerns it."""

    rules: Rules
    evidence: dict[str, Evidence]

    def touch(self, uid: str) -> None: ...

    def reconsider(self) -> None: ...


class Journal(Protocol):
    """Opens the journal of a delivery."""

    def begin(
        self, session: Session, text: str, halt: Halt | None = None, by_hand: bool = False
    ) -> Attempt: ...


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
        sessions = [self._named(name) for name in order.names]
        if not order.names:
            sessions = [s for s in self.books.sessions.all() if self._could_resume(s)]
        dry = order.dry_run or not (order.names or order.every)
        return wire.Verdicts(sessions=[self._resume_one(s, order.now, dry) for s in sessions])

    def _could_resume(self, session: Session) -> bool:
        if session.want is Want.DOWN or session.state is State.ENDED:
            return False
        return session.state is State.LOST or self.books.halts.current(session.uid) is not None

    def _resume_one(self, session: Session, now: bool, dry: bool) -> wire.Verdict:
        evidence = self.watch.evidence.get(session.uid)
        lines = explain(evidence) if evidence is not None else []
        try:
            done, why, act = self._way(session, now)
            in_spite_of = self._brakes().on_demand(session, now)
            why = f"{why}; {in_spite_of}" if in_spite_of else why
            begun = _Begun() if dry else act()
        except errors.TmuxclaudeError as problem:
            early = problem if isinstance(problem, _TooEarlyError) else None
            return wire.Verdict(
                name=session.name,
                done="refused",
                why=str(problem),
                code=problem.code,
                due=early.due if early else None,
                actor=session.outlook.actor if early else "",
                evidence=lines,
            )
        return wire.Verdict(
            name=session.name,
            done=done,
            why=why,
            attempt=begun.attempt,
            notes=begun.notes,
            evidence=lines,
        )

    def _way(self, session: Session, now: bool) -> tuple[str, str, Callable[[], _Begun]]:
        """How ``session`` is resumed (``docs/cli.md``), or an error that says why not."""
        refuse_if_held(session)
        halt = self.books.halts.current(session.uid)
        match session.state:
            case State.WORKING | State.WAITING:
                asks = f" ({session.reason})" if session.reason else ""
                raise errors.RefusedError(
                    f"{session.name} is {session.state}{asks}; nothing was typed. "
                    f"Go to it: tmuxclaude attach {session.name}"
                )
            case State.STARTING | State.QUEUED | State.RESUMING:
                raise errors.RefusedError(f"{session.name} is {session.state} already")
            case State.IDLE if halt is None:
                raise errors.RefusedError(
                    f"nothing stopped {session.name}. To say something to it: "
                    f"tmuxclaude send {session.name} TEXT"
                )
            case State.ENDED:
                return "reopens", _reopened(session), lambda: self._reopen(session)
            case State.LOST if halt is None:
                return "reopens", _reopened(session), lambda: self._reopen(session)
        if halt is None:
            raise errors.RefusedError(f"{session.name} is limited, but its halt is not known yet")
        self._must_be_due(session, halt, now)
        done = "relaunches" if session.state is State.LOST else "types"
        return done, policy.PLAIN_WORDS[halt.limit.kind], lambda: self._wake(session, halt)

    def _must_be_due(self, session: Session, halt: Halt, now: bool) -> None:
        if now or halt.needs_human:
            return
        limits = self.books.limits.of(session.account)
        evidence = self.watch.evidence.get(session.uid)
        due = policy.due_at(halt, limits, evidence, self.watch.rules.resume)
        if due is not None and due <= self.now():
            return
        name = policy.PLAIN_WORDS[halt.limit.kind]
        raise _TooEarlyError(f"{session.name} is stopped by its {name}; nothing was done", due)

    def _wake(self, session: Session, halt: Halt) -> _Begun:
        attempt = self.books.halts.latest_attempt(session.uid)
        if attempt is not None and attempt.open:
            if attempt.halt != halt.id:
                raise errors.RefusedError(f"a message to {session.name} is under way; try again")
            attempt = self.books.halts.note(attempt, self.now(), "asked for by hand", by_hand=True)
        else:
            if halt.needs_human:
                self.books.halts.save(replace(halt, needs_human=""))
            text = self.watch.rules.resume.text
            attempt = self.journal.begin(session, text, halt, by_hand=True)
        self.watch.touch(session.uid)
        return _Begun(attempt.id)

    def _reopen(self, session: Session) -> _Begun:
        session = replace(session, want=Want.UP, outlook=Outlook())
        _, notes = self.windows.reopen(session, None)
        self.watch.touch(session.uid)
        return _Begun(notes=notes)

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


@dataclass(frozen=True, slots=True)
class _Begun:
    """What an asker may follow, and what is worth knowing of what was begun."""

    attempt: int | None = None
    notes: list[str] = field(default_factory=list)


class _TooEarlyError(errors.RefusedError):
    """A resume before its time. ``due``: that time, ``None`` when nobody knows it."""

    def __init__(self, message: str, due: float | None) -> None:
        super().__init__(message)
        self.due = due


def _reopened(session: Session) -> str:
    """What a session without an open halt continues with: see ``Windows.reopen``."""
    known = session.conversation is not None and session.recorded
    return "its conversation, without text" if known else "a new conversation, without text"


def _check_text(text: str) -> None:
    problem = text_problem(text)
    if problem is not None:
        raise errors.UsageError(f"this text cannot be typed: {problem}; nothing was done")
