"""The nouns of the house, as frozen values. Knows no file, no clock, no tmux.

Times are UTC epoch seconds (``float``) unless a name says otherwise. ``None`` means *unknown*, and
unknown changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")
"""What a session's name must match as a whole: it becomes a tmux window name, so nothing in it may
mean anything to tmux or to a shell."""


class State(StrEnum):
    """What a session *is*."""

    STARTING = "starting"
    QUEUED = "queued"
    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"
    LIMITED = "limited"
    RESUMING = "resuming"
    LOST = "lost"
    ENDED = "ended"


class Want(StrEnum):
    """What the user wishes of a session."""

    UP = "up"
    HOLD = "hold"
    DOWN = "down"


class Look(StrEnum):
    """What a screen looks like."""

    IDLE = "idle"
    WORK = "work"
    QUESTION = "question"
    LIMIT = "limit"
    DIALOG = "dialog"
    EXITED = "exited"


class Box(StrEnum):
    """What stands in Claude Code's prompt box."""

    EMPTY = "empty"
    DRAFT = "draft"
    PLACEHOLDER = "placeholder"
    NONE = "nobox"


class Dialog(StrEnum):
    """A dialog that we know by name; every other one is ``OTHER`` and never touched."""

    LIMIT_MENU = "limit menu"
    RESUME_QUESTION = "resume question"
    TRUST = "trust dialog"
    AGENTS_VIEW = "agents view"
    SUBAGENT_VIEW = "subagent's view"
    OTHER = "dialog"


class LimitKind(StrEnum):
    """Why a turn was stopped. The first group are the API's own claim names."""

    FIVE_HOUR = "five_hour"
    SEVEN_DAY = "seven_day"
    OPUS = "seven_day_opus"
    SONNET = "seven_day_sonnet"
    MODEL = "model"
    SPEND = "spend"
    CREDIT = "credit"
    SEAT = "seat"
    USAGE = "usage"
    RATE = "rate"
    OVERLOADED = "overloaded"
    SERVER = "server"
    AUTH = "auth"
    OTHER = "other"


class Remedy(StrEnum):
    """What ends a limit: time, another try, or a person."""

    RESET = "reset"
    RETRY = "retry"
    HUMAN = "human"


class Source(StrEnum):
    """The witness that told us something, strongest first (docs/architecture.md)."""

    PROCESS = "process"
    REGISTRY = "registry"
    TRANSCRIPT = "transcript"
    HOOK = "hook"
    STATUSLINE = "statusline"
    SCREEN = "screen"


class Actor(StrEnum):
    """Who acts next on a session, or who resumed it."""

    CLAUDE = "claude"
    US = "tmuxclaude"
    YOU = "you"
    NOBODY = "nobody"


class Topic(StrEnum):
    """What a user may be told of (``core/notices``)."""

    LIMIT = "limit"
    RESET = "reset"
    NEEDS_YOU = "needs-you"
    GAVE_UP = "gave-up"
    RESUMED = "resumed"
    HELD = "held"
    LOST = "lost"
    ABANDONED = "abandoned"
    REBUILT = "rebuilt"
    LIFETIME = "lifetime"
    BUDGET = "budget"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Limit:
    """What the provider imposes. ``words`` is what was said, at most 512 characters."""

    kind: LimitKind
    words: str
    source: Source
    said_at: float
    resets_at: float | None = None

    @property
    def structured(self) -> bool:
        """Whether it came from a record, not from text on a screen."""
        return self.source is not Source.SCREEN


@dataclass(frozen=True, slots=True)
class Reading:
    """What we make of one screen.

    ``limit_kind`` and ``reset_text`` are set only when ``look`` is ``LIMIT``; ``reset_text`` is
    what is printed after ``resets `` in the last limit line, without a suffix. ``native_pending``:
    Claude Code's own continue is armed at this moment (its footer stands under the prompt box).
    ``dialog`` names the dialog that covers the prompt box. ``folded``: the draft is nothing but the
    mark that stands for one long paste, which has so many line breaks. ``label``: the name on the
    prompt box as it is drawn, empty for none; ``label_cut``: an ellipsis stands for its end.

    ``draft`` is what is shown of it: ``hidden`` rows are above that, and where it is ``unended``
    more may be below. ``area``: at how many cells the box wraps, 0 without one. ``room``: how many
    rows a draft may have to be shown so that it can be recognised, ``None`` for any number.
    ``hint``: the first row of what Claude Code suggests in an empty box.
    ``selects``: Enter would not send what stands in the box (vim's visual mode).
    """

    look: Look
    box: Box
    draft: str = ""
    limit_kind: LimitKind | None = None
    limit_words: str = ""
    reset_text: str = ""
    native_pending: bool = False
    dialog: Dialog | None = None
    folded: int | None = None
    label: str = ""
    label_cut: bool = False
    hidden: int = 0
    unended: bool = False
    selects: bool = False
    area: int = field(default=0, compare=False)
    hint: str = field(default="", compare=False)
    room: int | None = field(default=None, compare=False)

    def is_named(self, name: str) -> bool:
        """Whether the prompt box has this name, as far as it is drawn."""
        return name.startswith(self.label[:-1]) if self.label_cut else name == self.label


