"""Who is at the other end of a Unix socket, as the system tells it."""

from __future__ import annotations

import socket
import struct


def peer_pid(connection: socket.socket) -> int | None:
    """The process at the other end, as it was when it connected; ``None``: it is not told."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    return _credentials(connection)[0]


def peer_uid(connection: socket.socket) -> int | None:
    """The user id of the process at the other end; ``None`` when the system does not tell."""
    if hasattr(socket, "SO_PEERCRED"):
        return _credentials(connection)[1]
    # macOS: LOCAL_PEERCRED gives struct xucred, whose second word is the user id.
    credentials = connection.getsockopt(0, 1, 76)
    return int(struct.unpack_from("2I", credentials)[1])


def _credentials(connection: socket.socket) -> tuple[int, int, int]:
    """Linux: the process, user and group at the other end."""
    size = struct.calcsize("3i")
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, gid = struct.unpack("3i", found)
    return pid, uid, gid
