"""``list --watch``: the table of ``list``, redrawn in place until its user has seen enough.

Reads the database and changes nothing, so it works without a supervisor too, and says so. Knows how
a terminal is drawn on without flicker and given back as it was; what the table says, ``quick``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tmuxclaude.cli import layout, presence, quick
from tmuxclaude.cli.places import Places
from tmuxclaude.core.errors import TmuxclaudeError, UsageError

FRAME_SECONDS = 1.0

_ENTER = "\x1b[?1049h\x1b[?25l"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_KEYS = {b"q": 0, b"\x04": 0, b"\x03": 130}
"""What ends it, with the exit code: q, Ctrl-D and Ctrl-C."""


def run(places: Places, every: bool, as_json: bool, server: str | None) -> int:
    """Shows the sessions until a key or a signal ends it; the exit code.

    ``as_json``: one document on each line, the first at once and another whenever something has
    changed. Raises ``UsageError`` when standard output is no terminal and no JSON is asked for.
    """
    if as_json:
        return _stream(places, every, server)
    if not sys.stdout.isatty():
        raise UsageError("--watch draws on a terminal, and standard output is none; add --json")
    with _signals() as inbox, _screen():
        while True:
            size = os.get_terminal_size(sys.stdout.fileno())
            # One column is left free: what clears the rest of a line would clear the last one.
            _draw(frame(_lines(places, every, server, size.columns - 1), size.lines))
            code = _heard(inbox)
            if code is not None:
                return code


def frame(lines: list[str], rows: int) -> str:
    """What draws ``lines`` over the frame before, at most ``rows`` of them.

    Nothing is cleared before it is drawn anew, so nothing flickers.
    """
    if len(lines) > rows:
        lines = [*lines[: rows - 1], f"… and {len(lines) - rows + 1} more"]
    return _HOME + "\r\n".join(line + _REST_OF_LINE for line in lines) + _REST


def _lines(places: Places, every: bool, server: str | None, columns: int) -> list[str]:
    """One frame: what is to be known first, then the table."""
    now = time.time()
    try:
        rows = quick.sessions(places.database, every, server)
        pause = quick.paused(places.database, now)
    except TmuxclaudeError as problem:  # a database that is locked now may not be in a second
        return [layout.cut(layout.visible(f"tmuxclaude: {problem}"), columns)]
    said = presence.notices(places)
    said += [] if pause is None else [f"resumes are {quick.paused_line(pause, now)}"]
    table = quick.list_text(rows, now, columns, server).splitlines()
    return [*(layout.cut(f"tmuxclaude: {line}", columns) for line in said), *table]


def _stream(places: Places, every: bool, server: str | None) -> int:
    before: dict[str, Any] | None = None
    while True:
        rows = quick.sessions(places.database, every, server)
        found = quick.list_json(rows, *presence.hear(places.socket))
        if found != before:
            layout.out(json.dumps(found))
            layout.flush()
        before = found
        time.sleep(FRAME_SECONDS)


# -- the terminal ----------------------------------------------------------------------------------


@contextmanager
def _signals() -> Iterator[int]:
    """A file in which the numbers of signals arrive, a new size of the terminal among them."""
    inbox, outbox = os.pipe()
    os.set_blocking(outbox, False)
    signal.set_wakeup_fd(outbox)
    for number in (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    yield inbox


@contextmanager
def _screen() -> Iterator[None]:
    """The terminal's second screen, without a cursor and without echo; the first one comes back."""
    before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    try:
        if before is not None:
            silent = list(before)
            silent[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
        _draw(_ENTER)
        yield
    finally:
        if before is not None:  # first, so that whoever sees the first screen again sees all
            with suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        with suppress(OSError, layout.OutputError):  # it may be the terminal that has gone
            _draw(_LEAVE)


def _draw(text: str) -> None:
    """All of it in one write, if the terminal takes it so."""
    left = text.encode(sys.stdout.encoding, "backslashreplace")
    try:
        while left:
            left = left[os.write(sys.stdout.fileno(), left) :]
    except OSError as problem:
        raise layout.OutputError(problem.strerror) from problem


def _heard(inbox: int) -> int | None:
    """Waits until the next frame is due; the exit code when a key or a signal ends it."""
    keys = [sys.stdin.fileno()] if sys.stdin.isatty() else []
    ready, _, _ = select.select([inbox, *keys], [], [], FRAME_SECONDS)
    if inbox in ready:
        ends = [number for number in os.read(inbox, 64) if number != signal.SIGWINCH]
        return 128 + ends[0] if ends else None
    if not ready:
        return None
    try:
        pressed = os.read(keys[0], 64)
    except OSError:  # the terminal has gone
        pressed = b""
    return _KEYS.get(pressed) if pressed else 128 + signal.SIGHUP
