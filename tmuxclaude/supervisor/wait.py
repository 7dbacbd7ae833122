"""Waits: until a time, a byte on the socket, or a signal; whichever comes first."""

from __future__ import annotations

import selectors
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType


class Waiter:
    """A selector whose keys carry a callable in ``data``, and which signals wake.

    ``stopping`` turns true when one of the ``stop_signals`` has come.
    """

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        self.selector.register(self._ours, selectors.EVENT_READ, self._drain)

    def stop_on(self, stop_signals: Iterable[signal.Signals]) -> None:
        """Ends the loop in order on these signals. Only in the main thread."""
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in stop_signals:
            signal.signal(number, self._stop)

    def wait(self, seconds: float) -> None:
        """Serves what is ready; returns after so many seconds, or after serving."""
        for key, events in self.selector.select(max(0.0, seconds)):
            key.data(events)

    def wake(self) -> None:
        """Ends a wait at once; from any thread."""
        with suppress(OSError):
            self._theirs.send(b"\0")

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        self.selector.close()
        self._ours.close()
        self._theirs.close()

    def stop(self) -> None:
        """Ends the loop in order after what is being served."""
        self.stopping = True

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()

    def _drain(self, _events: int) -> None:
        self._ours.recv(4096)
