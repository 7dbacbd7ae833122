"""All witnesses of one session at one instant, and what they say together.

The order is that of docs/architecture.md: process and pane, Claude Code's registry file, the
transcript's tail, the screen. A weaker witness speaks only where the stronger ones are silent, with
one exception that is written down where it is made: only the transcript and the screen can know
that a turn ended on a limit. ``None`` in any field means that the witness said nothing, and nothing
is concluded from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from tmuxclaude.core.model import Box, Dialog, Limit, LimitKind, Look, Reading, Source
from tmuxclaude.core.parked import Parked, aside
from tmuxclaude.core.states import Signal


class Life(StrEnum):
    """What became of the process in the pane.

    ``EXITED`` it said goodbye (status 0, or the pane closed by its user while its tmux server still
    answers) · ``DIED`` a signal, another status, the tmux server gone or a new boot · ``STOPPED``
    alive but not running (SIGSTOP, Ctrl-Z).
    """

    ALIVE = "alive"
    STOPPED = "stopped"
    EXITED = "exited"
    DIED = "died"


SERVER_GONE = "the tmux server is gone"
"""The last words of a session whose tmux server ended, or whose machine was booted anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session's window is. ``tmux_session`` is empty for a name that we would not give.

    ``window_name``: as its user named it, empty for a name that no session can have; ``None`` when
    the name is nobody's choice (tmux's own, a program's, a mark of ours) or several of our sessions
    share the window. ``window_id``: tmux's, such as ``@3``; empty while it is shared.
    """

    tmux_session: str
    index: int
    window_name: str | None
    window_id: str


@dataclass(frozen=True, slots=True)
class PaneFacts:
    """What decides whether keys may be sent to a pane that is proven to be ours.

    ``unread``: bytes that the application has not read yet. ``human_at``: when a client that looks
    at this pane was last active.
    """

    in_mode: bool = False
    synchronized: bool = False
    input_off: bool = False
    unread: int | None = None
    human_at: float | None = None


class Status(StrEnum):
    """Claude Code's own word for what it is doing (registry file, 2.1.329).

    ``BUSY`` a turn runs, or a command of its user's · ``IDLE`` it is at its prompt · ``SHELL`` at
    its prompt too, and a shell that it has started runs on in the background · ``WAITING`` a
    question or a dialog is open.
    """

    BUSY = "busy"
    IDLE = "idle"
    SHELL = "shell"
    WAITING = "waiting"


AT_PROMPT = (Status.IDLE, Status.SHELL)


@dataclass(frozen=True, slots=True)
class RegistryFacts:
    """Claude Code's registry file of this very process.

    ``parked``: it gave its conversation to another process, of which the rest tells then.
    ``began_at``: when the process began (UTC epoch seconds), ``None`` when it does not say.
    """

    conversation: str
    status: Status | None = None
    waiting_for: str = ""
    parked: Parked | None = None
    began_at: float | None = None


SCREEN = "screen:"
"""How the record of a limit begins that only a screen shows."""

DIALOG_OPEN = "dialog open"
"""What a process waits for whose limit menu is open, or any other dialog: which, it does not tell
(Claude Code 2.1.329)."""

CLOSABLE = (Dialog.LIMIT_MENU, Dialog.RESUME_QUESTION)
"""The dialogs that we may close. One of them on the screen says more than the registry's word."""


class Ending(StrEnum):
    """How the transcript ends."""

    NOTHING = "nothing"
    PROMPTED = "prompted"
    ANSWERING = "answering"
    DONE = "done"
    ERROR = "error"
    INTERRUPTED = "interrupted"


class Notice(StrEnum):
    """What Claude Code last said about its own continue since the limit record."""

    ARMED = "armed"
    FIRED = "fired"
    ENDED = "ended"


