"""``list`` and ``status``, answered before click or anything else of weight is imported.

People run these all day, and a status line every few seconds, so they cost little more than the
start of Python itself: SQLite read-only and one look at the supervisor's socket. What may be
imported is held by ``tests/cli/test_quick.py``. Calls that are not plainly one of these two are
left to click, which ends up in the same two functions.
"""

from __future__ import annotations

import os
import time

from tmuxclaude.cli import accounts, layout, presence
from tmuxclaude.cli.places import Places as Places
from tmuxclaude.cli.places import places as places
from tmuxclaude.core import abandoned, shown
from tmuxclaude.core.errors import NotFoundError
from tmuxclaude.store import reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]

ACTORS = {"claude": "Claude Code", "tmuxclaude": "tmuxclaude", "you": "you", "nobody": ""}

ACCOUNT = 1
"""Where the column of the account stands, when there is more than one."""

HEADS = ("NAME", "STATE", "SINCE", "LEFT", "DIRECTORY", "NEXT", "WHEN", "WAITS FOR")
FITS = {
    "LEFT": layout.Fit(may_go=True),
    "ACCOUNT": layout.Fit(may_go=True),
    "SINCE": layout.Fit(may_go=True),
    "DIRECTORY": layout.Fit(12, middle=True, may_go=True),
    "WAITS FOR": layout.Fit(20),
    "NAME": layout.Fit(10, middle=True),
}
"""What gives way first in a terminal that is too narrow; who acts and when does not."""


class Call:
    """What was asked: ``verb`` is ``list`` or ``status``; ``name`` and ``path`` are -L and -S."""

    __slots__ = ("as_json", "every", "name", "path", "verb")

    def __init__(self) -> None:
        self.verb = ""
        self.every = False
        self.as_json = False
        self.name: str | None = None
        self.path: str | None = None


def understood(arguments: list[str]) -> Call | None:
    """The call, when it is ``list`` or ``status`` with plain flags; else ``None``."""
    call = Call()
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word in ("-L", "-S") and left:
            setattr(call, "name" if word == "-L" else "path", left.pop(0))
        elif word in ("list", "status") and not call.verb:
            call.verb = word
        elif word == "--json" and call.verb:
            call.as_json = True
        elif word == "--all" and call.verb == "list":
            call.every = True
        else:
            return None
    return call if call.verb and not (call.name and call.path) else None


def answer(call: Call) -> int:
    """Prints what ``call`` asks for and returns the exit code. Raises errors of ``core/errors``."""
    found, server = places(os.environ), None
    if found is None or call.name or call.path:
        from tmuxclaude import app

        if found is None:
            paths = app.paths()
            found = Places(str(paths.database), str(paths.socket))
        if call.name or call.path:
            server = app.resolve_socket(call.name, call.path, os.environ)
    if call.verb == "list":
        return list_sessions(found, call.every, call.as_json, server)
    return status(found, call.as_json, server)


def list_sessions(
    files: Places,
    every: bool,
    as_json: bool,
    server: str | None,
    left: bool = False,
    group: str | None = None,
) -> int:
    """``tmuxclaude list``: the sessions, what each waits for, and who acts next.

    ``left``: only those that were abandoned. ``group``: only those of this one; raises
    ``NotFoundError`` when nobody is in it.
    """
    rows = found = sessions(files.database, every, server)
    if left:
        rows = [row for row in rows if row["abandoned_since"] is not None]
    if group is not None:
        rows = [row for row in rows if row["in_group"] == group]
        if group and not any(row["in_group"] == group for row in found):
            raise NotFoundError(_no_group(found, group))
    if as_json:
        layout.out(layout.json_text(list_json(rows, *presence.hear(files.socket))))
        return 0
    if not rows and (left or group is not None):
        within = f" in the group {layout.visible(group)}" if group else ""
        what = "is abandoned" if left else "is without a group"
        layout.out(f"No session{within} {what}.")
        return 0
    layout.out(list_text(rows, time.time(), layout.room(), server))
    for notice in presence.notices(files, bool(rows)):
        layout.complain(notice)
    return 0


def _no_group(found: list[Row], group: str) -> str:
    """What is said when none of the sessions ``found`` is in a group; another may be meant."""
    known = sorted({layout.visible(row["in_group"]) for row in found} - {""})
    there = f"there are {', '.join(known)}" if known else "no session has one"
    return f"no session is in the group {layout.visible(group)}; {there}"


def list_json(rows: list[Row], watched: bool | None, told: list[str]) -> Row:
    """The sessions as plain data; the rest is what ``hear`` gives."""
    supervisor: Row = {"running": bool(watched)}
    if watched is not None:
        supervisor["notices"] = told if watched else [presence.SILENT]
    return {"sessions": [shown.session(row) for row in rows], "supervisor": supervisor}


