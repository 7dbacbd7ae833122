"""stats: sessions, turns, tokens and hours, by session, day, account or directory.

Reads the database and the transcripts by itself; what the figures mean is decided in
``core/stats``.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.cli import accounts, layout
from tmuxclaude.cli.opening import zone_name
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core import chart, hours, stats
from tmuxclaude.core.stats import By, Figures, Material
from tmuxclaude.store import reader, statistics
from tmuxclaude.survey import scan

if TYPE_CHECKING:
    from tmuxclaude.edges.paths import Paths

HEADS = ("SESSIONS", "TURNS", "TOKENS", "WORKED", "WAITED", "SAVED", "RESUMED", "CHECKPOINTS")

BY = [by.value for by in By]

COLUMNS = 80
"""The width of the chart where there is no terminal."""


@click.command("stats", cls=Verb)
@click.option("--since", metavar="TIME", default="7d", help="7d, 12h or 2026-03-01; 7d by default.")
@click.option("--by", type=click.Choice(BY), default=BY[0], help=f"{BY[0]} by default.")
@as_json
def stats_command(since: str, by: str, as_json: bool) -> int:
    """Show what sessions worked and waited, and resumes saved.

    RESUMED says by whom: tmuxclaude, Claude Code itself, you. It reads the database and the
    transcripts, so it answers without a supervisor too.
    """
    paths, now, zone = app.paths(), time.time(), zone_name(os.environ)
    begin = hours.ago(since, now, zone)
    found = _material(paths, begin, tmux_server().only)
    rows, total = stats.figures(found, begin, now, By(by), zone)
    called = _names(by, [key for key, _ in rows])
    if as_json:
        data = [{by: key, **_named(by, called, key), **asdict(figures)} for key, figures in rows]
        told = {"since": begin, "until": now, "by": by, "rows": data, "total": asdict(total)}
        layout.out(layout.json_text(told))
    elif total == Figures():
        layout.out(f"Nothing happened since {layout.stamp(begin)}.")
    else:
        named = [(called.get(key, key), figures) for key, figures in rows]
        layout.out(_text(by, named, total))
    return 0


def _names(by: str, keys: list[str]) -> dict[str, str]:
    """What accounts and directories are called for people."""
    if by == By.ACCOUNT:
        names = accounts.names(keys)
        twice = {name for name in names.values() if list(names.values()).count(name) > 1}
        return {key: layout.short(key) if name in twice else name for key, name in names.items()}
    return {key: layout.short(key) for key in keys} if by == By.DIRECTORY else {}


def _named(by: str, called: dict[str, str], key: str) -> dict[str, str]:
    return {"name": called[key]} if by == By.ACCOUNT else {}


def _material(paths: Paths, since: float, socket: str | None) -> Material:
    """All that the figures are made of. ``socket``: only sessions of this tmux server."""
    connection = reader.open(paths.database)
    if connection is None:
        return Material([], [], [], [], [], {})
    with closing(connection):
        sessions = statistics.sessions(connection)
        if socket is not None:
            sessions = [row for row in sessions if row["socket"] == socket]
        found = Material(
            sessions=sessions,
            links=statistics.links(connection),
            events=statistics.events(connection),
            halts=statistics.halts(connection),
            checkpoints=statistics.checkpoints(connection) if socket is None else [],
            quarters={},
        )
    accounts = dict.fromkeys(str(row["account"]) for row in sessions)
    survey = scan.survey(accounts, paths.transcripts, since)
    told = {one.conversation: one.activity.quarters for one in survey.transcripts}
    return replace(found, quarters=told)


def _text(by: str, shown: list[tuple[str, Figures]], total: Figures) -> str:
    lines = [*(_cells(*one) for one in shown), _cells("all", total)]
    room = layout.room()
    fits = {by.upper(): layout.Fit(8, middle=True)}
    fits |= {head: layout.Fit(may_go=True) for head in ("CHECKPOINTS", "SESSIONS", "TOKENS")}
    parts = [layout.table((by.upper(), *HEADS), lines, room, fits)]
    bars = chart.bars(shown, min(room or COLUMNS, COLUMNS))
    if bars:
        parts.append("\n".join(["time worked (#) and waited on limits (.)", *bars]))
    return "\n\n".join(parts)


def _cells(name: str, one: Figures) -> tuple[str, ...]:
    by_whom = f"{one.by_us}/{one.by_claude}/{one.by_you}"
    return (
        name,
        str(one.sessions),
        str(one.turns),
        _short(one.tokens),
        *(chart.length(seconds) for seconds in (one.worked, one.waited, one.saved)),
        by_whom,
        str(one.checkpoints),
    )


def _short(number: int) -> str:
    """Three digits are enough for people: ``812``, ``45k``, ``3.2M``."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 999_500 else f"{number / 1e6:.1f}M"
