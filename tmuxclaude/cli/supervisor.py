"""supervisor start, stop, restart, status, run and logs: the process that watches."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, presence, quick
from tmuxclaude.cli.options import Verbs, as_json, help_when_alone
from tmuxclaude.core.errors import NotFoundError, UnreachableError, UsageError

LINES = 200
"""How many of the log's last lines are shown."""

FOLLOW_SECONDS = 0.25


@click.group("supervisor", cls=Verbs)
@click.pass_context
def supervisor_command(context: click.Context) -> None:
    """Start, stop and look at what watches the sessions."""
    help_when_alone(context)


@supervisor_command.command("start")
@as_json
def start(as_json: bool) -> int:
    """Start the supervisor in the background. One that runs already is left alone."""
    pong = app.start_supervisor(app.paths())
    _show(wire.plain(pong), as_json)
    return 0


@supervisor_command.command("stop")
@as_json
def stop(as_json: bool) -> int:
    """End the supervisor. Sessions go on; nothing is resumed until it is started again."""
    stopped = app.stop_supervisor(app.paths())
    if as_json:
        layout.out(layout.json_text({"stopped": stopped}))
    elif stopped:
        layout.out("The supervisor has ended. Sessions go on, but nothing is resumed.")
    else:
        layout.out("No supervisor was running.")
    return 0


@supervisor_command.command("restart")
@as_json
def restart(as_json: bool) -> int:
    """End the supervisor if one runs, and start it anew.

    Sessions are found again. A configuration that is wrong stops nothing.
    """
    paths = app.paths()
    app.rules(paths)  # a supervisor that could not start again is better not stopped
    app.stop_supervisor(paths)
    _show(wire.plain(app.start_supervisor(paths)), as_json)
    return 0


@supervisor_command.command("reload")
@as_json
def reload(as_json: bool) -> int:
    """Have the supervisor read the configuration again. One that is wrong changes nothing."""
    with app.connect(app.paths()) as client:
        changed = client.ask(wire.Reload(), wire.Reloaded).changed
    if as_json:
        layout.out(layout.json_text({"changed": changed}))
    for line in () if as_json else changed or ["Nothing has changed."]:
        layout.out(layout.visible(line))
    return 0


@supervisor_command.command("status")
@as_json
def status(as_json: bool) -> int:
    """Ask the supervisor whether it is there. Exit code 5 when none runs or it does not answer."""
    paths = app.paths()
    pong = presence.ask_ping(str(paths.socket), str(paths.lock))
    _show(pong, as_json)
    return 0 if pong is not None else UnreachableError.exit_code


@supervisor_command.command("run")
def run() -> int:
    """Run the supervisor here in the foreground, for a service manager."""
    return app.run_supervisor(app.own_paths())


@supervisor_command.command("logs")
@click.option("-f", "follows", is_flag=True, help="Wait for more until Ctrl-C.")
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(min=0),
    default=LINES,
    help=f"How many lines; {LINES} unless said otherwise.",
)
def logs(follows: bool, count: int) -> int:
    """Show the end of the supervisor's log."""
    log = app.paths().log
    last: deque[str] = deque(maxlen=min(count, sys.maxsize))
    try:
        for file in app.older_logs(log):
            last += file.read_text(errors="replace").splitlines()
        with log.open(errors="replace") as now:
            last += [line.rstrip("\n") for line in now]
            place = now.tell()
    except FileNotFoundError:
        _tell_of_raw(log)
        raise NotFoundError(_no_log(log)) from None
    except OSError as problem:
        raise UsageError(f"the log {log} cannot be read: {problem.strerror}") from problem
    for line in last:
        layout.out(layout.visible(line))
    _tell_of_raw(log)
    if follows:
        layout.flush()
        for line in _more(log, place):
            layout.out(layout.visible(line))
            layout.flush()
    return 0


def _tell_of_raw(log: Path) -> None:
    """What a supervisor printed that could not begin its log, or not go on with it."""
    raw = app.paths().raw_log
    with suppress(OSError):
        found = raw.stat()
        if found.st_size and not (log.exists() and log.stat().st_mtime > found.st_mtime):
            layout.complain(f"the supervisor last printed something else: see {raw}")


def _no_log(log: Path) -> str:
    if presence.listens(str(app.paths().socket)):
        return f"the log {log} is gone; the supervisor begins it anew with its next line"
    return f"there is no log yet ({log}), and no supervisor runs"


def _more(log: Path, place: int) -> Iterator[str]:
    """Lines that are added to ``log`` after ``place``, also when it is begun anew, for ever."""
    file: IO[str] | None = None
    while True:
        with suppress(FileNotFoundError):
            if file is None:
                file = log.open(errors="replace")
                file.seek(place)
            now, ours, read = log.stat(), os.fstat(file.fileno()), file.tell()
            # Read after that look: nothing is added any more to a file that has lost its name.
            yield from (line.rstrip("\n") for line in file)
            if now.st_ino != ours.st_ino or now.st_size < read:
                file.close()
                file, place = None, 0
                continue
        time.sleep(FOLLOW_SECONDS)


def _show(pong: quick.Row | None, as_json: bool) -> None:
    if as_json:
        known = {} if pong is None else layout.untagged(pong)
        layout.out(layout.json_text({"supervisor": {"running": pong is not None, **known}}))
    else:
        layout.out(f"supervisor: {presence.supervisor_line(pong, time.time())}")
        for notice in (pong or {}).get("notices", []):
            layout.out(layout.visible(f"notice: {notice}"))
