"""The programs that we live between: tmux, Claude Code, fzf."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from tmuxclaude import app
from tmuxclaude.chores.doctor.check import Check
from tmuxclaude.core import errors
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.programs import tmux_program

RECOMMENDED_TMUX = (3, 5)

KNOWN_CLAUDE = (2, 1)
"""The version (2.1.329) whose screens and files were looked at; a later patch differs little."""

OLDEST_FZF = (0, 38)

SECONDS = 10.0
"""How long a program may take to tell its version."""

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")


def tmux() -> Check:
    """Whether it is there and new enough."""
    version = app.check_tmux()
    text = f"tmux {version[0]}.{version[1]}"
    if version < RECOMMENDED_TMUX:
        return Check("tmux", None, text, "3.5 or newer is better: older ones miss child signals")
    return Check("tmux", True, text)


def tmux_server(env: Mapping[str, str]) -> Check:
    """Who else may enter the tmux server that runs, and what our key does in it."""
    name, socket = "tmux server", app.resolve_socket(None, None, env)
    call = [tmux_program(), "-S", socket]
    if _said([*call, "display-message", "-p", "#{pid}"]) is None:
        return Check(name, None, f"none runs at {socket}")
    # tmux 3.2 knows no list of who may enter: there only its owner can.
    listed = (_said([*call, "server-access", "-l"]) or "").splitlines()
    names = {line.split()[0] for line in listed if line.strip()}
    strangers = names - {"root", pwd.getpwuid(os.geteuid()).pw_name}
    if strangers:
        who = ", ".join(sorted(strangers))
        mend = "take it back: tmux server-access -d USER"
        return Check(name, False, f"{who} may enter it, and could type into every session", mend)
    return _key(name, socket, call)


def _key(name: str, socket: str, call: Sequence[str]) -> Check:
    ours = "@tmuxclaude-plugin"
    keys = (_said([*call, "show-options", "-gqv", "@tmuxclaude-key"]) or "C").split() or ["C"]
    bound = {key: _said([*call, "list-keys", "-T", "prefix", key]) or "" for key in keys}
    loaded = bool(_said([*call, "show-options", "-gqv", ours]))
    if not loaded:
        mend = "to open the picker with a key: tmuxclaude install --tmux"
        return Check(name, None, f"{socket}; the plugin is not loaded", mend)
    taken = [key for key, binding in bound.items() if ours not in binding and key != "none"]
    if taken:
        text = f"prefix + {taken[0]} does something else: {bound[taken[0]].strip() or 'nothing'}"
        return Check(name, None, text, "choose another: set -g @tmuxclaude-key KEY (docs/tmux.md)")
    wanted = _said([*call, "show-options", "-gqv", "@tmuxclaude-status"]) or ""
    if wanted in ("on", "1", "yes") and not _segment_is_drawn(call):
        text = "@tmuxclaude-status is on, but no status line shows the segment"
        mend = "set it above the lines that load the plugin, then load them again (docs/tmux.md)"
        return Check(name, None, text, mend)
    return Check(name, True, f"{socket}; prefix + {' or '.join(keys)} opens the picker")


def _segment_is_drawn(call: Sequence[str]) -> bool:
    """Whether the status line has it, where the plugin or its user has put it."""
    places = (("-gv", "status-right"), ("-gv", "status-left"), ("-gv", "status-format"))
    lines = [_said([*call, "show-options", *one]) or "" for one in places]
    return any("@tmuxclaude-segment" in line for line in lines)


def claude(rules: Rules, env: Mapping[str, str]) -> Check:
    """Whether it is there, and of a version that was looked at."""
    name, command = "Claude Code", app.find_claude(rules, env)
    said = _said([*command, "--version"]) or ""
    version = _VERSION.search(said)
    shown = " ".join(command)
    if version is None:
        return Check(name, None, f"{shown}, which does not tell its version")
    text = f"{shown}, version {version[0]}"
    if (int(version[1]), int(version[2])) != KNOWN_CLAUDE:
        mend = "known is 2.1: look whether sessions are read rightly (tmuxclaude show NAME)"
        return Check(name, None, text, mend)
    return Check(name, True, text)


def fzf(env: Mapping[str, str]) -> Check:
    """Whether the picker can be drawn by it."""
    program = shutil.which("fzf", path=env.get("PATH"))
    mend = "the picker draws itself without it; to have it: apt install fzf, or brew install fzf"
    if program is None:
        return Check("fzf", None, "not installed", mend)
    version = _VERSION.search(_said([program, "--version"]) or "")
    if version is None or (int(version[1]), int(version[2])) < OLDEST_FZF:
        return Check("fzf", None, f"{program} is older than 0.38", mend)
    return Check("fzf", True, f"{program}, version {version[0]}")


def _said(call: Sequence[str]) -> str | None:
    """What a program prints; ``None`` when it fails."""
    try:
        done = subprocess.run(
            call,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise errors.UnreachableError(f"{call[0]} did not answer within {SECONDS:g} s") from problem
    return done.stdout.strip() if done.returncode == 0 else None
