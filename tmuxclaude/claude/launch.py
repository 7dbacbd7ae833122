"""Claude Code's command line: what is a flag, a value or the prompt, and which words are ours.

Pure: argument lists in, argument lists out; the reading order is that of Claude Code's own parser,
the flags are `flags`. A flag that is not in those tables is taken for a switch; with a bare word
after it nobody can tell whether that word is its value or the prompt, so such a line is refused
instead of guessed: a wrong guess would submit the word as a second prompt at every relaunch.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tmuxclaude.claude.flags import (
    CHOOSING,
    COMMANDS,
    ELSEWHERE,
    LONG,
    NO_SESSION,
    ONCE,
    OPTIONAL,
    SWITCHES,
    VALUED,
    VARIADIC,
)
from tmuxclaude.core.errors import UsageError


class NoSessionError(UsageError):
    """These words open no interactive session in this terminal and directory."""


class ElsewhereError(NoSessionError):
    """They open one, but not in this directory, or not in this terminal; ``why``."""

    def __init__(self, message: str, why: str) -> None:
        super().__init__(message)
        self.why = why


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OURS = frozenset({"--name", "--settings"})
"""What we give at every start: a name unless the user gave one, and the merged settings."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """A user's words for Claude Code, sorted by what becomes of them.

    ``flags``: kept at every start, in their order, each with its values. ``opening``: kept at the
    first start only; the words that choose a conversation are among them. ``resume``: the id or
    name given to ``--resume``, empty for its picker. ``settings``: the last one given, a file or
    JSON; it is in no other field, for it must be merged with ours.
    """

    flags: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    resume: str | None = None
    continues: bool = False
    session_id: str | None = None
    fork_session: bool = False
    chooses_conversation: bool = False
    name: str | None = None
    settings: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class _Option:
    """One flag in its long form with its values; with an empty flag, one bare word."""

    flag: str
    values: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The option as words that mean the same wherever they stand."""
        known = self.flag in VALUED | VARIADIC | OPTIONAL | SWITCHES
        if not known or any(_is_flag(value) for value in self.values):
            return tuple(f"{self.flag}={value}" for value in self.values) or (self.flag,)
        return (self.flag, *self.values)


def split(args: Sequence[str]) -> Arguments:
    """Sort the words of ``new … -- CLAUDE ARGS``.

    Raises ``NoSessionError`` for what opens no interactive session in this terminal,
    ``ElsewhereError`` for what opens one in a place that is not known before, and ``UsageError``
    for a flag without its value and for a line that can be read in two ways.
    """
    options = list(_options(args))
    bare = [option.values[0] for option in options if not option.flag]
    given = [option for option in options if option.flag]
    _must_open_a_session(given, bare)
    if len(bare) > 1:
        raise UsageError(
            f"Claude Code takes one prompt, and {bare[0]!r} is followed by {bare[1]!r}. "
            "Nothing was started. Put the prompt in quotes."
        )
    last = {option.flag: option for option in given}
    first_only = CHOOSING | ONCE
    return Arguments(
        flags=_words(option for option in given if option.flag not in first_only | _OURS),
        opening=_words(option for option in given if option.flag in first_only),
        resume=_value(last, "--resume"),
        continues="--continue" in last,
        session_id=_value(last, "--session-id"),
        fork_session="--fork-session" in last,
        chooses_conversation=bool(CHOOSING & last.keys()),
        name=_value(last, "--name"),
        settings=_value(last, "--settings"),
        prompt=bare[0] if bare else None,
    )


def first_conversation(words: Arguments, new: str) -> str | None:
    """The conversation of a first start with these words, if it can be known before.

    ``new``: the id that it gets when the words leave the choice to us.
    """
    if words.session_id is not None:
        return words.session_id.lower()
    if words.resume and not words.fork_session:
        return words.resume.lower() if _UUID.fullmatch(words.resume.lower()) else None
    return None if words.chooses_conversation else new


def without_settings(args: Sequence[str]) -> list[str]:
    """The same words without every ``--settings`` and its value; not a byte of the others changes.

    The words are such as ``split`` accepts.
    """
    kept: list[str] = []
    rest, at = deque(args), 0
    while rest and rest[0] != "--":
        flag = _next(rest).flag
        end = len(args) - len(rest)
        if flag != "--settings":
            kept += args[at:end]
        at = end
    return [*kept, *args[at:]]


