"""The sections of the configuration: every key, its default, what is allowed, its meaning.

A key is one field of one of the groups below; nothing else has to be told of it. Checking, ``config
show`` and the test of ``docs/config.md`` all read the fields. ``core/rules`` joins the sections.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tmuxclaude.core import symbols
from tmuxclaude.core.keys import (
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


def _account_directory(value: object) -> str:
    if not value:
        raise UnfitError
    return _directory(value)


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
    health_seconds: float = field(
        default=15,
        metadata=number(
            0.2, 30, "How often it is looked how the processes do, and what they take."
        ),
    )
    restore: str = field(
        default="ask",
        metadata=choice(
            ("ask", "auto", "never"),
            "What becomes of sessions that the supervisor finds lost with their tmux server when "
            "it starts, after a reboot say: you are told how to bring them back, they are opened "
            "again, or nothing. A session with an open limit is started again at its reset all "
            'the same, with "never" too.',
        ),
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
    when_limited: str = field(
        default="refuse",
        metadata=choice(
            ("refuse", "wait", "allow"),
            "What becomes of a new session while its account is limited: nothing is started, it "
            "waits in its window for the reset, or it starts all the same.",
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


def _symbols(value: object) -> str | tuple[str, ...]:
    if value in ("unicode", "ascii"):
        return str(value)
    chosen = strings(value)
    if len(chosen) != len(symbols.NAMES):
        raise UnfitError
    for problem in filter(None, map(symbols.problem, chosen)):
        raise UnfitError(problem)
    return chosen


@dataclass(frozen=True, slots=True)
class StatusRules:
    """What tmux shows in its status line and at the names of windows."""

    symbols: str | tuple[str, ...] = field(
        default="unicode",
        metadata=special(
            f'"unicode", "ascii", or a list of {len(symbols.NAMES)} strings',
            _symbols,
            f"What stands for {', '.join(symbols.NAMES[:-1])}, and is shown when the supervisor is "
            "gone.",
        ),
    )
    window_marks: bool = field(
        default=False,
        metadata=flag(
            "Whether the name of a limited session's window tells when its limit resets; it is put "
            "back afterwards."
        ),
    )


@dataclass(frozen=True, slots=True)
class CheckpointRules:
    """When a point to come back to is kept (``core/triggers``), and what of it."""

    enabled: bool = field(
        default=True,
        metadata=flag(
            "Whether checkpoints are taken unasked: when they are due, at a limit, at a session's "
            "end."
        ),
    )
    every_minutes: float = field(
        default=5,
        metadata=number(0.02, 1440, "How often it is looked which conversations are due."),
    )
    hours: float = field(
        default=2,
        metadata=number(
            0.05, 8760, "How long after the last checkpoint, or the beginning, one is due."
        ),
    )
    files: int = field(
        default=15,
        metadata=count(1, 5000, "After how many modified files one is due."),
    )
    context_percent: float = field(
        default=75,
        metadata=number(1, 100, "At how much of its context window a conversation is due."),
    )
    idle_minutes: float = field(
        default=30,
        metadata=number(1, 10080, "How long after its last record a conversation is due."),
    )
    cooldown_minutes: float = field(
        default=30,
        metadata=number(0, 10080, "How long after a checkpoint no other one is due."),
    )
    hours_weight: float = field(
        default=0.3,
        metadata=number(
            0,
            1,
            "How much the share of `hours` that has passed weighs; when the four weigh 1 together, "
            "one is due.",
        ),
    )
    files_weight: float = field(
        default=0.4,
        metadata=number(0, 1, "The same of the share of `files`."),
    )
    context_weight: float = field(
        default=0.5,
        metadata=number(0, 1, "The same of the share of `context_percent`."),
    )
    idle_weight: float = field(
        default=0.2,
        metadata=number(0, 1, "The same of the share of `idle_minutes`."),
    )
    snapshot: str = field(
        default="on",
        metadata=choice(
            ("on", "off"),
            "Whether the work in a git repository is kept as a commit that no branch leads to, or "
            "only the hashes of its files.",
        ),
    )
    max_mb: int = field(
        default=200,
        metadata=count(
            1, 100_000, "If more than this differs from the commit, only hashes are kept."
        ),
    )
    tell_claude: bool = field(
        default=False,
        metadata=flag(
            "Whether a new conversation is told the recap of the last checkpoint in its directory."
        ),
    )


@dataclass(frozen=True, slots=True)
class AbandonedRules:
    """When a session counts as abandoned."""

    hours: float = field(
        default=8,
        metadata=number(
            0,
            8760,
            "How long a session is idle, with changes that are not committed, until it is marked "
            "as abandoned and you are told; 0 for never.",
        ),
    )


@dataclass(frozen=True, slots=True)
class LifetimeRules:
    """How long a session may lie idle (``core/lifetimes``)."""

    hours: float = field(
        default=24,
        metadata=number(
            0,
            8760,
            "How long after its last activity a session is ended in order, to be resumed by name; "
            "0 for never.",
        ),
    )
    warn_hours: float = field(
        default=20,
        metadata=number(
            0,
            8760,
            "How long after its last activity you are told that its end comes; not when it is 0, "
            "or no less than lifetime.hours.",
        ),
    )
    idle_minutes: float = field(
        default=60,
        metadata=number(
            0, 10080, "How long a session does nothing until you are told of it; 0 for not."
        ),
    )
    keep_alive: bool = field(
        default=False,
        metadata=flag("Whether lifetimes are extended by themselves, without a word."),
    )


@dataclass(frozen=True, slots=True)
class ChainRules:
    """What is kept of the conversations of a session."""

    previews: bool = field(
        default=True,
        metadata=flag(
            "Whether the first 200 characters of the last prompt and the last reply of each "
            "conversation are kept."
        ),
    )


@dataclass(frozen=True, slots=True)
class AccountRules:
    """One account, by the name of its section."""

    config_dir: str = field(
        default="",
        metadata=special(
            'an absolute path, or one that begins with "~/"',
            _account_directory,
            "The CLAUDE_CONFIG_DIR of this account.",
        ),
    )


_OVER = ("warn", "hold", "stop")


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """What the sessions may take of this machine (``core/resources``)."""

    sessions: int = field(
        default=10,
        metadata=count(
            0, 1000, "How many sessions may run before `new` opens no more; 0 for any number."
        ),
    )
    account_sessions: int = field(
        default=0, metadata=count(0, 1000, "The same for the sessions of one account.")
    )
    session_memory_mb: int = field(
        default=500,
        metadata=count(
            0, 10_000_000, "How much memory one session may take with its children; 0 for any."
        ),
    )
    memory_mb: int = field(
        default=2000, metadata=count(0, 10_000_000, "The same for all of them together.")
    )
    account_memory_mb: int = field(
        default=0, metadata=count(0, 10_000_000, "The same for the sessions of one account.")
    )
    cpu_percent: float = field(
        default=80,
        metadata=number(
            0, 100, "How much of this machine's processors all of them may take; 0 for any."
        ),
    )
    account_cpu_percent: float = field(
        default=0, metadata=number(0, 100, "The same for the sessions of one account.")
    )
    cpu_seconds: float = field(
        default=60,
        metadata=number(1, 3600, "Over which time the use of processors is counted."),
    )
    over_session_memory: str = field(
        default="warn",
        metadata=choice(
            _OVER, "What becomes of a session with too much memory: see below the table."
        ),
    )
    over_memory: str = field(
        default="warn", metadata=choice(_OVER, "The same when all of them take too much.")
    )
    over_cpu: str = field(
        default="warn", metadata=choice(_OVER, "The same when the processors are taken.")
    )
    over_sessions: str = field(
        default="warn",
        metadata=choice(
            ("warn", "stop"), "The same, of the one that is idle for longest, when too many run."
        ),
    )
