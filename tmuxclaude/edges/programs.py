"""Finds the two programs that we live between: tmux, and Claude Code.

Every command starts here, so what talks to tmux is imported only when it is used.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tmuxclaude.core import errors
from tmuxclaude.edges.which import which

if TYPE_CHECKING:
    from tmuxclaude.core.rules import Rules
    from tmuxclaude.edges.tmux import Tmux

OLDEST_TMUX = (3, 2)


def tmux_program() -> str:
    """The absolute path of tmux; raises ``NotFoundError`` that says how to install it."""
    program = shutil.which("tmux")
    if program is None:
        raise errors.NotFoundError(
            "tmux is not installed; nothing was done. Install it: apt install tmux, or "
            "brew install tmux"
        )
    return str(Path(program).absolute())


def doors(timeout: float = 5.0, ours: Path | None = None) -> Door:
    """The tmux servers by their sockets. ``timeout``: seconds for each question; ``ours``: a socket
    of our own, which is taken for no tmux server: who waits there for an answer is who gives it."""
    return Door(tmux_program(), timeout, ours)


class Door:
    """Gives the tmux server at a socket; one object for each. Raises ``RefusedError`` for ours."""

    def __init__(self, program: str, timeout: float, ours: Path | None = None) -> None:
        self._program = program
        self._timeout = timeout
        self._ours = ours
        self._servers: dict[str, Tmux] = {}

    def __call__(self, socket: str) -> Tmux:
        from tmuxclaude.edges.tmux import Tmux

        if self._ours is not None and os.path.realpath(socket) == os.path.realpath(self._ours):
            raise errors.RefusedError(f"no tmux server but tmuxclaude listens on {socket}")
        if socket not in self._servers:
            self._servers[socket] = Tmux(socket, self._program, self._timeout)
        return self._servers[socket]


def check_tmux() -> tuple[int, int]:
    """The version of tmux. Raises an error that says what to do when it is missing or too old."""
    version = doors()("").version()
    if version < OLDEST_TMUX:
        raise errors.UsageError(
            f"tmux {version[0]}.{version[1]} is too old: 3.2 or newer is needed, 3.5 recommended. "
            "Nothing was done"
        )
    return version


def resolve_socket(name: str | None, path: str | None, env: Mapping[str, str]) -> str:
    """The tmux server that ``-L``, ``-S`` or the environment choose, as tmux itself does."""
    from tmuxclaude.edges.tmux import resolve_socket as resolve

    return resolve(name, path, env)


def attach_argv(socket: str, pane_id: str) -> list[str]:
    """What to exec, on a terminal outside tmux, to be attached with the pane in front."""
    from tmuxclaude.edges.tmux.words import Id

    target = Id(pane_id).value
    shown = ["select-window", "-t", target, ";", "select-pane", "-t", target, ";"]
    return [tmux_program(), "-S", socket, *shown, "attach-session", "-t", target]


def find_claude(rules: Rules, env: Mapping[str, str]) -> list[str]:
    """The command that starts Claude Code: absolute, symlinks kept."""
    program, *arguments = rules.claude.command
    found = which(str(Path(program).expanduser()), env.get("PATH"))
    if found is None:
        raise errors.NotFoundError(
            f"{program} is not on your PATH; nothing was opened. Install Claude Code: "
            "npm install -g @anthropic-ai/claude-code, or set claude.command in the configuration"
        )
    return [found, *arguments]


def countdown(lock: Path) -> tuple[str, ...]:
    """The program that runs in a queued session's pane; it asks the supervisor whose lock this
    is, wherever that listens by then."""
    program = Path(__file__).parents[1] / "cli" / "waiting.py"
    return sys.executable, "-I", str(program), str(lock)
