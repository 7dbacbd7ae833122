"""Does what may hang in threads of its own: one task at a time for each key, values come back.

Knows threads and time; knows nothing of what the tasks do. What is decided from their values is
decided by whoever asked, in its own thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
"""How long the caller waits for tasks that it has just given; who takes longer comes later."""

SLOW_SECONDS = 1.0
"""A task that took longer than this is followed by a rest, which doubles from one to the next."""

LONGEST_REST_SECONDS = 30.0


@dataclass(slots=True)
class _Worker(Generic[T]):
    """One key's thread. Times are ``time.monotonic``."""

    executor: ThreadPoolExecutor
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
        return {key: done for key in self._workers if (done := self._take(key)) is not None}

    def idle(self, key: str) -> bool:
        """Whether the worker of this key neither works nor rests."""
        worker = self._workers.get(key)
        if worker is None:
            return True
        return worker.task is None and time.monotonic() >= worker.ended + worker.rest

    def close(self) -> None:
        """Takes no more tasks; one that hangs is left behind until it ends."""
        for worker in self._workers.values():
            worker.executor.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: str, task: Callable[[], T]) -> Future[T]:
        worker = self._workers.get(key)
        if worker is None:
            worker = self._workers[key] = _Worker(ThreadPoolExecutor(1, f"look at {key}"))
        worker.began = time.monotonic()
        worker.task = worker.executor.submit(task)
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
        problem = task.exception()
        if problem is not None:
            log.error("a look at %s failed", key, exc_info=problem)
            return None
        return Done(task.result(), age)
