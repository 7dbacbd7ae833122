"""new: opens Claude Code in a named tmux window. Knows what the caller's surroundings say: the
directory, the tmux pane, the program on PATH, the variables and the time zone."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.cli import accounts, in_force, layout
from tmuxclaude.cli.options import PassesOn, TmuxServer, after_dashes, as_json, tmux_server
from tmuxclaude.cli.running import if_limited
from tmuxclaude.cli.sessions import become
from tmuxclaude.core import labels
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.names import name_problem
from tmuxclaude.core.rules import Rules
from tmuxclaude.core.texts import text_problem

DASHED = "Claude Code's own options stand after --, as in: tmuxclaude new -- --model opus"

OPENING_PATIENCE = 30.0
"""Seconds that the supervisor may take to open a window on a busy machine."""


@click.command("new", cls=PassesOn, hint=DASHED)
@click.argument("name", required=False)
@click.option("-c", "directory", metavar="DIR", help="Where Claude Code works [here].")
@click.option("-t", "tmux_session", metavar="TMUX_SESSION", help="The tmux session of the window.")
@click.option("-d", "detached", is_flag=True, help="Do not go to the new window.")
@click.option("--account", metavar="NAME", help="The account, as the configuration names it.")
@click.option("--group", metavar="GROUP", default="", help="The group that it belongs to.")
@click.option("--meta", metavar="KEY=VALUE", multiple=True, help="Metadata, as often as you like.")
@click.option("--prompt", metavar="TEXT", help="A first line, typed when the prompt box is ready.")
@click.option(
    "--wait", "waits", is_flag=True, help="While limited or full: wait for the reset or a slot."
)
@click.option("--force", is_flag=True, help="While limited or full: start all the same.")
@as_json
def new_command(
    name: str | None,
    directory: str | None,
    tmux_session: str | None,
    detached: bool,
    account: str | None,
    group: str,
    meta: tuple[str, ...],
    prompt: str | None,
    waits: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Open Claude Code in a new tmux window, kept as a session.

    NAME defaults to the directory's. What follows "--" goes to Claude Code. Inside tmux the window
    opens in this tmux session; outside in one called "claude", which is attached on a terminal.
    """
    _check(name, tmux_session, prompt)
    place = _directory(directory)
    opened = open_session(
        place,
        list(after_dashes()),
        name=name,
        tmux_session=tmux_session,
        prompt=prompt,
        select=not detached,
        if_limited=if_limited(waits, force),
        config_dir=accounts.directory(account) if account is not None else None,
        group=group,
        meta=labels.pairs(meta),
    )
    pane = _own_pane(tmux_server(), os.environ)
    attaches = not (detached or as_json or os.environ.get("TMUX")) and _on_terminal()
    _show(opened, prompt, as_json, pane is None and not attaches)
    if attaches:
        become(app.attach_argv(opened.socket, opened.pane))
    return 0


def open_session(
    directory: str,
    arguments: list[str],
    *,
    name: str | None = None,
    tmux_session: str | None = None,
    prompt: str | None = None,
    select: bool = False,
    if_limited: wire.IfLimited = "",
    config_dir: str | None = None,
    group: str = "",
    meta: Mapping[str, str] | None = None,
) -> wire.Opened:
    """Has the supervisor, which is started if need be, open Claude Code in a window.

    ``config_dir``: another one than the caller's; empty for Claude Code's own default.
    """
    app.check_tmux()
    server = tmux_server()
    _must_be_there(server)
    paths = app.paths()
    rules = in_force.watched(paths)
    pane = _own_pane(server, os.environ)
    request = wire.New(
        name=name,
        directory=directory,
        command=app.find_claude(rules, os.environ),
        arguments=arguments,
        socket=server.socket,
        config_dir=_config_dir(rules, os.environ) if config_dir is None else config_dir,
        environment={key: os.environ[key] for key in rules.launch.env if key in os.environ},
        zone=zone_name(os.environ),
        tmux_session=tmux_session,
        pane=pane,
        prompt=prompt,
        select=pane is not None and select,
        group=group,
        meta=dict(meta or {}),
        if_limited=if_limited,
    )
    with app.connect_or_start(paths) as client:
        return client.ask(request, wire.Opened, OPENING_PATIENCE)


