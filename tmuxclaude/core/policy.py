"""Who acts next on a halted session, and when. Pure: rules, halt and evidence in, an outlook out.

Three actors may end a halt: time together with Claude Code's own continue, we, or a person. Claude
Code comes first where its own continue is armed; we come second, never first
(docs/internals/resuming.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from random import Random
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tmuxclaude.core.evidence import Ending, Evidence, Notice, Origin
from tmuxclaude.core.model import Actor, Attempt, Halt, Limit, LimitKind, Outlook, Remedy, Step
from tmuxclaude.core.resets import FARTHEST_SECONDS
from tmuxclaude.core.rules import ResumeRules

REMEDY: dict[LimitKind, Remedy] = {
    LimitKind.FIVE_HOUR: Remedy.RESET,
    LimitKind.SEVEN_DAY: Remedy.RESET,
    LimitKind.OPUS: Remedy.RESET,
    LimitKind.SONNET: Remedy.RESET,
    LimitKind.MODEL: Remedy.RESET,
    LimitKind.USAGE: Remedy.RESET,
    LimitKind.RATE: Remedy.RETRY,
    LimitKind.OVERLOADED: Remedy.RETRY,
    LimitKind.SERVER: Remedy.RETRY,
    LimitKind.SPEND: Remedy.HUMAN,
    LimitKind.CREDIT: Remedy.HUMAN,
    LimitKind.SEAT: Remedy.HUMAN,
    LimitKind.AUTH: Remedy.HUMAN,
    LimitKind.OTHER: Remedy.HUMAN,
}
"""What ends each kind. A kind that resets but whose time is not known needs a person too."""

ACCOUNT_WIDE = frozenset({LimitKind.FIVE_HOUR, LimitKind.SEVEN_DAY})
"""Kinds that stop every session of the account, whatever its model."""

STALE_SECONDS = 24 * 3600.0
"""A reset that lies further back than this when its halt is first seen is history, not a task."""

NATIVE_REARM_SECONDS = 300.0
"""The longest wait of Claude Code 2.1.329 when its own continue met the limit again."""

PLAIN_WORDS: dict[LimitKind, str] = {
    LimitKind.FIVE_HOUR: "5-hour limit",
    LimitKind.SEVEN_DAY: "weekly limit",
    LimitKind.OPUS: "Opus limit",
    LimitKind.SONNET: "Sonnet limit",
    LimitKind.MODEL: "model limit",
    LimitKind.USAGE: "usage limit",
    LimitKind.SPEND: "spend limit",
    LimitKind.CREDIT: "credit balance",
    LimitKind.SEAT: "seat without usage",
    LimitKind.RATE: "request rate (429)",
    LimitKind.OVERLOADED: "overloaded (529)",
    LimitKind.SERVER: "server error",
    LimitKind.AUTH: "login ended",
    LimitKind.OTHER: "unknown error",
}
"""How a person calls each kind."""

_NAMES_A_TIME = re.compile(r"\bresets? (?:at |in )?\S", re.IGNORECASE)


def needs_human(limit: Limit, first_seen_at: float, rebuilt_at: float | None = None) -> str:
    """Why only a person can end this limit; empty when time or another try can.

    ``rebuilt_at``: before that moment nothing is known of what was done (``Session``); a screen
    does not tell when it was written.
    """
    name = PLAIN_WORDS[limit.kind]
    if rebuilt_at is not None and (limit.said_at < rebuilt_at or not limit.structured):
        return f"{name}: the database was lost after it, so nobody knows whether it was answered"
    match REMEDY[limit.kind]:
        case Remedy.HUMAN:
            return f"{name}: only you can end this"
        case Remedy.RESET if limit.resets_at is None and _NAMES_A_TIME.search(limit.words):
            return f"{name}: the reset time that it shows has passed, or is not understood"
        case Remedy.RESET if limit.resets_at is None:
            return f"{name}: no reset time is known"
        case Remedy.RESET if _is_too_far(limit):
            return f"{name}: its reset time lies too far ahead to be right"
        case Remedy.RESET if first_seen_at - (limit.resets_at or 0.0) > STALE_SECONDS:
            return f"{name}: it reset more than a day before it was first seen"
        case Remedy.RETRY if first_seen_at - limit.said_at > STALE_SECONDS:
            return f"{name}: it is more than a day old"
    return ""


def _is_too_far(limit: Limit) -> bool:
    """Whether its record names a reset that no limit has; words that do are not believed at all."""
    return (limit.resets_at or 0.0) - limit.said_at > FARTHEST_SECONDS


def backoff_seconds(attempts: int, rules: ResumeRules) -> float:
    """How long to wait after the given number of fruitless attempts."""
    steps = rules.backoff_minutes
    return 60.0 * steps[min(max(attempts, 1), len(steps)) - 1]


def jitter(session_uid: str, rules: ResumeRules) -> float:
    """This session's own share of ``resume.jitter_seconds``; the same after every restart."""
    return Random(session_uid).random() * rules.jitter_seconds


