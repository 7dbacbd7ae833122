"""Waiting for a fact instead of for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Fact = TypeVar("Fact")

PATIENCE = 120.0
"""Seconds after which a fact will not come any more, however busy the machine is."""


def until(
    condition: Callable[[], Fact],
    what: str | Callable[[], str] = "",
    *,
    timeout: float = PATIENCE,
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


def never(
    condition: Callable[[], object],
    seconds: float,
    what: str | Callable[[], str] = "",
    every: float = 0.05,
) -> None:
    """Watch ``condition`` for ``seconds`` and fail as soon as it gives something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition(), what() if callable(what) else what
        time.sleep(every)
