"""Carries news to the user: tmux's status line, the desktop, a command of the user's.

Whoever sends waits for nothing. Each way is a thread of its own that runs one program at a time
and ends it when it takes too long; what comes meanwhile waits in a short queue and goes together.
So a notifier that hangs, fails or is missing costs its own news and one line in the log.

What is said has been decided (``core/notices``). A text is an argument only of the desktop's
notifiers, and never part of a script or a format.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tmuxclaude.core import errors
from tmuxclaude.core.notices import News, as_json, summary
from tmuxclaude.core.rules import NotifyRules
from tmuxclaude.edges.tmux import messages
from tmuxclaude.edges.tmux.call import Door, ServerGone

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
"""How long a notifier may take before it is killed."""

WAITING_AT_MOST = 200
"""How much news may wait for a slow notifier; the oldest is dropped."""

CLOSING_SECONDS = 1.0
"""How long the last news may take when the supervisor ends."""

_OSASCRIPT = (
    "on run argv",
    'display notification (item 1 of argv) with title "tmuxclaude"',
    "end run",
)

Batch = tuple[News, ...]


class NotifierError(errors.TmuxclaudeError):
    """A notifier did not take the news."""


class Notifier:
    """The ways that ``rules`` switch on. ``timeout`` is in seconds, ``tmux`` is the program."""

    def __init__(
        self,
        rules: NotifyRules,
        tmux: str = "tmux",
        platform: str = sys.platform,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._tmux, self._platform, self._timeout = tmux, platform, timeout
        self._leaving: list[_Way] = []
        self._rules = rules
        self._ways = self._switched_on()

    def follow(self, rules: NotifyRules) -> None:
        """From now on these rules. What was sent before still goes out, while we live."""
        if rules == self._rules:
            return
        for way in self._ways:
            way.close(time.monotonic())
        self._leaving = [way for way in (*self._leaving, *self._ways) if way.works()]
        self._rules = rules
        self._ways = self._switched_on()

    def send(self, batch: Sequence[News]) -> None:
        """Passes the news on, but for what the user does not want to hear, and returns at once."""
        wanted = tuple(one for one in batch if one.topic in self._rules.events)
        for way in self._ways if wanted else ():
            way.send(wanted)

    def close(self) -> None:
        """Lets what was sent go out for a moment, then ends every notifier that still runs."""
        end = time.monotonic() + CLOSING_SECONDS
        for way in self._ways:
            way.close(end)
        for way in (*self._leaving, *self._ways):
            way.program.kill()

    def _switched_on(self) -> list[_Way]:
        rules, tmux, timeout = self._rules, self._tmux, self._timeout
        ways: list[_Way] = []
        if rules.tmux:
            ways.append(_Way("tmux", lambda batch, _: _in_tmux(batch, tmux), timeout))
        if rules.desktop:
            words = _macos if self._platform == "darwin" else _freedesktop
            ways.append(_Way("desktop", lambda batch, by: by.run(words(summary(batch))), timeout))
        if rules.command:
            argv = _expanded(rules.command)
            ways.append(_Way("command", lambda batch, by: by.run(argv, _lines(batch)), timeout))
        return ways


class _Way:
    """One way to the user: a thread that delivers, begun with the first news.

    ``deliver`` may run ``program`` for a batch.
    """

    def __init__(
        self, name: str, deliver: Callable[[Batch, Program], None], timeout: float
    ) -> None:
        self.program = Program(timeout)
        self._name = name
        self._deliver = deliver
        self._waiting: deque[News] = deque(maxlen=WAITING_AT_MOST)
        self._changed = threading.Condition()
        self._closing = False
        self._failing = False
        self._thread: threading.Thread | None = None

    def send(self, batch: Batch) -> None:
        with self._changed:
            self._waiting.extend(batch)
            self._changed.notify()
        if self._thread is None:
            # A daemon: a notifier that hangs must not keep the supervisor from ending.
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def close(self, end: float) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(max(0.0, end - time.monotonic()))

    def works(self) -> bool:
        """Whether its thread has something to do, or waits for it."""
        return self._thread is not None and self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                batch = tuple(self._waiting)
                self._waiting.clear()
            if not batch:
                return
            try:
                self._deliver(batch, self.program)
                self._failing = False
            except errors.TmuxclaudeError as problem:
                self._complain(problem)
            except Exception:
                log.exception("the notifier %s failed", self._name)

    def _complain(self, problem: Exception) -> None:
        """Once, until it has worked again."""
        if not self._failing:
            log.warning("notifications by %s do not arrive: %s", self._name, problem)
        self._failing = True


class Program:
    """Runs a program with a time-out, one at a time, and ends it with all that it started."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None

    def run(self, argv: Sequence[str], given: bytes = b"") -> None:
        """Returns when it has ended well; raises ``NotifierError`` that says what else it did."""
        try:
            self._child = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise NotifierError(f"{argv[0]} cannot be run: {error.strerror}") from error
        with self._child as child:
            try:
                child.communicate(given, self._timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise NotifierError(f"{argv[0]} did not end in {self._timeout:g} s") from None
        if child.returncode:
            raise NotifierError(f"{argv[0]} ended with status {child.returncode}")

    def kill(self) -> None:
        """Ends what runs, and what it started in its process group."""
        child = self._child
        if child is not None and child.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)


def _in_tmux(batch: Batch, program: str) -> None:
    """One line to each tmux server, of what concerns it. One that is gone has nobody to tell."""
    sockets = dict.fromkeys(socket for one in batch for socket in one.sockets)
    problems = []
    for socket in sockets:
        line = summary([one for one in batch if socket in one.sockets])
        try:
            messages.show(Door(socket, program, TIMEOUT_SECONDS / 2), line)
        except ServerGone:
            continue
        except errors.TmuxclaudeError as problem:
            problems.append(problem)
    if problems:
        raise NotifierError(str(problems[0]))


def _freedesktop(line: str) -> list[str]:
    # The body may hold markup, so what would be markup is escaped.
    from html import escape  # half a megabyte of memory: the names of all entities

    body = escape(line, quote=False)
    return ["notify-send", "--app-name=tmuxclaude", "--", "tmuxclaude", body]


def _macos(line: str) -> list[str]:
    script = [word for part in _OSASCRIPT for word in ("-e", part)]
    return ["osascript", *script, line]


def _expanded(command: Sequence[str]) -> list[str]:
    program, *arguments = command
    return [str(Path(program).expanduser()), *arguments]


def _lines(batch: Batch) -> bytes:
    return "".join(f"{as_json(one)}\n" for one in batch).encode("ascii")
