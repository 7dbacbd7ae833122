"""About the supervisor itself: is it there, its configuration, its end."""

from __future__ import annotations

from tmuxclaude.api.wire.base import Answer, Request


class Ping(Request, frozen=True, tag="ping"):
    """Is anybody there?"""


class Pong(Answer, frozen=True, tag="pong"):
    """``started_at``: UTC epoch seconds. ``notices``: what keeps the supervisor from its work.

    ``kept_by``: who brings it back: ``keeper``, ``systemd``, ``launchd``, or empty for nobody.
    """

    version: str
    pid: int
    started_at: float
    sessions: int
    notices: list[str] = []
    kept_by: str = ""


class Reload(Request, frozen=True, tag="reload"):
    """Read the configuration again; a file that is wrong changes nothing."""


class Reloaded(Answer, frozen=True, tag="reloaded"):
    """What changed, one line for each key."""

    changed: list[str]


class Shutdown(Request, frozen=True, tag="shutdown"):
    """End the supervisor in order; sessions go on."""
