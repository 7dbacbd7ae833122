"""Accounts, what they are called, and their limits."""

from __future__ import annotations

from tmuxclaude.api.wire.base import Answer, Request
from tmuxclaude.api.wire.looking import LimitView, View


class Accounts(Request, frozen=True, tag="accounts"):
    """Every account that has a name, a session that has not ended, or a limit that stands."""


class AccountView(View, frozen=True):
    """One account. ``directory``: its configuration directory; ``sessions``: how many of it have
    not ended; ``limits``: those that were not lifted, and whose reset is still to come."""

    name: str
    directory: str
    sessions: int
    limits: list[LimitView]


class AccountsTold(Answer, frozen=True, tag="accounts_told"):
    """The accounts: Claude Code's default first, and then as the configuration names them."""

    accounts: list[AccountView]
