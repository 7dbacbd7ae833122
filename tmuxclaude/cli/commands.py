"""The click application: which verb lives in which file. A file is imported when its verb is used.

Knows no verb from the inside.
"""

from __future__ import annotations

import errno
from importlib import import_module

import click

from tmuxclaude import __version__
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verbs, help_when_alone
from tmuxclaude.core.errors import UsageError

FAMILIES = {
    "new": "opening",
    "run": "running",
    "list": "sessions",
    "show": "show",
    "history": "history",
    "stats": "stats",
    "export": "exporting",
    "import": "exporting",
    "cleanup": "cleanup",
    "attach": "sessions",
    "pick": "pick",
    "stop": "sessions",
    "resume": "resuming",
    "send": "messages",
    "recap": "messages",
    "rename": "adopting",
    "adopt": "adopting",
    "forget": "adopting",
    "extend": "lifetimes",
    "hold": "brakes",
    "release": "brakes",
    "pause": "brakes",
    "unpause": "brakes",
    "status": "sessions",
    "chain": "chains",
    "set": "chains",
    "validate": "validate",
    "conversations": "conversations",
    "checkpoint": "checkpoints",
    "checkpoints": "checkpoints",
    "supervisor": "supervisor",
    "serve": "serve",
    "config": "config",
    "install": "install",
    "uninstall": "install",
    "doctor": "doctor",
    "demo": "demo",
}
"""Each verb and the file in this room where the command ``<verb>_command`` is."""


class Families(Verbs):
    """The verbs, loaded one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(FAMILIES)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        family = FAMILIES.get(cmd_name)
        if family is None:
            return None
        module = import_module(f"tmuxclaude.cli.{family}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Families)
@click.version_option(__version__, message="tmuxclaude %(version)s")
@click.pass_context
def tmuxclaude(context: click.Context) -> None:
    """Claude Code sessions in tmux that continue by themselves when a usage limit resets."""
    help_when_alone(context)


def run(arguments: list[str]) -> int:
    """Runs the command line ``arguments`` and returns the exit code.

    Raises ``UsageError`` when it cannot be understood, and whatever the command raises.
    """
    try:
        code = tmuxclaude.main(arguments, prog_name="tmuxclaude", standalone_mode=False)
    except click.Abort:
        return 130
    except SystemExit as ended:
        if ended.code == 0:  # words for a shell's completion were printed
            return 0
        raise BrokenPipeError from ended  # what click makes of a pipe whose reader has left
    except OSError as problem:  # click prints --help and --version itself
        if problem.errno != errno.ENOSPC or problem.filename is not None:
            raise
        raise layout.OutputError(problem.strerror) from problem
    except click.ClickException as problem:
        raise UsageError(_explained(problem)) from problem
    return code if isinstance(code, int) else 0


def _explained(problem: click.ClickException) -> str:
    message = problem.format_message()
    context = problem.ctx if isinstance(problem, click.UsageError) else None
    if context is None:
        return message
    hint = getattr(context.command, "hint", "") if isinstance(problem, click.NoSuchOption) else ""
    lines = [message, hint, f"See: {context.command_path} --help"]
    return "\n".join(line for line in lines if line)
