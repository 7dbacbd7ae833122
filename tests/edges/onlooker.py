"""A person attached to a tmux server from a terminal: what is drawn there, as it is drawn."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.conftest import PrivateServer
from tests.waiting import until

_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x0f")


class Onlooker:
    """``drawn`` is every byte that the terminal got so far."""

    def __init__(self, leader: int, tty: str) -> None:
        self.tty = tty
        self.drawn = b""
        self._leader = leader
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def text(self) -> str:
        """The same without what moves the cursor or sets colours."""
        return _SEQUENCE.sub("", self.drawn.decode("utf-8", "replace"))

    def sees(self, words: str) -> None:
        until(lambda: words in self.text(), what=lambda: f"{words!r} in {self.text()[-500:]!r}")

    def press(self, keys: bytes) -> None:
        os.write(self._leader, keys)

    def _read(self) -> None:
        with suppress(OSError):  # the other end was closed
            while read := os.read(self._leader, 65536):
                self.drawn += read


@contextmanager
def attached(
    server: PrivateServer, tmux_session: str = "user", control: bool = False
) -> Iterator[Onlooker]:
    """Attached to this tmux session on a terminal of 200 columns; with ``control``, a program."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    tty = os.ttyname(follower)
    call = ["tmux", "-u", *(["-C"] if control else []), "-S", server.socket]
    call += ["attach-session", "-t", tmux_session]
    client = subprocess.Popen(
        call,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=os.environ | {"TERM": "xterm"},
        start_new_session=True,
    )
    os.close(follower)
    onlooker = Onlooker(leader, tty)
    try:
        until(lambda: tty in server.say("list-clients", "-F", "#{client_tty}"), what="a client")
        yield onlooker
    finally:
        client.kill()
        client.wait()
        onlooker.thread.join()
        os.close(leader)
