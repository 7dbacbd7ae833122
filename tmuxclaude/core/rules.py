"""The user's configuration after validation: every key, its default, what is allowed, its meaning.

A key is one field of one of the groups below; nothing else has to be told of it. Checking, ``config
show`` and the test of ``docs/config.md`` all read the fields. Pure: this module gets a table and
knows no file, no environment and no home directory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.keys import (
    Key,
    UnfitError,
    choice,
    choices,
    count,
    day_span,
    flag,
    number,
    numbers,
    special,
    strings,
)
from tmuxclaude.core.model import Topic
from tmuxclaude.core.texts import LONGEST_RESUME, resume_text_problem

DEFAULT_TEXT = (
    "Automatic message from tmuxclaude, not a new instruction. "
    "Please continue the interrupted task and do not repeat finished work."
)

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
_STEERING = ("LD_", "DYLD_", "PYTHON", "GIT_", "TMUX")
_STEERING_WHOLE = ("BASH_ENV", "ENV", "NODE_OPTIONS")


def _resume_text(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError
    problem = resume_text_problem(value)
    if problem:
        raise UnfitError(problem)
    return value


def _command(value: object) -> tuple[str, ...]:
    words = strings(value)
    if not words or not words[0].strip() or words[0].startswith("-"):
        raise UnfitError
    return words


def _notifier(value: object) -> tuple[str, ...]:
    return _command(value) if value not in ([], ()) else ()


def _directory(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise UnfitError
    if value and value != "~" and not value.startswith(("/", "~/")):
        raise UnfitError
    return value


def _variables(value: object) -> tuple[str, ...]:
    """No message here shows what was found: a person may have put the value there, a secret."""
    try:
        names = strings(value)
    except UnfitError:
        raise UnfitError("it is something else") from None
    for name in names:
        shown = name.partition("=")[0]
        upper = name.upper()
        if not _VARIABLE.fullmatch(name):
            raise UnfitError(f'"{shown}" is not the name of a variable')
        if any(word in upper for word in _SECRET):
            raise UnfitError(f'"{shown}" looks like a secret, and tmux shows it to every pane')
        if upper.startswith(_STEERING) or upper in _STEERING_WHOLE:
            raise UnfitError(f'"{shown}" steers other programs')
    return names


@dataclass(frozen=True, slots=True)
class ResumeRules:
    """How a session that was stopped continues."""

    enabled: bool = field(
        default=True,
        metadata=flag("Whether stopped sessions are continued without being asked for it."),
    )
    text: str = field(
        default=DEFAULT_TEXT,
        metadata=special(
            f"one line of at most {LONGEST_RESUME} characters, letters from A to Z, spaces, commas "
            "and full stops only, without words that Claude Code's own messages use",
            _resume_text,
            "What is typed to continue a session.",
        ),
    )
    draft: str = field(
        default="wait",
        metadata=choice(
            ("wait", "stash"),
            "What to do when the prompt box holds a draft: wait until it is gone, or have Claude "
            "Code put it aside and give it back afterwards.",
        ),
    )
    margin_seconds: float = field(
        default=30,
        metadata=number(
            0, 3600, "How long after the reset the first attempt is made at the earliest."
        ),
    )
    jitter_seconds: float = field(
        default=30,
        metadata=number(
            0, 3600, "At most this much is added to the margin, a fixed share for each session."
        ),
    )
    native_grace_seconds: float = field(
        default=180,
        metadata=number(
            120,
            3600,
            "How long after the reset Claude Code's own continue, where it is armed, goes first.",
        ),
    )
    backoff_minutes: tuple[float, ...] = field(
        default=(2, 5, 15, 30, 60),
        metadata=numbers(
            0, 1440, "How long to wait before each next attempt; the last one repeats."
        ),
    )
    max_attempts: int = field(
        default=6,
        metadata=count(1, 100, "After this many attempts a halt is left to you."),
    )
    human_quiet_seconds: float = field(
        default=60,
        metadata=number(
            0, 3600, "How long nobody may have typed in the pane before anything is typed unasked."
        ),
    )
    stagger_seconds: float = field(
        default=10,
        metadata=number(
            0, 3600, "The least time between two resumes of sessions of the same account."
        ),
    )
    max_per_day: int = field(
        default=0,
        metadata=count(
            0,
            1000,
            "How often in a day, from midnight, sessions are continued unasked, all of them "
            "together; 0 for no limit.",
        ),
    )
    quiet_hours: str = field(
        default="",
        metadata=day_span("When no session is continued unasked; on your clock, empty for never."),
    )


@dataclass(frozen=True, slots=True)
class SupervisorRules:
    """How the supervisor watches."""

    poll_seconds: float = field(
        default=1,
        metadata=number(0.2, 60, "How often the sessions are looked at."),
    )


@dataclass(frozen=True, slots=True)
class ClaudeRules:
    """Which Claude Code is started."""

    command: tuple[str, ...] = field(
        default=("claude",),
        metadata=special(
            "a list of strings: a program, then its arguments",
            _command,
            "The program that is started, found on the caller's PATH; arguments come before ours.",
        ),
    )
    config_dir: str = field(
        default="",
        metadata=special(
            'an absolute path, one that begins with "~/", or "" for Claude Code\'s own default',
            _directory,
            "The CLAUDE_CONFIG_DIR of new sessions.",
        ),
    )


@dataclass(frozen=True, slots=True)
class LaunchRules:
    """What a new session is started with."""

    env: tuple[str, ...] = field(
        default=(),
        metadata=special(
            "a list of names of variables, none of a secret and none that steers other programs",
            _variables,
            "Variables that are passed from the caller to a new session and to its relaunches.",
        ),
    )


@dataclass(frozen=True, slots=True)
class NotifyRules:
    """How a user is told what happened."""

    tmux: bool = field(
        default=True,
        metadata=flag("Whether a line is shown to who is attached to the session's tmux server."),
    )
    desktop: bool = field(
        default=False,
        metadata=flag("Whether the desktop shows it: notify-send, or osascript on macOS."),
    )
    command: tuple[str, ...] = field(
        default=(),
        metadata=special(
            "a list of strings: a program, then its arguments; empty for none",
            _notifier,
            "A program that gets it on its standard input, as one JSON object a line.",
        ),
    )
    events: tuple[str, ...] = field(
        default=tuple(topic.value for topic in Topic),
        metadata=choices(tuple(topic.value for topic in Topic), "What is told of."),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole configuration: one group for each section of the file."""

    resume: ResumeRules = field(default_factory=ResumeRules)
    supervisor: SupervisorRules = field(default_factory=SupervisorRules)
    claude: ClaudeRules = field(default_factory=ClaudeRules)
    launch: LaunchRules = field(default_factory=LaunchRules)
    notify: NotifyRules = field(default_factory=NotifyRules)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value: ``name`` is dotted, ``value`` a bool, number, string or tuple."""

    name: str
    value: object
    allowed: str
    meaning: str


def entries(rules: Rules) -> list[Entry]:
    """Every key in the order of the fields, with its value in ``rules``."""
    return [
        Entry(f"{section}.{key.name}", getattr(group, key.name), rule.allowed, rule.meaning)
        for section, group in _groups(rules).items()
        for key in fields(group)
        for rule in (_key(key.metadata),)
    ]


def from_table(table: Mapping[str, object]) -> Rules:
    """The rules that a configuration table says; what it does not name keeps its default.

    Raises ``UsageError`` for a section or a key that does not exist and for a value that is not
    allowed. The message names the key, what was found and what is allowed.
    """
    groups = _groups(Rules())
    for section, content in table.items():
        if section not in groups:
            raise UsageError(_no_such(section))
        if not isinstance(content, Mapping):
            found = _shown(content)
            raise UsageError(f"{section} is {found}; allowed: a section, [{section}]")
    return Rules(**{name: _group(name, group, table) for name, group in groups.items()})


def _groups(rules: Rules) -> dict[str, Any]:
    return {section.name: getattr(rules, section.name) for section in fields(rules)}


def _key(metadata: Mapping[Any, Any]) -> Key:
    key = metadata["key"]
    assert isinstance(key, Key)
    return key


def _group(section: str, default: Any, table: Mapping[str, object]) -> Any:
    content = table.get(section, {})
    assert isinstance(content, Mapping)
    keys = {known.name: _key(known.metadata) for known in fields(default)}
    values = {}
    for name, value in content.items():
        if name not in keys:
            raise UsageError(_no_such(f"{section}.{name}"))
        values[name] = _read(f"{section}.{name}", keys[name], value)
    return type(default)(**values)


def _read(name: str, key: Key, value: object) -> object:
    try:
        return key.read(value)
    except UnfitError as why:
        found = f": {why}" if f"{why}" else f" is {_shown(value)}"
        raise UsageError(f"{name}{found}; allowed: {key.allowed}") from None


def _no_such(name: str) -> str:
    """The message for an unknown section or key, with the nearest one that exists."""
    import difflib  # only needed for this message

    section, dot, last = name.rpartition(".")
    keys = [entry.name for entry in entries(Rules())]
    kind, known = "section", list(_groups(Rules()))
    if dot:
        kind, known = "key", [key for key in keys if key.startswith(f"{section}.")]
    elsewhere = [key for key in keys if key.rpartition(".")[2] == last]
    similar = difflib.get_close_matches(last, [one.rpartition(".")[2] for one in known], n=1)
    near = elsewhere or [f"{section}{dot}{one}" for one in similar]
    hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"
    return f"there is no {kind} {_shown(name)}; {hint}"


def _shown(value: object) -> str:
    """What was found, on one printable line of at most 60 characters."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number of very many digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
