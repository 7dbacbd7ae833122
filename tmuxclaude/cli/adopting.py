"""rename, adopt and forget: what the registry holds, and under which name. This only asks."""

from __future__ import annotations

import os

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, starting, verdicts
from tmuxclaude.cli.opening import zone_name
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.errors import UsageError

DOES = {
    "renamed": "is its name now",
    "adopted": "registered",
    "forgotten": "forgotten",
    "refused": "refused",
}
WOULD = DOES | {"adopted": "could be registered"}
"""What ``done`` of a verdict means, in words."""


@click.command("rename", cls=Verb)
@click.argument("old")
@click.argument("new")
@as_json
def rename_command(old: str, new: str, as_json: bool) -> int:
    """Give the session OLD the name NEW.

    Its window gets it too while that is called OLD. A window that you rename in tmux renames its
    session likewise.
    """
    paths = app.paths()
    [wanted], _ = named.chosen(paths, (old,), False, tmux_server())
    with app.connect(paths) as client:
        answer = client.ask(wire.Rename(name=wanted, to=new), wire.Verdicts)
    return _show(answer, as_json)


@click.command("adopt", cls=Verb)
@click.argument("pane", required=False)
@click.option("--all", "every", is_flag=True, help="Every pane of the tmux server.")
@click.option("--dry-run", is_flag=True, help="Only say what would be registered.")
@as_json
def adopt_command(pane: str | None, every: bool, dry_run: bool, as_json: bool) -> int:
    """Register Claude Code that was started by hand in tmux.

    In PANE (%12) or in every pane. Nothing is typed and the window stays as it is. Without PANE and
    --all it changes nothing: it lists what could be registered.
    """
    if pane is not None and every:
        raise UsageError("give a pane or --all, not both; nothing was done")
    app.check_tmux()
    only_looks = dry_run or not (pane or every)
    server = tmux_server()
    server.check_inside("nothing was done")
    order = wire.Adopt(
        socket=server.socket,
        pane=pane,
        every=every,
        dry_run=only_looks,
        zone=zone_name(os.environ),
    )
    paths = app.paths()
    client = app.connect(paths) if only_looks else starting.supervisor(paths, as_json)
    with client:
        answer = client.ask(order, wire.Verdicts)
    if not answer.sessions and not as_json:
        layout.out("There is nothing to adopt: no Claude Code runs in a pane that is not known.")
        return 0
    code = _show(answer, as_json, WOULD if only_looks else DOES)
    if only_looks and not as_json:
        layout.out("Nothing was done. Register with: tmuxclaude adopt PANE | --all")
    return code if pane is not None else 0


@click.command("forget", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@as_json
def forget_command(names: tuple[str, ...], as_json: bool) -> int:
    """Remove sessions from the registry; their windows stay.

    Nothing is typed into them or started for them any more, and their history is gone.
    """
    paths = app.paths()
    wanted, _ = named.chosen(paths, names, False, tmux_server())
    with app.connect(paths) as client:
        answer = client.ask(wire.Forget(names=wanted), wire.Verdicts)
    return _show(answer, as_json)


def _show(answer: wire.Verdicts, as_json: bool, words: dict[str, str] = DOES) -> int:
    if as_json:
        layout.out(layout.json_text({"sessions": wire.plain(answer.sessions)}))
    else:
        layout.out(verdicts.text(answer.sessions, words))
    return verdicts.exit_code(answer.sessions)
