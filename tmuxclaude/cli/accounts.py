"""Accounts by their names: what ``--account`` means, and what ``list`` and ``status`` call them.

``list`` and ``status`` are quick, so the configuration is read only where it may name any.
"""

from __future__ import annotations

import os

from tmuxclaude.cli import layout
from tmuxclaude.store import reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    Row = dict[str, Any]


def directory(name: str) -> str:
    """The configuration directory of this account; empty for Claude Code's own default.

    Raises ``NotFoundError``, and ``UsageError`` when the default one cannot be meant.
    """
    from tmuxclaude import app
    from tmuxclaude.core import accounts

    rules, _ = app.rules_in_force(app.paths())
    return accounts.directory(rules, name, os.environ.get("HOME", ""))


def config_dir(directory: str) -> str:
    """What CLAUDE_CONFIG_DIR must be for this account; empty for Claude Code's own default."""
    return "" if directory == os.environ.get("HOME", "") + "/.claude" else directory


def names(directories: Iterable[str]) -> dict[str, str]:
    """What each of these directories is called, in their order."""
    if _may_name_any():
        from tmuxclaude.core import accounts

        return accounts.names(_named(), directories)
    default = os.environ.get("HOME", "") + "/.claude"
    return {one: "default" if one == default else one.rpartition("/")[2] for one in directories}


def known(database: str, rows: Sequence[Row], now: float) -> list[Row]:
    """Every account with a name, a session or a limit that stands, as plain data.

    ``rows``: the sessions, by ``reader.SESSION_COLUMNS``.
    """
    limits = [one for one in _limits(database) if _stands(one, now)]
    found = dict.fromkeys([*_configured(), *(row["account"] for row in (*rows, *limits))])
    called = names(found)
    return [
        {
            "name": called[account],
            "directory": account,
            "sessions": sum(row["account"] == account for row in rows),
            "limits": [
                {key: one[key] for key in ("kind", "words", "resets_at")}
                for one in limits
                if one["account"] == account
            ],
        }
        for account in found
    ]


def line(account: Row, now: float) -> str:
    """One account in a line."""
    count = account["sessions"]
    said = [_limit(one, now) for one in account["limits"]] or ["no limit is known"]
    sessions = "1 session" if count == 1 else f"{count} sessions"
    return f"{account['name']}: {sessions}; {', '.join(said)}"


def _limit(limit: Row, now: float) -> str:
    at = limit["resets_at"]
    when = "nobody knows when it resets"
    if at is not None:
        when = f"resets {layout.moment(at, now)} ({layout.countdown(at, now)})"
    return f"{limit['words']}: {when}"


def _limits(database: str) -> list[Row]:
    connection = reader.open(database)
    if connection is None:
        return []
    try:
        found = reader.account_limits(connection)
    finally:
        connection.close()
    return [dict(zip(reader.LIMIT_COLUMNS, row, strict=True)) for row in found]


def _stands(limit: Row, now: float) -> bool:
    at = limit["resets_at"]
    return limit["lifted_at"] is None and at is not None and at > now


def _configured() -> list[str]:
    """The accounts that have a name in the configuration."""
    if not _may_name_any():
        return []
    from tmuxclaude.core import accounts

    return [path for name, path in _named().items() if name != accounts.DEFAULT]


def _named() -> dict[str, str]:
    """Every account that has a name, by it."""
    from tmuxclaude import app
    from tmuxclaude.core import accounts
    from tmuxclaude.edges import claude_files

    home = os.environ.get("HOME", "")
    rules, _ = app.rules_in_force(app.paths())
    found = accounts.named(rules, home)
    return {name: claude_files.account(path, home) for name, path in found.items()}


def _may_name_any() -> bool:
    from tmuxclaude.cli import here

    return b"accounts" in here.configuration(os.environ)
