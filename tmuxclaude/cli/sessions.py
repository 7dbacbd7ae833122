"""list, status, attach and stop: the verbs about sessions that are there."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.cli import accounts, layout, named, quick, verdicts
from tmuxclaude.cli.options import Verb, as_json, in_group, tmux_server
from tmuxclaude.core import launching
from tmuxclaude.core.errors import NotFoundError, RefusedError, UnreachableError, UsageError

if TYPE_CHECKING:
    from tmuxclaude.edges.paths import Paths

STOP_PATIENCE = 15.0
"""Seconds that ``stop`` waits for processes to end."""


DONE = {"stops": "is ending", "ended": "has ended", "refused": "refused"}
"""What ``done`` of a verdict means, in words."""


@click.command("list", cls=Verb)
@click.option("--all", "every", is_flag=True, help="Also the sessions that have ended.")
@click.option("--group", metavar="GROUP", help="Only those of this group.")
@click.option("--abandoned", "left", is_flag=True, help="Only those left with uncommitted work.")
@click.option("--watch", is_flag=True, help="Keep showing them, redrawn in place, until Ctrl-C.")
@as_json
def list_command(every: bool, group: str | None, left: bool, watch: bool, as_json: bool) -> int:
    """Show the sessions, what each waits for, and who acts next.

    It reads the database, so it answers without a supervisor too, with what was last seen.
    """
    places, server = _places(app.paths()), tmux_server().only
    if watch and (left or group is not None):
        raise UsageError(
            "--watch shows all sessions; give it, or --abandoned or --group; nothing was done"
        )
    if watch:
        from tmuxclaude.cli import watch as watching  # only needed for this option

        return watching.run(places, every, as_json, server)
    return quick.list_sessions(places, every, as_json, server, left, group)


@click.command("status", cls=Verb)
@as_json
def status_command(as_json: bool) -> int:
    """Show the supervisor, sessions in numbers, and what is next."""
    return quick.status(_places(app.paths()), as_json, tmux_server().only)


@click.command("attach", cls=Verb)
@click.argument("name", shell_complete=named.complete)
def attach_command(name: str) -> int:
    """Go to the session's tmux window."""
    session = named.one(app.paths(), name, tmux_server())
    if session["state"] == "ended" or session["pane_id"] is None:
        raise without_window(session)
    if not os.environ.get("TMUX") and not sys.stdin.isatty():
        raise UsageError("attach needs a terminal, and standard input is none")
    argv = app.go(session, os.environ)
    if argv:
        become(argv)
    return 0


def without_window(session: quick.Row) -> RefusedError:
    """Why nobody can go to a session that has no window, and what can be done instead."""
    name = session["name"]
    if not _is_outside(session):
        return RefusedError(f"{name} has no window now; {_come_back(session)}")
    if session["state"] in ("ended", "lost"):
        return RefusedError(f"{name} ran outside tmux and is over; {_come_back(session)}")
    return RefusedError(
        f"{name} runs outside tmux, so it has no window to go to; it is in the terminal where it "
        "was started"
    )


def become(argv: list[str]) -> NoReturn:
    """Replaces this process by ``argv``."""
    sys.stdout.flush()
    try:
        os.execvp(argv[0], argv)
    except OSError as problem:
        raise NotFoundError(f"{argv[0]} cannot be started: {problem.strerror}") from problem


@click.command("stop", cls=Verb)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=named.complete)
@click.option("--all", "every", is_flag=True, help="Every session.")
@in_group
@click.option("--now", is_flag=True, help="Also a session that is working.")
@as_json
def stop_command(
    names: tuple[str, ...], every: bool, group: str | None, now: bool, as_json: bool
) -> int:
    """End sessions in order; their conversations can be resumed.

    A session that is working is left alone without --now. A stopped session is never brought back
    by the supervisor.
    """
    if [bool(names), every, group is not None].count(True) != 1:
        raise UsageError("give one or more names, --all or --group; nothing was done")
    paths = app.paths()
    wanted, all_of_them = named.chosen(paths, names, every, tmux_server(), group)
    with app.connect(paths) as client:
        answer = _stop(client, wanted, all_of_them, now)
    stopping = {one.name for one in answer.sessions if one.done in ("stops", "ended")}
    remaining = _wait_for_end(paths, stopping)
    if as_json:
        data = {"sessions": wire.plain(answer.sessions), "remaining": remaining}
        layout.out(layout.json_text(data))
    elif answer.sessions:
        ends = [_after_the_wait(paths, one, remaining) for one in answer.sessions]
        layout.out(verdicts.text(ends, DONE))
    else:
        layout.out("There is nothing to stop.")
    if remaining and not as_json:
        layout.complain(f"still there after {STOP_PATIENCE:g} s: {', '.join(remaining)}")
    return verdicts.exit_code(answer.sessions) or (UnreachableError.exit_code if remaining else 0)


def _after_the_wait(paths: Paths, verdict: wire.Verdict, remaining: list[str]) -> wire.Verdict:
    """What became of a session that was asked to end."""
    if verdict.done != "stops" or verdict.name in remaining:
        return verdict
    why = _come_back(named.one(paths, verdict.name, tmux_server()))
    return wire.Verdict(name=verdict.name, done="ended", why=why)


def _come_back(session: quick.Row) -> str:
    how = f"tmuxclaude resume {session['name']}"
    if _is_outside(session):
        account = accounts.config_dir(session["account"])
        how = launching.by_hand(session["directory"], session["conversation"], account)
    return f"to come back to its conversation: {how}"


def _is_outside(session: quick.Row) -> bool:
    return not session["socket"] and session["pane_id"] is None


def _stop(client: Client, names: list[str], every: bool, now: bool) -> wire.Verdicts:
    if not names and not every:
        return wire.Verdicts(sessions=[])
    return client.ask(wire.Stop(names=names, every=every, now=now), wire.Verdicts)


def _wait_for_end(paths: Paths, names: set[str]) -> list[str]:
    """Those of ``names`` that have not ended after ``STOP_PATIENCE`` seconds."""
    until = time.monotonic() + STOP_PATIENCE
    while True:
        living = {str(row["name"]) for row in quick.sessions(str(paths.database), False, None)}
        remaining = sorted(names & living)
        if not remaining or time.monotonic() >= until:
            return remaining
        time.sleep(verdicts.LOOK_SECONDS)


def _places(paths: Paths) -> quick.Places:
    return quick.Places(str(paths.database), str(paths.socket))
