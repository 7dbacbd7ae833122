"""The service managers that can keep the supervisor: systemd's user manager, and launchd.

Knows the form of a unit and of an agent, where they lie, and the programs that start and stop them.
Knows nothing of the supervisor but its command and its environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.edges.service_notify import KEPT_BY

CALL_SECONDS = 10.0
"""How long a service manager may take: longer than a first start takes."""

LABEL = "tmuxclaude.supervisor"
"""The name of the agent for launchd."""

_UNIT = """\
# Written by: tmuxclaude install --service
[Unit]
Description=tmuxclaude, the supervisor of Claude Code sessions
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=/
{environment}
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=2 4 75
WatchdogSec=180
TimeoutStartSec=infinity
# A tmux server that the supervisor starts is its child, and must outlive it.
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=default.target
"""
"""Exit statuses: ``core/errors.py``. The watchdog's time is three times the slowest pace of looking
(``supervisor.poll_seconds``)."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A service manager: its file, what has to be in it, and the calls that make it take notice.

    ``on`` and ``off``: the calls, each with its arguments, that start the service now and at every
    login, and that end both. ``start``: only now. ``after_removal``: once the file is gone.
    """

    name: str
    file: Path
    content: str
    on: tuple[tuple[str, ...], ...]
    off: tuple[tuple[str, ...], ...]
    start: tuple[str, ...]
    after_removal: tuple[tuple[str, ...], ...] = ()


def systemd(home: Path, config_home: str, command: Sequence[str], env: Mapping[str, str]) -> Keeper:
    """systemd's manager of this user."""
    call = ("systemctl", "--user")
    unit = "tmuxclaude.service"
    folder = Path(config_home or home / ".config") / "systemd" / "user"
    return Keeper(
        name="systemd",
        file=folder / unit,
        content=unit_text(command, {**env, KEPT_BY: "systemd"}),
        on=((*call, "daemon-reload"), (*call, "enable", "--now", unit)),
        off=((*call, "disable", "--now", unit),),
        start=(*call, "start", unit),
        after_removal=((*call, "daemon-reload"),),
    )


def launchd(home: Path, command: Sequence[str], env: Mapping[str, str], log: Path) -> Keeper:
    """launchd's agent of this user. What it prints before it keeps a log goes to ``log``."""
    domain = f"gui/{os.getuid()}"
    file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    return Keeper(
        name="launchd",
        file=file,
        content=agent_text(command, {**env, KEPT_BY: "launchd"}, log),
        on=(("launchctl", "bootstrap", domain, str(file)),),
        off=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        start=("launchctl", "kickstart", f"{domain}/{LABEL}"),
    )


def of_this_system(
    home: Path, given: Mapping[str, str], command: Sequence[str], env: Mapping[str, str], log: Path
) -> Keeper:
    """The service manager of this kind of system; ``given``: the caller's environment."""
    if sys.platform == "darwin":
        return launchd(home, command, env, log)
    return systemd(home, given.get("XDG_CONFIG_HOME", ""), command, env)


def unit_text(command: Sequence[str], env: Mapping[str, str]) -> str:
    """The unit. ``command``: absolute, with its arguments. A text in it means only itself."""
    variables = "\n".join(f"Environment={_quoted(f'{k}={v}')}" for k, v in env.items())
    program, *arguments = (_quoted(word) for word in command)
    # systemd takes the program as it stands, and expands "$" in what follows it.
    words = [program, *(word.replace("$", "$$") for word in arguments)]
    return _UNIT.format(command=" ".join(words), environment=variables)


def agent_text(command: Sequence[str], env: Mapping[str, str], log: Path) -> str:
    """The agent: started at login, and again when it ended badly."""
    import plistlib

    agent = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(env),
        "WorkingDirectory": "/",
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 10,
        "AbandonProcessGroup": True,  # a tmux server that the supervisor starts must outlive it
        "StandardOutPath": str(log),
        "StandardErrorPath": str(log),
    }
    return plistlib.dumps(agent, sort_keys=False).decode()


def call(commands: Sequence[Sequence[str]]) -> str:
    """Runs these one after the other; empty when all went well, else what the first one that did
    not had to say."""
    for command in commands:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=CALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{command[0]} did not answer within {CALL_SECONDS:g} s"
        except OSError as error:
            return f"{command[0]} cannot be run: {error.strerror}"
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            return said[0] if said else f"{command[0]} ended with status {done.returncode}"
    return ""


def start_installed(home: Path, given: Mapping[str, str], state_dir: Path) -> bool:
    """Whether the service of this state directory is installed, and was started just now."""
    keeper = of_this_system(home, given, ("",), {}, state_dir)
    return keeps(keeper, "TMUXCLAUDE_STATE_DIR", str(state_dir)) and not call((keeper.start,))


def wrote(keeper: Keeper, text: str) -> bool:
    """Whether this, the text of the installed service, was written by us."""
    if keeper.name == "systemd":
        return text.partition("\n")[0] == _UNIT.partition("\n")[0]
    import plistlib
    from xml.parsers.expat import ExpatError

    with suppress(ValueError, LookupError, TypeError, ExpatError):
        agent = plistlib.loads(text.encode("utf-8", "surrogateescape"))
        return agent["Label"] == LABEL and "tmuxclaude" in agent["ProgramArguments"]
    return False


def keeps(keeper: Keeper, name: str, value: str) -> bool:
    """Whether the installed service has this value for this variable of its environment."""
    try:
        text = keeper.file.read_bytes()
    except OSError:
        return False
    if keeper.name == "systemd":
        wanted = f"Environment={_quoted(f'{name}={value}')}"
        return wanted in text.decode("utf-8", "surrogateescape").splitlines()
    import plistlib
    from xml.parsers.expat import ExpatError

    with suppress(ValueError, LookupError, TypeError, ExpatError):
        return bool(plistlib.loads(text)["EnvironmentVariables"][name] == value)
    return False


def _quoted(word: str) -> str:
    """One word of a unit. "%" begins a specifier; "$" is for the caller to double."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
