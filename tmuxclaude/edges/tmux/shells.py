"""Shells that wait at a prompt which nobody has touched, as a restored tmux has one per window.

Knows how such a shell is asked for, what its prompt looks like, and the checks under which a
program may take its place. Nothing is ever typed into one. Knows words and rows; asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tmuxclaude.core.model import Pane, Server
from tmuxclaude.edges.tmux.guard import SHELLS, TAKES_KEYS, Check, Obstacle
from tmuxclaude.edges.tmux.words import Command, Id, command

_SHELL = f"#{{m/r:^-?({'|'.join(sorted(SHELLS))})$,#{{pane_current_command}}}}"
_ROW = re.compile(r"(%\d+):(\d+):(\d+):(\d+):(\d+)")
_PROMPT = re.compile(r"[^$#%>❯]*[$#%>❯]")


@dataclass(frozen=True, slots=True)
class Shell:
    """A pane that is alone in its window, carries no mark of ours and shows a shell.

    ``column``, ``row`` and ``history`` (lines that have left the screen) are where its cursor is:
    when they are the same, nothing was typed or printed since.
    """

    pane: Pane
    column: int
    row: int
    history: int

    @property
    def untouched(self) -> tuple[Check, ...]:
        """What has to hold when another program takes its place."""
        now = "#{cursor_x}/#{cursor_y}/#{history_size}/#{window_panes}"
        was = f"{self.column:d}/{self.row:d}/{self.history:d}/1"
        still = Check(f"#{{==:{now},{was}}}", Obstacle.NOT_EMPTY)
        return (*TAKES_KEYS, Check(_SHELL, Obstacle.PROGRAM), still)

    @property
    def line(self) -> Command:
        """Prints the line on which the cursor stands."""
        row = str(self.row)
        return command("capture-pane", "-p", "-t", Id(self.pane.pane_id), "-S", row, "-E", row)

    def is_prompt(self, line: str) -> bool:
        """Whether ``line`` is a prompt and nothing more, with the cursor right behind it.

        Nobody can know every prompt: what ends with none of the usual signs, or has one in its
        middle as a command behind a prompt has, is taken for touched.
        """
        prompt = line.rstrip()
        behind = self.column - len(prompt)
        return bool(_PROMPT.fullmatch(prompt)) and behind in (0, 1)


def question(tmux_session: str, window: str) -> tuple[Command, str]:
    """Asks for the shells in windows of this name. Both are names that sessions could have.

    The command wants the format behind it.
    """
    conditions = (
        f"#{{==:#{{session_name}}/#{{window_name}},{tmux_session}/{window}}}",
        "#{==:#{window_panes},1}",
        "#{?@tmuxclaude-id,0,1}",
        _SHELL,
    )
    row = "#{pane_id}:#{pane_pid}:#{cursor_x}:#{cursor_y}:#{history_size}"
    for condition in reversed(conditions):
        row = f"#{{?{condition},{row},}}"
    return command("list-panes", "-a", "-F"), row


def shells(server: Server, rows: Iterable[str]) -> list[Shell]:
    """The shells that tmux told of."""
    found = (_ROW.fullmatch(row) for row in rows)
    return [
        Shell(Pane(server, one[1], int(one[2]), ""), int(one[3]), int(one[4]), int(one[5]))
        for one in found
        if one is not None
    ]
