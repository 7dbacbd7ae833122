"""Tells systemd how the supervisor does: that it is ready, that it still works, that it ends.

Knows the datagrams of sd_notify(3) and the variables by which a service manager is known. Without
them it says nothing to nobody. They are taken out of the environment, for what the supervisor
starts (a tmux server, say) is not the service.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

KEPT_BY = "TMUXCLAUDE_KEPT_BY"
"""Set by whoever brings the supervisor back: ``keeper``, ``systemd`` or ``launchd``."""

_OTHERS = ("INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MEMORY_PRESSURE_WATCH")


class Service:
    """What keeps this process. ``kept_by`` is empty where nobody does, as in a terminal."""

    def __init__(self, env: MutableMapping[str, str]) -> None:
        self.kept_by = env.pop(KEPT_BY, "")
        self._address = env.pop("NOTIFY_SOCKET", "")
        micros = env.pop("WATCHDOG_USEC", "")
        ours = env.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._interval = int(micros) / 2e6 if ours and micros.isdecimal() else None
        self._ready = False
        self._next = 0.0
        if self.kept_by == "systemd":
            for name in _OTHERS:
                env.pop(name, None)

    def completed_round(self, monotonic: float) -> None:
        """A round has ended, so the loop does not hang. The first one makes the service ready."""
        if not self._ready:
            self._say("READY=1")
            self._ready = True
        if self._interval is not None and monotonic >= self._next:
            self._next = monotonic + self._interval
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """It ends in order."""
        self._say("STOPPING=1")

    def _say(self, word: str) -> None:
        if not self._address:
            return
        # A leading "@" is systemd's way to write the zero byte of an abstract socket.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(word.encode("ascii"), address)
