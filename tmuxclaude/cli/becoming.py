"""This process becomes another program, as if that had been started in the first place.

Asked in a hurry: it imports nothing heavy.
"""

from __future__ import annotations

import os
import sys

from tmuxclaude.core.errors import NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn


def become(command: Sequence[str], arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by a program, which finds everything as we found it."""
    import signal

    for ignored in ("SIGPIPE", "SIGXFSZ"):  # by Python, at its start
        signal.signal(getattr(signal, ignored), signal.SIG_DFL)
    sys.stdout.flush()
    try:
        os.execve(command[0], [*command, *arguments], _as_it_was(os.environ))
    except OSError as problem:
        raise NotFoundError(f"{command[0]} cannot be started: {problem.strerror}") from problem


def _as_it_was(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what Python adds to it at its start in a plain C locale."""
    kept = dict(env)
    if kept.get("LC_CTYPE") == "C.UTF-8":
        try:
            with open("/proc/self/environ", "rb") as file:  # noqa: PTH123
                given = file.read().split(b"\0")
        except OSError:
            return kept
        if b"LC_CTYPE=C.UTF-8" not in given:
            del kept["LC_CTYPE"]
    return kept
