"""A conversation that its user has parked: Claude Code moved it to a process in the background.

One or two presses of Left in an empty prompt box do that, and open the agents view in the pane
(Claude Code 2.1.329). From there the pane shows any conversation in the background that is opened,
the parked one or another, and each has a prompt box that looks the same but for its label. So what
the pane shows counts, and keys are sent, only where that is the session's own conversation.
"""

from __future__ import annotations

from dataclasses import dataclass

from tmuxclaude.core.model import Box, Dialog, Reading

MOVED = "background"
"""Why a conversation follows another in the chain: it goes on with it in the background."""

START_SECONDS = 5.0
"""How long the process in the background may take to be there (seen: 1.4 s)."""


@dataclass(frozen=True, slots=True)
class Parked:
    """``job``: what Claude Code calls it. ``since``: when the pane's process last said so.

    ``found``: a living process has it. ``name``: the label of its prompt box. ``others``: those of
    the account's other conversations in the background. ``copied_from``: the conversation that it
    goes on with, whose transcript tells how that ended until there is one of its own.
    ``began_at``: when its process began (UTC epoch seconds); prompts from before are copies.
    """

    job: str
    since: float | None = None
    found: bool = True
    name: str = ""
    others: frozenset[str] = frozenset()
    copied_from: str = ""
    began_at: float | None = None

    def missing(self, now: float) -> bool:
        """Whether no process has it, and that is not because it is only being started."""
        young = self.since is not None and 0.0 <= now - self.since < START_SECONDS
        return not self.found and not young


def aside(parked: Parked, reading: Reading | None, now: float) -> str:
    """Why the pane takes no keys for the parked conversation; empty when it shows it.

    Also empty where nobody knows: the screen was not read, or it shows no prompt box at all.
    """
    if parked.missing(now):
        return "it was moved to the background, and no process of it is found; see: claude agents"
    if reading is None:
        return ""
    if reading.dialog is Dialog.AGENTS_VIEW:
        return "the agents view is open in its pane; open the session there"
    if reading.dialog is not None:
        return f"a {reading.dialog} is open in its pane, perhaps of another background session"
    if reading.box is Box.NONE or (parked.found and _is_its(reading, parked)):
        return ""
    if not parked.found:
        return "it is being moved to the background"
    if reading.label and not reading.is_named(parked.name):
        return "its pane shows another background session; open its own there"
    return "its pane does not tell which background session it shows"


def _is_its(reading: Reading, parked: Parked) -> bool:
    """A label proves it while no other has the same; none does while there is no other."""
    if not reading.label:
        return not parked.others
    return reading.is_named(parked.name) and not any(map(reading.is_named, parked.others))
