"""Starts an actor and keeps it going: command line, the loop over keys, signals and timers.

What happens on the stage is `role`'s.
"""

from __future__ import annotations

import heapq
import os
import select
import signal
import sys
import time
from collections.abc import Callable

from tmuxclaude.demo import files, part
from tmuxclaude.demo.call import Call
from tmuxclaude.demo.keys import Keyboard
from tmuxclaude.demo.log import Log
from tmuxclaude.demo.recorded import lines
from tmuxclaude.demo.role import Leave, Role
from tmuxclaude.demo.terminal import Terminal

VERSION = "2.1.329 (Claude Code)"
_EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 0, signal.SIGTERM: 143}


class Timers:
    """What is to be done later, in order. Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (time.monotonic() + seconds, self._count, do))

    def run_due(self) -> None:
        while self._heap and self._heap[0][0] <= time.monotonic():
            heapq.heappop(self._heap)[2]()

    def wait(self, other: float | None) -> float | None:
        """Seconds until the next one, or until `other`; None: nothing is to come."""
        dues = [self._heap[0][0]] if self._heap else []
        dues += [other] if other is not None else []
        return max(0.0, min(dues) - time.monotonic()) if dues else None


def main(words: list[str]) -> None:
    """Play the part in `ACTOR_PART`; the process ends here."""
    played = part.load()
    if "--version" in words or "-v" in words:
        sys.exit(print(VERSION))
    if played.crash_on_start is not None:
        print("Error: the part says to crash here", file=sys.stderr)
        sys.exit(played.crash_on_start)
    call = Call(words)
    refused = call.refusal(files.config_directory())
    if refused:
        print(refused, file=sys.stderr)
        sys.exit(1)
    if not (os.isatty(0) and os.isatty(1)):
        sys.exit("Error: not a terminal")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    log, timers, terminal = Log(), Timers(), Terminal()
    log.event("start", argv=words, cwd=os.getcwd())
    role = Role(played, call, terminal, timers.after, log)
    signals = _signal_pipe()
    terminal.open()
    try:
        role.begin()
        _loop(role, terminal, timers, signals, log)
    except Leave as leave:
        _leave(leave, terminal, log, to_shell=played.exits_to_shell)


def _loop(role: Role, terminal: Terminal, timers: Timers, signals: int, log: Log) -> None:
    """One round: the screen, then what is due, then what came in."""
    keyboard = Keyboard()
    while True:
        role.draw()
        wait = timers.wait(keyboard.deadline)
        watched = [signals] if role.deaf else [terminal.input, signals]
        ready, _, _ = select.select(watched, [], [], wait)
        timers.run_due()
        keys = keyboard.expire(time.monotonic())
        if signals in ready:
            for number in os.read(signals, 64):
                if number in _EXIT_CODES:
                    role.end(_EXIT_CODES[signal.Signals(number)])
        if terminal.input in ready:
            data = terminal.read()
            if not data:
                role.end(129)
            log.bytes(data)
            role.touched()
            keys += keyboard.feed(data, time.monotonic())
        for key in keys:
            role.hear(key)


def _leave(leave: Leave, terminal: Terminal, log: Log, *, to_shell: bool) -> None:
    log.event("exit", code=leave.code)
    resumable = leave.conversation
    goodbye = lines("goodbye", 10_000, conversation=resumable) if resumable else []
    terminal.close("".join(f"{line}\r\n" for line in goodbye))
    if to_shell:
        for number in (*_EXIT_CODES, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.execvp("bash", ["bash", "--norc"])
    sys.stdout.flush()
    os._exit(leave.code)


def _signal_pipe() -> int:
    """Where the numbers of signals can be read, so that nothing runs inside a handler."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (*_EXIT_CODES, signal.SIGWINCH):
        signal.signal(number, lambda *_: None)
    return reading
