"""Does what may hang in a thread of its own: one task at a time for each key, values come back.

Knows threads and time; knows nothing of what the tasks do. What is decided from their values is
decided by whoever asked, in its own thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
"""How long the caller waits for tasks that it has just given; who takes longer comes later."""

SLOW_SECONDS = 1.0
"""A task that took longer than this is followed by a rest, which doubles from one to the next."""

LONGEST_REST_SECONDS = 30.0

CLOSING_SECONDS = 2.0
"""How long the last tasks may take when the supervisor ends."""


@dataclass(slots=True)
class _Worker(Generic[T]):
    """One key's task, and the rest after it. Times are ``time.monotonic``."""

    task: Future[T] | None = None
    began: float = 0.0
    ended: float = 0.0
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The value of a task, and how many seconds ago it was begun."""

    value: T
    age: float


class Workers(Generic[T]):
    """``wake`` is called from another thread when a task has ended that nobody waits for."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._workers: dict[str, _Worker[T]] = {}

    def run(self, tasks: Mapping[str, Callable[[], T]]) -> dict[str, Done[T]]:
        """Gives each task to its key's worker, and returns what has been done by now.

        The workers must be idle. A task that raised has no value; its error is logged.
        """
        _, late = wait([self._begin(*task) for task in tasks.items()], PATIENCE_SECONDS)
        for future in late:
            future.add_done_callback(lambda _: self._wake())
        return {key: done for key in list(self._workers) if (done := self._take(key)) is not None}

    def idle(self, key: str) -> bool:
        """Whether the worker of this key neither works nor rests."""
        worker = self._workers.get(key)
        if worker is None:
            return True
        return worker.task is None and time.monotonic() >= worker.ended + worker.rest

    def late(self, seconds: float) -> list[str]:
        """The keys whose task was begun longer ago than this, and has not ended."""
        since = time.monotonic() - seconds
        return [key for key, one in self._workers.items() if one.task and one.began < since]

    def close(self) -> None:
        """Waits a moment for what is under way; a task that hangs is left behind."""
        wait([one.task for one in self._workers.values() if one.task], CLOSING_SECONDS)

    def _begin(self, key: str, task: Callable[[], T]) -> Future[T]:
        worker = self._workers.setdefault(key, _Worker())
        worker.began, worker.task = time.monotonic(), Future()
        # A daemon: one that hangs must not keep the supervisor from ending.
        thread = threading.Thread(
            target=_fulfil, args=(worker.task, task), name=f"look at {key}", daemon=True
        )
        thread.start()
        return worker.task

    def _take(self, key: str) -> Done[T] | None:
        worker = self._workers[key]
        task = worker.task
        if task is None or not task.done():
            return None
        worker.task, worker.ended = None, time.monotonic()
        age = worker.ended - worker.began
        slow = age > SLOW_SECONDS
        worker.rest = min(max(1.0, 2 * worker.rest), LONGEST_REST_SECONDS) if slow else 0.0
        if slow:
            log.warning("%s took %.1f s; not asked again for %.0f s", key, age, worker.rest)
        else:
            del self._workers[key]  # the next task may be long in coming, or never come
        problem = task.exception()
        if problem is not None:
            log.error("a look at %s failed", key, exc_info=problem)
            return None
        return Done(task.result(), age)


def _fulfil(promise: Future[T], task: Callable[[], T]) -> None:
    """What came of the task, whatever that is."""
    try:
        value = task()
    except Exception as problem:  # noqa: BLE001 - it is logged where the value is asked for
        promise.set_exception(problem)
    else:
        promise.set_result(value)
