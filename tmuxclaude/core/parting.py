"""Whether a session may be ended unasked at this moment, as its lifetime or a budget wants it.

Never in the middle of anything: a turn, a question, a draft, a halt that is to be resumed. What is
not known for sure keeps it alive. Pure.
"""

from __future__ import annotations

from tmuxclaude.core import launching
from tmuxclaude.core.evidence import Evidence, Life, Status
from tmuxclaude.core.model import Attempt, Box, Halt, Look, Outlook, Session, State, Step, Want
from tmuxclaude.core.states import LIVING

FRESH_SECONDS = 5.0
"""An older look at the screen says nothing about this moment."""

OVERDUE = "does not end"
"""What stands while a session that was asked to end long enough ago lives on."""

UNASKED = "ended by tmuxclaude: "
"""How the reason of every session begins that was ended unasked."""


def is_ours(session: Session) -> bool:
    """Whether we asked this session to end, not its user."""
    return session.want is Want.DOWN and session.reason.startswith(UNASKED)


def is_ending(session: Session) -> bool:
    """Whether it was asked to end, by whomever, and lives on."""
    return session.want is Want.DOWN and session.state in LIVING


def outlook(session: Session) -> Outlook:
    """What is to be expected of a session that is ending: nothing is done for it any more."""
    return Outlook(why=f"asked to end, and has not; to keep it: tmuxclaude release {session.name}")


def used_since(session: Session, evidence: Evidence | None, at: float) -> str:
    """Whether an idle session that was asked to end at ``at`` has been used since, in words."""
    if session.state is not State.IDLE:
        return f"it is {session.state}"
    tail = evidence.tail if evidence is not None else None
    prompted = tail.turns[-1].at if tail is not None and tail.turns else 0.0
    return "it was used again" if max(session.since, prompted) > at else ""


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
    if attempt is not None and attempt.open:
        if attempt.step is Step.DUE and attempt.reason:
            return f"a message waits for it: {attempt.reason}"
        return "something is being delivered to it"
    return "a message waits for it" if message else ""


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
    if evidence.registry is not None and evidence.registry.status is Status.SHELL:
        return "a shell of its runs in the background"
    if pane.unread:
        return "keys were typed that it has not read yet"
    if pane.human_at is not None and evidence.at - pane.human_at < quiet_seconds:
        return "somebody types in its pane"
    return ""
