"""What must be true of a pane before anything is done to it, as one format that tmux evaluates.

Check and deed are one ``if-shell -F``: tmux reads no terminal and serves no other client between
them. The format's result is a word: ``clear``, or the first obstacle. Knows tmux's formats and the
look of Claude Code's prompt line; sends nothing.

Two facts shape it. ``if-shell -t`` on a pane that is gone does not fail but looks at some other
pane, so the id itself is part of the check (tmux 3.3a). And only ``#{?…}`` is lazy, ``#{&&:…}``
is not, so the search of the screen stands last in a chain of ``#{?…}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tmuxclaude.core.model import NAME, Pane
from tmuxclaude.edges.tmux.marks import OWN_NAME
from tmuxclaude.edges.tmux.words import Command, Fmt, Id, Script, command

_HEX = re.compile(r"[0-9a-f]*")
_PROGRAM = re.compile(r"[A-Za-z0-9._+-]{1,64}")
SHELLS = frozenset({"sh", "ash", "bash", "dash", "fish", "ksh", "mksh", "zsh", "csh", "tcsh", "nu"})
_UNMARKED = r"%#{},:;*\[\]\\\x00-\x1f\x7f"
_MARKER = re.compile(rf"[^{_UNMARKED}]{{4,120}}")
_NOT_IN_MARKER = re.compile(rf"[{_UNMARKED}]")
HINT_CHARS = 40
_CLEAR = "clear"

# Claude Code 2.1.329: the live prompt line begins with ❯ and a no-break space; a message in the
# history and a menu's cursor have an ordinary space. (macOS's isspace may strip a no-break space at
# the end of a line, which would hide an empty prompt there: not verified.)
_PROMPT = "#{C/r:^❯\u00a0}"
_EMPTY_PROMPT = "#{C/r:^❯\u00a0$}"
# A draft too long for the box hides its first row with the mark; the rule above counts such rows.
_BOX = "#{C/r:^(❯\u00a0|─── ↑ [0-9]+ more )}"


class Obstacle(StrEnum):
    """Why a guard refused."""

    GONE = "gone"
    OTHER = "other"
    DEAD = "dead"
    ALIVE = "alive"
    MODE = "mode"
    SYNCHRONIZED = "synchronized"
    INPUT_OFF = "input off"
    PROGRAM = "program"
    NO_PROMPT = "no prompt"
    PROMPT = "prompt"
    NOT_EMPTY = "not empty"
    NO_MARKER = "no marker"
    LABEL = "label"
    RENAMED = "renamed"

    @property
    def words(self) -> str:
        """The obstacle for people."""
        return _WORDS[self]


_WORDS = {
    Obstacle.GONE: "the pane is gone",
    Obstacle.OTHER: "the pane now belongs to another process, session or tmux server",
    Obstacle.DEAD: "the program in the pane has ended",
    Obstacle.ALIVE: "the program in the pane still runs",
    Obstacle.MODE: "the pane is in copy mode or another tmux mode",
    Obstacle.SYNCHRONIZED: "synchronize-panes is on, keys would reach other panes too",
    Obstacle.INPUT_OFF: "input to the pane is switched off",
    Obstacle.PROGRAM: "another program is in the foreground",
    Obstacle.NO_PROMPT: "Claude Code's prompt is not visible",
    Obstacle.PROMPT: "Claude Code's prompt is visible, no dialog is open",
    Obstacle.NOT_EMPTY: "something stands in the prompt box",
    Obstacle.NO_MARKER: "the expected dialog is not visible",
    Obstacle.LABEL: "the prompt box does not carry this session's name",
    Obstacle.RENAMED: "the window has another name",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A condition (a tmux format that is neither empty nor 0) and the obstacle when it fails."""

    condition: str
    obstacle: Obstacle


DEAD = Check("#{?pane_dead,1,0}", Obstacle.ALIVE)
TAKES_KEYS = (
    Check("#{?pane_dead,0,1}", Obstacle.DEAD),
    Check("#{?pane_in_mode,0,1}", Obstacle.MODE),
    Check("#{?pane_synchronized,0,1}", Obstacle.SYNCHRONIZED),
    Check("#{?pane_input_off,0,1}", Obstacle.INPUT_OFF),
)
PROMPT_VISIBLE = Check(_PROMPT, Obstacle.NO_PROMPT)
PROMPT_EMPTY = Check(_EMPTY_PROMPT, Obstacle.NOT_EMPTY)
BOX_VISIBLE = Check(_BOX, Obstacle.NO_PROMPT)
NO_BOX_VISIBLE = Check(f"#{{?{_BOX},0,1}}", Obstacle.PROMPT)


