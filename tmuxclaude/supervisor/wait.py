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

    ``stopping`` turns true when one of the ``stop_signals`` has come; a ``reload_signal`` is
    remembered until it is taken.
    """

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self._reload = False
        self._woken = False
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        self.selector.register(self._ours, selectors.EVENT_READ, self._drain)

    def heed(
        self, stop_signals: Iterable[signal.Signals], reload_signal: signal.Signals | None = None
    ) -> None:
        """Ends the loop in order on the first ones. Only in the main thread."""
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        for number in stop_signals:
            signal.signal(number, self._stop)
        if reload_signal is not None:
            signal.signal(reload_signal, self._wants_reload)

    def take_reload(self) -> bool:
        """Whether the reload signal came since this was last asked."""
        wanted, self._reload = self._reload, False
        return wanted

    def wait(self, seconds: float) -> bool:
        """Serves what is ready; returns after so many seconds, or after serving.

        Whether it was woken, by a signal or by ``wake``.
        """
        self._woken = False
        for key, events in self.selector.select(max(0.0, seconds)):
            key.data(events)
        return self._woken

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

    def _wants_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()

    def _drain(self, _events: int) -> None:
        self._ours.recv(4096)
        self._woken = True
