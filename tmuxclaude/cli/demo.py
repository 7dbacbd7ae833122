"""demo: the main job in under a minute, in a temporary directory of its own."""

from __future__ import annotations

import click

from tmuxclaude.cli.options import Verb


@click.command("demo", cls=Verb)
def demo_command() -> int:
    """See limited sessions continue by themselves, without Claude Code, in under a minute."""
    from tmuxclaude.cli import story

    return story.tell()
