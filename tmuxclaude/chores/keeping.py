"""The supervisor as a service: tried first, then handed over to systemd or launchd.

Knows what the service runs and with which environment. The files are written by ``install``, and
what a service manager is told stands in ``edges/units``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.core import errors
from tmuxclaude.edges import units
from tmuxclaude.edges.paths import Paths
from tmuxclaude.edges.programs import tmux_program

COMMAND = ("-m", "tmuxclaude", "supervisor", "run")

TRIAL_SECONDS = 20.0

_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMUX_TMPDIR", "PYTHONPATH")
"""Variables of the caller that the service gets too: how texts and times are read, where tmux
servers are found, and where this package is."""


def keeper(home: Path, env: Mapping[str, str], where: Paths) -> units.Keeper:
    """The service manager of this system, with the service as it would be installed now."""
    command = (sys.executable, *COMMAND)
    return units.of_this_system(home, env, command, _environment(env, where), where.raw_log)


def trial(env: Mapping[str, str], where: Paths) -> None:
    """Runs the supervisor as the service would, in directories of its own, until it answers.

    Raises ``UnreachableError`` with what it said when it does not. Sessions and their tmux servers
    are out of its reach.
    """
    with tempfile.TemporaryDirectory(prefix="tc-", dir="/tmp") as folder:
        there = Path(folder).resolve()
        mine = Paths(where.config, there / "state", there / "run")
        given = _environment(env, mine) | {"HOME": str(there), "TMUX_TMPDIR": folder}
        output = there / "output"
        with output.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                env=given,
                start_new_session=True,
            )
        try:
            answered = _answers(process, mine)
        finally:
            _end(process)
        if not answered or process.returncode:
            words = output.read_text(errors="replace").strip().splitlines()
            raise errors.UnreachableError(
                "the supervisor was tried as the service would run it, and failed; nothing was "
                f"installed. It said: {words[-1] if words else 'nothing'}"
            )


def hand_over(manager: units.Keeper, where: Paths) -> list[str]:
    """Has the service manager take over from whatever supervisor runs; what is to be told."""
    first, *others = manager.on
    problem = units.call([first])
    if problem:
        commands = ["tmuxclaude supervisor stop", *(" ".join(words) for words in manager.on)]
        return [
            f"{manager.name} cannot be told from here ({problem}). To start the service:",
            *(f"    {command}" for command in commands),
        ]
    app.stop_supervisor(where)
    problem = units.call(others)
    if problem:
        app.start_supervisor(where)
        return [f"{manager.name} did not start it ({problem}); the supervisor runs as before."]
    lines = [f"{manager.name} keeps the supervisor from now on."]
    if manager.name == "systemd":
        lines.append("To keep it, and tmux servers that it starts, when you log out:")
        lines.append("    loginctl enable-linger")
    return lines


def take_back(manager: units.Keeper) -> list[str]:
    """Ends the service, before its file is removed; what is to be told."""
    problem = units.call(manager.off)
    if problem:
        commands = [" ".join(words) for words in (*manager.off, *manager.after_removal)]
        return [
            f"{manager.name} cannot be told from here ({problem}). To end the service:",
            *(f"    {command}" for command in commands),
        ]
    return ["The service has ended. To go on without it: tmuxclaude supervisor start"]


def forget(manager: units.Keeper) -> None:
    """Has the service manager notice that the service's file is gone."""
    units.call(manager.after_removal)


def _environment(env: Mapping[str, str], where: Paths) -> dict[str, str]:
    """What the service's environment holds besides what its manager gives."""
    programs = [*env.get("PATH", "").split(os.pathsep), str(Path(tmux_program()).parent)]
    path = [one for one in dict.fromkeys(programs) if os.path.isabs(one)]  # noqa: PTH117
    return {
        "PATH": os.pathsep.join(path),
        "TMUXCLAUDE_CONFIG": str(where.config),
        "TMUXCLAUDE_STATE_DIR": str(where.state_dir),
        "TMUXCLAUDE_RUNTIME_DIR": str(where.runtime_dir),
        **{name: env[name] for name in _KEPT if env.get(name)},
    }


def _answers(process: subprocess.Popen[bytes], where: Paths) -> bool:
    deadline = time.monotonic() + TRIAL_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(errors.UnreachableError):
            if app.ping(where) is not None:
                return True
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(TRIAL_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
