"""The brakes: what keeps the supervisor from resuming."""

from __future__ import annotations

from tmuxclaude.api.wire.base import Answer, Request


class Hold(Request, frozen=True, tag="hold"):
    """Watch these sessions and never touch them, until they are released.

    ``group``: in place of names, all of it that have not ended.
    """

    names: list[str] = []
    group: str | None = None


class Release(Request, frozen=True, tag="release"):
    """The end of a hold; ``group``: as in ``hold``."""

    names: list[str] = []
    group: str | None = None


class Pause(Request, frozen=True, tag="pause"):
    """Resume nothing unasked. ``until``: as a person says it, ``None``: until ``Unpause``.

    ``zone``: the caller's time zone, in which ``until`` is meant.
    """

    until: str | None = None
    zone: str = "UTC"


class Unpause(Request, frozen=True, tag="unpause"):
    """The end of a pause."""


class Paused(Answer, frozen=True, tag="paused"):
    """Whether resumes are paused now, since when and until when (``None``: by hand).

    ``before``: whether they were when it was asked.
    """

    paused: bool
    before: bool
    since: float | None = None
    until: float | None = None
