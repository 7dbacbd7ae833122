"""The supervisor's log: lines in a file that never grows large.

Knows how it is rotated and that nobody else may read it. What a program of ours prints besides, as
a crash of Python itself, goes to another file (``Paths.raw_log``), for a file that is open
elsewhere cannot be rotated.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tmuxclaude.core.errors import TmuxclaudeError
from tmuxclaude.edges.paths import private_file

LARGEST_BYTES = 1024 * 1024
KEPT = 2
"""How many full files are kept beside the one that is written: ``.1`` is the younger one."""

LARGEST_RAW_BYTES = 64 * 1024

FORM = "%(asctime)s %(levelname)s %(message)s"


class _Private(RotatingFileHandler):
    """A file of this user alone, begun anew when somebody moved or removed the one that is open."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        if self.stream is not None and self._lost(self.stream):
            # Where none can be made, what is open is better than nothing.
            with suppress(OSError, TmuxclaudeError):
                fresh = self._open()
                self.stream.close()
                self.stream = fresh
        return bool(super().shouldRollover(record))

    def _lost(self, opened: TextIOWrapper) -> bool:
        try:
            return not os.path.samestat(Path(self.baseFilename).stat(), os.fstat(opened.fileno()))
        except OSError:
            return True

    def _open(self) -> TextIOWrapper:
        opened = private_file(Path(self.baseFilename), os.O_WRONLY | os.O_APPEND)
        return os.fdopen(opened, "a", encoding="utf-8", errors="backslashreplace")


def begin(log: Path, also_shown: bool, largest: int = LARGEST_BYTES) -> None:
    """From now on what is logged goes to ``log``, and with ``also_shown`` to standard error.

    Raises ``RefusedError`` when the file is not ours.
    """
    handlers: list[logging.Handler] = [_Private(log, maxBytes=largest, backupCount=KEPT)]
    if also_shown:
        handlers.append(logging.StreamHandler(sys.stderr))
    else:
        _shorten(2)
    logging.basicConfig(level=logging.INFO, format=FORM, handlers=handlers, force=True)


def older(log: Path) -> list[Path]:
    """The full files that are there, the oldest first."""
    files = [log.with_name(f"{log.name}.{number}") for number in range(KEPT, 0, -1)]
    return [file for file in files if file.exists()]


def _shorten(raw: int) -> None:
    """Empties the file behind this descriptor, which only grows, when it has become large."""
    found = os.fstat(raw)
    if stat.S_ISREG(found.st_mode) and found.st_size > LARGEST_RAW_BYTES:
        os.ftruncate(raw, 0)
