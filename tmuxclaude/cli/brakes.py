"""hold and release, pause and unpause: the user's brakes. The supervisor keeps them; this asks."""

from __future__ import annotations

import os
import time

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, named, verdicts
from tmuxclaude.cli.opening import zone_name
from tmuxclaude.cli.options import Verb, as_json, in_group, tmux_server
from tmuxclaude.cli.quick import paused_line
from tmuxclaude.core.errors import UsageError

DONE = {"held": "held", "released": "released", "refused": "refused"}
"""What ``done`` of a verdict means, in words."""


@click.command("hold", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=named.complete)
@in_group
@as_json
def hold_command(names: tuple[str, ...], group: str | None, as_json: bool) -> int:
    """Watch sessions and never touch them, until "release".

    Nothing is typed into them and nothing started for them, not even by resume or send.
    """
    return _change(wire.Hold, names, group, as_json)


@click.command("release", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=named.complete)
@in_group
@as_json
def release_command(names: tuple[str, ...], group: str | None, as_json: bool) -> int:
    """End the hold of sessions. What was due meanwhile is taken up."""
    return _change(wire.Release, names, group, as_json)


def _change(
    order: type[wire.Hold] | type[wire.Release],
    names: tuple[str, ...],
    group: str | None,
    as_json: bool,
) -> int:
    if not names and group is None:
        raise UsageError("give one NAME or more, or --group; nothing was done")
    paths = app.paths()
    wanted, _ = named.chosen(paths, names, False, tmux_server(), group)
    with app.connect(paths) as client:
        answer = client.ask(order(names=wanted), wire.Verdicts)
    if as_json:
        layout.out(layout.json_text({"sessions": wire.plain(answer.sessions)}))
    else:
        layout.out(verdicts.text(answer.sessions, DONE))
    return verdicts.exit_code(answer.sessions)


@click.command("pause", cls=Verb)
@click.option("--until", metavar="TIME", help="07:00, 2h, 30m, 1h30m or 2026-03-01T07:00.")
@as_json
def pause_command(until: str | None, as_json: bool) -> int:
    """Resume nothing unasked, until TIME or until unpause. Sessions go on and are watched.

    Claude Code's own continue is not ours: where it is armed, it comes all the same.
    """
    with app.connect(app.paths()) as client:
        order = wire.Pause(until=until, zone=zone_name(os.environ))
        answer = client.ask(order, wire.Paused)
    _show(answer, as_json)
    return 0


@click.command("unpause", cls=Verb)
@as_json
def unpause_command(as_json: bool) -> int:
    """End the pause; what it held back is taken up."""
    with app.connect(app.paths()) as client:
        answer = client.ask(wire.Unpause(), wire.Paused)
    _show(answer, as_json)
    return 0


def _show(answer: wire.Paused, as_json: bool) -> None:
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(answer))))
    elif answer.paused:
        pause = {"since": answer.since, "until": answer.until}
        layout.out(f"Resumes are {paused_line(pause, time.time())}. To go on: tmuxclaude unpause")
    else:
        layout.out("Resumes go on." if answer.before else "Nothing was paused.")
