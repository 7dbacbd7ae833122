"""One supervisor for each user: a lock on an open file, and a keeper that brings it back.

The lock is held by the living process, never by a number in a file: what stands in the file only
says who that is and where it listens (``edges/listening``). Knows processes and files; knows
nothing of what the supervisor does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tmuxclaude.core.errors import AlreadyRunningError, UnreachableError
from tmuxclaude.edges import listening
from tmuxclaude.edges.paths import private_file
from tmuxclaude.edges.service_notify import KEPT_BY

KEEPER = """\
# Brings the supervisor back after a crash; goes when it ends in order or another one runs.
down=$1 pause=0.3
shift
while [ ! -e "$down" ]; do
    began=$(date +%s)
    "$@"
    status=$?
    case $status in 0 | 2 | 4 | 75) exit "$status" ;; esac
    if [ $(($(date +%s) - began)) -ge 10 ]; then pause=0.3; fi
    sleep "$pause"
    case $pause in 0.3) pause=1 ;; 1) pause=5 ;; *) pause=30 ;; esac
done
"""
"""POSIX sh; its arguments are the file that tells it to stay down, and the supervisor's command.
Exit statuses: ``core/errors.py``."""

_LOOKS, _LOOK_SECONDS = 20, 0.01


class Lock:
    """The lock that makes a process the supervisor. Raises ``AlreadyRunningError`` when taken.

    ``runtime_dir``: where it listens, for whoever has another one.
    """

    def __init__(self, path: Path, runtime_dir: Path) -> None:
        self._path = path
        self._file = private_file(path)
        if not _taken(self._file):
            pid, _ = listening.holder(str(path)) or ("unknown", "")
            os.close(self._file)
            raise AlreadyRunningError(
                f"another supervisor runs already (process {pid}); this one ended"
            )
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, listening.note(os.getpid(), str(runtime_dir)), 0)

    def held(self) -> bool:
        """Whether the file at the path is still the one that is locked: nobody removed it."""
        with contextlib.suppress(OSError):
            return self._path.stat().st_ino == os.fstat(self._file).st_ino
        return False

    def release(self) -> None:
        os.close(self._file)


def _taken(file: int) -> bool:
    """Whether the lock is ours now. Who only looks for its holder has it for a moment."""
    for _ in range(_LOOKS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOOK_SECONDS)
    return False


def keep_running(
    arguments: list[str], log: Path, down: Path, env: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Starts this program with ``arguments`` in the background, and returns its keeper.

    Both leave the caller's session and terminal; what they print goes to ``log``. The keeper ends
    with the program's exit status. ``down``: see ``stay_down``. Raises ``UnreachableError`` where
    nothing can be written.
    """
    try:
        down.unlink(missing_ok=True)
        output = private_file(log, os.O_WRONLY | os.O_APPEND)
    except OSError as problem:
        raise UnreachableError(
            f"the supervisor cannot be started: nothing can be written in {log.parent} "
            f"({problem.strerror}); nothing was done"
        ) from problem
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "tmuxclaude-keeper", str(down), sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={key: value for key, value in env.items() if key not in ("TMUX", "TMUX_PANE")}
            | {KEPT_BY: "keeper"},
            start_new_session=True,
        )
    finally:
        os.close(output)


def stay_down(down: Path) -> None:
    """Tells a keeper, and what it is just bringing back, that it is not wanted any more."""
    os.close(private_file(down))


def is_unwanted(down: Path) -> bool:
    """Whether a kept program is to end: it was told to stay down, or its home is gone."""
    return down.exists() or not down.parent.is_dir()