class Origin(StrEnum):
    """Whose prompt a user turn is: typed (by a person or by us), or Claude Code's own continue."""

    TYPED = "typed"
    NATIVE = "native"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class UserTurn:
    """One prompt in the transcript; ``offset`` is the byte offset of its line.

    ``digest``: of the whole text (``core/texts``) where ``text`` is only the beginning of it.
    """

    text: str
    at: float
    offset: int
    origin: Origin = Origin.TYPED
    uuid: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Tail:
    """What the end of a transcript says; only its main chain, never a subagent's.

    ``limit`` and ``record`` (the uuid of the error record) are set while ``ending`` is ``ERROR``.
    ``turns``: the last user turns, oldest first. ``size``: bytes read so far. ``replies``: messages
    of the model; ``reply`` is the beginning of the last one, ``message`` its id. ``begins``: where
    the reading began; of what lies before, nothing is known or counted.
    """

    ending: Ending = Ending.NOTHING
    limit: Limit | None = None
    record: str = ""
    notice: Notice | None = None
    notice_at: float | None = None
    turns: tuple[UserTurn, ...] = ()
    prompts: int = 0
    conversation: str = ""
    cwd: str = ""
    title: str = ""
    last_at: float | None = None
    size: int = 0
    replies: int = 0
    reply: str = ""
    message: str = ""
    begins: int = 0

    @property
    def spoken(self) -> bool:
        """Whether its conversation has messages: they are here, or before what was read."""
        ended = self.ending is Ending.ERROR
        return bool(self.prompts or self.replies or ended or self.begins)

    def holds_turns_since(self, offset: int) -> bool:
        """Whether every turn from this byte on is among ``turns``, and the file goes that far."""
        dropped = self.prompts > len(self.turns) and self.turns[0].offset > offset
        return self.begins <= offset <= self.size and not dropped


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known of one session at the instant ``at``.

    ``open_elsewhere``: another living process has the conversation open. ``last_words``: how the
    process ended, for people. ``reading_on``: the end of its transcript was not reached yet; until
    then ``tail`` is ``None``. ``forked_at``: when its conversation began as the fork of another
    (UTC epoch seconds); what was said before belongs to that one. ``aside``: it went on
    in the background, and why the pane takes no keys for it; empty while the pane shows it.
    """

    at: float
    life: Life | None = None
    pane: PaneFacts | None = None
    registry: RegistryFacts | None = None
    tail: Tail | None = None
    reading: Reading | None = None
    open_elsewhere: bool = False
    last_words: str = ""
    reading_on: bool = False
    place: Place | None = None
    forked_at: float | None = None
    aside: str = ""

    @property
    def alive(self) -> bool:
        return self.life in (Life.ALIVE, Life.STOPPED)

    @property
    def dead(self) -> bool:
        return self.life in (Life.EXITED, Life.DIED)

    @property
    def native_pending(self) -> bool:
        """Whether Claude Code's own continue is armed: its footer says so, or its notice.

        A notice stays in the history when the process that armed itself has died: it counts if
        this very process has said it, and where that is not known, if no screen speaks against it.
        """
        reading, tail, registry = self.reading, self.tail, self.registry
        shown = reading is not None and reading.look in (Look.IDLE, Look.LIMIT, Look.WORK)
        if shown and reading is not None and reading.native_pending:
            return True
        if tail is None or tail.notice is not Notice.ARMED:
            return False
        began_at = registry.began_at if registry is not None else None
        if began_at is None or tail.notice_at is None:
            return not shown
        return tail.notice_at >= began_at


def in_view(evidence: Evidence) -> Evidence:
    """The evidence without a screen that does not show the session's own conversation."""
    registry = evidence.registry
    if registry is None or registry.parked is None:
        return evidence
    why = aside(registry.parked, evidence.reading, evidence.at)
    return replace(evidence, reading=None, aside=why) if why else evidence


def judge(evidence: Evidence) -> Signal | None:
    """What the witnesses say together; ``None`` when they do not know."""
    if evidence.life is Life.EXITED:
        return Signal.GOODBYE
    if evidence.life is Life.DIED:
        return Signal.GONE
    if evidence.registry is not None and evidence.registry.status is not None:
        return _by_registry(evidence, evidence.registry)
    if evidence.registry is not None and evidence.registry.parked is not None:
        return Signal.DIALOG if evidence.registry.parked.missing(evidence.at) else None
    if evidence.reading is not None:
        return _by_screen(evidence, evidence.reading)
    return None


