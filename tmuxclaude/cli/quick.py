"""``list`` and ``status``, answered before click or anything else of weight is imported.

People run these all day, and a status line every few seconds, so they cost little more than the
start of Python itself: SQLite read-only and one look at the supervisor's socket. What may be
imported is held by ``tests/cli/test_quick.py``. Calls that are not plainly one of these two are
left to click, which ends up in the same two functions.
"""

from __future__ import annotations

import os
import time

from tmuxclaude.cli import layout
from tmuxclaude.core.errors import UnreachableError
from tmuxclaude.store import reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Row = dict[str, Any]

PATIENCE = 2.0
"""Seconds that the supervisor may take to answer ``status``."""

ACTORS = {"claude": "Claude Code", "tmuxclaude": "tmuxclaude", "you": "you", "nobody": ""}

ASLEEP = "no supervisor is running, so nothing is watched; see: tmuxclaude supervisor start"


HEADS = ("NAME", "STATE", "SINCE", "DIRECTORY", "NEXT", "WHEN", "WAITS FOR")
FITS = {
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


class Places:
    """Two files of ours: the database and the supervisor's socket."""

    __slots__ = ("database", "socket")

    def __init__(self, database: str, socket: str) -> None:
        self.database = database
        self.socket = socket


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


def places(env: Mapping[str, str]) -> Places | None:
    """Where our files are; ``None`` when the environment is unusual and ``edges/paths`` decides.

    The same rules as there, without the half of a start-up that its imports would cost.
    """
    home = env.get("HOME", "")
    state = env.get("TMUXCLAUDE_STATE_DIR", "")
    runtime = env.get("TMUXCLAUDE_RUNTIME_DIR", "")
    if not home.startswith("/") or any(ours and ours[0] != "/" for ours in (state, runtime)):
        return None
    state_home, runtime_home = env.get("XDG_STATE_HOME", ""), env.get("XDG_RUNTIME_DIR", "")
    if not state:
        base = state_home if state_home.startswith("/") else f"{home}/.local/state"
        state = f"{base}/tmuxclaude"
    if not runtime:
        absolute = runtime_home.startswith("/")
        runtime = f"{runtime_home}/tmuxclaude" if absolute else f"{state}/run"
    return Places(f"{state}/tmuxclaude.db", f"{runtime}/supervisor.sock")


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


def list_sessions(files: Places, every: bool, as_json: bool, server: str | None) -> int:
    """``tmuxclaude list``: the sessions, what each waits for, and who acts next."""
    rows, running = sessions(files.database, every, server), listens(files.socket)
    if as_json:
        watched = {"running": running}
        layout.out(
            layout.json_text(
                {"sessions": [session_json(row) for row in rows], "supervisor": watched}
            )
        )
        return 0
    if rows:
        now = time.time()
        cells = [_cells(row, now) for row in rows]
        layout.out(layout.table(HEADS, cells, layout.room(), FITS))
    elif server is not None:
        layout.out(f"No sessions on the tmux server {layout.visible(server)}.")
    else:
        layout.out("No sessions. Open one with: tmuxclaude new")
    if rows and not running:
        layout.complain(ASLEEP)
    return 0


def status(files: Places, as_json: bool, server: str | None) -> int:
    """``tmuxclaude status``: the supervisor, the sessions in numbers, and what happens next.

    Raises ``UnreachableError`` when a supervisor is there but does not answer.
    """
    pong = ask_ping(files.socket)
    rows = sessions(files.database, False, server)
    now = time.time()
    pause = paused(files.database, now)
    states: dict[str, int] = {}
    for row in rows:
        states[row["state"]] = states.get(row["state"], 0) + 1
    yours = [row["name"] for row in rows if row["outlook_actor"] == "you"]
    timed = [row for row in rows if row["outlook_at"] is not None]
    soonest = min(timed, key=lambda row: float(row["outlook_at"]), default=None)
    if as_json:
        supervisor = {"running": pong is not None, **(pong or {})}
        next_one = soonest and {"name": soonest["name"], **_outlook(soonest)}
        found = {"supervisor": supervisor, "paused": pause, "sessions": states, "next": next_one}
        layout.out(layout.json_text(found | {"for_you": yours}))
        return 0
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    lines = [("supervisor", supervisor_line(pong, now)), ("sessions", counted or "none")]
    lines += [("notice", notice) for notice in (pong or {}).get("notices", [])]
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


def supervisor_line(pong: Row | None, now: float) -> str:
    """One line about the supervisor that gave this answer to a ping, or about none."""
    if pong is None:
        return "not running; start it with: tmuxclaude supervisor start"
    since, ago = layout.moment(pong["started_at"], now), layout.span(now - pong["started_at"])
    return f"running since {since} ({ago}), pid {pong['pid']}, version {pong['version']}"


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


def session_json(row: Row) -> Row:
    """A session as ``--json`` shows it: the nouns, with its outlook and its open halt inside."""
    plain = ("uid", "name", "state", "want", "since", "reason", "directory", "account")
    halt = None
    if row["halt"] is not None:
        halt = {key: row[key] for key in ("attempts", "not_before", "needs_human")} | {
            "id": row["halt"],
            "opened_at": row["halted_at"],
            "attempt": row["attempt"],
            "step": row["step"],
            "limit": {
                "kind": row["limit_kind"],
                "words": row["limit_words"],
                "source": row["limit_source"],
                "resets_at": row["resets_at"],
            },
        }
    return {
        **{key: row[key] for key in plain},
        "conversation": row["conversation"],
        "created_at": row["created_at"],
        "zone": row["zone"],
        "tmux_session": row["tmux_session"],
        "pane": {"socket": row["socket"], "pane_id": row["pane_id"]},
        "outlook": _outlook(row),
        "halt": halt,
    }


def listens(path: str) -> bool:
    """Whether a supervisor listens at ``path``: a connection that waits for nothing."""
    import _socket

    door = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    door.setblocking(False)
    try:
        door.connect(path)
    except BlockingIOError:  # its queue is full, so it is there
        return True
    except OSError:
        return False
    finally:
        door.close()
    return True


def ask_ping(path: str) -> Row | None:
    """The answer to a ping; ``None`` when nobody listens.

    Raises ``UnreachableError`` when somebody does and says nothing within ``PATIENCE`` seconds.
    """
    import _socket
    import json

    door = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    door.settimeout(PATIENCE)
    try:
        try:
            door.connect(path)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        door.sendall(b'{"type":"ping"}\n')
        pong: Row = json.loads(_line(door, time.monotonic() + PATIENCE))
        known = {key: pong[key] for key in ("version", "pid", "started_at", "sessions")}
        return known | {"notices": [str(notice) for notice in pong.get("notices", [])]}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UnreachableError(
            f"the supervisor at {path} does not answer. Sessions go on, but nothing is resumed. "
            "See: tmuxclaude supervisor logs; then: tmuxclaude supervisor restart"
        ) from problem
    finally:
        door.close()


def _line(door: Any, deadline: float) -> bytes:
    inbox = b""
    while b"\n" not in inbox:
        chunk: bytes = door.recv(65536)
        if not chunk or time.monotonic() > deadline:
            raise ConnectionResetError
        inbox += chunk
    return inbox.partition(b"\n")[0]


def _outlook(row: Row) -> Row:
    return {
        "actor": row["outlook_actor"],
        "at": row["outlook_at"],
        "why": row["outlook_why"],
    }


def _cells(row: Row, now: float) -> tuple[str, ...]:
    at = row["outlook_at"]
    when = "" if at is None else f"{layout.moment(at, now)}, {layout.countdown(at, now)}"
    return (
        row["name"],
        row["state"],
        f"{layout.moment(row['since'], now)} ({layout.span(now - row['since'])})",
        layout.short(row["directory"]),
        ACTORS.get(row["outlook_actor"], ""),
        when,
        row["outlook_why"] or row["reason"],
    )
