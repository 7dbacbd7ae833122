"""Asks the supervisor. A plain blocking client: one connection, one request a line, one answer.

A supervisor that does not answer within ``PATIENCE`` seconds is reported as such, never waited for.
"""

from __future__ import annotations

import contextlib
import socket
import time
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


class Client:
    """One connection to the supervisor at ``path``.

    Raises ``UnreachableError`` when nobody listens or nobody answers.
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
            raise errors.UnreachableError(
                "the supervisor closed the connection; nothing is known to have changed. "
                "See: tmuxclaude supervisor status"
            ) from problem
        except OSError as problem:
            raise errors.UnreachableError(
                f"the supervisor did not answer within {patience:g} s; nothing is known to have "
                "changed. See: tmuxclaude supervisor status"
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

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._inbox:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            chunk = self._socket.recv(wire.MAX_BYTES)
            if not chunk:
                raise ConnectionResetError
            self._inbox += chunk
        line, _, rest = bytes(self._inbox).partition(b"\n")
        self._inbox = bytearray(rest)
        return line
