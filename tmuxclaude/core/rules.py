"""The user's configuration after validation: its sections joined, and read from a table.

The keys themselves stand in ``core/sections``. Pure: this module gets a table and knows no file, no
environment and no home directory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.keys import Key, UnfitError
from tmuxclaude.core.model import NAME
from tmuxclaude.core.sections import DEFAULT_TEXT as DEFAULT_TEXT
from tmuxclaude.core.sections import AbandonedRules as AbandonedRules
from tmuxclaude.core.sections import AccountRules as AccountRules
from tmuxclaude.core.sections import BudgetRules as BudgetRules
from tmuxclaude.core.sections import ChainRules as ChainRules
from tmuxclaude.core.sections import CheckpointRules as CheckpointRules
from tmuxclaude.core.sections import ClaudeRules as ClaudeRules
from tmuxclaude.core.sections import LaunchRules as LaunchRules
from tmuxclaude.core.sections import LifetimeRules as LifetimeRules
from tmuxclaude.core.sections import NotifyRules as NotifyRules
from tmuxclaude.core.sections import ResumeRules as ResumeRules
from tmuxclaude.core.sections import StatusRules as StatusRules
from tmuxclaude.core.sections import SupervisorRules as SupervisorRules

_OWN_CHECKPOINT = re.compile(rf"sessions\.{NAME.pattern}\.checkpoint")
_ACCOUNT = re.compile(rf"accounts\.{NAME.pattern}")

FOR_ALL = frozenset({"every_minutes"})
"""What no session can have of its own in ``[checkpoint]``: one look finds what is due of them all.
"""

DEFAULT = "default"
"""What the account in Claude Code's own default directory is called, and no other."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole configuration: one group for each section of the file.

    ``sessions``: by the name of a session, its own ``[sessions.NAME.checkpoint]``, in which what it
    does not say, or cannot (``FOR_ALL``), is as in ``[checkpoint]``. ``accounts``: by its name,
    ``[accounts.NAME]``.
    """

    resume: ResumeRules = field(default_factory=ResumeRules)
    supervisor: SupervisorRules = field(default_factory=SupervisorRules)
    claude: ClaudeRules = field(default_factory=ClaudeRules)
    launch: LaunchRules = field(default_factory=LaunchRules)
    notify: NotifyRules = field(default_factory=NotifyRules)
    status: StatusRules = field(default_factory=StatusRules)
    checkpoint: CheckpointRules = field(default_factory=CheckpointRules)
    abandoned: AbandonedRules = field(default_factory=AbandonedRules)
    lifetime: LifetimeRules = field(default_factory=LifetimeRules)
    budget: BudgetRules = field(default_factory=BudgetRules)
    chain: ChainRules = field(default_factory=ChainRules)
    sessions: Mapping[str, CheckpointRules] = field(default_factory=dict)
    accounts: Mapping[str, AccountRules] = field(default_factory=dict)

    def checkpoint_of(self, session: str) -> CheckpointRules:
        """What holds for the session of this name; for none, its name is empty."""
        return self.sessions.get(session, self.checkpoint)

    @property
    def checkpoints_unasked(self) -> bool:
        """Whether any checkpoint at all may be taken unasked."""
        return any(one.enabled for one in (self.checkpoint, *self.sessions.values()))


_NAMED = {"sessions": "a session", "accounts": "an account"}
"""The sections that hold others, each under a name of the user's, and of what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value: ``name`` is dotted, ``value`` a bool, number, string or tuple."""

    name: str
    value: object
    allowed: str
    meaning: str


def entries(rules: Rules) -> list[Entry]:
    """Every key in the order of the fields, with its value in ``rules``."""
    groups = _groups(rules)
    groups |= {f"sessions.{name}.checkpoint": own for name, own in rules.sessions.items()}
    groups |= {f"accounts.{name}": account for name, account in rules.accounts.items()}
    return [
        Entry(f"{section}.{key.name}", getattr(group, key.name), rule.allowed, rule.meaning)
        for section, group in groups.items()
        for key in fields(group)
        if key.name not in FOR_ALL or not _OWN_CHECKPOINT.fullmatch(section)
        for rule in (_key(key.metadata),)
    ]


def value_of(rules: Rules, name: str) -> object:
    """The value of the key with this dotted name. Raises ``UsageError`` when there is no such."""
    known = {entry.name: entry.value for entry in entries(rules)}
    section, _, last = name.rpartition(".")
    if name not in known and _OWN_CHECKPOINT.fullmatch(section):
        _must_be_own(section, last)
        name = f"checkpoint.{last}"
    elif name not in known and _ACCOUNT.fullmatch(section) and hasattr(AccountRules(), last):
        return getattr(AccountRules(), last)
    if name not in known:
        raise UsageError(_section_named(name) or _no_such(name))
    return known[name]


def changes(before: Rules, after: Rules) -> list[str]:
    """One line for each key that has another value in ``after``."""
    names = dict.fromkeys(entry.name for rules in (before, after) for entry in entries(rules))
    pairs = [(name, value_of(before, name), value_of(after, name)) for name in names]
    return [f"{name}: {_written(old)} → {_written(new)}" for name, old, new in pairs if old != new]


