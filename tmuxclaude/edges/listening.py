"""Where the supervisor that runs listens: runtime directories differ from shell to shell.

One that a login started has another than a shell of cron or of ``su``; the state directory, and in
it the lock, is the same for both. Asked before each command, so next to nothing is imported.
"""

from __future__ import annotations

import os
import time

SOCKET = "supervisor.sock"

LONGEST = 8192
"""Bytes of what is noted in the lock."""

_ABOUT_FILE, _SOCKET, _DIRECTORY = 0o170000, 0o140000, 0o040000  # as ``stat`` calls them


def note(pid: int, runtime_dir: str) -> bytes:
    """What the holder of the lock writes into its file: a line for each."""
    return b"%d\n%s\n" % (pid, os.fsencode(runtime_dir))


def noted(text: bytes) -> tuple[str, str]:
    """The process and its runtime directory; each is empty when it is not there."""
    pid, _, runtime_dir = text.removesuffix(b"\n").partition(b"\n")
    number = pid.decode("ascii", "replace").strip()
    return number if number.isdecimal() else "", os.fsdecode(runtime_dir)


def runtime_dir(lock: str, own: str) -> str:
    """The runtime directory of the supervisor that took this lock last, if its socket is there;
    else ``own``, as also where directory and socket are not this user's alone."""
    if (file := _opened(lock)) is None:
        return own
    try:
        _, named = noted(os.read(file, LONGEST))
    except OSError:
        return own
    finally:
        os.close(file)
    if named == own or not named.startswith("/"):
        return own
    ours = _is_private(named, _DIRECTORY) and _is_private(f"{named}/{SOCKET}", _SOCKET)
    return named if ours else own


def holder(lock: str) -> tuple[str, str] | None:
    """The process that holds the lock, and its runtime directory; ``None`` when nobody does, or
    none can be told."""
    import fcntl

    if (file := _opened(lock)) is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # ours only until it is closed, at once
    except BlockingIOError:
        return _noted_soon(file)
    except OSError:  # of a file system without locks
        return None
    finally:
        os.close(file)
    return None


def _noted_soon(file: int) -> tuple[str, str]:
    """What is noted in a taken lock; its holder writes that right after it took it."""
    for _ in range(20):
        pid, named = noted(os.pread(file, LONGEST, 0))
        if pid:
            return pid, named
        time.sleep(0.01)
    return "unknown", ""


def out_of_reach(lock: str, looked_in: str) -> str:
    """What is to be said when nobody listens in ``looked_in`` and a supervisor runs all the same,
    with a directory that cannot be seen from here; empty when none does."""
    found = holder(lock)
    return "" if found is None or found[1] == looked_in else unanswered(*found)


def unanswered(pid: str, named: str) -> str:
    """What is to be said of the holder of the lock when nobody listens where it does."""
    return (
        f"a supervisor runs already (process {pid}), with the runtime directory "
        f"{named or 'unknown'}, and cannot be reached from here; nothing was done. "
        f"To end it: kill {pid}"
    )


def hanging(lock: str) -> str:
    """What is to be said of the holder of the lock when it lets people wait; empty without one."""
    if (found := holder(lock)) is None:
        return ""
    return (
        f"the supervisor (process {found[0]}) does not answer; nothing was done. Sessions go on, "
        f"but nothing is resumed. If that lasts, end it: kill -9 {found[0]}; what keeps it brings "
        "it back"
    )


def _opened(lock: str) -> int | None:
    try:
        # O_NONBLOCK: a pipe that somebody put there must not make us wait.
        return os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None


def _is_private(path: str, kind: int) -> bool:
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    mode = found.st_mode
    return mode & _ABOUT_FILE == kind and not mode & 0o077 and found.st_uid == os.geteuid()
