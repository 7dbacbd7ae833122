"""What a user is told of, in which words, and on which occasion. Pure: events in, news out.

News is made of an event of the journal and of nothing else, so that each occasion is told once: an
event is written when something happens, not while it lasts. What only time or a screen brings (a
reset, a draft that is in the way) first becomes an event here, with a text that is its own.

Every word is ours: what a screen, a transcript or a registry file says never becomes news. Which
way news travels, ``edges/notify`` knows.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tmuxclaude.core.evidence import Evidence
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Box,
    Event,
    Halt,
    LimitKind,
    Remedy,
    Session,
    State,
    Step,
    Topic,
    Want,
)
from tmuxclaude.core.policy import PLAIN_WORDS, REMEDY, local_time
from tmuxclaude.core.refusals import NOT_STARTED, Refusal, heeding
from tmuxclaude.core.restoring import told_together
from tmuxclaude.core.resume import Deed, next_move
from tmuxclaude.core.rules import ResumeRules

BLOCKED_SECONDS = 60.0
"""How long a resume that is due waits for its user before the user is told."""

LONGEST = 200
"""The characters of a line that a notifier shows."""

SHOWN_NAMES = 3
"""How many sessions a line names when the same happened to more of them."""

_WHO = {Actor.US: "tmuxclaude", Actor.CLAUDE: "Claude Code", Actor.YOU: "you"}
_MOVED_ON = frozenset({"it went on", "it works again"})
"""Outcomes of a halt, as ``supervisor/decide`` writes them, that mean that the session goes on."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing that the user is told. ``words`` is one plain line without the session's name.

    ``session`` is its name, empty for what concerns the supervisor itself; ``sockets`` are the tmux
    servers whose clients are told. ``by``: who resumed it.
    """

    topic: Topic
    at: float
    words: str
    session: str = ""
    directory: str = ""
    sockets: tuple[str, ...] = ()
    limit: LimitKind | None = None
    resets_at: float | None = None
    by: Actor | None = None

    @property
    def text(self) -> str:
        return f"{self.session or 'tmuxclaude'}: {self.words}"


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of an event's session: the halt that it is about, open or not, and the
    latest attempt. An event that names no halt is about the one that is open.
    """

    session: Session
    halt: Halt | None
    attempt: Attempt | None


# -- what only time or a screen brings -------------------------------------------------------------


def occasions(
    past: Past, evidence: Evidence, rules: ResumeRules, refusal: Refusal | None = None
) -> list[Event]:
    """Events to be kept, each unless one of the same session, kind and text is kept already.

    ``refusal``: what tmux refused this session last.
    """
    session, halt, attempt = past.session, past.halt, past.attempt
    if halt is None or not halt.open or halt.needs_human or session.state is State.ENDED:
        return []
    found = []
    if _has_reset(halt, evidence.at):
        found.append(("reset", f"{PLAIN_WORDS[halt.limit.kind]} (halt {halt.id})"))
    if _draft_is_in_the_way(session, evidence, rules):
        found.append(("draft", f"in the prompt box (halt {halt.id})"))
    if (
        attempt is not None
        and attempt.halt == halt.id
        and _is_blocked(session, attempt, evidence, rules, refusal)
    ):
        found.append(("blocked", f"attempt {attempt.number} waits for you (halt {halt.id})"))
    about: dict[str, object] = {"halt": halt.id}
    return [Event(evidence.at, session.uid, kind, text, about) for kind, text in found]


def _has_reset(halt: Halt, now: float) -> bool:
    resets_at = halt.limit.resets_at
    timed = REMEDY[halt.limit.kind] is Remedy.RESET and resets_at is not None
    return timed and resets_at is not None and halt.opened_at < resets_at <= now


def _draft_is_in_the_way(session: Session, evidence: Evidence, rules: ResumeRules) -> bool:
    """Whether a draft stands where the resume will be typed, long before that is due."""
    reading = evidence.reading
    ours = rules.enabled and rules.draft == "wait" and session.want is Want.UP
    waits = session.state is State.LIMITED and reading is not None and reading.dialog is None
    return ours and waits and reading is not None and reading.box is Box.DRAFT


def _is_blocked(
    session: Session,
    attempt: Attempt,
    evidence: Evidence,
    rules: ResumeRules,
    refusal: Refusal | None,
) -> bool:
    """Whether a resume has been due for a while and only its user can clear the way."""
    not_started = attempt.reason.startswith(NOT_STARTED)
    waits = (attempt.step is Step.DUE or not_started) and not attempt.by_hand
    if not waits or evidence.at - attempt.opened_at < BLOCKED_SECONDS:
        return False
    if not_started:
        return True
    if refusal is not None and refusal.concerns(attempt):
        return evidence.at - refusal.since >= BLOCKED_SECONDS
    move = next_move(attempt, evidence, rules)
    move = heeding(None, session, attempt, move, evidence.at)
    return move.deed is Deed.WAIT and move.yours


# -- what an event means to the user ---------------------------------------------------------------


def news(event: Event, past: Past, rules: ResumeRules) -> News | None:
    """What the user is told of this event; ``None`` when it is nothing to be told of."""
    told = _told(event, past, rules)
    if told is None:
        return None
    topic, words, by = told
    session, halt = past.session, past.halt
    return News(
        topic=topic,
        at=event.at,
        words=plain(words),
        session=session.name,
        directory=session.directory,
        sockets=(session.socket,),
        limit=halt.limit.kind if halt is not None and topic is not Topic.LOST else None,
        resets_at=halt.limit.resets_at if halt is not None and topic is not Topic.LOST else None,
        by=by,
    )


