"""The words that tmux is spoken to with, and how they are written down so that nothing can happen.

tmux reads a text up to three times: its parser (quotes, ``;``, ``$``, ``~``, comments), then for
many arguments its format language, in which ``#(command)`` runs a shell, then sometimes strftime.
So a bare ``str`` is no word. Each word says what it is, and each byte that could mean something to
the parser is written as an octal escape, which no parser rule looks into.

Knows the grammar of tmux's commands; knows no command by name and starts nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

_LIT = re.compile(r"[A-Za-z0-9@_.,:=${}/+-]+")
_ID = re.compile(r"[%@$][0-9]+")
_RISKY_FORMAT = re.compile(r"#\(|#\{[^:{}]*[ETSWP][^:{}]*:|[\x00-\x1f\x7f]")
_MEANS_SOMETHING = re.compile(rb"[^A-Za-z0-9_./:@=+-]")


@dataclass(frozen=True, slots=True)
class Lit:
    """A constant of the source, or something as harmless: a flag, a number, hex digits."""

    value: str

    def __post_init__(self) -> None:
        if not _LIT.fullmatch(self.value):
            raise ValueError(f"not a plain tmux word: {self.value!r}")


@dataclass(frozen=True, slots=True)
class Id:
    """An id that tmux gave out: a pane ``%1``, a window ``@1`` or a tmux session ``$1``."""

    value: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.value):
            raise ValueError(f"not a tmux id: {self.value!r}")


@dataclass(frozen=True, slots=True)
class Fmt:
    """A format made of constants, ids and numbers. Runs no command and expands no value twice."""

    value: str

    def __post_init__(self) -> None:
        if _RISKY_FORMAT.search(self.value):
            raise ValueError(f"a format that could run something: {self.value!r}")


@dataclass(frozen=True, slots=True)
class Text:
    """Somebody's text where tmux expands formats (names): each ``#`` is doubled."""

    text: str

    def __post_init__(self) -> None:
        _without_nul(self.text)

    @property
    def value(self) -> str:
        return self.text.replace("#", "##")


@dataclass(frozen=True, slots=True)
class Message:
    """Somebody's text in the status line: there strftime reads it too, so ``%`` is doubled as well.

    tmux leaves ``##[`` as it is, for the sake of styles, so a "#" before a bracket shows twice.
    """

    text: str

    def __post_init__(self) -> None:
        _without_nul(self.text)

    @property
    def value(self) -> str:
        return self.text.replace("#", "##").replace("%", "%%")


@dataclass(frozen=True, slots=True)
class Raw:
    """Somebody's text where tmux expands nothing: an argv item, ``-e K=V``, a buffer's content.

    Which places these are was measured on tmux 3.3a; the tests hold each of ours to it.
    """

    value: str

    def __post_init__(self) -> None:
        _without_nul(self.value)


@dataclass(frozen=True, slots=True)
class Script:
    """Commands as one word: a branch of ``if-shell``."""

    commands: tuple[Command, ...]

    @property
    def value(self) -> str:
        return written(self.commands).decode("ascii")


Word = Lit | Id | Fmt | Text | Message | Raw | Script
Command = tuple[Word, ...]


def command(name: str, *words: Word | str) -> Command:
    """A command; bare strings in it are constants (``Lit``), so text cannot slip in as one."""
    return (Lit(name), *(Lit(word) if isinstance(word, str) else word for word in words))


def written(commands: Sequence[Command]) -> bytes:
    """The commands as one ASCII line of tmux's own command language, without the line's end.

    The commands of one line are one group: when one of them fails, tmux drops those after it.
    Raises ``TypeError`` for anything that is no ``Word``.
    """
    return b" ; ".join(b" ".join(_quoted(word) for word in one) for one in commands)


def _quoted(word: Word) -> bytes:
    if not isinstance(word, Lit | Id | Fmt | Text | Message | Raw | Script):
        raise TypeError(f"not a word for tmux: {word!r}")
    plain = os.fsencode(word.value)
    return b'"' + _MEANS_SOMETHING.sub(lambda byte: b"\\%03o" % byte[0][0], plain) + b'"'


def _without_nul(text: str) -> None:
    if "\0" in text:
        raise ValueError("tmux cannot be given a NUL byte")
