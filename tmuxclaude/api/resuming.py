"""How a session is resumed when a person asks for it: the table of ``docs/cli.md``.

Types nothing itself: a resume becomes an attempt, whose steps the asker follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tmuxclaude.api import wire
from tmuxclaude.api.brakes import Brakes, refuse_if_ending, refuse_if_held
from tmuxclaude.api.finding import chosen
from tmuxclaude.api.registering import refuse_outside
from tmuxclaude.api.sending import refuse_unproven
from tmuxclaude.api.wants import Journal, Watch, Windows
from tmuxclaude.core import errors, policy, restoring
from tmuxclaude.core.evidence import explain
from tmuxclaude.core.model import Halt, Outlook, Session, State, Want
from tmuxclaude.store.books import Books


@dataclass(frozen=True, slots=True)
class Resuming:
    """One request to resume."""

    books: Books
    windows: Windows
    watch: Watch
    journal: Journal
    now: Callable[[], float]

    def resume(self, order: wire.Resume) -> wire.Verdicts:
        """Resumes the named sessions, or all that something but their user has stopped.

        With neither names, a group nor ``every`` it is only said what would be done.
        """
        chooses = bool(order.names) or order.group is not None
        if chooses and order.every:
            raise errors.UsageError("name sessions or use --all, not both; nothing was done")
        sessions = chosen(self.books, order.names, order.group)
        if not chooses:
            sessions = [s for s in self.books.sessions.all() if self.is_possible(s)]
        dry = order.dry_run or not (chooses or order.every)
        return wire.Verdicts(sessions=[self.one(s, order.now, dry) for s in sessions])

    def is_possible(self, session: Session) -> bool:
        """Whether the session was stopped by anything but its user."""
        if session.want is Want.DOWN or session.state is State.ENDED:
            return False
        return session.state is State.LOST or self.books.halts.current(session.uid) is not None

    def one(self, session: Session, now: bool, dry: bool) -> wire.Verdict:
        """Resumes ``session`` or says why not; ``dry`` only says what would be done.

        ``now``: also before its reset, and in spite of a pause.
        """
        evidence = self.watch.evidence.get(session.uid)
        lines = explain(evidence) if evidence is not None else []
        try:
            done, why, act = self._way(session, now)
            in_spite_of = Brakes(self.books, self.watch, self.now).on_demand(session, now)
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
        refuse_outside(session)
        halt = self.books.halts.current(session.uid)
        if self._comes_back(session, halt, now):
            self.windows.check(session)
            return "reopens", _reopened(session), lambda: self._queue(session)
        refuse_if_held(session)
        refuse_if_ending(session)
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
        if done == "types":
            refuse_unproven(session)
        return done, policy.PLAIN_WORDS[halt.limit.kind], lambda: self._wake(session, halt)

    def _comes_back(self, session: Session, halt: Halt | None, now: bool) -> bool:
        """Whether it was lost with its tmux server, and nothing is to be said to it just now."""
        if not restoring.lost_with_server(session):
            return False
        if session.want is Want.HOLD or halt is None or halt.needs_human:
            return True
        return not (now or self._is_due(session, halt))

    def _is_due(self, session: Session, halt: Halt) -> bool:
        due = self._due_at(session, halt)
        return due is not None and due <= self.now()

    def _due_at(self, session: Session, halt: Halt) -> float | None:
        limits = self.books.limits.of(session.account)
        evidence = self.watch.evidence.get(session.uid)
        return policy.due_at(halt, limits, evidence, self.watch.rules.resume)

    def _queue(self, session: Session) -> _Begun:
        now = self.now()
        self.books.sessions.save(restoring.queued(session, now))
        self.books.events.note(now, session.uid, "queued", restoring.TURN)
        self.watch.touch(session.uid)
        return _Begun()

    def _must_be_due(self, session: Session, halt: Halt, now: bool) -> None:
        if now or halt.needs_human or self._is_due(session, halt):
            return
        due = self._due_at(session, halt)
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
        _, notes = self.windows.reopen(session)
        self.watch.touch(session.uid)
        return _Begun(notes=notes)


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
