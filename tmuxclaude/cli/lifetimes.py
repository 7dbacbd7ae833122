"""extend: gives sessions time. The supervisor keeps it; this asks."""

from __future__ import annotations

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, verdicts
from tmuxclaude.cli.options import Verb, as_json, tmux_server

DONE = {"extended": "extended", "refused": "refused"}
"""What ``done`` of a verdict means, in words."""


@click.command("extend", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=named.complete)
@click.option(
    "--for", "lasting", metavar="TIME", help="12h, 30m, 2d or 1h30m from now [a lifetime]."
)
@as_json
def extend_command(names: tuple[str, ...], lasting: str | None, as_json: bool) -> int:
    """Keep sessions alive for longer, though they do nothing."""
    paths = app.paths()
    wanted, _ = named.chosen(paths, names, False, tmux_server())
    with app.connect(paths) as client:
        answer = client.ask(wire.Extend(names=wanted, lasting=lasting), wire.Verdicts)
    if as_json:
        layout.out(layout.json_text({"sessions": wire.plain(answer.sessions)}))
    else:
        layout.out(verdicts.text(answer.sessions, DONE))
    return verdicts.exit_code(answer.sessions)
