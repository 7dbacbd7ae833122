"""resume and send: what puts text into a session. The supervisor decides and does; this asks."""

from __future__ import annotations

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import named, show, verdicts
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.model import Step

RESUME_PATIENCE = 15.0
"""Seconds that ``resume`` follows what it set off; it goes on without us."""

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
    if not wanted and not all_of_them:
        answer, progress = wire.Verdicts(sessions=[]), []
    else:
        with app.connect(paths) as client:
            answer = client.ask(request, wire.Verdicts)
            opened = [one.attempt for one in answer.sessions if one.attempt is not None]
            progress = [] if only_looks else verdicts.follow(client, opened, RESUME_PATIENCE)
    _show_resume(answer, progress, only_looks, bool(names), as_json)
    if verdicts.failed(progress):
        return RefusedError.exit_code
    return verdicts.exit_code(answer.sessions) if names else 0


def _show_resume(
    answer: wire.Verdicts,
    progress: list[wire.Progress],
    only_looks: bool,
    explain: bool,
    as_json: bool,
) -> None:
    if as_json:
        data = {
            "sessions": wire.plain(answer.sessions),
            "attempts": [show.untagged(wire.plain(one)) for one in progress],
        }
        show.out(show.json_text(data | {"dry_run": only_looks}))
        return
    if not answer.sessions:
        show.out("There is nothing to resume.")
        return
    show.out(verdicts.table(answer.sessions))
    for verdict in answer.sessions:
        if only_looks and explain and verdict.evidence:
            show.out(f"{verdict.name} rests on:\n{verdicts.evidence(verdict)}")
    for one in progress:
        show.out(show.visible(verdicts.outcome(one)))
    if only_looks:
        show.out("Nothing was done. Resume with: tmuxclaude resume NAME... | --all")


@click.command("send", cls=Verb)
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
        show.out(show.json_text(show.untagged(wire.plain(progress))))
    elif arrived:
        show.out(f"{wanted}: sent")
    else:
        show.complain(verdicts.outcome(progress))
    return 0 if arrived else RefusedError.exit_code
