"""What waits in a terminal's input. Knows the kernel's terminal calls; reads no byte of it."""

from __future__ import annotations

import array
import fcntl
import os
import re
import termios

TTY = re.compile(r"/dev/(pts/\d+|ttys\d+)")
"""The path of a terminal as Linux and macOS name it."""


def unread(tty: str) -> int | None:
    """Bytes in the input queue of this terminal that its program has not read yet.

    ``None`` when it cannot be known: no such terminal, or one that waits for whole lines, of which
    the kernel counts only those that are finished.
    """
    if not TTY.fullmatch(tty):
        return None
    try:
        terminal = os.open(tty, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return None
    try:
        if termios.tcgetattr(terminal)[3] & termios.ICANON:
            return None
        count = array.array("i", [0])
        fcntl.ioctl(terminal, termios.FIONREAD, count)
        return count[0]
    except (OSError, termios.error):
        return None
    finally:
        os.close(terminal)
