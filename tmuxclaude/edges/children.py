"""Processes of ours that answer one line of JSON with another: what may hang, or needs memory.

Each is a group of its own with all that it starts, and is ended as one: told to, then killed. It
ends by itself when we do, for then nobody gives it anything any more. Knows nothing of what is
asked.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

LARGEST_BYTES = 64 * 2**20
"""A longer answer is none."""

MEMORY_BYTES = 2**30
"""How much one of these processes, and whatever it starts, may allocate: what it reads is foreign.
Files that git maps do not count."""

ENDING_SECONDS = 2.0
"""How long one that is told to end may take to tidy up."""

Json = dict[str, Any]


class ChildError(Exception):
    """There is no answer, and why; the child is gone."""


class Child:
    """One process that runs ``module``. ``environment``: all of its variables."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=Path(__file__).parents[2],  # what `-m` searches first: our own root
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )

    def ask(self, order: Json, seconds: float) -> Json:
        """Its answer. Raises ``ChildError`` when there is none within so many seconds."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            answer = json.loads(self._line(time.monotonic() + seconds))
        except TimeoutError:
            self.kill()
            raise ChildError(f"it took over {seconds:g} s") from None
        except (OSError, ValueError) as problem:
            self.kill()
            raise ChildError(f"it broke off: {problem or 'no answer'}") from problem
        if not isinstance(answer, dict):
            self.kill()
            raise ChildError("it answered something else")
        return answer

    def _line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        pipe, found = self._process.stdout.fileno(), bytearray()
        while not found.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(pipe, 1 << 16)
            if not chunk or len(found) > LARGEST_BYTES:
                raise OSError(f"it ended with status {self._status()}")
            found += chunk
        return bytes(found)

    def _status(self) -> int | None:
        """Its pipe ends a moment before it does."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_SECONDS)
        return self._process.returncode

    def end(self) -> None:
        """In order: it has nothing to do."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it and all that it has started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING_SECONDS)
        self.end()


class Children:
    """At most ``most`` of them at once, kept while there is more to ask.

    ``wake`` is called from another thread when an answer has come.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str], most: int, wake: Callable[[], None]
    ) -> None:
        self.most = most
        self._module, self._environment = module, environment
        self._wake = wake
        self._threads = ThreadPoolExecutor(most, "child")
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, Json | ChildError]] = SimpleQueue()
        self._busy: dict[str, Child | None] = {}
        self._closed = False

    @property
    def busy(self) -> frozenset[str]:
        """The keys of what is being done."""
        return frozenset(self._busy)

    def ask(self, key: str, order: Json, seconds: float) -> None:
        """Begins it; there must be less than ``most`` busy."""
        self._busy[key] = None
        self._threads.submit(self._do, key, order, seconds)

    def answers(self) -> list[tuple[str, Json | ChildError]]:
        """What has come since this was last called, each with its key."""
        found = []
        while not self._answers.empty():
            found.append(self._answers.get())
            self._busy.pop(found[-1][0], None)
        return found

    def rest(self) -> None:
        """There is nothing more to ask for now: those that are idle end."""
        while not self._idle.empty():
            self._idle.get().end()

    def close(self) -> None:
        """Ends them all, whatever they do."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for child in list(self._busy.values()):
            if child is not None:
                child.kill()
        self.rest()

    def _new(self) -> Child:
        return Child(self._module, self._environment)

    def _do(self, key: str, order: Json, seconds: float) -> None:
        answer: Json | ChildError
        try:
            child = self._idle.get_nowait() if not self._idle.empty() else self._new()
            self._busy[key] = child
            if self._closed:
                child.kill()
            answer = child.ask(order, seconds)
            self._idle.put(child)
        except ChildError as problem:
            answer = problem
        except Exception as problem:  # noqa: BLE001 - whoever waits must hear of it
            answer = ChildError(f"it could not be asked: {problem}")
        self._answers.put((key, answer))
        self._wake()


def serve(respond: Callable[[Json], Json]) -> int:
    """The life of such a process: answers orders until there are no more.

    When whoever gives them is gone it breaks off, and so does all that it has started.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _bound_memory()
    orders: SimpleQueue[str] = SimpleQueue()
    busy = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            busy.set()
            orders.put(line)
        if busy.is_set():  # nobody is there any more who wants it
            os.killpg(0, signal.SIGTERM)
        orders.put("")

    threading.Thread(target=listen, daemon=True).start()
    while line := orders.get():
        told = json.dumps(respond(json.loads(line)))
        busy.clear()
        print(told, flush=True)
    return 0


def _bound_memory() -> None:
    """Never beyond a bound that is there already. Systems that do not count it ignore it."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
