"""What the watching rests on: the supervisor and who keeps it, hooks, clocks."""

from __future__ import annotations

import subprocess
import tempfile
import time
import zoneinfo
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tmuxclaude import app
from tmuxclaude.chores import keeping
from tmuxclaude.chores.doctor.check import Check
from tmuxclaude.claude import hooks as claude_hooks
from tmuxclaude.core import errors
from tmuxclaude.core.drawn import counted
from tmuxclaude.edges import units
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store import reader
from tmuxclaude.store.health import health

if TYPE_CHECKING:
    from tmuxclaude.api.wire import Pong

Ask = Callable[[], "Pong | None"]
"""Who answers as the supervisor: ``None`` when none runs; raises when it hangs."""

START = "tmuxclaude supervisor start"

UNTAKEN_SECONDS = 60.0
"""What hooks dropped is taken in within seconds; what lies longer is not taken in."""

AHEAD_SECONDS = 300.0


def asked_once(where: Paths) -> Ask:
    """Asks the supervisor now, for all who want to know: one that hangs is waited for once."""
    try:
        answer = app.ping(where)
    except errors.TmuxclaudeError as problem:
        silent = problem
    else:
        return lambda: answer

    def hangs() -> Pong | None:
        raise silent

    return hangs


def supervisor(ask: Ask) -> Check:
    """Whether it answers, and what keeps it from its work."""
    answer = ask()
    if answer is None:
        return Check("supervisor", None, "does not run", START)
    text = f"process {answer.pid}, {counted(answer.sessions, 'session')}"
    if answer.notices:
        return Check("supervisor", None, f"{text}; {'; '.join(answer.notices)}", "see its log")
    return Check("supervisor", True, text)


def service(where: Paths, env: Mapping[str, str], ask: Ask) -> Check:
    """Whether it comes back by itself, and after a login."""
    home = Path(env.get("HOME", ""))
    manager = units.of_this_system(home, env, ("",), {}, where.raw_log)
    answer = ask()
    kept = f"is kept by {answer.kept_by or 'nobody'}" if answer is not None else "does not run"
    if not manager.file.exists():
        mend = "to have it at every login: tmuxclaude install --service"
        return Check("service", None, f"not installed; the supervisor {kept}", mend)
    mend = "install it again: tmuxclaude install --service"
    if not units.keeps(manager, "TMUXCLAUDE_STATE_DIR", str(where.state_dir)):
        return Check("service", None, f"{manager.file} is for another state directory", mend)
    now = keeping.keeper(home, env, where)
    if manager.file.read_text(errors="replace") != now.content:
        return Check("service", None, f"{manager.file} is not what would be installed now", mend)
    if answer is not None and answer.kept_by != manager.name:
        text = f"installed for {manager.name}, but the supervisor {kept}"
        return Check("service", None, text, "tmuxclaude supervisor restart")
    return Check("service", True, f"installed for {manager.name}; the supervisor {kept}")


def hooks(where: Paths, ask: Ask) -> Check:
    """Whether they are written, can be read, and arrive."""
    script, sessions = where.hooks / "spool.sh", _sessions_with_hooks(where)
    missing = [name for name, uid in sessions if not (where.hooks / f"{uid}.json").is_file()]
    if missing:
        text = f"the settings of {missing[0]} are gone, so its hooks are silent"
        return Check("hooks", None, text, f"tmuxclaude stop {missing[0]}, and resume it")
    if not script.exists():
        return Check("hooks", True, "none written yet")
    mend = "tmuxclaude supervisor restart, and open a new session: it is written anew"
    if script.read_text(errors="replace") != claude_hooks.SPOOL_SCRIPT:
        return Check("hooks", None, f"{script} is not ours, or an older one", mend)
    if not _arrives(script):
        return Check("hooks", False, f"what {script} is given does not arrive", mend)
    now, count = time.time(), len(sessions)
    late = [p for p in where.spool.glob("*.json") if now - p.lstat().st_mtime > UNTAKEN_SECONDS]
    if late and ask() is not None:
        text = f"{len(late)} of them lie in {where.spool} and are not taken in"
        return Check("hooks", False, text, "tmuxclaude supervisor restart")
    return Check("hooks", True, f"written for {counted(count, 'session')}, and they arrive")


def _sessions_with_hooks(where: Paths) -> list[tuple[str, str]]:
    """Names and uids of the sessions that we have opened and that live."""
    connection = reader.open(where.database)
    if connection is None:
        return []
    with closing(connection):
        rows = [
            dict(zip(reader.SESSION_COLUMNS, row, strict=True)) for row in reader.rows(connection)
        ]
    alive = (row for row in rows if row["opened_by_us"] and row["state"] not in ("lost", "queued"))
    return [(str(row["name"]), str(row["uid"])) for row in alive]


def _arrives(script: Path) -> bool:
    """Whether the script, given something, leaves it in a spool. Tried in one of its own."""
    with tempfile.TemporaryDirectory(prefix="tc-") as spool:
        given = b'{"tried": true}'
        call = ["/bin/sh", str(script), spool, "doctor"]
        subprocess.run(call, input=given, capture_output=True, timeout=10, check=False)
        return [path.read_bytes() for path in Path(spool).glob("doctor.*.json")] == [given]


def clock(where: Paths, ask: Ask) -> Check:
    """Whether the clock goes on from where it was."""
    found = health(where.database)
    now = time.time()
    if found is not None and found.newest is not None and found.newest > now + AHEAD_SECONDS:
        hours = (found.newest - now) / 3600
        text = f"the last event lies {hours:.1f} h ahead: this clock is wrong now, or was then"
        return Check("clock", None, text, "set it: timedatectl set-ntp true")
    answer = ask()
    jumps = [one for one in answer.notices if "clock" in one] if answer is not None else []
    if jumps:
        return Check("clock", None, jumps[0], "it settles by itself within minutes")
    return Check("clock", True, time.strftime("%Y-%m-%d %H:%M:%S %z"))


def zone(env: Mapping[str, str]) -> Check:
    """Whether times of limits in words, which name zones, can be worked out."""
    try:
        zoneinfo.ZoneInfo("America/Los_Angeles")
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        text = "there are no data about time zones, so resets that are told in words are not known"
        return Check("time zone", False, text, "apt install tzdata, or pip install tzdata")
    given = env.get("TZ", "").lstrip(":")
    if given and not given.startswith("/") and not _is_zone(given):
        text = f"TZ is {given!r}, which is no zone with data; UTC is taken"
        return Check("time zone", None, text, "name one as Europe/Berlin")
    return Check("time zone", True, time.strftime("%Z"))


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True
