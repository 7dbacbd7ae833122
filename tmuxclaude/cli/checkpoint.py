"""checkpoint take: asks for checkpoints, and waits for them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.chores import comeback
from tmuxclaude.cli import failures, layout, named, starting
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.checkpoints import Stage
from tmuxclaude.core.drawn import counted
from tmuxclaude.core.errors import TmuxclaudeError, UnreachableError, UsageError
from tmuxclaude.core.hours import length
from tmuxclaude.edges.paths import Paths

LOOK_SECONDS = 0.1

HEADS = ("ID", "SESSION", "DIRECTORY", "WHAT")
FITS = {
    "DIRECTORY": layout.Fit(20, middle=True),
    "WHAT": layout.Fit(24),
    "SESSION": layout.Fit(4, may_go=True),
}

PATIENCE = 300.0
"""Seconds that it waits for all that were asked for."""


@click.command("take", cls=Verb)
@click.argument("names", metavar="[NAME...]", nargs=-1, shell_complete=named.complete)
@click.option("--all", "every", is_flag=True, help="Of every session in which something was said.")
@click.option("--due", "--once", "due", is_flag=True, help="Of every conversation that is due.")
@click.option(
    "--interval", metavar="TIME", help="Of what is due, again and again: 30m, until Ctrl-C."
)
@click.option("--dry-run", is_flag=True, help="With --due: say why each is due or not; no more.")
@click.option("--reason", metavar="TEXT", default="", help="What you want to remember of it.")
@click.option("--committed", metavar="DIR", help="As the git hook asks: waits for nothing.")
@as_json
def take_command(
    names: tuple[str, ...],
    every: bool,
    due: bool,
    interval: str | None,
    dry_run: bool,
    reason: str,
    committed: str | None,
    as_json: bool,
) -> int:
    """Take checkpoints now, and wait until they are taken.

    Ctrl-C stops only the waiting.
    """
    if [bool(names), every, due, bool(interval), committed is not None].count(True) != 1:
        raise UsageError("give one or more names, --all, --due or --interval; nothing was done")
    if dry_run and not (due or interval):
        raise UsageError("--dry-run goes with --due; nothing was done")
    paths = app.paths()
    if interval:
        seconds = length(interval)
        _due(paths, reason, dry_run, as_json)
        while True:
            layout.flush()
            pause(seconds)
            _next_round(paths, reason, dry_run, as_json)
    if due:
        return _due(paths, reason, dry_run, as_json)
    if committed is not None:
        return _committed(committed)
    wanted, all_of_them = named.chosen(paths, names, every, tmux_server())
    asked: list[wire.WantedView] = []
    if wanted or all_of_them:
        order = wire.TakeCheckpoints(names=wanted, every=all_of_them, note=reason)
        with app.connect(paths) as client:
            asked = client.ask(order, wire.CheckpointsWanted).checkpoints
    return follow(paths.database, asked, as_json)


def pause(seconds: float) -> None:
    """In short sleeps, for a Ctrl-C in the instant before one is only seen after it."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))


def _next_round(paths: Paths, reason: str, dry_run: bool, as_json: bool) -> None:
    """What goes wrong after the first round is told, and may be mended until the next."""
    try:
        _due(paths, reason, dry_run, as_json)
    except TmuxclaudeError as problem:
        failures.tell(problem, as_json)


def _due(paths: Paths, reason: str, dry_run: bool, as_json: bool) -> int:
    """Has those taken that are due, or only says of each conversation whether it is.

    Schedulers call it, so the supervisor is started when none runs.
    """
    from tmuxclaude.cli import due as deciding

    told = deciding.verdicts(paths)
    if dry_run:
        data = {"conversations": deciding.plain(told)}
        layout.out(layout.json_text(data) if as_json else deciding.text(told))
        return 0
    wanted = [
        wire.Due(
            conversation=one.transcript.conversation,
            account=one.transcript.account,
            directory=_absolute(one.activity.directory),
            reasons=list(verdict.reasons),
            after=one.kept.id if one.kept is not None else "",
            transcript=one.transcript.path,
        )
        for one, verdict in told
        if verdict.due
    ]
    at_once = wire.checkpoints.MOST_AT_ONCE
    asked: list[wire.WantedView] = []
    for begin in range(0, len(wanted), at_once):
        order = wire.TakeCheckpoints(due=wanted[begin : begin + at_once], note=reason)
        with starting.supervisor(paths, as_json) as client:
            asked += client.ask(order, wire.CheckpointsWanted).checkpoints
    return follow(paths.database, asked, as_json)


def _absolute(directory: str) -> str:
    """What a transcript says of where it began, if that can be."""
    return directory if directory.startswith("/") else ""


def _committed(directory: str) -> int:
    """What a hook says is nobody's concern when no supervisor runs."""
    place = str(Path(directory).absolute())
    with suppress(UnreachableError), app.connect(app.paths()) as client:
        client.ask(wire.TakeCheckpoints(committed=place), wire.CheckpointsWanted)
    return 0


def follow(database: Path, asked: Sequence[wire.WantedView], as_json: bool) -> int:
    """Waits for them and tells what became of each; the exit code."""
    ids = {one.id for one in asked}
    until = time.monotonic() + PATIENCE
    rows = _rows(database, ids)
    while any(_open(row) for row in rows) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        rows = _rows(database, ids)
    if as_json:
        layout.out(layout.json_text({"checkpoints": rows}))
    elif rows:
        now = time.time()
        cells = [
            (
                row["id"],
                row["name"] or "",
                layout.short(row["directory"]),
                _what(row, stage(row, now)),
            )
            for row in rows
        ]
        layout.out(layout.table(HEADS, cells, layout.room(), FITS))
    else:
        layout.out("There is nothing to take a checkpoint of.")
    return 0 if all(row["stage"] == Stage.TAKEN for row in rows) else UnreachableError.exit_code


def _rows(database: Path, ids: set[str]) -> list[dict[str, Any]]:
    return [row for row in comeback.rows(database) if row["id"] in ids]


def _open(row: dict[str, Any]) -> bool:
    """Whether it is still to be waited for; what failed is tried again much later, unless somebody
    asks for it anew."""
    if row["stage"] == Stage.DUE:
        return not row["problem"] or bool(row["next_at"] <= time.time())
    return bool(row["stage"] == Stage.TAKING)


def stage(row: dict[str, Any], now: float) -> str:
    """How far it has come, in words."""
    if row["stage"] == Stage.DUE and row["problem"]:
        again = layout.moment(row["next_at"], now)
        return f"failed, tried again at {again}: {row['problem']}"
    words = {Stage.DUE: "waits for its turn", Stage.TAKING: "is being taken"}
    if row["stage"] in words:
        return words[Stage(row["stage"])]
    return "taken" if row["stage"] == Stage.TAKEN else f"given up: {row['problem']}"


def _what(row: dict[str, Any], stage: str) -> str:
    if row["stage"] != Stage.TAKEN:
        return stage
    files = counted(row["changed"], "changed file") if row["root"] else ""
    return ", ".join(filter(None, ("taken", files, row["problem"])))
