"""Accounts by the names that the configuration gives them."""

from __future__ import annotations

import pytest

from tmuxclaude.core import accounts
from tmuxclaude.core.errors import NotFoundError, UsageError
from tmuxclaude.core.rules import Rules, changes, entries, from_table, value_of

HOME = "/home/ann"
RULES = from_table({"accounts": {"work": {"config_dir": "~/.claude-work/"}}})


def test_a_name_means_a_directory() -> None:
    assert accounts.directory(RULES, "work", HOME) == "/home/ann/.claude-work"
    assert accounts.directory(RULES, "default", HOME) == ""
    with pytest.raises(NotFoundError, match=r"'play'.* only default, work"):
        accounts.directory(RULES, "play", HOME)


def test_the_default_cannot_be_meant_where_another_directory_takes_its_place() -> None:
    rules = from_table({"claude": {"config_dir": "/srv/c"}})
    with pytest.raises(UsageError, match=r"claude\.config_dir"):
        accounts.directory(rules, "default", HOME)


def test_a_directory_without_a_name_is_called_by_its_last_part() -> None:
    directories = ["/home/ann/.claude", "/home/ann/.claude-work", "/srv/other"]
    names = accounts.names(accounts.named(RULES, HOME), directories)
    assert list(names.values()) == ["default", "work", "other"]


def test_accounts_are_keys_like_all_others() -> None:
    assert value_of(RULES, "accounts.work.config_dir") == "~/.claude-work/"
    assert [entry.name for entry in entries(RULES)][-1] == "accounts.work.config_dir"
    assert changes(Rules(), RULES) == ['accounts.work.config_dir: "" → "~/.claude-work/"']


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"two words": {"config_dir": "/c"}}, "no name of an account"),
        ({"default": {"config_dir": "/c"}}, "Claude Code's own directory"),
        ({"work": {}}, "needs a config_dir"),
        ({"work": {"config_dir": ""}}, "allowed: an absolute path"),
        ({"work": {"config_dir": "relative"}}, "allowed: an absolute path"),
        ({"work": {"dir": "/c"}}, "no key 'accounts.work.dir'; allowed: accounts.work.config_dir"),
    ],
)
def test_a_wrong_account_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        from_table({"accounts": table})
