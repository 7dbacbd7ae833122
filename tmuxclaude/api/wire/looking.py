"""What is only looked at: the sessions, one of them whole, the past, and what happens just now.

The views have the fields that ``--json`` shows (``core/shown``).
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from tmuxclaude.api.wire.base import Answer, Request
from tmuxclaude.api.wire.resources import UseView

EventId: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""The number of an event; 0 is before the first."""

Lines: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
"""How many lines are told at most."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The base of what stands inside of answers."""


class OutlookView(View, frozen=True):
    """Who acts next (``claude``, ``tmuxclaude``, ``you``, ``nobody``), when, and why not before."""

    actor: str
    at: float | None
    why: str


class PaneView(View, frozen=True):
    """The tmux server and the pane (``%12``); both can be unknown."""

    socket: str
    pane_id: str | None


class LimitView(View, frozen=True):
    """What the provider said, and which witness told us."""

    kind: str
    words: str
    source: str
    resets_at: float | None


class OpenHaltView(View, frozen=True):
    """The interruption that stands open, with the newest attempt to resume from it."""

    id: int
    opened_at: float
    attempts: int
    not_before: float
    needs_human: str
    attempt: int | None
    step: str | None
    limit: LimitView


class AbandonedView(View, frozen=True):
    """Since when nothing happened in it, and how many files around it are not committed."""

    since: float
    uncommitted: int


class SessionView(View, frozen=True):
    """One session. ``prompts``: how many were counted, ``active_at``: when it last did anything,
    ``queued``: how many messages wait for it, ``ends_at``: when its lifetime ends, ``None`` for
    never, ``group``: empty for none."""

    uid: str
    name: str
    state: str
    want: str
    since: float
    reason: str
    directory: str
    account: str
    conversation: str | None
    created_at: float
    zone: str
    tmux_session: str
    pane: PaneView
    prompts: int | None
    active_at: float | None
    queued: int
    ends_at: float | None
    group: str
    meta: dict[str, str]
    abandoned: AbandonedView | None
    outlook: OutlookView
    halt: OpenHaltView | None


class LinkView(View, frozen=True):
    """One conversation of a session's chain, and ``why`` it began: ``start``, ``resume``,
    ``clear``, ``fork``, ``background``, ``adopted`` or ``found``.

    From ``active_at`` on ``None`` before anything was seen of it. The last two are the beginnings
    of what was said last, empty where they are not kept.
    """

    position: int
    conversation: str
    began_at: float
    why: str
    active_at: float | None
    prompts: int | None
    replies: int | None
    compactions: int | None
    last_prompt: str | None
    last_reply: str | None


class StepView(View, frozen=True):
    """One line of the journal of an attempt."""

    attempt: int
    at: float
    step: str
    note: str


class AttemptView(View, frozen=True):
    """One delivery of one text; ``halt`` is ``None`` for a message that a person sent."""

    id: int
    halt: int | None
    number: int
    text: str
    step: str
    opened_at: float
    stepped_at: float
    launches: int
    by_hand: int
    reason: str
    steps: list[StepView]


class HaltView(View, frozen=True):
    """One interruption, over or not; ``ended_by`` says who resumed."""

    id: int
    conversation: str
    limit_kind: str
    limit_words: str
    limit_source: str
    limit_said_at: float
    limit_resets_at: float | None
    record: str
    opened_at: float
    attempts: list[AttemptView]
    not_before: float
    needs_human: str
    ended_at: float | None
    ended_by: str | None
    outcome: str


class EventView(View, frozen=True):
    """One line of the journal of events; ``evidence`` is JSON as text."""

    at: float
    kind: str
    text: str
    evidence: str


class EntryView(View, frozen=True):
    """One line of the history.

    ``what``: ``registered``, ``started``, ``queued``, ``limited``, ``resumed``, ``over``,
    ``stopped``, ``lost``, ``ended`` or ``forgotten``. Of what was resumed ``by`` says who did it
    (``claude``, ``tmuxclaude``, ``you``) and ``waited`` for how many seconds it stood still.
    """

    at: float
    session: str
    name: str
    what: str
    by: str
    waited: float | None
    text: str


class List(Request, frozen=True, tag="list"):
    """The sessions; ``every``: those that have ended too; ``socket``: of one tmux server;
    ``group``: only these, an empty one: only those that are in none."""

    every: bool = False
    socket: str | None = None
    group: str | None = None


class Listed(Answer, frozen=True, tag="listed"):
    """The sessions in the order in which they were made."""

    sessions: list[SessionView]


class Show(Request, frozen=True, tag="show"):
    """All that is known of one session."""

    name: str


class Shown(Answer, frozen=True, tag="shown"):
    """One session, what its witnesses say now, and its past; each list with the oldest first.

    ``resources``: what it takes; ``None`` for one that has no process.
    """

    session: SessionView
    resources: UseView | None
    evidence: list[str]
    chain: list[LinkView]
    halts: list[HaltView]
    messages: list[AttemptView]
    events: list[EventView]


class History(Request, frozen=True, tag="history"):
    """Starts, ends, stops and resumes over all time: of one session, or of all.

    ``last``: how many lines at most; the newest are told.
    """

    name: str | None = None
    last: Lines = 200


class Past(Answer, frozen=True, tag="past"):
    """The lines of the history, oldest first."""

    entries: list[EntryView]


class Subscribe(Request, frozen=True, tag="subscribe"):
    """Tell every event from now on, one a line, until the client leaves.

    ``sessions``: only of these (names or ids). ``since``: first all that came after the event of
    this number, so that who comes back misses nothing.
    """

    sessions: list[str] = []
    since: EventId | None = None


class Subscribed(Answer, frozen=True, tag="subscribed"):
    """Events follow. ``since``: the number of the last event that will not be told."""

    since: int


class Happened(Answer, frozen=True, tag="event"):
    """One event. ``session`` and ``name`` are empty when it is about no session."""

    id: int
    at: float
    session: str
    name: str
    kind: str
    text: str
