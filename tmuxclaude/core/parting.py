"""Whether a session may be ended unasked at this moment, as its lifetime or a budget wants it.

Never in the middle of anything: a turn, a question, a draft, a halt that is to be resumed. What is
not known for sure keeps it alive. Pure.
"""

from __future__ import annotations

from tmuxclaude.core import launching
from tmuxclaude.core.evidence import Evidence, Life
from tmuxclaude.core.model import Attempt, Box, Halt, Look, Session, State, Want

FRESH_SECONDS = 5.0
"""An older look at the screen says nothing about this moment."""

UNASKED = "ended by tmuxclaude: "
"""How the reason of every session begins that was ended unasked."""


def is_ours(session: Session) -> bool:
    """Whether we asked this session to end, not its user."""
    return session.want is Want.DOWN and session.reason.startswith(UNASKED)


def occupied(
    session: Session, halt: Halt | None, attempt: Attempt | None, message: bool = False
) -> str:
    """What keeps it from being ended as far as the registry knows; empty when nothing does.

    ``message``: whether one waits to be delivered.
    """
    if session.want is Want.HOLD:
        return "it is held"
    if session.want is Want.DOWN:
        return "it is ending already"
    if session.state is not State.IDLE:
        return f"it is {session.state}"
    if launching.is_outside(session):
        return "it runs outside tmux and could not be brought back"
    if halt is not None and halt.open:
        return "it is to be resumed"
    if message or (attempt is not None and attempt.open):
        return "something is being delivered to it"
    return ""


def seen(evidence: Evidence | None, now: float) -> bool:
    """Whether its screen and its terminal were looked at just now."""
    if evidence is None or evidence.pane is None or evidence.reading is None:
        return False
    return abs(now - evidence.at) <= FRESH_SECONDS


def hindrance(evidence: Evidence, quiet_seconds: float) -> str:
    """What its screen and its terminal say against it; empty when nothing.

    ``quiet_seconds``: how long nobody may have typed in its pane.
    """
    reading, pane = evidence.reading, evidence.pane
    if evidence.life is not Life.ALIVE or reading is None or pane is None:
        return "it is not known what it does"
    if reading.look is not Look.IDLE or reading.box is Box.NONE:
        return f"its screen shows: {reading.dialog or reading.look}"
    if reading.box is Box.DRAFT:
        return "your draft is in its prompt box"
    if evidence.native_pending:
        return "its own continue is armed"
    if pane.unread:
        return "keys were typed that it has not read yet"
    if pane.human_at is not None and evidence.at - pane.human_at < quiet_seconds:
        return "somebody types in its pane"
    return ""
