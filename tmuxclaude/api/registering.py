"""The launch guard, the wrapper, and the queue in which launches wait for an account's reset.

Whether an account is limited is ``core/launching``'s; how a session is taken in, ``windows``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from tmuxclaude.api import wire
from tmuxclaude.api.checkpoints import last_checkpoint
from tmuxclaude.api.wants import Surroundings, Watch, Windows
from tmuxclaude.core import budgets, errors, launching, resources
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import Launch, LimitKind, Outlook, Process, Session, State
from tmuxclaude.core.policy import PLAIN_WORDS
from tmuxclaude.core.states import Signal, after
from tmuxclaude.store.books import Books

AT_ONCE = Outlook()


@dataclass(frozen=True, slots=True)
class Guarded:
    """How a launch may go on: at once, or (``outlook``) not before an account's limit has reset."""

    state: State
    reason: str = ""
    outlook: Outlook = AT_ONCE
    notes: tuple[str, ...] = ()


class LimitedError(errors.RefusedError):
    """The account of a launch is limited, and its user wants nothing to be started then."""

    def __init__(self, message: str, kind: LimitKind, resets_at: float | None) -> None:
        super().__init__(message)
        self.kind = kind
        self.resets_at = resets_at


@dataclass(frozen=True, slots=True)
class Registering:
    """What launches ask before they begin, and while they wait."""

    books: Books
    windows: Windows
    watch: Watch
    now: Callable[[], float]
    around: Surroundings

    def guard(self, account: str, zone: str, if_limited: wire.IfLimited) -> Guarded:
        """Whether a session may be started on ``account``; raises ``LimitedError`` when not."""
        now = self.now()
        gate = launching.gate(self.books.limits.standing(account), now, zone)
        wish = if_limited or self.watch.rules.launch.when_limited
        if gate.limit is None:
            return Guarded(State.STARTING, notes=gate.warnings)
        if wish == "refuse":
            message = launching.refusal(gate.limit, account, now, zone)
            raise LimitedError(message, gate.limit.kind, gate.limit.resets_at)
        if wish == "allow":
            name = PLAIN_WORDS[gate.limit.kind]
            return Guarded(State.STARTING, notes=(f"{account} has met its {name}", *gate.warnings))
        outlook = launching.queued(self.books.limits.standing(account), now, self._margin)
        return Guarded(State.QUEUED, launching.WAITS, outlook, gate.warnings)

    def slot(self, account: str, if_limited: wire.IfLimited, guarded: Guarded) -> Guarded:
        """``guarded``, unless no slot is free for it; raises ``RefusedError`` when it may not wait.

        ``launch.when_limited`` is about limits alone; here only what was asked for counts.
        """
        full = resources.full(self.books.sessions.not_ended(), account, self.watch.rules.budget)
        if full is None or guarded.state is State.QUEUED or if_limited == "allow":
            return guarded
        if if_limited != "wait":
            raise errors.RefusedError(resources.refusal(full, self.books.lifetimes.active()))
        notes = (*guarded.notes, f"{len(full.running)} sessions run, so it waits for a free slot")
        return Guarded(State.QUEUED, launching.WAITS_FOR_SLOT, launching.FOR_SLOT, notes)

    def run(self, order: wire.Run, peer: int | None) -> wire.Admitted | wire.Barred:
        """Takes in a process that is about to become Claude Code: the one that asks, ``peer``."""
        if peer not in (None, order.pid):
            raise errors.RefusedError("a process can register only itself")
        check_command(order.command)
        try:
            guarded = self.guard(self._account(order), order.zone, order.if_limited)
        except LimitedError as limited:
            return wire.Barred(message=str(limited), kind=limited.kind, resets_at=limited.resets_at)
        if not order.keep:
            wait = self._left(guarded.outlook) if guarded.state is State.QUEUED else None
            why, notes = guarded.outlook.why, list(guarded.notes)
            return wire.Admitted(
                name="Claude Code", uid="", words=[], wait=wait, why=why, notes=notes
            )
        if order.uid is not None and self.books.sessions.get(order.uid) is not None:
            raise errors.RefusedError("it is kept already")
        kept = self.books.sessions.not_ended()
        full = resources.full(kept, self._account(order), self.watch.rules.budget)
        crowded = [f"more sessions run than budget.{full.key} allows"] if full else []
        session, words = self._enter(order, guarded, self.now())
        waits = launching.waits(session)
        here = last_checkpoint(self.books, order.directory, order.arguments, self.now())
        return wire.Admitted(
            name=session.name,
            uid=session.uid,
            words=words,
            wait=self._left(session.outlook) if waits else None,
            why=session.outlook.why,
            notes=[*guarded.notes, *crowded, *here],
        )

    def late(self, text: str, began_at: float) -> None:
        """Takes in a process that nobody answered, and that is Claude Code by now (``wire.Late``).

        No guard stops what runs already. That it had asked may have been read after all: then it is
        kept, and at most believed to wait. Raises an error, with nothing kept, when it cannot be.
        """
        found = wire.decode_late(text)
        order = found.run
        kept = self.books.sessions.get(order.uid) if order.uid is not None else None
        if kept is None:
            process = Process(order.pid, found.started, found.boot)
            self._enter(order, Guarded(State.STARTING), began_at, process)
        elif launching.waits(kept):
            self._moves(kept, Signal.LAUNCHED, "", "it did not wait for an answer")

    def _account(self, order: wire.Run) -> str:
        return self.around.account(order.config_dir)

    def _enter(
        self, order: wire.Run, guarded: Guarded, began_at: float, process: Process | None = None
    ) -> tuple[Session, list[str]]:
        """The session as it is kept from now on, and the words that Claude Code must get too."""
        environment = dict(order.environment)
        if order.config_dir:
            environment["CLAUDE_CONFIG_DIR"] = order.config_dir
        entrance = (order.pid, order.pane, order.arguments, order.settings, order.conversation)
        session, words = self.windows.enter(
            Session(
                uid=order.uid or uuid4().hex,
                name=order.name,
                directory=order.directory,
                account=self._account(order),
                launch=Launch(tuple(order.command), (), tuple(environment.items())),
                state=guarded.state,
                since=began_at,
                socket=order.socket,
                opened_by_us=False,
                created_at=began_at,
                reason=guarded.reason,
                zone=order.zone,
                outlook=guarded.outlook,
            ),
            Entrance(*entrance, process),
        )
        self.watch.touch(session.uid)
        return session, words

    def queue(self, order: wire.Queue) -> wire.Queued:
        """Answers a countdown, and keeps what it says of itself."""
        session = self.books.sessions.get(order.uid)
        if session is None:
            raise errors.NotFoundError("there is no such session; nothing was done")
        if not launching.waits(session):
            return wire.Queued(wait=0.0, why=f"it is {session.state}")
        match order.step:
            case "start":
                self._moves(session, Signal.LAUNCHED, "", "its time has come, or you did not wait")
            case "leave":
                self._moves(session, Signal.GOODBYE, "you gave up waiting", "you gave up waiting")
            case "ask":
                hold = budgets.held(session)
                barrier = self._limited(session) if hold is not None else self._barrier(session)
                for_slot = barrier is launching.FOR_SLOT
                outlook = budgets.outlook(barrier, hold)
                reason = launching.WAITS_FOR_SLOT if for_slot else launching.WAITS
                self.books.sessions.save(replace(session, outlook=outlook, reason=reason))
                open_end = for_slot or hold is not None
                return wire.Queued(wait=None if open_end else self._left(outlook), why=outlook.why)
        return wire.Queued(wait=0.0, why="")

    def _barrier(self, session: Session) -> Outlook:
        """What a queued session waits for now: a limit, then a slot where it is a window of ours.

        In its user's own terminal it takes no slot from others: there it was not to be refused.
        Who is held takes no turn: whoever stands behind goes first.
        """
        outlook = self._limited(session)
        if outlook.at is not None or not session.opened_by_us:
            return outlook
        kept = self.books.sessions.not_ended()
        waiting = [one for one in kept if launching.waits(one) and one.opened_by_us]
        free = [one for one in waiting if budgets.held(one) is None]
        ready = [one for one in free if self._limited(one).at is None]
        turns = resources.next_ones(ready, kept, self.watch.rules.budget)
        return outlook if session in turns else launching.FOR_SLOT

    def _limited(self, session: Session) -> Outlook:
        limits = self.books.limits.standing(session.account)
        return launching.queued(limits, self.now(), self._margin)

    def _moves(self, session: Session, signal: Signal, reason: str, why: str) -> None:
        now, state = self.now(), after(session.state, signal)
        self.books.events.note(now, session.uid, "state", f"{session.state} → {state}: {why}")
        self.books.sessions.save(
            replace(session, state=state, since=now, reason=reason, outlook=Outlook())
        )
        self.watch.touch(session.uid)

    @property
    def _margin(self) -> float:
        return self.watch.rules.resume.margin_seconds

    def _left(self, outlook: Outlook) -> float:
        return max(0.0, outlook.at - self.now()) if outlook.at is not None else 0.0


