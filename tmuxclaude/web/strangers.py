"""Whose process is at the other end of a connection on the loopback, as Linux tells it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

TABLE = Path("/proc/net/tcp")


def is_strangers(port: int, ours: int) -> bool:
    """Whether the connection from ``port`` to ``ours``, both of 127.0.0.1, is another user's.

    Whoever has gone already is a stranger too. Where the system does not tell, nobody is.
    """
    try:
        lines = TABLE.read_text("ascii").splitlines()
    except OSError:
        return False
    ends = [_end(port), _end(ours)]
    for fields in map(str.split, lines):
        if fields[1:3] == ends:
            user, inode = int(fields[7]), int(fields[9])
            return user != os.geteuid() or inode == 0
    return True


def _end(port: int) -> str:
    """One end of a connection as the table has it."""
    address = int.from_bytes(socket.inet_aton("127.0.0.1"), sys.byteorder)
    return f"{address:08X}:{port:04X}"
