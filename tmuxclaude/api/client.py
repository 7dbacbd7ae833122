"""Asks the supervisor. A plain blocking client: one connection, one request a line, one answer.

    from tmuxclaude import app

    with app.connect(app.paths()) as client:
        client.hold("api")
        for event in client.subscribe():
            print(event.name, event.kind, event.text)

A supervisor that does not answer within ``PATIENCE`` seconds is reported as such, never waited for.
What each request means, and what its answer holds, stands in ``docs/api.md``. A request without a
method of its own goes through ``ask``.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tmuxclaude.api import wire
from tmuxclaude.core import errors

PATIENCE = 2.0
"""Seconds that a ping may take. A stopped supervisor accepts connections and then says nothing."""

WORK_PATIENCE = 15.0
"""Seconds that a request may take which opens or closes windows."""

A = TypeVar("A", bound=wire.Answer)


class NobodyListensError(errors.UnreachableError):
    """There is no supervisor at this socket."""


class ClosedError(errors.UnreachableError):
    """The supervisor closed the connection, as one that ends does; nobody may have answered."""


class Client:
    """One connection to the supervisor at ``path``.

    Raises ``UnreachableError`` when nobody listens or nobody answers. Every method raises what the
    supervisor answers instead: ``NotFoundError``, ``RefusedError``, ``UsageError``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        self._inbox = bytearray()
        try:
            self._socket.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as problem:
            self._socket.close()
            raise NobodyListensError(
                "no supervisor is running; start it with: tmuxclaude supervisor start"
            ) from problem
        except OSError as problem:  # its queue is full, or the place is not ours to enter
            self._socket.close()
            raise errors.UnreachableError(
                f"the supervisor at {path} cannot be reached ({problem.strerror or problem}); "
                "nothing was done. See: tmuxclaude supervisor status"
            ) from problem

    # -- the sessions ----------------------------------------------------------------------------

    def sessions(self, every: bool = False, group: str | None = None) -> list[wire.SessionView]:
        """The sessions; ``every``: those that have ended too; ``group``: only these."""
        return self.ask(wire.List(every=every, group=group), wire.Listed).sessions

    def show(self, name: str) -> wire.Shown:
        """All that is known of one session."""
        return self.ask(wire.Show(name=name), wire.Shown)

    def resources(self) -> wire.Measured:
        """What the sessions take of this machine, and how much is free."""
        return self.ask(wire.Resources(), wire.Measured)

    def accounts(self) -> list[wire.AccountView]:
        """The accounts, each with the limits that stand for it."""
        return self.ask(wire.Accounts(), wire.AccountsTold).accounts

    def checkpoints(self, name: str | None = None, last: int = 200) -> list[wire.CheckpointView]:
        """The newest checkpoints, oldest first: of one session, or of all conversations."""
        return self.ask(wire.Checkpoints(name=name, last=last), wire.CheckpointsListed).checkpoints

    def checkpoint(self, checkpoint: str) -> wire.CheckpointShown:
        """All that a checkpoint holds; the beginning of its id is enough."""
        return self.ask(wire.ShowCheckpoint(id=checkpoint), wire.CheckpointShown)

    def history(self, name: str | None = None, last: int = 200) -> list[wire.EntryView]:
        """Starts, ends, stops and resumes, oldest first."""
        return self.ask(wire.History(name=name, last=last), wire.Past).entries

    def subscribe(
        self, sessions: Sequence[str] = (), since: int | None = None
    ) -> Iterator[wire.Happened]:
        """Every event from now on, or after the one with the number ``since``; waits for each.

        This connection can ask nothing more. Raises ``RefusedError`` when events were not taken in
        time: subscribe again, since the last one that came.
        """
        self.ask(wire.Subscribe(sessions=list(sessions), since=since), wire.Subscribed)
        return self._events()

    def _events(self) -> Iterator[wire.Happened]:
        while True:
            try:
                line = self._line(None)
            except OSError as problem:
                raise errors.UnreachableError("the supervisor ended") from problem
            yield wire.decode_answer(line, wire.Happened)

    def start_session(
        self, working_dir: str, name: str | None = None, prompt: str | None = None
    ) -> wire.SessionStarted:
        """Opens Claude Code in a new window of the default tmux server."""
        request = wire.StartSession(working_dir=working_dir, name=name, prompt=prompt)
        return self.ask(request, wire.SessionStarted)

    def send(self, name: str, text: str) -> wire.Progress:
        """Types one line into an idle session; ``follow`` its attempt."""
        return self.ask(wire.Send(name=name, text=text), wire.Progress)

    def enqueue(
        self, name: str, text: str, attach: Sequence[str] = (), key: str = ""
    ) -> wire.Enqueued:
        """Has a text delivered when its turn has come; ``attach``: absolute paths.

        Whoever got no answer may ask again with the same ``key``, a word of its own for each
        message: that makes no second one.
        """
        request = wire.Enqueue(
            name=name, text=text, attach=list(attach), key=key or os.urandom(16).hex()
        )
        return self.ask(request, wire.Enqueued)

    def follow(self, attempt: int) -> wire.Progress:
        """How far an attempt is."""
        return self.ask(wire.Follow(attempt=attempt), wire.Progress)

    def resume(
        self, *names: str, group: str | None = None, now: bool = False, dry_run: bool = False
    ) -> wire.Verdicts:
        """Resumes the named sessions, or a group; with neither it is said what would be done."""
        request = wire.Resume(names=list(names), group=group, now=now, dry_run=dry_run)
        return self.ask(request, wire.Verdicts)

    def stop(self, *names: str, group: str | None = None, now: bool = False) -> wire.Verdicts:
        """Ends sessions; ``now``: also those that work."""
        return self.ask(wire.Stop(names=list(names), group=group, now=now), wire.Verdicts)

    def hold(self, *names: str, group: str | None = None) -> wire.Verdicts:
        """Nobody but their user touches these sessions from now on."""
        return self.ask(wire.Hold(names=list(names), group=group), wire.Verdicts)

    def release(self, *names: str, group: str | None = None) -> wire.Verdicts:
        """Ends a hold."""
        return self.ask(wire.Release(names=list(names), group=group), wire.Verdicts)

    def pause(self, until: str | None = None, zone: str = "UTC") -> wire.Paused:
        """Nothing is resumed unasked from now on."""
        return self.ask(wire.Pause(until=until, zone=zone), wire.Paused)

    def unpause(self) -> wire.Paused:
        """Ends a pause."""
        return self.ask(wire.Unpause(), wire.Paused)

    # -- sessions that tell of themselves --------------------------------------------------------

    def register(
        self, session_id: str, directory: str, pid: int, start_time: float | None = None
    ) -> wire.Registered:
        """Has a session kept whose process runs already; its nonce is in the answer."""
        request = wire.Register(
            session_id=session_id, directory=directory, pid=pid, start_time=start_time
        )
        return self.ask(request, wire.Registered)

    def heartbeat(
        self, session_id: str, prompt_count: int | None = None, status: str = "", nonce: str = ""
    ) -> wire.Beaten:
        """Says that a session lives."""
        request = wire.Heartbeat(
            session_id=session_id, prompt_count=prompt_count, status=status, nonce=nonce
        )
        return self.ask(request, wire.Beaten)

    def end(
        self, session_id: str, reason: str = "", prompt_count: int | None = None, nonce: str = ""
    ) -> wire.Ended:
        """Says that a session ends."""
        request = wire.End(
            session_id=session_id, reason=reason, prompt_count=prompt_count, nonce=nonce
        )
        return self.ask(request, wire.Ended)

    def status(self, session_id: str = "") -> wire.PauseStatus:
        """Whether an account is paused: that of a session, else the default one."""
        return self.ask(wire.Status(session_id=session_id), wire.PauseStatus)

    # -- anything --------------------------------------------------------------------------------

    def ask(self, request: wire.Request, kind: type[A], patience: float = WORK_PATIENCE) -> A:
        """Sends ``request`` and returns its answer; raises the error that the answer carries."""
        deadline = time.monotonic() + patience
        self._socket.settimeout(patience)
        try:
            # Whoever refuses the beginning of a request reads no more of it, but has answered.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._socket.sendall(wire.encode(request))
            line = self._line(deadline)
        except ConnectionError as problem:
            raise ClosedError(
                f"the supervisor closed the connection before it answered; {_left(request)}. "
                "See: tmuxclaude supervisor status"
            ) from problem
        except OSError as problem:
            raise errors.UnreachableError(
                f"the supervisor did not answer within {patience:g} s; {_left(request)}. "
                "See: tmuxclaude supervisor status"
            ) from problem
        return wire.decode_answer(line, kind)

    def ping(self) -> wire.Pong:
        """Who is there; raises ``UnreachableError`` after ``PATIENCE`` seconds."""
        return self.ask(wire.Ping(), wire.Pong, PATIENCE)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _line(self, deadline: float | None) -> bytes:
        while b"\n" not in self._inbox:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            chunk = self._socket.recv(wire.MAX_BYTES)
            if not chunk:
                raise ConnectionResetError
            self._inbox += chunk
        line, _, rest = bytes(self._inbox).partition(b"\n")
        self._inbox = bytearray(rest)
        return line


def _left(request: wire.Request) -> str:
    """What is known of a request that was not answered."""
    if isinstance(request, wire.Ping):
        return "nothing was done"
    return "nobody knows whether it did what it was asked"
