"""What requests that leave something open take from the machine: programs, places, processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.core import errors
from tmuxclaude.core.model import Process
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import claude_files, directories, processes, programs


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``env``: the environment of the supervisor, whose PATH and tmux server are meant."""

    rules: Callable[[], Rules]
    env: Mapping[str, str]

    def claude(self) -> list[str]:
        """The command that starts Claude Code; raises ``NotFoundError``."""
        return programs.find_claude(self.rules(), self.env)

    def home(self) -> str:
        """The home directory, for which ``~`` stands."""
        return self.env.get("HOME", "")

    def socket(self) -> str:
        """The tmux server that tmux itself takes outside of tmux."""
        outside = {name: value for name, value in self.env.items() if name != "TMUX"}
        return programs.resolve_socket(None, None, outside)

    def attach(self, socket: str, pane_id: str) -> list[str]:
        """What to exec at a terminal outside of tmux to see a pane."""
        return programs.attach_argv(socket, pane_id)

    def program(self, path: str) -> None:
        """Raises ``NotFoundError`` unless a program is there that can be run."""
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):  # noqa: PTH113 - never raise
            raise errors.NotFoundError(f"there is no program {path!r}; nothing was done")

    def directory(self, path: str) -> str:
        """``path``, if it is absolute and a directory is there; raises ``UsageError``, and
        ``UnreachableError`` when it does not answer."""
        if not os.path.isabs(path) or not directories.is_there(path):  # noqa: PTH117 - never raises
            raise errors.UsageError(f"there is no directory {path!r}; nothing was done")
        return path

    def account(self, config_dir: str) -> str:
        """The account of this configuration directory, however that is spelled."""
        if "\0" in config_dir:
            raise errors.UsageError("a NUL byte can be in no path; nothing was done")
        return claude_files.account(config_dir, self.home())

    def transcript(self, account: str, conversation: str, directory: str) -> str:
        """Where a conversation's transcript is, or will be."""
        found = claude_files.transcript_path(Path(account), conversation, directory)
        if found is None:
            directories.is_there(directory)  # raises where its real path cannot be had
            found = claude_files.future_transcript_path(Path(account), conversation, directory)
        return str(found)

    def identify(self, pid: int) -> Process | None:
        """The process with this pid, as it is now."""
        return processes.identify(pid)

    def descends_from(self, pid: int, ancestor: int) -> bool:
        """Whether a process is another one, or a child of its, however far down."""
        return processes.descends_from(pid, ancestor)