def from_table(table: Mapping[str, object]) -> Rules:
    """The rules that a configuration table says; what it does not name keeps its default.

    Raises ``UsageError`` for a section or a key that does not exist and for a value that is not
    allowed. The message names the key, what was found and what is allowed.
    """
    groups = _groups(Rules())
    for section in table:
        if section not in groups and section not in _NAMED:
            raise UsageError(_no_such(section))
    rules = Rules(**{name: _group(name, group, table.get(name)) for name, group in groups.items()})
    own, accounts = (_named(section, table.get(section)) for section in _NAMED)
    return replace(
        rules,
        sessions={name: _own(name, content, rules) for name, content in own.items()},
        accounts={name: _account(name, content) for name, content in accounts.items()},
    )


def _groups(rules: Rules) -> dict[str, Any]:
    """What is in the sections that hold keys."""
    names = [section.name for section in fields(rules) if section.name not in _NAMED]
    return {name: getattr(rules, name) for name in names}


def _named(section: str, content: object) -> Mapping[str, object]:
    """What is in a section that holds others, each under a name of the user's."""
    named = _section(section, content)
    for name in named:
        if not NAME.fullmatch(name):
            raise UsageError(f"{section}: {_shown(name)} is no name of {_NAMED[section]}")
    return named


def _account(name: str, content: object) -> AccountRules:
    if name == DEFAULT:
        raise UsageError("accounts.default: that is Claude Code's own directory; take another name")
    account = _group(f"accounts.{name}", AccountRules(), content)
    assert isinstance(account, AccountRules)
    if not account.config_dir:
        raise UsageError(f"accounts.{name} needs a config_dir, the directory of the account")
    return account


def _own(session: str, content: object, rules: Rules) -> CheckpointRules:
    """What a session has of its own, over what holds for all."""
    name = f"sessions.{session}"
    parts = _section(name, content)
    for part in parts:
        if part != "checkpoint":
            found = _shown(f"{name}.{part}")
            raise UsageError(f"there is no section {found}; allowed: {name}.checkpoint")
    part, table = f"{name}.checkpoint", parts.get("checkpoint")
    own = _group(part, rules.checkpoint, table)
    assert isinstance(own, CheckpointRules)
    for key in _section(part, table):
        _must_be_own(part, key)
    return own


def _must_be_own(section: str, key: str) -> None:
    if key in FOR_ALL:
        raise UsageError(f"{section}.{key}: no session has this of its own; set checkpoint.{key}")


def _section(name: str, content: object) -> Mapping[str, object]:
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise UsageError(f"{name} is {_shown(content)}; allowed: a section, [{name}]")
    return content


def _key(metadata: Mapping[Any, Any]) -> Key:
    key = metadata["key"]
    assert isinstance(key, Key)
    return key


def _group(section: str, default: Any, content: object) -> Any:
    keys = {known.name: _key(known.metadata) for known in fields(default)}
    values = {}
    for name, value in _section(section, content).items():
        if name not in keys:
            raise UsageError(_no_such(f"{section}.{name}"))
        values[name] = _read(f"{section}.{name}", keys[name], value)
    return replace(default, **values)


def _read(name: str, key: Key, value: object) -> object:
    try:
        return key.read(value)
    except UnfitError as why:
        found = f": {why}" if f"{why}" else f" is {_shown(value)}"
        raise UsageError(f"{name}{found}; allowed: {key.allowed}") from None


def _section_named(name: str) -> str:
    """The message for the name of a section where a key is wanted; empty for any other name."""
    keys_of_one = [key.name for key in fields(CheckpointRules) if key.name not in FOR_ALL]
    own = [f"checkpoint.{key}" for key in keys_of_one]
    groups = _groups(Rules())
    held = {one: [key.name for key in fields(group)] for one, group in groups.items()}
    held |= {"sessions": [f"NAME.{key}" for key in own]}
    held |= {"accounts": [f"NAME.{key.name}" for key in fields(AccountRules)]}
    if _OWN_CHECKPOINT.fullmatch(name):
        held[name] = keys_of_one
    elif _OWN_CHECKPOINT.fullmatch(f"{name}.checkpoint"):
        held[name] = own
    elif _ACCOUNT.fullmatch(name):
        held[name] = [key.name for key in fields(AccountRules)]
    if name not in held:
        return ""
    keys = ", ".join(f"{name}.{key}" for key in held[name])
    return f"{_shown(name)} is a section, not a key; its keys: {keys}"


def _no_such(name: str) -> str:
    """The message for an unknown section or key, with the nearest one that exists."""
    import difflib  # only needed for this message

    section, dot, last = name.rpartition(".")
    keys = [entry.name for entry in entries(Rules())]
    kind, known = "section", [*_groups(Rules()), *_NAMED]
    if _OWN_CHECKPOINT.fullmatch(section):
        section = "checkpoint"
    if _ACCOUNT.fullmatch(section):
        keys += [f"{section}.config_dir"]
    if dot:
        kind, known = "key", [key for key in keys if key.startswith(f"{section}.")]
    if section in keys:
        return f"there is no key {_shown(name)}; {section} is a key itself"
    elsewhere = [key for key in keys if key.rpartition(".")[2] == last]
    similar = difflib.get_close_matches(last, [one.rpartition(".")[2] for one in known], n=1)
    near = elsewhere or [f"{section}{dot}{one}" for one in similar]
    if not near and not known:
        return _section_named(section) or _no_such(name.partition(".")[0])
    hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
    return f"there is no {kind} {_shown(name)}; {hint}"


def _written(value: object) -> str:
    """A value much as the file would have it, on one line of at most 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _shown(value: object) -> str:
    """What was found, on one printable line of at most 60 characters."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of very many digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
