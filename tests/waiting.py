"""Waiting for a fact instead of for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Fact = TypeVar("Fact")


def until(
    condition: Callable[[], Fact],
    timeout: float = 10.0,
    what: str | Callable[[], str] = "",
    every: float = 0.02,
) -> Fact:
    """Poll ``condition`` until it gives something true, and return that.

    After ``timeout`` seconds fail with ``what``; a function is called only then, so that it can
    tell what stands on a screen.
    """
    end = time.monotonic() + timeout
    while not (fact := condition()):
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {timeout:g} s: {text or condition}")
        time.sleep(every)
    return fact
