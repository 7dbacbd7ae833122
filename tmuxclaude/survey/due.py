"""Finds the conversations that are due for a checkpoint, in a process of its own.

``supervisor/checkpoints`` gives the orders, one line of JSON each (``edges/children``): a scan of
thousands of transcripts must not delay its looks, nor stay in its memory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tmuxclaude.core.errors import TmuxclaudeError
from tmuxclaude.edges import config
from tmuxclaude.edges.children import serve
from tmuxclaude.edges.paths import Paths
from tmuxclaude.survey import overview

DAYS = 7
"""A conversation whose last record is older is looked at no more."""


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """``due``: the conversations of which one is taken unasked, the one whose last checkpoint is
    oldest first. ``order``: ``now`` (UTC epoch seconds)."""
    try:
        paths = Paths.from_environment(os.environ)
        try:
            rules = config.load(paths.config)
        except TmuxclaudeError:  # the supervisor says it
            rules, _ = config.last_good(paths.last_good)
        since = order["now"] - 86400 * DAYS
        found, _ = overview.look(paths, rules, os.environ, since)
        told = overview.due(found, rules, order["now"])
    except (TmuxclaudeError, OSError) as problem:
        return {"problem": str(problem)}
    return {
        "due": [
            {
                "conversation": one.transcript.conversation,
                "account": one.transcript.account,
                "directory": one.activity.directory,
                "reasons": list(verdict.reasons),
                "after": one.kept.id if one.kept is not None else "",
                "transcript": one.transcript.path,
            }
            for one, verdict in told
            if verdict.due and rules.checkpoint_of(one.session).enabled
            if Path(one.activity.directory or ".").is_absolute()
        ]
    }


if __name__ == "__main__":
    sys.exit(serve(answer))
