"""Runs a command where the network is only the loopback, if this machine allows that.

    python -m tests.end_to_end.isolated python -m pytest tests/end_to_end

Linux gives a process a network namespace of its own, to root directly and to others inside a user
namespace. Where it does not (macOS, some containers), the command runs plainly and one line says
so. What the tests download (`python -m tests.end_to_end.claude_code`) must be there before.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path

NEW_USER = 0x10000000  # CLONE_NEWUSER
NEW_NET = 0x40000000  # CLONE_NEWNET
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP


def enter() -> None:
    """Move this process into a new network namespace with the loopback up."""
    user, group = os.getuid(), os.getgid()
    try:
        _unshare(NEW_NET)
    except PermissionError:
        _unshare(NEW_USER | NEW_NET)
        own = Path("/proc/self")
        (own / "setgroups").write_text("deny")
        (own / "uid_map").write_text(f"{user} {user} 1")
        (own / "gid_map").write_text(f"{group} {group} 1")
    _raise_loopback()


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _raise_loopback() -> None:
    """By ioctl, because the `ip` command may be missing."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", flags | UP))


def allowed() -> bool:
    """Try it in a child: half a namespace cannot be left again."""
    if sys.platform != "linux":
        return False
    child = os.fork()
    if child == 0:
        try:
            enter()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(command: list[str]) -> None:
    if not command:
        sys.exit("usage: python -m tests.end_to_end.isolated COMMAND ...")
    if allowed():
        enter()
    else:
        print("isolated: no network namespace here, running with the network", file=sys.stderr)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
