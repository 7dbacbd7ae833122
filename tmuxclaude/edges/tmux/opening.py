"""How a program becomes the own process of a pane, marked as ours in the same tmux command.

Knows the words of ``new-session``, ``new-window`` and ``respawn-pane``; asks nobody.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.model import Pane, Server
from tmuxclaude.edges.tmux.words import Command, Fmt, Id, Lit, Raw, Script, Text, Word, command

# tmux itself goes to another directory without a word when it cannot enter the one it was given,
# expands formats in it, and hands an argv of one item to the user's shell. This does none of it.
_ENTER_AND_BECOME = 'cd -- "$0" && exec "$@"'
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPENED = "#{pane_id}:#{pane_pid}:#{window_id}:#{session_id}:#{pid}:#{start_time}"
_OPENED_ROW = re.compile(r"(%\d+):(\d+):(@\d+):(\$\d+):(\d+):(\d+)")


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that we opened: its only pane and where it is."""

    pane: Pane
    window_id: str
    session_id: str


def started(
    directory: str, environment: Iterable[tuple[str, str]], argv: Sequence[str], nonce: str
) -> tuple[Word, ...]:
    """The words that start ``argv`` in ``directory``: the end of any of the three commands.

    ``nonce`` stands among them, so that tmux itself can tell for whom it started something. Raises
    ``UsageError`` for a directory that is missing or relative, an empty argv, an odd name of a
    variable, or a NUL byte anywhere.
    """
    if not argv:
        raise UsageError("There is no program to start.")
    values = [directory, *argv, *(value for _, value in environment)]
    if any("\0" in value for value in values):
        raise UsageError("A NUL byte cannot be given to a program. Nothing was started.")
    if not directory.startswith("/") or not os.path.isdir(directory):  # noqa: PTH112 - never raises
        raise UsageError(f"Not a directory: {directory!r} (give an absolute path).")
    flags: list[Word] = []
    for name, value in environment:
        if not _VARIABLE.fullmatch(name):
            raise UsageError(f"Not a name for an environment variable: {name!r}.")
        flags += [Lit("-e"), Raw(f"{name}={value}")]
    shell = (Lit("--"), Lit("/bin/sh"), Lit("-c"), Raw(f"{_ENTER_AND_BECOME} # {nonce}"))
    return (*flags, *shell, Raw(directory), *(Raw(item) for item in argv))


def in_new_session(tmux_session: str, name: str, token: str) -> tuple[Command, Word]:
    """The beginning of a command that makes a detached tmux session, and its window as a target."""
    size = ("-x", "200", "-y", "50")
    names = ("-s", Text(tmux_session), "-n", Text(name))
    said = ("-P", "-F", Fmt(f"{token}:{_OPENED}"))
    return command("new-session", "-d", *size, *names, *said), Lit(f"={tmux_session}:{{end}}")


def in_session(session_id: Id, name: str, select: bool, token: str) -> tuple[Command, Word]:
    """The beginning of a command that opens a window behind the last one, and it as a target.

    Behind the last one, because the same command line can then name it: ``new-window -d`` does not
    become the current target, and its id is known only when tmux has answered.
    """
    last = Lit(f"{session_id.value}:{{end}}")
    background = () if select else ("-d",)
    said = ("-P", "-F", Fmt(f"{token}:{_OPENED}"))
    return command("new-window", "-a", *background, "-t", last, "-n", Text(name), *said), last


def marks(target: Word, nonce: str) -> tuple[Command, ...]:
    """Commands that make the pane ours."""
    return (
        # The first, for a hook of the user that hangs keeps those behind it from being done.
        command("set-option", "-p", "-t", target, "@tmuxclaude-id", nonce),
        command("set-option", "-p", "-t", target, "remain-on-exit", "failed"),
        command("set-option", "-w", "-t", target, "automatic-rename", "off"),
        command("set-option", "-w", "-t", target, "allow-rename", "off"),
    )


def marked(target: Word, nonce: str, token: str, alone: bool = False) -> Command:
    """The same if that is the pane that was just opened, and a line that says which it is.

    A hook of the user may have split, moved or closed its window before. ``alone``: its tmux
    session was made for it, and stays although nobody is attached.
    """
    said = command("display-message", "-p", "-t", target, Fmt(f"{token}:#{{pane_id}}"))
    is_it = Fmt(f"#{{m:*{nonce}*,#{{pane_start_command}}}}")
    stays = (command("set-option", "-t", target, "destroy-unattached", "off"),) if alone else ()
    done = Script((*marks(target, nonce), *stays, said))
    return command("if-shell", "-F", "-t", target, is_it, done)


def unmarked(pane_id: str) -> tuple[Command, ...]:
    """Commands that take our marks from a pane that is not ours."""
    return (
        command("set-option", "-p", "-u", "-t", Id(pane_id), "remain-on-exit"),
        command("set-option", "-p", "-u", "-t", Id(pane_id), "@tmuxclaude-id"),
    )


def opened(socket: str, nonce: str, rows: Sequence[str]) -> tuple[Opened, bool] | None:
    """The window that tmux says it has opened, and whether it has our marks; ``None``: none was."""
    found = _OPENED_ROW.fullmatch(rows[0]) if rows else None
    if found is None:
        return None
    pane_id, pid, window_id, session_id, server, start = found.groups()
    pane = Pane(Server(socket, int(server), int(start)), pane_id, int(pid), nonce)
    return Opened(pane, window_id, session_id), pane_id in rows[1:]
