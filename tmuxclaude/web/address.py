"""The file from which this user's programs learn where the door is, and its token.

Whoever holds the lock on it is the one that serves; a file that a crash left behind is nobody's.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tmuxclaude.core.errors import AlreadyRunningError
from tmuxclaude.edges.paths import private_file


class Address:
    """The file at ``path``, held until the end of the ``with``; then it is removed.

    Raises ``AlreadyRunningError`` when another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _held(path)

    def tell(self, url: str, token: str) -> None:
        """Writes them down, and whose they are."""
        told = json.dumps({"url": url, "token": token, "pid": os.getpid()}) + "\n"
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, told.encode("ascii"), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if _is_at(self._path, self._file):
            self._path.unlink()
        os.close(self._file)


def _held(path: Path) -> int:
    while True:
        file = private_file(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise AlreadyRunningError(
                f"`tmuxclaude serve` runs already; where, is in {path}. This one has ended"
            ) from None
        if _is_at(path, file):
            return file
        os.close(file)  # the one before removed it while we opened it


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except FileNotFoundError:
        return False
