"""Whether the database is whole: looked at without changing anything."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tmuxclaude.store import reader
from tmuxclaude.store.format import family, stored_version, translated
from tmuxclaude.store.legible import TABLES, Flaw, flaws


class Health(NamedTuple):
    """``verdict``: ``ok``, or what SQLite found. ``bytes``: with its log. ``newest``: when the last
    event was written (UTC epoch seconds)."""

    verdict: str
    bytes: int
    schema: int
    sessions: int
    newest: float | None


def health(path: Path) -> Health | None:
    """What is found; ``None`` without a database. Raises what ``reader.open`` raises."""
    connection = reader.open(path)
    if connection is None:
        return None
    try:
        with closing(connection):
            return Health(
                verdict=connection.execute("PRAGMA quick_check(1)").fetchone()[0],
                bytes=sum(os.stat(one).st_size for one in family(path) if os.path.exists(one)),  # noqa: PTH110, PTH116
                schema=stored_version(connection, path),
                sessions=sum(reader.counts(connection).values()),
                newest=connection.execute(
                    "SELECT max(at) FROM events WHERE typeof(at) = 'real'"
                ).fetchone()[0],
            )
    except sqlite3.Error as error:
        raise translated(error, path) from error


def strange(path: Path) -> list[Flaw]:
    """Every row that is not understood; none without a database. Raises what ``health`` raises."""
    connection = reader.open(path)
    if connection is None:
        return []
    with closing(connection):
        return flaws(connection, TABLES)