def is_program(name: str) -> bool:
    """Whether a guard can hold this name, and it is no shell's, which runs what it reads."""
    return bool(_PROGRAM.fullmatch(name)) and name.lstrip("-") not in SHELLS


def runs(program: str) -> Check:
    """The foreground program has this name. Raises ``ValueError`` for an odd name."""
    if not _PROGRAM.fullmatch(program):
        raise ValueError(f"not a program name that a guard can hold: {program!r}")
    return Check(f"#{{==:#{{pane_current_command}},{program}}}", Obstacle.PROGRAM)


def shows(marker: str) -> Check:
    """This constant text (4 to 120 characters, ``?`` is any one) is on one line of the screen."""
    if not _MARKER.fullmatch(marker):
        raise ValueError(f"not a text that a guard can look for: {marker!r}")
    return Check(f"#{{C:{marker}}}", Obstacle.NO_MARKER)


def hints(hint: str) -> tuple[Check, ...]:
    """The prompt line still begins with this suggestion of Claude Code's, which goes with the first
    character that is typed; nothing where there is none that a guard can look for."""
    marker = f"❯\u00a0{_NOT_IN_MARKER.sub('?', hint[:HINT_CHARS])}"
    if not hint or not _MARKER.fullmatch(marker):
        return ()
    return (Check(shows(marker).condition, Obstacle.NOT_EMPTY),)


def labelled(name: str) -> tuple[Check, ...]:
    """This name is on a rule of the screen, as the prompt box has it; nothing for no name, or for
    one that a guard cannot look for."""
    label = f" {name} ─"  # a name as wide as the pane has no stroke before it
    if not name or not _MARKER.fullmatch(label):
        return ()
    return (Check(shows(label).condition, Obstacle.LABEL),)


def window_is_called(name: str) -> Check:
    """The pane's window has this name; a mark of ours behind it does not count."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a name that a guard can hold: {name!r}")
    return Check(f"#{{==:{OWN_NAME},{name}}}", Obstacle.RENAMED)


def guarded(
    pane: Pane,
    token: str,
    checks: tuple[Check, ...],
    *deeds: Command,
    otherwise: tuple[Command, ...] = (),
) -> Command:
    """``deeds`` if every check holds for exactly this pane, then a line that says what happened.

    The line is ``TOKEN:sent``, or ``TOKEN:`` and an ``Obstacle``. No line: a deed failed. A hook of
    the user may run behind each deed and take its time: then the checks hold for the first alone.
    ``otherwise``: what is done when one does not hold.
    """
    target = Id(pane.pane_id)
    verdict = _verdict(pane, checks)
    refusal = Fmt(f"{token}:{verdict}")
    return command(
        "if-shell",
        "-F",
        "-t",
        target,
        Fmt(f"#{{==:{verdict},{_CLEAR}}}"),
        Script((*deeds, command("display-message", "-p", f"{token}:sent"))),
        Script((command("display-message", "-p", "-t", target, refusal), *otherwise)),
    )


def _verdict(pane: Pane, checks: tuple[Check, ...]) -> str:
    verdict = _CLEAR
    for check in reversed((*_same(pane), *checks)):
        verdict = f"#{{?{check.condition},{verdict},{check.obstacle.value}}}"
    return verdict


def _same(pane: Pane) -> tuple[Check, Check]:
    if not _HEX.fullmatch(pane.nonce) or pane.pane_pid <= 0:
        raise ValueError(f"not a pane that can be recognised: {pane!r}")
    # Without the "%" of the id: display-message also runs strftime, at every depth of a format.
    there = f"#{{==:#{{s/^.//:pane_id}},{Id(pane.pane_id).value[1:]}}}"
    is_now = "#{pid}/#{start_time}/#{pane_pid}/#{@tmuxclaude-id}"
    was = f"{pane.server.pid:d}/{pane.server.started:d}/{pane.pane_pid:d}/{pane.nonce}"
    return Check(there, Obstacle.GONE), Check(f"#{{==:{is_now},{was}}}", Obstacle.OTHER)
