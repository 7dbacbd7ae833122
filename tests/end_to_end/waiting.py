"""Waiting for a fact instead of for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Fact = TypeVar("Fact")


def until(
    condition: Callable[[], Fact],
    timeout: float = 30.0,
    message: str | Callable[[], str] = "",
    every: float = 0.05,
) -> Fact:
    """Poll `condition` until it gives something true, and return that.

    `message` says what was waited for; give a function (a pane's `screen`, say) to have it
    called only when the wait failed.
    """
    end = time.monotonic() + timeout
    while not (fact := condition()):
        if time.monotonic() > end:
            text = message() if callable(message) else message
            raise AssertionError(f"not within {timeout:g} s: {text or condition}")
        time.sleep(every)
    return fact


def never(
    condition: Callable[[], object],
    seconds: float,
    message: str | Callable[[], str] = "",
    every: float = 0.1,
) -> None:
    """Watch `condition` for `seconds` and fail as soon as it gives something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact := condition():
            text = message() if callable(message) else message
            raise AssertionError(f"should not have happened: {text or condition}: {fact}")
        time.sleep(every)