def fresh(
    command: Sequence[str],
    arguments: Arguments,
    conversation: str,
    name: str,
    settings_path: str,
) -> list[str]:
    """The argv of a first start.

    ``conversation`` (a UUID) and ``name`` are used where the user chose none. A prompt of the
    user's stands in the argv, which other users of the machine can read: whoever cares takes it out
    of ``arguments`` first.
    """
    chosen = arguments.chooses_conversation
    return [
        *command,
        *(() if chosen else _Option("--session-id", (conversation,)).words),
        *_Option("--name", (name if arguments.name is None else arguments.name,)).words,
        *_Option("--settings", (settings_path,)).words,
        *arguments.flags,
        *arguments.opening,
        *_prompt(arguments.prompt),
    ]


def again(
    command: Sequence[str],
    flags: Sequence[str],
    conversation: str,
    name: str,
    settings_path: str,
    text: str | None = None,
) -> list[str]:
    """The argv that reopens ``conversation``, and submits ``text`` in it if there is one.

    Raises ``UsageError`` for a text that Claude Code would run as a command.
    """
    return [
        *command,
        *_Option("--resume", (conversation,)).words,
        *_Option("--name", (name,)).words,
        *_Option("--settings", (settings_path,)).words,
        *flags,
        *_prompt(text),
    ]


def _prompt(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    if text in COMMANDS:
        raise UsageError(
            f"{text!r} is a command of Claude Code, so it cannot be given to it as a prompt. "
            "Nothing was started. Use more than one word."
        )
    return ("--", text)  # the last flag may be one that takes every word up to the next flag


def _options(args: Sequence[str]) -> Iterator[_Option]:
    """The options and bare words of ``args``, read in the order of Claude Code's own parser."""
    rest = deque(args)
    while rest:
        if rest[0] == "--":
            rest.popleft()
            yield from (_Option("", (operand,)) for operand in rest)
            return
        yield _next(rest)


def _next(rest: deque[str]) -> _Option:
    """The first option or bare word of ``rest``, taken out of it."""
    word = rest.popleft()
    if not _is_flag(word):
        return _Option("", (word,))
    flag, value = _flag(word, rest)
    return _Option(flag, _taken(flag, rest) if value is None else (value,))


def _flag(word: str, rest: deque[str]) -> tuple[str, str | None]:
    """The flag's long form and the value that is part of ``word``.

    A short switch that carries more letters (``-cr``) gives them back to ``rest`` as ``-r``.
    """
    if word in LONG:
        return LONG[word], None
    if word.startswith("--"):
        flag, sign, value = word.partition("=")
        if sign and flag in SWITCHES:
            raise UsageError(f"Claude Code's {flag} takes no value. Nothing was started.")
        return (flag, value) if sign else (word, None)
    flag = LONG.get(word[:2], word)
    if flag in SWITCHES:
        rest.appendleft("-" + word[2:])
        return flag, None
    return (flag, word[2:]) if flag in VALUED | OPTIONAL else (word, None)


def _taken(flag: str, rest: deque[str]) -> tuple[str, ...]:
    """The values that the flag takes out of ``rest``."""
    free = bool(rest) and not _is_flag(rest[0])
    if flag in SWITCHES:
        return ()
    if flag in OPTIONAL:
        return (rest.popleft(),) if free else ()
    if flag in VALUED | VARIADIC:
        if not rest:
            raise UsageError(f"Claude Code's {flag} needs a value. Nothing was started.")
        values = [rest.popleft()]
        while flag in VARIADIC and rest and not _is_flag(rest[0]):
            values.append(rest.popleft())
        return tuple(values)
    if free:
        raise UsageError(
            f"tmuxclaude does not know Claude Code's {flag}, so it cannot tell whether "
            f"{rest[0]!r} is its value or the prompt. Nothing was started. "
            f"Write {flag}=VALUE, or put the prompt after --."
        )
    return ()


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _words(options: Iterable[_Option]) -> tuple[str, ...]:
    return tuple(word for option in options for word in option.words)


def _value(last: dict[str, _Option], flag: str) -> str | None:
    option = last.get(flag)
    return None if option is None else next(iter(option.values), "")


def _must_open_a_session(given: list[_Option], bare: list[str]) -> None:
    """What opens none at all counts for more than where one would be opened."""
    new = "new opens an interactive session in a tmux window, and"
    for option in given:
        if option.flag in NO_SESSION:
            why = f"{option.flag} {NO_SESSION[option.flag]}"
            raise NoSessionError(f"{new} {why}. Nothing was started.")
    if bare and bare[0] in COMMANDS:
        why = f"{bare[0]} is a command of Claude Code"
        raise NoSessionError(f"{new} {why}. Nothing was started.")
    for option in given:
        if option.flag in ELSEWHERE:
            why = f"{option.flag} {ELSEWHERE[option.flag]}"
            how = "Create a worktree first and give its directory with -c."
            raise ElsewhereError(f"{new} {why}. Nothing was started. {how}", why)
