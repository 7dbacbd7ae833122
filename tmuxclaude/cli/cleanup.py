"""cleanup: forgets what ended long ago. The supervisor does it; this asks."""

from __future__ import annotations

import os
import time

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout
from tmuxclaude.cli.opening import zone_name
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core import hours
from tmuxclaude.core.drawn import counted


@click.command("cleanup", cls=Verb)
@click.option(
    "--older-than", "age", metavar="TIME", required=True, help="30d, 12h or a date: what is older."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@as_json
def cleanup_command(age: str, dry_run: bool, as_json: bool) -> int:
    """Forget sessions that ended long ago, with events and files.

    Never a session that lives, is lost or queued, or that waits for a limit; never one that has
    messages waiting (see "send --list"); never a transcript, never a checkpoint.
    """
    now = time.time()
    seconds = now - hours.ago(age, now, zone_name(os.environ))
    with app.connect(app.paths()) as client:
        order = wire.Cleanup(older_than=seconds, dry_run=dry_run)
        answer = client.ask(order, wire.Cleaned)
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(answer))))
        return 0
    done = "Would be forgotten" if dry_run else "Forgotten"
    layout.out(
        f"{done}: {counted(len(answer.sessions), 'session')}, {counted(answer.events, 'event')} "
        f"of no session, {counted(len(answer.files), 'file')}."
    )
    for name in answer.sessions:
        layout.out(f"  {name}")
    return 0