def limit_of(evidence: Evidence) -> tuple[Limit, str] | None:
    """The limit or error that the last turn ended on, and the name of its record.

    The transcript decides. A screen is believed only where there is no transcript at all; its
    record is a fingerprint, so that the same text seen again is the same halt. It is the time that
    was printed: the words before it can scroll away, and with them the kind.

    A fork shows, and copies, how the other conversation ended. Nobody asked it to go on with that:
    only a turn of its own can halt it, and with the first one its transcript begins.
    """
    forked_at = evidence.forked_at
    if evidence.tail is not None:
        limit = evidence.tail.limit
        if limit is None or (forked_at is not None and limit.said_at < forked_at):
            return None
        return limit, evidence.tail.record
    reading = evidence.reading
    if reading is None or reading.look is not Look.LIMIT or forked_at is not None:
        return None
    kind = reading.limit_kind or LimitKind.OTHER
    words = reading.limit_words or reading.reset_text
    limit = Limit(kind=kind, words=words, source=Source.SCREEN, said_at=evidence.at)
    return limit, f"{SCREEN}{reading.reset_text or kind}"


def _by_registry(evidence: Evidence, registry: RegistryFacts) -> Signal:
    if registry.status is Status.BUSY:
        return Signal.WORK
    halted = limit_of(evidence) is not None
    if registry.status in AT_PROMPT:
        return Signal.LIMIT if halted else Signal.IDLE
    shown = evidence.reading.dialog if evidence.reading is not None else None
    if shown in CLOSABLE or (registry.waiting_for == DIALOG_OPEN and shown is None):
        return Signal.LIMIT if halted else Signal.DIALOG
    return Signal.DIALOG if registry.waiting_for == DIALOG_OPEN else Signal.QUESTION


def _by_screen(evidence: Evidence, reading: Reading) -> Signal:
    halted = limit_of(evidence) is not None
    match reading.look:
        case Look.WORK:
            return Signal.WORK
        case Look.QUESTION:
            return Signal.QUESTION
        case Look.IDLE | Look.LIMIT:
            return Signal.LIMIT if halted else Signal.IDLE
        case Look.DIALOG | Look.EXITED:
            return Signal.DIALOG


_BOX = {
    Box.EMPTY: "the prompt box is empty",
    Box.PLACEHOLDER: "the prompt box is empty (a suggestion stands in it)",
    Box.DRAFT: "your draft is in the prompt box",
    Box.NONE: "no prompt box",
}


def explain(evidence: Evidence) -> list[str]:
    """One line for each witness: what it says, or that it says nothing."""
    lines = [f"process: {evidence.life or 'unknown'}"]
    registry, tail, reading, pane = (
        evidence.registry,
        evidence.tail,
        evidence.reading,
        evidence.pane,
    )
    if registry is None:
        lines.append("registry file: says nothing")
    else:
        waiting = f", waiting for {registry.waiting_for}" if registry.waiting_for else ""
        lines.append(f"registry file: {registry.status or 'no status'}{waiting}")
        if registry.parked is not None:
            lines.append(f"background: {evidence.aside or f'job {registry.parked.job}'}")
    if tail is None:
        lines.append("transcript: says nothing")
    else:
        words = f": {tail.limit.words} (record {tail.record})" if tail.limit else ""
        notice = f"; own continue {tail.notice}" if tail.notice else ""
        lines.append(f"transcript: ends {tail.ending}{words}{notice}")
    if reading is None:
        lines.append("screen: not read")
    else:
        armed = ", own continue armed" if reading.native_pending else ""
        lines.append(f"screen: {reading.dialog or reading.look}, {_BOX[reading.box]}{armed}")
    if pane is not None:
        flags = [
            name
            for name, on in (
                ("in a mode", pane.in_mode),
                ("synchronized", pane.synchronized),
                ("input off", pane.input_off),
            )
            if on
        ]
        lines.append(f"pane: {', '.join(flags) or 'takes keys'}")
    if evidence.open_elsewhere:
        lines.append("conversation: open in another process")
    return lines
