"""config show and path: the user's configuration as it is understood."""

from __future__ import annotations

import click

from tmuxclaude import app
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verbs, as_json
from tmuxclaude.core.rules import entries


@click.group("config", cls=Verbs)
@click.pass_context
def config_command(context: click.Context) -> int | None:
    """Show the configuration. Alone: the same as "config show"."""
    return _show(False) if context.invoked_subcommand is None else None


@config_command.command("show")
@as_json
def show_config(as_json: bool) -> int:
    """Print every key with its value, as a configuration file."""
    return _show(as_json)


@config_command.command("path")
@as_json
def path(as_json: bool) -> int:
    """Print where the configuration file is, or would be."""
    file = app.paths().config
    data = {"config": str(file), "exists": file.exists()}
    layout.out(layout.json_text(data) if as_json else layout.visible(str(file)))
    return 0


def _show(as_json: bool) -> int:
    rules = app.rules(app.paths())
    if as_json:
        layout.out(layout.json_text({entry.name: entry.value for entry in entries(rules)}))
    else:
        layout.out(app.config_text(rules).rstrip("\n"))
    return 0