@dataclass(frozen=True, slots=True)
class Server:
    """One tmux server process. The socket outlives it; ``pid`` and ``started`` do not."""

    socket: str
    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Pane:
    """Where a session lives. Two panes are the same only when every field is."""

    server: Server
    pane_id: str
    pane_pid: int
    nonce: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process that cannot be mistaken for a later one with the same pid.

    ``started`` is the process start as the kernel tells it: on Linux clock ticks since boot
    (``/proc/PID/stat`` field 22), which is also what Claude Code's registry calls ``procStart``.
    """

    pid: int
    started: str
    boot: str


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start Claude Code for a session, so that a relaunch starts the same thing.

    ``command``: the program, absolute, symlinks kept. ``flags``: what the user gave, without the
    identity flags and any positional prompt. ``environment``: pairs given with ``-e``.
    """

    command: tuple[str, ...]
    flags: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who acts next on a session, when (``None``: not known), and why nothing happens before."""

    actor: Actor = Actor.NOBODY
    at: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One named tmux window that we keep.

    ``uid``: 32 hex digits, for ever its own. ``account``: the absolute path of Claude Code's
    configuration directory. ``recorded``: its conversation has messages, so that Claude Code can
    resume it. ``zone``: the time zone of whoever opened it, for limit texts that name none.
    ``reason``: why it waits, or how it ended. ``program``: what tmux called the program in the
    foreground when the session was at its prompt; empty until then. ``rebuilt_at``: when it was
    found again after the database was lost; what came before that moment is not known.
    ``tmux_session``, ``window_index`` and ``window_name`` say where its window was when it was last
    looked at (``core.evidence.Place``).
    """

    uid: str
    name: str
    directory: str
    account: str
    launch: Launch
    state: State
    since: float
    want: Want = Want.UP
    conversation: str | None = None
    tmux_session: str = ""
    window_index: int | None = None
    window_name: str = ""
    socket: str = ""
    pane: Pane | None = None
    process: Process | None = None
    opened_by_us: bool = True
    program: str = ""
    created_at: float = 0.0
    rebuilt_at: float | None = None
    reason: str = ""
    zone: str = "UTC"
    recorded: bool = False
    outlook: Outlook = Outlook()


class Step(StrEnum):
    """The journal of one attempt, in order; the second group ends it."""

    DUE = "due"
    TYPING = "typing"
    TYPED = "typed"
    ENTERING = "entering"
    LAUNCHING = "launching"

    CONFIRMED = "confirmed"
    SKIPPED = "skipped"
    NEEDS_HUMAN = "needs_human"
    GAVE_UP = "gave_up"


ENDED_STEPS = frozenset({Step.CONFIRMED, Step.SKIPPED, Step.NEEDS_HUMAN, Step.GAVE_UP})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One guarded delivery of one text to one session, at most once.

    ``halt`` is ``None`` for a message that a person sends. ``record`` names the error record that
    this attempt answers; ``offset`` is the transcript's size when our text was about to be sent, so
    that it is looked for only after it. ``keyed_at``: when the last key was sent.
    ``escapes`` and ``launches`` count what was tried; ``stashed``: a draft was put aside for it.
    """

    id: int
    session: str
    number: int
    text: str
    step: Step
    opened_at: float
    halt: int | None = None
    record: str = ""
    conversation: str = ""
    offset: int = 0
    stepped_at: float = 0.0
    keyed_at: float = 0.0
    escapes: int = 0
    launches: int = 0
    stashed: bool = False
    by_hand: bool = False
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.step not in ENDED_STEPS


@dataclass(frozen=True, slots=True)
class Halt:
    """One interruption of one session that we may resume.

    ``record`` identifies the error that opened it (the transcript record's uuid, or for a screen
    alone a fingerprint of kind and reset). ``attempts`` counts the finished ones. ``not_before`` is
    the back-off of the next attempt. ``ended_by`` says who resumed it.
    """

    id: int
    session: str
    conversation: str
    limit: Limit
    record: str
    opened_at: float
    attempts: int = 0
    not_before: float = 0.0
    needs_human: str = ""
    ended_at: float | None = None
    ended_by: Actor | None = None
    outcome: str = ""

    @property
    def open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal: something seen, decided or done, with what carried it."""

    at: float
    session: str
    kind: str
    text: str
    evidence: dict[str, object] = field(default_factory=dict)