def due_at(
    halt: Halt, account_limits: Iterable[Limit], evidence: Evidence | None, rules: ResumeRules
) -> float | None:
    """When we may act on ``halt``; ``None`` when nobody knows.

    The latest of: the limit's reset and that of every other limit that stops the whole account,
    plus margin and jitter; the back-off of an earlier attempt; and, while Claude Code's own
    continue is armed, its deadline plus ``native_grace_seconds``.
    """
    margin = rules.margin_seconds + jitter(halt.session, rules)
    times = [halt.not_before]
    if REMEDY[halt.limit.kind] is Remedy.RETRY:
        times.append(halt.limit.said_at + backoff_seconds(halt.attempts + 1, rules))
    elif halt.limit.resets_at is None:
        return None
    else:
        # After the reset it may be met again; then Claude Code takes a moment to arm itself anew.
        times.append(max(halt.limit.resets_at, halt.limit.said_at) + margin)
    times += [
        limit.resets_at + margin
        for limit in account_limits
        if limit.kind in ACCOUNT_WIDE
        and limit.resets_at is not None
        and limit.said_at >= halt.limit.said_at
    ]
    if evidence is not None and evidence.alive and _native_may_act(halt.limit, evidence):
        deadline = _native_deadline(halt.limit, evidence)
        if deadline is None:
            return None
        times.append(deadline + rules.native_grace_seconds)
    return max(times)


def outlook(
    halt: Halt,
    attempt: Attempt | None,
    account_limits: Iterable[Limit],
    evidence: Evidence | None,
    rules: ResumeRules,
) -> Outlook:
    """Who acts next on this halt, when and why."""
    if halt.needs_human:
        return Outlook(Actor.YOU, None, halt.needs_human)
    if evidence is not None and evidence.aside:
        return Outlook(Actor.YOU, None, evidence.aside)
    if attempt is not None and attempt.open:
        return Outlook(Actor.US, None, attempt.reason or attempt.step.value)
    if not rules.enabled:
        return Outlook(Actor.YOU, halt.limit.resets_at, "resume.enabled is false")
    due = due_at(halt, account_limits, evidence, rules)
    name = PLAIN_WORDS[halt.limit.kind]
    if attempt is not None and attempt.step is Step.CONFIRMED and halt.attempts:
        name += f", attempt {halt.attempts} met it again"
    if evidence is not None and evidence.alive and evidence.native_pending:
        return Outlook(Actor.CLAUDE, halt.limit.resets_at, f"{name}; its own continue is armed")
    return Outlook(Actor.US, due, name)


def same_family(halt: Halt, limit: Limit) -> bool:
    """Whether ``limit``, met after an attempt on ``halt``, is that halt still standing.

    A later reset time is a new limit and a halt of its own; the same one, one in the past, or an
    error that names no time continues the old one, with its count and its back-off. A server in
    trouble answers now this error, now that one: they are one family.
    """
    if REMEDY[limit.kind] is Remedy.RETRY:
        return REMEDY[halt.limit.kind] is Remedy.RETRY
    if limit.resets_at is None:
        return limit.kind is halt.limit.kind
    if halt.limit.resets_at is None:
        return False
    return limit.resets_at <= max(limit.said_at, halt.limit.resets_at) + 60.0


def _native_may_act(limit: Limit, evidence: Evidence) -> bool:
    """Whether Claude Code's own continue is armed, or is about to be.

    When it met the limit again and has not given up, 2.1.329 arms it anew, but the record of the
    error is written before the footer is drawn.
    """
    tail = evidence.tail
    if evidence.native_pending or tail is None or limit.resets_at is None:
        return evidence.native_pending
    met_it = bool(tail.turns) and tail.turns[-1].origin is Origin.NATIVE
    return met_it and tail.ending is Ending.ERROR and tail.notice is not Notice.ENDED


def _native_deadline(limit: Limit, evidence: Evidence) -> float | None:
    """Until when it goes first, without the grace.

    Met again after the reset, it is armed anew: with a notice where a prompt met it, and with its
    footer alone where the continue itself did (2.1.329).
    """
    if limit.resets_at is None:
        return None
    armed_at, tail = limit.said_at, evidence.tail
    if tail is not None and tail.notice is Notice.ARMED and tail.notice_at is not None:
        armed_at = max(armed_at, tail.notice_at)
    return armed_at + NATIVE_REARM_SECONDS if armed_at > limit.resets_at else limit.resets_at


def local_time(at: float, zone: str) -> str:
    """An instant in a user's zone, to the minute; in UTC when the zone is not known."""
    try:
        known: tzinfo = ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        known = UTC
    return datetime.fromtimestamp(at, known).strftime("%a %H:%M (%Z)")
