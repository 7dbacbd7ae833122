"""resume and send: what puts text into a session. The supervisor decides and does; this asks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, quick, verdicts
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.model import Step

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

RESUME_PATIENCE = 15.0
"""Seconds that ``resume`` follows what it set off; it goes on without us."""

DASHED = "A TEXT that begins with a dash stands after --, as in: tmuxclaude send NAME -- -x"

SEND_PATIENCE = 120.0
"""Seconds after which ``send`` stops following; the journal ends an attempt well before."""


@click.command("resume", cls=Verb)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every session that can be resumed.")
@click.option("--now", is_flag=True, help="Also before the limit resets.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and on what evidence.")
@as_json
def resume_command(
    names: tuple[str, ...], every: bool, now: bool, dry_run: bool, as_json: bool
) -> int:
    """Continue sessions that a limit, an error or the death of their process stopped.

    Without a name it changes nothing: it lists what could be resumed, and why.
    """
    if names and every:
        raise UsageError("give names or --all, not both")
    only_looks = dry_run or not (names or every)
    paths = app.paths()
    wanted, all_of_them = named.chosen(paths, names, every or not names, tmux_server())
    request = wire.Resume(names=wanted, every=all_of_them, now=now, dry_run=only_looks)
    answer, progress, reopened = wire.Verdicts(sessions=[]), [], []
    if wanted or all_of_them:
        with app.connect(paths) as client:
            answer = client.ask(request, wire.Verdicts)
            opened = [one.attempt for one in answer.sessions if one.attempt is not None]
            progress = [] if only_looks else verdicts.follow(client, opened, RESUME_PATIENCE)
        reopens = [one.name for one in answer.sessions if one.done == "reopens"]
        reopened = [] if only_looks else _started(paths, reopens)
    if as_json:
        data = {
            "sessions": wire.plain(answer.sessions),
            "attempts": [layout.untagged(wire.plain(one)) for one in progress],
            "reopened": [quick.session_json(row) for row in reopened],
        }
        layout.out(layout.json_text(data | {"dry_run": only_looks}))
    else:
        _show_verdicts(answer.sessions, only_looks, bool(names))
        for line in [*map(verdicts.outcome, progress), *map(_reopened, reopened)]:
            layout.out(layout.visible(line))
    if verdicts.failed(progress) or any(row["state"] in GONE for row in reopened):
        return RefusedError.exit_code
    return verdicts.exit_code(answer.sessions) if names else 0


def _started(paths: Paths, names: list[str]) -> list[quick.Row]:
    """The sessions of these names as soon as none of them is only starting."""
    until = time.monotonic() + RESUME_PATIENCE
    while True:
        known = quick.sessions(str(paths.database), True, None)
        newest = {row["name"]: row for row in sorted(known, key=named.rank)}
        rows = [newest[name] for name in names if name in newest]
        if time.monotonic() >= until or all(row["state"] != "starting" for row in rows):
            return rows
        time.sleep(verdicts.LOOK_SECONDS)


def _reopened(row: quick.Row) -> str:
    """One sentence about a session that was opened again."""
    name, state, why = row["name"], row["state"], f": {row['reason']}" if row["reason"] else ""
    if state in GONE:
        return f"{name}: it is {state} again{why}"
    if state == "starting":
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
        layout.out("Nothing was done. Resume with: tmuxclaude resume NAME... | --all")


@click.command("send", cls=Verb, hint=DASHED)
@click.argument("name")
@click.argument("text")
@as_json
def send_command(name: str, text: str, as_json: bool) -> int:
    """Type one line of TEXT into an idle session and press Enter.

    It takes the guarded path of a resume: nothing is typed into a shell, a menu, a running turn or
    over a draft. Put TEXT in quotes; a TEXT that begins with a dash goes after "--".
    """
    paths = app.paths()
    [wanted], _ = named.chosen(paths, (name,), False, tmux_server())
    with app.connect(paths) as client:
        begun = client.ask(wire.Send(name=wanted, text=text), wire.Progress)
        [progress] = verdicts.follow(client, [begun.attempt], SEND_PATIENCE)
    arrived = progress.step == Step.CONFIRMED
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(progress))))
    elif arrived:
        layout.out(verdicts.delivery(progress))
    else:
        layout.complain(verdicts.delivery(progress))
    return 0 if arrived else RefusedError.exit_code
