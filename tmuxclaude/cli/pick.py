"""pick: what ``cli/picker`` does when it is not plainly asked for, and the deeds of both forms."""

from __future__ import annotations

import os
import sys

import click

from tmuxclaude.cli.options import Verb, tmux_server
from tmuxclaude.cli.picker import deeds, source, start
from tmuxclaude.core.errors import UsageError


@click.command("pick", cls=Verb)
@click.option("--builtin", is_flag=True, help="The built-in form, also where fzf is installed.")
@click.option("--rows", is_flag=True, hidden=True)
@click.option("--do", "action", metavar="ACTION", hidden=True)
@click.argument("words", nargs=-1, metavar="")
def pick_command(builtin: bool, rows: bool, action: str | None, words: tuple[str, ...]) -> int:
    """Choose a session from a live list, and go to its window.

    Inside it, ? shows the keys: new, resume, hold, stop, rename, send, pause. It is drawn by fzf
    (0.38 or newer) where there is one.
    """
    if action is not None:
        return deeds.do(action, words, start.our_places(), os.environ)
    if words:
        raise UsageError(
            f"pick takes no argument such as {words[0]!r}; see: tmuxclaude pick --help"
        )
    if rows:
        sys.stdout.write(source.text(start.our_places()))
        return 0
    return start.answer(builtin, tmux_server().only)
