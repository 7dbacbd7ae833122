"""The countdown in the pane of a queued session, which then becomes Claude Code in that pane.

A program of its own, run by its path (``main``), and a part of ``run``. It needs nobody: while the
supervisor answers, it is told when its time has come; else the time that it knows holds. Only the
standard library, for it may run for days.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ASK_SECONDS = 2.0
"""How often the supervisor is asked; after a silence at most every ``LONGEST_SECONDS``."""

ANSWER_SECONDS = 0.5
LONGEST_SECONDS = 30.0

NEVER = float("inf")
"""The end of a countdown whose end nobody knows."""

_ENTER = (b"\r", b"\n")
_LEAVE = (b"q", b"Q", b"\x03", b"\x04")
_BEGIN, _END = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"


class Ticket:
    """Whose countdown it is: ``since`` and ``at`` are UTC epoch seconds, ``why`` for people.

    ``lock``: the supervisor's; which one answers, and where, may change meanwhile. ``at`` is
    ``NEVER`` while nobody knows it.
    """

    __slots__ = ("asks_at", "at", "lock", "name", "since", "uid", "wait", "why")

    def __init__(self, lock: str, uid: str, name: str, since: float, at: float) -> None:
        self.lock = lock
        self.uid = uid
        self.name = name
        self.since = since
        self.at = at
        self.why = ""
        self.asks_at = 0.0
        self.wait = ASK_SECONDS


def main(words: list[str]) -> int:
    """``LOCK UID NAME SINCE AT WHY -- PROGRAM ...``; returns 0 when its user gave up."""
    from tmuxclaude.cli.becoming import become

    given, program = words[:6], words[7:]
    ticket = Ticket(given[0], given[1], given[2], float(given[3]), float(given[4]))
    ticket.why = given[5]
    if wait(ticket):
        become(program, ())
    return 0


def wait(ticket: Ticket) -> bool:
    """Counts down on this terminal. Whether Claude Code is to be started now; else given up."""
    import termios

    before = termios.tcgetattr(0)
    ours = termios.tcgetattr(0)
    ours[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    termios.tcsetattr(0, termios.TCSADRAIN, ours)
    _write(_BEGIN)
    starts = False
    try:
        _end_in_order()
        starts = _count(ticket)
    finally:
        with suppress(OSError, termios.error):  # the terminal may have gone
            _write(_END)
            termios.tcsetattr(0, termios.TCSADRAIN, before)
        _ask(ticket, "start" if starts else "leave")
    return starts


def _count(ticket: Ticket) -> bool:
    import select

    while True:
        # Asked once more before it starts: it may have been held since.
        if time.monotonic() >= ticket.asks_at or time.time() >= ticket.at:
            _look(ticket)
        now = time.time()
        if now >= ticket.at:
            return True
        _write(screen(ticket, now, *_size()))
        if select.select([0], [], [], min(1.0, ticket.at - now))[0]:
            keys = os.read(0, 1024)
            if not keys or keys in _LEAVE:
                return False
            if keys in _ENTER:
                return True


def _look(ticket: Ticket) -> None:
    """Asks when our time comes; a silence leaves it as it is and is not disturbed too often."""
    answer = _ask(ticket, "ask")
    known = answer is not None and answer.get("type") == "queued"
    if answer is not None and known:
        wait = answer["wait"]
        ticket.at = NEVER if wait is None else time.time() + float(wait)
        ticket.why = str(answer["why"])
    ticket.wait = ASK_SECONDS if known else min(2 * ticket.wait, LONGEST_SECONDS)
    ticket.asks_at = time.monotonic() + ticket.wait


def _ask(ticket: Ticket, step: str) -> dict[str, Any] | None:
    import json

    from tmuxclaude.cli import asking
    from tmuxclaude.edges import listening

    socket = f"{listening.runtime_dir(ticket.lock, '')}/{listening.SOCKET}"
    question = json.dumps({"type": "queue", "uid": ticket.uid, "step": step}).encode()
    try:
        return asking.ask(socket, question, time.monotonic() + ANSWER_SECONDS)
    except (asking.NobodyError, asking.SilentError):
        return None


def screen(ticket: Ticket, now: float, columns: int, rows: int) -> str:
    """The whole screen: what is waited for, a bar, when it starts, and the keys."""
    from tmuxclaude.cli import layout

    if ticket.at == NEVER:
        lines = ["", f"  {ticket.name} {ticket.why}", "", "  Enter starts it now, q gives up"]
        return _drawn(lines, columns, rows)
    whole = max(ticket.at - ticket.since, 1.0)
    done = min(max((now - ticket.since) / whole, 0.0), 1.0)
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    full, empty = ("#", ".") if plain else ("█", "░")
    width = max(min(columns - 4, 60), 1)
    filled = int(done * width)
    at, left = layout.moment(ticket.at, now), layout.span(ticket.at - now)
    lines = [
        "",
        f"  {ticket.name} {ticket.why}",
        "",
        f"  {full * filled}{empty * (width - filled)}",
        f"  starts at {at}, in {left}",
        "",
        "  Enter starts it now, q gives up",
    ]
    return _drawn(lines, columns, rows)


def _drawn(lines: list[str], columns: int, rows: int) -> str:
    from tmuxclaude.cli import layout

    shown = [layout.cut(layout.visible(line), columns) for line in lines[-rows:]]
    return "\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in shown) + "\x1b[J"


def _end_in_order() -> None:
    """Whoever ends us finds the terminal as it was."""
    import signal

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def _size() -> tuple[int, int]:
    try:
        return os.get_terminal_size(1)
    except OSError:
        return 80, 24


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(__file__).rsplit("/", 3)[0])  # noqa: PTH100
    sys.exit(main(sys.argv[1:]))
