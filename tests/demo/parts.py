"""Parts that several tests play, and the ways into them."""

from __future__ import annotations

import time
from typing import Any

from tests.demo.conftest import Actor

UUID = "11111111-2222-4333-8444-555555555555"
MENU = "What do you want to do?"
RESUME = (
    "Automatic message from tmuxclaude, not a new instruction. Please continue the interrupted "
    "task and do not repeat finished work."
)
FAR = {"resets_at": (int(time.time()) // 3600 + 2) * 3600 + 14 * 60}
"""A reset within the day, at 14 minutes past an hour: it prints as `9:14pm`."""
DAYS = {"resets_at": (int(time.time()) // 3600 + 60) * 3600 + 14 * 60}
"""More than a day ahead: it prints with its date."""
ARMED: dict[str, Any] = {"limit": FAR, "native": True}
MENU_OPEN: dict[str, Any] = {"limit": FAR, "native": False}
REARMED = {
    "limit": {"resets_in": 1},
    "native": True,
    "native_jitter": [0, 0],
    "native_again": [0.2, 900],
    "still_limited": 9,
}
FIRED = {
    "limit": {"resets_in": 1},
    "native": True,
    "native_jitter": [0, 0],
    "reply": "Resumed fine.",
}


def limited(actor: Actor, task: str) -> Actor:
    actor.start().ready().enter(task)
    actor.shows("You've hit your")
    return actor


def menu(actor: Actor) -> None:
    limited(actor, "do a task").shows(MENU)


def fired(actor: Actor) -> None:
    limited(actor, "do a task for autocontinue").shows("✻")