def list_text(rows: list[Row], now: float, room: int | None, server: str | None) -> str:
    """The sessions as a table, ``room`` columns wide, or that there are none."""
    if rows:
        names = accounts.names({row["account"] for row in rows})
        heads, cells = list(HEADS), [list(_cells(row, now)) for row in rows]
        if len(names) > 1:
            heads.insert(ACCOUNT, "ACCOUNT")
            for row, line in zip(rows, cells, strict=True):
                line.insert(ACCOUNT, names[row["account"]])
        fits = {head: fit for head, fit in FITS.items() if head in heads}
        return layout.table(heads, cells, room, fits)
    if server is not None:
        return f"No sessions on the tmux server {layout.visible(server)}."
    return "No sessions. Open one with: tmuxclaude new"


def status(files: Places, as_json: bool, server: str | None) -> int:
    """``tmuxclaude status``: the supervisor, the sessions in numbers, and what happens next.

    Raises ``UnreachableError`` when a supervisor is there but does not answer.
    """
    from tmuxclaude.cli import resources  # not for list

    deadline = time.monotonic() + presence.PATIENCE
    pong = presence.ask_ping(files.socket, files.lock)
    used = None if pong is None else resources.ask(files.socket, deadline)
    rows = sessions(files.database, False, server)
    now = time.time()
    known = accounts.known(files.database, rows, now)
    pause = paused(files.database, now)
    states: dict[str, int] = {}
    for row in rows:
        states[row["state"]] = states.get(row["state"], 0) + 1
    yours = [row["name"] for row in rows if row["outlook_actor"] == "you"]
    timed = [row for row in rows if row["outlook_at"] is not None]
    soonest = min(timed, key=lambda row: float(row["outlook_at"]), default=None)
    if as_json:
        supervisor = {"running": pong is not None, **(pong or {})}
        next_one = soonest and {"name": soonest["name"], **shown.outlook(soonest)}
        found: Row = {
            "supervisor": supervisor,
            "paused": pause,
            "sessions": states,
            "next": next_one,
        }
        found |= {"accounts": known, "resources": used}
        layout.out(layout.json_text(found | {"for_you": yours}))
        return 0
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    lines = [("supervisor", presence.supervisor_line(pong, now)), ("sessions", counted or "none")]
    lines += [("notice", notice) for notice in (pong or {}).get("notices", [])]
    lines += resources.lines(used, now)
    for one in known:
        own = resources.of_account(used, one["directory"])
        lines.append(("account", accounts.line(one, now) + own))
    if pause is not None:
        lines.append(("resumes", paused_line(pause, now)))
    if soonest is not None:
        at = layout.moment(soonest["outlook_at"], now)
        left = layout.countdown(soonest["outlook_at"], now)
        who = ACTORS.get(soonest["outlook_actor"], "")
        why = soonest["outlook_why"]
        lines.append(("next", f"{soonest['name']}: {who} at {at} ({left}): {why}"))
    if yours:
        lines.append(("for you", ", ".join(yours)))
    layout.out(layout.pairs(lines))
    return 0


def paused(database: str, now: float) -> Row | None:
    """The pause of all resumes that is in force; ``until`` is ``None`` when it ends by hand."""
    connection = reader.open(database)
    if connection is None:
        return None
    try:
        row = reader.pause(connection)
    finally:
        connection.close()
    if row is None:
        return None
    found: Row = dict(zip(reader.PAUSE_COLUMNS, row, strict=True))
    over = found["until"] is not None and found["until"] <= now
    return None if over else found


def paused_line(pause: Row, now: float) -> str:
    """One line about a pause, in the caller's own zone."""
    if pause["until"] is None:
        return "paused"
    return f"paused until {layout.moment(pause['until'], now)}"


def sessions(database: str, every: bool, server: str | None) -> list[Row]:
    """The sessions as dictionaries by ``reader.SESSION_COLUMNS``; none without a database."""
    connection = reader.open(database)
    if connection is None:
        return []
    try:
        found = reader.rows(connection, every, server)
    finally:
        connection.close()
    return [dict(zip(reader.SESSION_COLUMNS, row, strict=True)) for row in found]


def _cells(row: Row, now: float) -> tuple[str, ...]:
    at = row["outlook_at"]
    when = "" if at is None else f"{layout.moment(at, now)}, {layout.countdown(at, now)}"
    return (
        row["name"],
        row["state"],
        f"{layout.moment(row['since'], now)} ({layout.span(now - row['since'])})",
        "" if row["ends_at"] is None else layout.span(row["ends_at"] - now),
        layout.short(row["directory"]),
        ACTORS.get(row["outlook_actor"], ""),
        when,
        _waits_for(row, now),
    )


def _waits_for(row: Row, now: float) -> str:
    """What it waits for; of one that is held, that stands first, whatever else there is to say."""
    whys = [row["outlook_why"] or row["reason"], shown.waiting(row)]
    if row["abandoned_since"] is not None:
        whys = [abandoned.words(row["abandoned_since"], row["uncommitted"], now)]
    held = row["want"] == "hold" and row["state"] != "ended"
    if held and not whys[0].startswith("held"):
        whys.insert(0, "held")
    return "; ".join(filter(None, whys))
