"""What the sessions take of this machine, and what they may.

Memory is that of whole process trees, shared parts counted once; processors are in percent of all
that the machine has, over ``budget.cpu_seconds``. It is measured each
``supervisor.health_seconds``; ``measured_at`` says when.
"""

from __future__ import annotations

import msgspec

from tmuxclaude.api.wire.base import Answer, Request


class UseView(msgspec.Struct, frozen=True, kw_only=True):
    """What one session takes; ``None`` where nobody knows, or not yet.

    ``health``: ``well``, ``stopped``, ``zombie`` or ``unresponsive``.
    """

    uid: str
    name: str
    account: str
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    health: str | None = None
    measured_at: float | None = None


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """How much the sessions of an account take, or all of them: ``account`` is empty then.

    Of memory and processors it is the sum of what is known, ``None`` when nothing is. What is
    allowed is ``None`` for any amount, and so are ``slots_free``.
    """

    account: str
    slots_taken: int
    slots_free: int | None
    slots_allowed: int | None
    memory_bytes: int | None
    memory_bytes_allowed: int | None
    cpu_percent: float | None
    cpu_percent_allowed: float | None


class Resources(Request, frozen=True, tag="resources"):
    """How much is taken, by whom, and how much is free?"""


class Measured(Answer, frozen=True, tag="measured"):
    """``measured_at``: ``None`` before the first look. ``accounts``: those with sessions that run.

    ``sessions``: those that have a process, in the order in which they were made.
    """

    measured_at: float | None
    total: ShareView
    accounts: list[ShareView]
    sessions: list[UseView]
