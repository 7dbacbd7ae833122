"""Whether a supervisor is there and answers, for those who read what it writes.

Imported by the quickest commands, so nothing of weight comes with it.
"""

from __future__ import annotations

import os
import time

from tmuxclaude.cli import layout
from tmuxclaude.cli.places import Places
from tmuxclaude.core.errors import UnreachableError
from tmuxclaude.edges import listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]

PATIENCE = 2.0
"""Seconds that the supervisor may take to answer ``status``."""

LIST_PATIENCE = 0.7
"""Seconds that it may take to answer ``list``, which shows what was last seen anyhow."""

ASLEEP = "no supervisor is running, so nothing is watched; see: tmuxclaude supervisor start"
SILENT = "the supervisor does not answer, so this is old and nothing is resumed"


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


def hear(path: str) -> tuple[bool | None, list[str]]:
    """Whether the supervisor at ``path`` answers within ``LIST_PATIENCE``, and its notices.

    ``None``: none runs.
    """
    import _socket

    door = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    door.settimeout(LIST_PATIENCE)
    pong = b""
    try:
        door.connect(path)
        door.sendall(b'{"type":"ping"}\n')
        while not pong.endswith(b"\n") and (chunk := door.recv(65536)):
            pong += chunk
    except (BlockingIOError, TimeoutError):  # its queue is full, or it says nothing
        return False, []
    except OSError:
        return None, []
    finally:
        door.close()
    if not pong or b'"notices":[]' in pong:
        return bool(pong), []
    return True, _notices_of(pong)


def _notices_of(pong: bytes) -> list[str]:
    import json

    try:
        return [str(notice) for notice in json.loads(pong)["notices"]]
    except (ValueError, KeyError, TypeError):  # of another version
        return []


def notices(files: Places, any_sessions: bool = True) -> list[str]:
    """What whoever reads the database must know: that it may be old, or what troubles those who
    write it. That nobody does is no news while there is nothing to watch."""
    watched, told = hear(files.socket)
    if watched:
        return told
    if watched is None:
        elsewhere = listening.out_of_reach(files.lock, files.socket.rpartition("/")[0])
        return [elsewhere] if elsewhere else [ASLEEP] if any_sessions else []
    try:
        heard, now = os.stat(files.rows).st_mtime, time.time()  # noqa: PTH116
    except OSError:
        return [SILENT]
    ago = f"last heard of at {layout.moment(heard, now)} ({layout.span(now - heard)} ago)"
    return [f"{SILENT}; {ago}"]


def ask_ping(path: str, lock: str = "") -> Row | None:
    """The answer to a ping; ``None`` when nobody listens.

    ``lock``: the supervisor's. Raises ``UnreachableError`` when somebody listens and says nothing
    within ``PATIENCE`` seconds, and when somebody holds the lock who listens elsewhere.
    """
    from tmuxclaude.cli import asking

    try:
        pong = asking.ask(path, b'{"type":"ping"}', time.monotonic() + PATIENCE)
        known = {key: pong[key] for key in ("version", "pid", "started_at", "sessions")}
        notices = [str(notice) for notice in pong.get("notices", [])]
        return known | {"notices": notices, "kept_by": str(pong.get("kept_by", ""))}
    except asking.NobodyError:
        if elsewhere := listening.out_of_reach(lock, path.rpartition("/")[0]):
            raise UnreachableError(elsewhere) from None
        return None
    except (asking.SilentError, AttributeError, KeyError, TypeError) as problem:
        raise UnreachableError(
            listening.hanging(lock)
            or f"the supervisor at {path} does not answer. Sessions go on, but nothing is resumed. "
            "See: tmuxclaude supervisor logs; then: tmuxclaude supervisor restart"
        ) from problem


def supervisor_line(pong: Row | None, now: float) -> str:
    """One line about the supervisor that gave this answer to a ping, or about none."""
    if pong is None:
        return "not running; start it with: tmuxclaude supervisor start"
    since, ago = layout.moment(pong["started_at"], now), layout.span(now - pong["started_at"])
    kept = f", kept by {pong['kept_by']}" if pong.get("kept_by") else ""
    return f"running since {since} ({ago}), pid {pong['pid']}, version {pong['version']}{kept}"
