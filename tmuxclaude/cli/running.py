"""run, as click knows it: its help, and calls that are not plain. What it does is in ``run``."""

from __future__ import annotations

import click

from tmuxclaude.api.wire import IfLimited
from tmuxclaude.cli import run
from tmuxclaude.cli.options import PassesOn, after_dashes
from tmuxclaude.core.errors import UsageError

DASHED = "Claude Code's own options stand after --, as in: tmuxclaude run -- --model opus"


@click.command("run", cls=PassesOn, hint=DASHED)
@click.option("-n", "name", metavar="NAME", default="", help="The session's name [the window's].")
@click.option("--account", metavar="NAME", help="The account, as the configuration names it.")
@click.option("--wait", "waits", is_flag=True, help="While limited: start at the reset.")
@click.option("--force", is_flag=True, help="While limited: start all the same.")
def run_command(name: str, account: str | None, waits: bool, force: bool) -> int:
    """Start Claude Code in this very terminal, kept as a session.

    What follows "--" goes to Claude Code unchanged. Calls that open no session in a terminal, such
    as --print and Claude Code's own commands, are passed on as they are.
    """
    return run.start(run.Call(after_dashes(), if_limited(waits, force), name, account))


def if_limited(waits: bool, force: bool) -> IfLimited:
    """What ``--wait`` and ``--force`` mean on the wire."""
    if waits and force:
        raise UsageError("--wait and --force: give one of them; nothing was started")
    return "wait" if waits else "allow" if force else ""
