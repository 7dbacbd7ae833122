"""Where the rows come from: the file that the supervisor publishes, else the database.

Knows the form of the file (docs/internals/picker.md). The database is read, and what that needs
imported, only when the file is missing or stale.
"""

from __future__ import annotations

import os
import time

from tmuxclaude.cli.places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORM = ["tmuxclaude-rows", "2"]
STALE_SECONDS = 150.0
"""A supervisor that works writes at least once a minute."""

ASLEEP = "the supervisor is not running, nothing is watched; see: tmuxclaude supervisor start"
SILENT = "the supervisor does not answer, nothing is resumed; see: tmuxclaude status"

AGAIN_SECONDS = 2.0
"""How often the database is read again while there is no supervisor."""


class Line:
    """A session that can be picked. The fields of its pane are empty when it has none.

    ``drawn``: one text for each layout, the widest last.
    """

    __slots__ = ("drawn", "kind", "name", "nonce", "pane_id", "plain", "server_pid", "socket")

    def __init__(self, fields: list[str]) -> None:
        self.kind, self.name, self.socket, self.server_pid, self.pane_id, self.nonce = fields[:6]
        self.drawn = fields[6:]
        self.plain = without_sgr(self.drawn[-1]).lower()


class Page:
    """Everything that is shown: the lines of the ``head``, drawn as those of the sessions are.

    ``least``: how many columns each layout needs, rising.
    """

    __slots__ = ("head", "least", "lines")

    def __init__(self, head: list[list[str]], lines: list[Line], least: list[int]) -> None:
        self.head = head
        self.lines = lines
        self.least = least

    def layout(self, room: int) -> int:
        """The number of the widest layout for so many columns."""
        return max(sum(least <= room for least in self.least) - 1, 0)


def without_sgr(drawn: str) -> str:
    """A drawn text without its colours."""
    first, *more = drawn.split("\x1b[")
    return first + "".join(part.partition("m")[2] for part in more)


class Source:
    """``page`` is what was read last. ``only``: the sessions of this tmux server (its socket)."""

    def __init__(self, places: Places, only: str | None = None) -> None:
        self._places = places
        self._only = only
        self._seen: object = None
        self._again = 0.0
        self.page = Page([], [], [])

    def refresh(self) -> bool:
        """Reads again if there may be something new; returns whether there was."""
        found, now = _stamp(self._places.rows), time.time()
        if found is not None and found == self._seen and now < self._again:
            return False
        if found is None and self._seen is None and now < self._again:
            return False
        lines = text(self._places).splitlines()
        _, _, pid, _, *least = lines[0].split("\t")
        stale = pid == "0"
        self._seen, self._again = (None if stale else found), now + AGAIN_SECONDS
        fields = [line.split("\t") for line in lines[1:]]
        fresh = Page(
            [one[6:] for one in fields if one[0] == "head"],
            [Line(one) for one in fields if one[0] != "head" and self._only in (None, one[2])],
            [int(one) for one in least],
        )
        changed = fresh.head != self.page.head or _drawn(fresh) != _drawn(self.page)
        self.page = fresh
        return changed


def text(places: Places) -> str:
    """The rows as the supervisor publishes them, or as it would if it ran."""
    try:
        with open(places.rows, encoding="utf-8") as file:  # noqa: PTH123
            found = file.read()
    except (OSError, ValueError):
        return _from_database(places, ASLEEP)
    *form, pid, written = (found.partition("\n")[0] + "\t" * 3).split("\t")[:4]
    if form != FORM or not (pid.isdecimal() and written.isdecimal()) or not _runs(int(pid)):
        return _from_database(places, ASLEEP)
    if time.time() - int(written) > STALE_SECONDS:
        return _from_database(places, SILENT)
    return found


def _from_database(places: Places, notice: str) -> str:
    from contextlib import closing

    from tmuxclaude.core import rows
    from tmuxclaude.core.errors import TmuxclaudeError
    from tmuxclaude.store import reader

    sessions: list[dict[str, Any]] = []
    limits: list[dict[str, Any]] = []
    pause = None
    try:
        connection = reader.open(places.database)
        if connection is not None:
            with closing(connection):
                columns, found = reader.SESSION_COLUMNS, reader.pickable(connection)
                sessions = [dict(zip(columns, one, strict=True)) for one in found]
                known = reader.account_limits(connection)
                limits = [dict(zip(reader.LIMIT_COLUMNS, one, strict=True)) for one in known]
                asked = reader.pause(connection)
                pause = dict(zip(reader.PAUSE_COLUMNS, asked, strict=True)) if asked else None
        notices = [notice] if sessions else []  # the first session starts a supervisor
    except TmuxclaudeError as problem:
        notices = [str(problem)]
    home = os.environ.get("HOME", "")
    return rows.text(sessions, limits, pause, notices, time.time(), time.localtime, home, 0)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return pid > 0


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _drawn(page: Page) -> list[tuple[str, str, list[str]]]:
    return [(line.kind, line.name, line.drawn) for line in page.lines]
