"""resume: what continues a session. The supervisor decides and does; this asks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, quick, verdicts
from tmuxclaude.cli.options import Verb, as_json, in_group, tmux_server
from tmuxclaude.core import shown
from tmuxclaude.core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from tmuxclaude.edges.paths import Paths

DOES = {
    "types": "types the resume text",
    "relaunches": "starts it again with the resume text",
    "reopens": "opens it again",
    "refused": "refused",
}
WOULD = {
    "types": "would type the resume text",
    "relaunches": "would start it again with the resume text",
    "reopens": "would open it again",
    "refused": "would refuse",
}
"""What ``done`` of a verdict means, in words."""

GONE = ("lost", "ended")
"""States of a session that did not come back."""

COMING = ("queued", "starting")
"""States of a session that is on its way."""

RESUME_PATIENCE = 15.0
"""Seconds that ``resume`` follows what it set off; it goes on without us."""


@click.command("resume", cls=Verb)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=named.complete)
@click.option("--all", "every", is_flag=True, help="Every session that can be resumed.")
@in_group
@click.option("--now", is_flag=True, help="Also before the limit resets.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and on what evidence.")
@as_json
def resume_command(
    names: tuple[str, ...],
    every: bool,
    group: str | None,
    now: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Continue sessions that were stopped.

    By a limit, an error or the death of their process. Without a name it changes nothing: it lists
    what could be resumed, and why.
    """
    if names and every:
        raise UsageError("give names or --all, not both; nothing was done")
    only_looks = dry_run or not (names or every or group is not None)
    paths = app.paths()
    everything = every or not (names or group is not None)
    wanted, all_of_them = named.chosen(paths, names, everything, tmux_server(), group)
    request = wire.Resume(names=wanted, every=all_of_them, now=now, dry_run=only_looks)
    answer, progress, opened = wire.Verdicts(sessions=[]), [], []
    if wanted or all_of_them:
        with app.connect(paths) as client:
            answer = client.ask(request, wire.Verdicts)
            attempts = [one.attempt for one in answer.sessions if one.attempt is not None]
            progress = [] if only_looks else verdicts.follow(paths, attempts, RESUME_PATIENCE)
        reopens = [one.name for one in answer.sessions if one.done == "reopens"]
        opened = [] if only_looks else _started(paths, reopens)
    if as_json:
        data = {
            "sessions": wire.plain(answer.sessions),
            "attempts": [layout.untagged(wire.plain(one)) for one in progress],
            "reopened": [shown.session(row) for row in opened],
        }
        layout.out(layout.json_text(data | {"dry_run": only_looks}))
    else:
        _show_verdicts(answer.sessions, only_looks, bool(names))
        for line in [*map(verdicts.outcome, progress), *map(reopened, opened)]:
            layout.out(layout.visible(line))
    if verdicts.failed(progress) or any(map(gone, opened)):
        return RefusedError.exit_code
    return verdicts.exit_code(answer.sessions) if names else 0


def _started(paths: Paths, names: list[str]) -> list[quick.Row]:
    """The sessions of these names as soon as none of them is only starting, or waits for that."""
    until = time.monotonic() + RESUME_PATIENCE
    while True:
        known = quick.sessions(str(paths.database), True, None)
        newest = {row["name"]: row for row in sorted(known, key=named.rank)}
        rows = [newest[name] for name in names if name in newest]
        if time.monotonic() >= until or all(row["state"] not in COMING for row in rows):
            return rows
        time.sleep(verdicts.LOOK_SECONDS)


def gone(row: quick.Row) -> bool:
    """Whether a session that was opened again did not stay, or is just being ended again."""
    return row["state"] in GONE or row["want"] == "down"


def reopened(row: quick.Row) -> str:
    """One sentence about a session that was opened again."""
    name, state, why = row["name"], row["state"], f": {row['reason']}" if row["reason"] else ""
    if gone(row):
        return f"{name}: it is {state if state in GONE else 'being ended'} again{why}"
    if state in COMING:
        return f"{name}: not at its prompt yet; see: tmuxclaude show {name}"
    return f"{name}: is {state}{why}; go to it: tmuxclaude attach {name}"


def _show_verdicts(answer: list[wire.Verdict], only_looks: bool, explain: bool) -> None:
    if not answer:
        layout.out("There is nothing to resume.")
        return
    layout.out(verdicts.text(answer, WOULD if only_looks else DOES))
    for verdict in answer:
        if only_looks and explain and verdict.evidence:
            layout.out(f"{verdict.name} rests on:\n{verdicts.evidence(verdict)}")
    if only_looks:
        can = any(one.done != "refused" for one in answer)
        how = " Resume with: tmuxclaude resume NAME... | --all" if can else ""
        layout.out(f"Nothing was done.{how}")
