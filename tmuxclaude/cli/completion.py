"""Completion in a shell: click's own script for it. Which words are names, each command says."""

from __future__ import annotations

import contextlib
import io

from tmuxclaude.core.errors import NotFoundError


def script(shell: str) -> str:
    """The script that teaches this shell to complete ``tmuxclaude``.

    Raises ``NotFoundError`` when click does not know the shell.
    """
    from click.shell_completion import get_completion_class

    from tmuxclaude.cli.commands import tmuxclaude

    kind = get_completion_class(shell)
    if kind is None:
        raise NotFoundError(f"there is no completion for {shell}; nothing was changed")
    with contextlib.redirect_stderr(io.StringIO()):  # it complains of a bash that is not there
        return kind(tmuxclaude, {}, "tmuxclaude", "_TMUXCLAUDE_COMPLETE").source()
