"""history [NAME]: starts, ends, stops, who resumed and how long it waited, over all time.

Reads the database by itself; what makes an entry is decided in ``core/past``.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from tmuxclaude import app
from tmuxclaude.cli import layout, named, quick
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core import past
from tmuxclaude.core.past import Entry
from tmuxclaude.store import reader, remembered

HEADS = ("WHEN", "NAME", "WHAT", "HOW")
FITS = {"NAME": layout.Fit(10, middle=True), "HOW": layout.Fit(10)}


@click.command("history", cls=Verb)
@click.argument("name", required=False, shell_complete=named.complete)
@as_json
def history_command(name: str | None, as_json: bool) -> int:
    """Show starts, ends, limits, and who resumed, over all time.

    Of every session, or of those that bear NAME or bore it when they ended. It reads the database,
    so it answers without a supervisor too.
    """
    paths, server = app.paths(), tmux_server()
    if name is not None:
        named.one(paths, name, server)
    entries = entries_of(paths.database, name)
    if server.only is not None:
        here = {row["uid"] for row in quick.sessions(str(paths.database), True, server.only)}
        entries = [entry for entry in entries if entry.session in here]
    if as_json:
        layout.out(layout.json_text({"entries": [asdict(entry) for entry in entries]}))
    elif entries:
        layout.out(text(entries, layout.room()))
    else:
        layout.out("Nothing has happened yet. Open a session with: tmuxclaude new")
    return 0


def entries_of(database: Path, name: str | None) -> list[Entry]:
    """The history of the sessions with this name, or of all; empty without a database."""
    connection = reader.open(database)
    if connection is None:
        return []
    with closing(connection):
        events = remembered.past_events(connection, past.KINDS, past.STATES, name)
        halts = remembered.past_halts(connection, name)
    return past.history(
        [dict(zip(remembered.PAST_EVENT_COLUMNS, row, strict=True)) for row in events],
        [dict(zip(remembered.PAST_HALT_COLUMNS, row, strict=True)) for row in halts],
    )


def text(entries: list[Entry], room: int | None) -> str:
    """A line for each, none wider than ``room``."""
    return layout.table(HEADS, map(_cells, entries), room, FITS)


def _cells(entry: Entry) -> tuple[str, ...]:
    actor = quick.ACTORS.get(entry.by, "")
    by = f"by {actor}" if actor else ""
    waited = "" if entry.waited is None else f"after {layout.span(entry.waited)}"
    how = ": ".join(filter(None, (" ".join(filter(None, (by, waited))), entry.text)))
    return (layout.stamp(entry.at), entry.name, entry.what, how)
