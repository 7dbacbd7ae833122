"""The messages that wait for a session, and when the next one may go. Pure: values in, values out.

Each message is delivered by one attempt of the journal at a time, under the law of ``core/resume``;
here is only decided when such an attempt may begin, and what becomes of its message when it ended.
A message goes out after the turn of the one before it has ended, exactly once, or its user is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from tmuxclaude.core.evidence import Ending, Evidence
from tmuxclaude.core.model import Actor, Attempt, Halt, Outlook, Session, State, Step, Want

SETTLE_SECONDS = 5.0
"""How long a session is idle before its turn counts as ended though the transcript does not tell:
after an interruption, or a process that was killed, no record ever ends it."""

_PLAIN_PATH = re.compile(r"[\w./+-]+")
_MENTION = re.compile(r'(?:^|(?<=\s))@(?:"([^"\n]+)"|(\S+))')


class Stage(StrEnum):
    """What became of a message: the first three wait, the others are over."""

    QUEUED = "queued"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    SENT = "sent"
    DROPPED = "dropped"


WAITING = (Stage.QUEUED, Stage.SENDING, Stage.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is to be a turn of a session. ``id`` grows in the order of asking.

    ``attempt``: the one that delivers it, or the last that tried. ``reason``: why it is not sent.
    ``over_at``: when it was sent or dropped. ``key``: what its asker knows it by; may be empty.
    """

    id: int
    session: str
    text: str
    asked_at: float
    stage: Stage = Stage.QUEUED
    attempt: int | None = None
    over_at: float | None = None
    reason: str = ""
    key: str = ""


def why_not_now(
    session: Session, halt: Halt | None, attempt: Attempt | None, evidence: Evidence
) -> str:
    """Why the first message that waits cannot begin its way; empty when it can.

    ``halt``: the open one; ``attempt``: the session's latest, for whatever it was.
    """
    if session.want is not Want.UP:
        return "the session is held" if session.want is Want.HOLD else "the session was stopped"
    if attempt is not None and attempt.open:
        return "another text is being delivered"
    if halt is not None:
        return "a limit or an error stopped the session; after its resume"
    if session.state is not State.IDLE:
        return f"the session is {session.state}"
    if not _turn_has_ended(session, evidence):
        return "the turn before has not ended"
    return ""


def _turn_has_ended(session: Session, evidence: Evidence) -> bool:
    tail = evidence.tail
    if tail is None or tail.ending not in (Ending.PROMPTED, Ending.ANSWERING):
        return True
    return not 0 <= evidence.at - session.since < SETTLE_SECONDS


def why_withdrawn(halt: Halt | None, evidence: Evidence) -> str:
    """Why an attempt of which nothing was typed yet is given up for now; empty when it is not."""
    if halt is not None:
        return "a limit or an error stopped the session; nothing was typed"
    return "its process has ended; nothing was typed" if evidence.dead else ""


def settled(message: Message, attempt: Attempt, left: Step, now: float) -> Message:
    """The message after its attempt has ended; ``left``: the last step at which that was open.

    An attempt that ended at ``due`` typed nothing, so the message waits on. One that was confirmed
    is a turn. Of every other one nobody knows, and nothing more is sent before its user says so.
    """
    if attempt.step is Step.CONFIRMED:
        return replace(message, stage=Stage.SENT, over_at=now, reason="")
    if left is Step.DUE:
        return replace(message, stage=Stage.QUEUED, reason=attempt.reason)
    return replace(message, stage=Stage.IN_DOUBT, reason=attempt.reason)


def outlook(session: Session, message: Message | None, attempt: Attempt | None) -> Outlook | None:
    """Who acts next on a session that nothing else stops than a message; ``None``: nobody need."""
    if message is None or session.state is not State.IDLE:
        return None
    if message.stage is Stage.IN_DOUBT:
        why = f"message {message.id} is in doubt: {message.reason}; see: tmuxclaude send --list"
        return Outlook(Actor.YOU, None, f"{why} {session.name}")
    delivers = attempt is not None and attempt.open and attempt.id == message.attempt
    if delivers and attempt is not None and attempt.step is Step.DUE and attempt.reason:
        return Outlook(Actor.NOBODY, None, f"a message waits: {attempt.reason}")
    return None


# -- texts -----------------------------------------------------------------------------------------


def composed(text: str, attachments: Iterable[str]) -> str:
    """The text with the files that go with it, each named by an absolute path.

    A mention stands never at the end: there Claude Code 2.1.329 opens its file picker, and Enter
    would choose a file instead of sending.
    """
    mentions = [f"@{_quoted(path)}" for path in attachments]
    between = "\n" if "\n" in text else " "
    return f"{text}{between}Attached: {' '.join(mentions)} ." if mentions else text


def mentioned(text: str) -> list[str]:
    """The paths in a text that Claude Code would take for files to attach, if they are there."""
    return [quoted or plain for quoted, plain in _MENTION.findall(text)]


def attachment_problem(path: str) -> str | None:
    """What is wrong with a path that is to be attached."""
    if not path.startswith("/"):
        return "its path is not absolute"
    if '"' in path or any(not character.isprintable() for character in path):
        return "its name has a quotation mark, or a character that cannot be typed"
    return None


def _quoted(path: str) -> str:
    return path if _PLAIN_PATH.fullmatch(path) else f'"{path}"'
