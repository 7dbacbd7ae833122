"""What a key of the configuration can be: a flag, a number, a choice, a list. Pure.

Each function here makes the metadata of one dataclass field: what the key means, what it allows in
words, and the check. Which keys there are is for ``core/rules.py`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DAY_SPAN = re.compile(f"{_CLOCK}-{_CLOCK}")


class UnfitError(Exception):
    """A value that the key does not allow; its text, if any, says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a field tells of its key. ``read`` returns the value to keep or raises."""

    meaning: str
    allowed: str
    read: Callable[[object], object]


def flag(meaning: str) -> dict[str, Key]:
    """A key that is on or off."""

    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise UnfitError
        return value

    return {"key": Key(meaning, "true or false", read)}


def number(low: float, high: float, meaning: str) -> dict[str, Key]:
    """A key that is a number, with or without a fraction, in these bounds."""
    allowed = f"a number from {low:g} to {high:g}"
    return {"key": Key(meaning, allowed, lambda value: _number(value, low, high))}


def count(low: int, high: int, meaning: str) -> dict[str, Key]:
    """A key that is a whole number in these bounds."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise UnfitError
        return value

    return {"key": Key(meaning, f"a whole number from {low} to {high}", read)}


def numbers(low: float, high: float, meaning: str) -> dict[str, Key]:
    """A key that is a list of 1 to 20 numbers in these bounds."""
    allowed = f"a list of 1 to 20 numbers from {low:g} to {high:g}"

    def read(value: object) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= 20:
            raise UnfitError
        return tuple(_number(item, low, high) for item in value)

    return {"key": Key(meaning, allowed, read)}


def choice(words: tuple[str, ...], meaning: str) -> dict[str, Key]:
    """A key that is one of a few words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise UnfitError
        return value

    return {"key": Key(meaning, " or ".join(f'"{word}"' for word in words), read)}


def day_span(meaning: str) -> dict[str, Key]:
    """A key that is a part of the day, as ``23:00-07:00``, or empty."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not (value == "" or _DAY_SPAN.fullmatch(value)):
            raise UnfitError
        begins, _, ends = value.partition("-")
        if value and begins == ends:
            raise UnfitError(f'"{value}" begins when it ends')
        return value

    return {"key": Key(meaning, 'a part of the day such as "23:00-07:00", or ""', read)}


def choices(words: tuple[str, ...], meaning: str) -> dict[str, Key]:
    """A key that is a list of any of a few words; it may be empty."""

    def read(value: object) -> tuple[str, ...]:
        chosen = strings(value)
        if len(set(chosen)) != len(chosen) or not set(chosen) <= set(words):
            raise UnfitError
        return chosen

    return {"key": Key(meaning, f"a list of any of {', '.join(words)}, each once", read)}


def special(allowed: str, read: Callable[[object], object], meaning: str) -> dict[str, Key]:
    """A key with a check of its own."""
    return {"key": Key(meaning, allowed, read)}


def _number(value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnfitError
    if not low <= value <= high:
        raise UnfitError
    return value


def strings(value: object) -> tuple[str, ...]:
    """A list of strings that hold nothing unprintable, for a check of a key's own."""
    if not isinstance(value, list | tuple):
        raise UnfitError
    if not all(isinstance(item, str) and item.isprintable() for item in value):
        raise UnfitError
    return tuple(value)
