"""One supervisor for each user: a lock on an open file, and a keeper that brings it back.

The lock is held by the living process, never by a number in a file: what stands in the file is for
people. Knows processes and files; knows nothing of what the supervisor does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tmuxclaude.core.errors import AlreadyRunningError
from tmuxclaude.edges.paths import private_file

KEEPER = """\
# Brings the supervisor back after a crash; goes when it ends in order or another one runs.
pause=0.3
while :; do
    began=$(date +%s)
    "$@"
    case $? in 0 | 2 | 4 | 75) exit 0 ;; esac
    if [ $(($(date +%s) - began)) -ge 10 ]; then pause=0.3; fi
    sleep "$pause"
    case $pause in 0.3) pause=1 ;; 1) pause=5 ;; *) pause=30 ;; esac
done
"""
"""POSIX sh; its arguments are the supervisor's command. Exit statuses: ``core/errors.py``."""


class Lock:
    """The lock that makes a process the supervisor. Raises ``AlreadyRunningError`` when taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = private_file(path)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            raise AlreadyRunningError(
                f"another supervisor runs already (process {holder or 'unknown'}); this one ended"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def held(self) -> bool:
        """Whether the file at the path is still the one that is locked: nobody removed it."""
        with contextlib.suppress(OSError):
            return self._path.stat().st_ino == os.fstat(self._file).st_ino
        return False

    def release(self) -> None:
        os.close(self._file)


def keep_running(arguments: list[str], log: Path, env: Mapping[str, str]) -> None:
    """Starts this program with ``arguments`` in the background, under a keeper, and returns.

    Both leave the caller's session and terminal; what they print goes to ``log``.
    """
    output = private_file(log, os.O_WRONLY | os.O_APPEND)
    try:
        subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "tmuxclaude-keeper", sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={key: value for key, value in env.items() if key not in ("TMUX", "TMUX_PANE")},
            start_new_session=True,
        )
    finally:
        os.close(output)
