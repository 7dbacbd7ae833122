"""The supervisor for the verbs, besides ``new`` and ``run``, that work from nothing.

Whoever stopped it is told that it runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tmuxclaude import app
from tmuxclaude.cli import layout
from tmuxclaude.core.errors import EndingError

if TYPE_CHECKING:
    from tmuxclaude.api.client import Client
    from tmuxclaude.edges.paths import Paths

STARTED = "no supervisor was running, so it was started; to end it: tmuxclaude supervisor stop"


def supervisor(where: Paths, as_json: bool) -> Client:
    """A connection to the supervisor, which is started when none runs; that is said to people."""
    from tmuxclaude.api.client import ClosedError, NobodyListensError

    try:
        return app.connect(where)
    except (NobodyListensError, ClosedError, EndingError):
        client = app.connect_or_start(where)
    if not as_json:
        layout.complain(STARTED)
    return client
