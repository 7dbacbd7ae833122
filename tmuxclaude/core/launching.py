"""Whether Claude Code may be started on an account now. Pure: the account's limits in, a gate out.

Only what a record said closes the gate, never text that merely stood on a screen: otherwise anybody
could keep Claude Code from being started by printing a sentence.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tmuxclaude.core.evidence import Ending, Tail
from tmuxclaude.core.model import Actor, Limit, LimitKind, Outlook, Process, Session, State
from tmuxclaude.core.policy import PLAIN_WORDS, local_time

BLOCKING = frozenset({LimitKind.FIVE_HOUR, LimitKind.SEVEN_DAY, LimitKind.USAGE})
"""Limits that stop every session of the account."""

WAITS = "it waits for a limit of its account"
WAITS_FOR_SLOT = "it waits for a free slot"
"""The reasons of a queued session that has a pane with a countdown in it."""

FOR_SLOT = Outlook(Actor.US, None, "starts when a slot is free (budget.sessions)")
"""Who starts one that waits for a slot, and why not before; when, nobody knows."""

OUTSIDE = "it runs outside tmux, where nothing is typed"

WARNING = frozenset({LimitKind.OPUS, LimitKind.SONNET, LimitKind.MODEL})
"""Limits of one model: whoever starts with another one is not concerned."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a session brings that starts itself: its process, its pane (``%12``), its words.

    ``pane_id`` is empty outside tmux. ``arguments``: the user's words for Claude Code but for a
    prompt and ``--settings``, whose value is ``settings``. ``conversation``: the id of a new one,
    where the words choose none; ``None``: one is made. ``process``: who has this pid, if it
    matters because the session does not ask itself.
    """

    pid: int
    pane_id: str
    arguments: list[str]
    settings: str | None
    conversation: str | None = None
    process: Process | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What stands in the way of a launch. ``warnings``: sentences about limits of one model."""

    limit: Limit | None = None
    warnings: tuple[str, ...] = ()


def gate(limits: Iterable[Limit], now: float, zone: str) -> Gate:
    """What these limits of one account, none of them lifted, mean for a launch at ``now``.

    Of several the one that resets last. A limit without a known reset closes nothing: nobody could
    say when it opens again.
    """
    standing = [
        limit
        for limit in limits
        if limit.structured and limit.resets_at is not None and limit.resets_at > now
    ]
    closing = [limit for limit in standing if limit.kind in BLOCKING]
    warnings = tuple(
        f"the {PLAIN_WORDS[limit.kind]} stands until {local_time(limit.resets_at or now, zone)}"
        for limit in standing
        if limit.kind in WARNING
    )
    return Gate(max(closing, key=lambda limit: limit.resets_at or now, default=None), warnings)


def waits(session: Session) -> bool:
    """Whether this queued session waits in a pane of its own, for a limit or a slot."""
    return session.state is State.QUEUED and session.reason in (WAITS, WAITS_FOR_SLOT)


def worked(tail: Tail | None) -> tuple[float, float] | None:
    """When the last turn of a transcript began and ended, if it was finished.

    Only a turn that began after a limit was said shows that it is lifted: one that ran already may
    be finished in spite of it.
    """
    if tail is None or tail.ending is not Ending.DONE or tail.last_at is None or not tail.turns:
        return None
    return tail.turns[-1].at, tail.last_at


def refusal(limit: Limit, account: str, now: float, zone: str) -> str:
    """Why nothing was started, when that would change, and the two ways on."""
    at = limit.resets_at or now
    return (
        f"the account {account} has met its {PLAIN_WORDS[limit.kind]}; it resets at "
        f"{local_time(at, zone)}, in {_span(at - now)}. Nothing was started. "
        "To start at the reset: --wait; to start now all the same: --force"
    )


def queued(limits: Iterable[Limit], now: float, margin: float) -> Outlook:
    """Who starts a queued session, when and why: we, ``margin`` seconds after the reset."""
    limit = gate(limits, now - margin, "").limit
    if limit is None or limit.resets_at is None:
        return Outlook(Actor.US, None, "nothing stands in its way any more")
    name = PLAIN_WORDS[limit.kind]
    return Outlook(Actor.US, limit.resets_at + margin, f"starts when the {name} has reset")


def is_outside(session: Session) -> bool:
    """Whether it runs in a terminal outside tmux, as far as we know it at all."""
    return not session.socket and session.pane is None


def by_hand(directory: str, conversation: str | None, config_dir: str) -> str:
    """What its user types to go on with a conversation for which no window can be opened.

    ``config_dir``: of its account; empty for Claude Code's own default.
    """
    words = ["claude", "--resume", *([conversation] if conversation else [])]
    account = f"CLAUDE_CONFIG_DIR={shlex.quote(config_dir)} " if config_dir else ""
    return f"cd {shlex.quote(directory)} && {account}{shlex.join(words)}"


def outside(seen: Outlook) -> Outlook:
    """The outlook of a session outside tmux, where only Claude Code and its user do anything."""
    actor = Actor.CLAUDE if seen.actor is Actor.CLAUDE else Actor.YOU
    return Outlook(actor, seen.at, f"{seen.why}; {OUTSIDE}")


def _span(seconds: float) -> str:
    minutes = max(round(seconds / 60), 1)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