def check_command(command: list[str]) -> None:
    """Raises ``UsageError`` for what cannot be started again wherever we are."""
    if not command or not command[0].startswith("/"):
        raise errors.UsageError("command must begin with the absolute path of a program")
    if any("\0" in word for word in command):
        raise errors.UsageError("a NUL byte can be in no word of a command")


def refuse_outside(session: Session) -> None:
    """Raises ``RefusedError`` for a session that has no pane to type into or to come back to."""
    if launching.is_outside(session):
        if session.state is State.QUEUED:
            raise errors.RefusedError(
                f"{session.name} waits in its own terminal and is not started yet; nothing was "
                f"done. Not to start it: tmuxclaude stop {session.name}"
            )
        account = dict(session.launch.environment).get("CLAUDE_CONFIG_DIR", "")
        how = launching.by_hand(session.directory, session.conversation, account)
        if session.state in (State.ENDED, State.LOST):
            raise errors.RefusedError(
                f"{session.name} ran outside tmux and is over, so no window can be opened for it; "
                f"nothing was done. To come back to its conversation: {how}"
            )
        raise errors.RefusedError(
            f"{session.name} runs outside tmux, where nothing is typed and no window can be "
            f"opened; nothing was done. Continue it where it is, or end it there, and then: {how}"
        )