def rebuilt(event: Event, sockets: Iterable[str]) -> News:
    """The database was made anew: of no session, so everybody is told."""
    words = "the database was lost and was made anew; look at: tmuxclaude list"
    return News(Topic.REBUILT, event.at, words, sockets=tuple(sockets))


def of_all(topic: Topic, event: Event, sockets: Iterable[str]) -> News:
    """What is of no single session, in the event's own words."""
    return News(topic, event.at, plain(event.text), sockets=tuple(sockets))


_Told = tuple[Topic, str, Actor | None]


def _told(event: Event, past: Past, rules: ResumeRules) -> _Told | None:
    halt, attempt = past.halt, past.attempt
    match event.kind:
        case "state" if event.text.endswith(f"→ {State.LOST}"):
            if told_together(past.session):
                return None
            return Topic.LOST, _lost(past, rules), None
        case "lifetime":
            return Topic.LIFETIME, event.text, None
        case "over budget":
            return Topic.BUDGET, event.text, None
        case "unwell":
            return Topic.HEALTH, event.text, None
        case "abandoned":
            return Topic.ABANDONED, event.text, None
        case "held":
            return Topic.HELD, f"held back: {event.text}", None
        case "limit" if halt is not None:
            return _limit(past.session, halt, rules)
        case "reset" if halt is not None:
            return Topic.RESET, f"{PLAIN_WORDS[halt.limit.kind]} has reset", None
        case "draft":
            words = "your draft in the prompt box will hold up the resume; send or clear it"
            return Topic.NEEDS_YOU, words, None
        case "blocked" if attempt is not None:
            # Behind the bracket stands what Claude Code calls its question.
            return Topic.NEEDS_YOU, f"cannot resume: {attempt.reason.partition(' (')[0]}", None
        case "needs you" if halt is not None and halt.needs_human:
            return _needs_you(halt, attempt)
        case "resumed":
            return _resumed(Actor.US)
        case "skipped" if halt is not None and not halt.open:
            return _resumed(halt.ended_by)
        case "halt over" if halt is not None and halt.outcome in _MOVED_ON:
            return _moved_on(halt, attempt)
    return None


def _limit(session: Session, halt: Halt, rules: ResumeRules) -> _Told:
    name, resets_at = PLAIN_WORDS[halt.limit.kind], halt.limit.resets_at
    if halt.needs_human:
        topic = Topic.GAVE_UP if halt.attempts else Topic.NEEDS_YOU
        return topic, halt.needs_human, None
    words = f"{name}, still there after attempt {halt.attempts}" if halt.attempts else name
    if REMEDY[halt.limit.kind] is Remedy.RETRY:
        words += ", will be tried again"
    elif resets_at is not None:
        words += f", resets {local_time(resets_at, session.zone)}"
    if not rules.enabled:
        words += "; resume.enabled is false"
    elif session.want is Want.HOLD:
        words += "; held"
    return Topic.LIMIT, words, None


def _needs_you(halt: Halt, attempt: Attempt | None) -> _Told:
    ours = attempt is not None and attempt.halt == halt.id and attempt.step is Step.GAVE_UP
    topic, words = (Topic.GAVE_UP, "gave up") if ours else (Topic.NEEDS_YOU, "needs you")
    return topic, f"{words}: {halt.needs_human}", None


def _lost(past: Past, rules: ResumeRules) -> str:
    words = f"lost: {past.session.reason}" if past.session.reason else "lost"
    halt, up = past.halt, past.session.want is Want.UP
    if halt is not None and halt.open and not halt.needs_human and rules.enabled and up:
        return f"{words}; it is started again when its limit is over"
    return words


def _resumed(by: Actor | None) -> _Told | None:
    return (Topic.RESUMED, f"resumed by {_WHO[by]}", by) if by in _WHO else None


def _moved_on(halt: Halt, attempt: Attempt | None) -> _Told | None:
    """A halt that ended otherwise than by an attempt that was told of already."""
    ours = attempt is not None and attempt.halt == halt.id and attempt.step is Step.CONFIRMED
    if ours and attempt is not None and attempt.record == halt.record:
        return None
    if halt.ended_by is Actor.NOBODY and halt.outcome == "it works again":
        return Topic.RESUMED, "works again", Actor.NOBODY
    return _resumed(halt.ended_by)


# -- how it is written -----------------------------------------------------------------------------


def plain(text: str, longest: int = LONGEST) -> str:
    """One line of at most ``longest`` characters with nothing in it that cannot be seen.

    Without control characters, line breaks, marks that turn the direction of writing, and what is
    no text; blanks are single.
    """
    seen = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 10 * longest])
    line = " ".join("".join(seen).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def summary(batch: Sequence[News]) -> str:
    """The news on one plain line; what happened to several sessions is said once."""
    names: dict[str, list[str]] = {}
    for one in batch:
        names.setdefault(one.words, []).append(one.session or "tmuxclaude")
    return plain(" · ".join(f"{_listed(who)}: {words}" for words, who in names.items()))


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = len(names) - SHOWN_NAMES
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def as_json(one: News) -> str:
    """The news as one JSON object on one line, ASCII only; ``docs/notifications.md`` tells it."""
    return json.dumps(
        {
            "event": one.topic,
            "at": one.at,
            "session": one.session or None,
            "directory": one.directory or None,
            "text": one.text,
            "limit": one.limit,
            "resets_at": one.resets_at,
            "by": one.by,
        }
    )
