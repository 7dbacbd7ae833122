"""When a session is abandoned: quiet for hours, with work around it that is not committed.

Pure: rows of the view ``session_list`` in. Quick to import, for ``list`` is.
"""

from __future__ import annotations

from tmuxclaude.core.drawn import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    Row = Mapping[str, Any]

QUIET = ("idle", "waiting", "lost")
"""The states in which nothing happens by itself; a limited session waits for something."""


def quiet_since(row: Row) -> float | None:
    """Since when nothing has happened in it (UTC epoch seconds); ``None`` while something does."""
    if row["state"] not in QUIET:
        return None
    at: float = row["active_at"] if row["active_at"] is not None else row["since"]
    return at


def candidates(rows: Iterable[Row], now: float, hours: float) -> dict[str, Row]:
    """By uid the sessions that are abandoned if something is not committed; 0 hours: never."""
    found = {}
    for row in rows:
        since = quiet_since(row)
        if hours and since is not None and now - since >= 3600 * hours:
            found[row["uid"]] = row
    return found


def words(since: float, files: int, now: float) -> str:
    """How it is told, of a session that was quiet since then."""
    changed = "1 file is" if files == 1 else f"{files} files are"
    return f"abandoned: nothing for {span(now - since)}, {changed} not committed"