def _check(name: str | None, tmux_session: str | None, prompt: str | None) -> None:
    problem = name_problem(name) if name is not None else None
    if problem:
        raise UsageError(f"{problem}; nothing was opened")
    if tmux_session == "":
        raise UsageError("-t: a tmux session has a name; nothing was opened")
    problem = text_problem(prompt) if prompt is not None else None
    if problem:
        raise UsageError(f"--prompt: {problem}; nothing was opened")


def _must_be_there(server: TmuxServer) -> None:
    """No server is started where -S or a ``$TMUX`` that outlived its server happen to point."""
    folder = Path(server.socket).parent
    if server.path is not None and not folder.is_dir():
        raise UsageError(f"-S: the directory {folder} does not exist; nothing was opened")
    server.check_inside("nothing was opened")


def _directory(given: str | None) -> str:
    """The directory, absolute and as it was given; symbolic links in it are kept."""
    if given == "":
        raise UsageError("-c: a directory has a name; nothing was opened")
    try:
        place = Path(given if given is not None else ".").absolute()
    except FileNotFoundError:
        raise UsageError("the current directory does not exist any more; give one: -c") from None
    if not place.exists():
        raise UsageError(f"the directory {place} does not exist; nothing was opened")
    if not place.is_dir():
        raise UsageError(f"{place} is not a directory; nothing was opened")
    chosen = str(place.resolve() if ".." in place.parts else place)
    try:
        chosen.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"the name of the directory {chosen} is not UTF-8, so it could not be kept; nothing "
            "was opened. Rename it, or give another one: -c DIR"
        ) from None
    return chosen


def _own_pane(server: TmuxServer, env: Mapping[str, str]) -> str | None:
    """The pane that we run in, when it is on the chosen tmux server."""
    inside = env.get("TMUX") and app.resolve_socket(None, None, env) == server.socket
    return env.get("TMUX_PANE") or None if inside else None


def _config_dir(rules: Rules, env: Mapping[str, str]) -> str:
    """The caller's CLAUDE_CONFIG_DIR, else the configured one; empty for Claude Code's own."""
    chosen = env.get("CLAUDE_CONFIG_DIR") or rules.claude.config_dir
    return str(Path(chosen).expanduser().absolute()) if chosen else ""


def zone_name(env: Mapping[str, str]) -> str:
    """The name of the caller's time zone, as ``Europe/Berlin``; UTC when none can be found."""
    candidates = [env.get("TZ", "").lstrip(":")]
    for link in (Path("/etc/localtime"), Path("/etc/localtime").resolve()):
        candidates.append(str(link.readlink() if link.is_symlink() else link))
    timezone = Path("/etc/timezone")
    if timezone.is_file():
        candidates.append(timezone.read_text(errors="replace").strip())
    for candidate in candidates:
        name = candidate.rpartition("zoneinfo/")[2]
        if name and not name.startswith("/") and _is_zone(name):
            return name
    return "UTC"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show(opened: wire.Opened, prompt: str | None, as_json: bool, elsewhere: bool) -> None:
    if as_json:
        layout.out(layout.json_text(layout.untagged(wire.plain(opened))))
        return
    lines = [
        ("session", opened.name),
        ("directory", layout.short(opened.directory)),
        ("tmux", f"pane {opened.pane} on {opened.socket}"),
        ("conversation", opened.conversation or "not known yet"),
    ]
    if opened.starts_at is not None:
        now = time.time()
        left = layout.countdown(opened.starts_at, now)
        lines.append(("starts", f"{layout.moment(opened.starts_at, now)}, {left}"))
    lines += [("note", note) for note in opened.notes]
    if prompt is not None:
        lines.append(("prompt", f"typed when it is ready; see: tmuxclaude show {opened.name}"))
    if elsewhere:
        lines.append(("go there", f"tmuxclaude attach {opened.name}"))
    layout.out(layout.pairs(lines))
