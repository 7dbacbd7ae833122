"""What accounts are called. An account is a directory; the configuration gives it a name. Pure.

Directories come in and go out as absolute paths; ``home`` stands for ``~``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tmuxclaude.core.errors import NotFoundError, UsageError
from tmuxclaude.core.rules import DEFAULT as DEFAULT
from tmuxclaude.core.rules import Rules


def named(rules: Rules, home: str) -> dict[str, str]:
    """The directory of each account that has a name, by that name, as it was written."""
    found = {DEFAULT: f"{home}/.claude"}
    for name, account in rules.accounts.items():
        found[name] = _expanded(account.config_dir, home)
    return found


def directory(rules: Rules, name: str, home: str) -> str:
    """The configuration directory of the account ``name``; empty for Claude Code's own default.

    Raises ``NotFoundError``, and ``UsageError`` when claude.config_dir takes the default's place.
    """
    if name == DEFAULT:
        if rules.claude.config_dir:
            raise UsageError(
                "claude.config_dir takes the place of Claude Code's own default; nothing was "
                "opened. Give an account that has a name in the configuration"
            )
        return ""
    known = named(rules, home)
    if name not in known:
        raise NotFoundError(
            f"there is no account {name!r:.60} in the configuration, only {', '.join(known)}; "
            f'nothing was opened. To have it: [accounts.NAME] with config_dir = "…"'
        )
    return known[name]


def names(known: Mapping[str, str], directories: Iterable[str]) -> dict[str, str]:
    """What each of these directories is called: its name in ``known``, else its last part."""
    called = {path: name for name, path in reversed([*known.items()])}
    return {path: called.get(path) or path.rpartition("/")[2] for path in directories}


def _expanded(path: str, home: str) -> str:
    whole = home + path[1:] if path == "~" or path.startswith("~/") else path
    return whole.rstrip("/") or "/"
