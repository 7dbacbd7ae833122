"""What our part costs Claude Code itself: each event that a hook keeps, and a start by ``run``.

``run`` asks for a terminal and for the pane that it is in, so its starts are measured by this very
file as a program (``python -m tests.bench.wrapping``) in a window of a real tmux.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.measure import Cases, Figure, interleaved, processor, table, wall
from tests.bench.town import Town
from tests.end_to_end.claude_code import binary
from tmuxclaude.claude import hooks
from tmuxclaude.supervisor.settings import SettingsFiles

PAYLOADS = Path(__file__).parents[1] / "payloads" / "hooks-lifecycle.jsonl"

NOTHING, HOOK = "sh -c :", "our hook"
DIRECT, KEPT = "a program that only ends", "tmuxclaude run of it"
PYTHON, REAL = "python -c pass", "claude --version"

PATIENCE = 300.0

REST_SECONDS = 0.4
"""After each start: the supervisor looks at the session that came and went."""

Found = list[dict[str, Figure]]
"""By the clock, and in processor time."""


# A hook


def measure_hooks(town: Town, rounds: int) -> Found:
    """The command as Claude Code gives it to a shell, its payload on standard input."""
    folder, spool = town.home.root / "hooks", town.home.root / "spool"
    for one in (folder, spool):
        one.mkdir(mode=0o700)
    settings = SettingsFiles(folder, spool).write("0" * 32, {})
    entries = json.loads(settings.read_text())["hooks"][hooks.Hook.STOP]
    payload = folder / "payload"
    payload.write_text(json.dumps(json.loads(PAYLOADS.read_text().splitlines()[0])["payload"]))
    given = os.open(payload, os.O_RDONLY)

    def start(command: str) -> None:
        os.lseek(given, 0, os.SEEK_SET)
        run(["/bin/sh", "-c", command], town.home.env, [(os.POSIX_SPAWN_DUP2, given, 0)])

    commands = {NOTHING: ":", HOOK: entries[0]["hooks"][0]["command"]}
    cases = {name: partial(start, command) for name, command in commands.items()}
    interleaved(cases, 2, wall)
    found = interleaved(cases, 3 * rounds, wall, processor())
    os.close(given)
    kept = [hooks.parse(file.read_text()) for file in spool.glob("*.json")]
    assert [event is not None for event in kept] == [True] * (3 * rounds + 2)
    return found


# A start


def measure_starts(town: Town, rounds: int) -> Found:
    """From the start of a process to its end, registered by the supervisor where it is kept."""
    home, told = town.home, town.home.root / f"starts-{len(town.panes)}"
    home.start()
    program = home.root / "bin" / "claude"
    if not program.exists():
        program.parent.mkdir()
        program.symlink_to(str(shutil.which("true")))
    before = len(home.json("list", "--all")["sessions"])
    town.tmux.open_window(
        tmux_session="claude",
        create=True,
        name=told.name,
        directory=str(home.root),
        environment=[],
        argv=[sys.executable, "-m", "tests.bench.wrapping", str(rounds), str(told), *_env(town)],
        nonce="0" * 32,
    )
    deadline = time.monotonic() + PATIENCE
    while not told.exists():
        assert time.monotonic() < deadline, "the window that measures does not end"
        time.sleep(0.1)
    while any(one["name"].startswith(told.name) for one in home.json("list")["sessions"]):
        time.sleep(0.1)  # until all have been seen to end
    registered = len(home.json("list", "--all")["sessions"]) - before
    assert registered == rounds + 2, registered
    home.run("supervisor", "stop")
    return [{name: Figure(*one) for name, one in by.items()} for by in json.loads(told.read_text())]


def _env(town: Town) -> list[str]:
    return [f"{name}={value}" for name, value in town.home.env.items()]


def in_the_window(rounds: int, told: Path, env: dict[str, str]) -> None:
    """Measures, and writes down what was found."""
    env |= {name: os.environ[name] for name in ("TMUX", "TMUX_PANE")}
    own = str(Path(env["HOME"]) / "bin" / "claude")
    installed = Path(sysconfig.get_path("scripts")) / "tmuxclaude"
    ours = [str(installed)] if installed.exists() else [sys.executable, "-m", "tmuxclaude"]
    calls = {DIRECT: [own], KEPT: [*ours, "run"], PYTHON: [sys.executable, "-c", "pass"]}
    if binary().exists():
        calls[REAL] = [str(binary()), "--version"]
    cases: Cases = {name: partial(run, call, env) for name, call in calls.items()}
    interleaved(cases, 2, wall)  # byte code is written, files are in memory
    found = interleaved(cases, rounds, wall, processor(), rest=REST_SECONDS)
    fresh = told.with_suffix(".new")
    fresh.write_text(json.dumps([{name: astuple(one) for name, one in by.items()} for by in found]))
    fresh.rename(told)


def run(call: list[str], env: dict[str, str], actions: Sequence[Any] = ()) -> None:
    """Starts a program and waits for its end."""
    pid = os.posix_spawn(call[0], call, env, file_actions=actions)
    assert os.waitpid(pid, 0)[1] == 0, shlex.join(call)


# Both


def shown(head: str, found: Found, bare: str) -> str:
    """A table; what each costs more than ``bare`` is in it too."""
    clock, used = found
    rows = [
        [
            *(name, str(clock[name]), _more(clock, name, bare)),
            *(str(used[name]), _more(used, name, bare)),
        ]
        for name in clock
    ]
    return table([head, "CLOCK ms", "more", "PROCESSOR ms", "more"], rows)


def added(found: Found) -> float:
    """How many milliseconds later Claude Code starts, by the clock, when it is started by us."""
    return found[0][KEPT].median - found[0][DIRECT].median


def _more(by: dict[str, Figure], name: str, bare: str) -> str:
    return "" if name == bare else f"{by[name].median - by[bare].median:+.1f}"


if __name__ == "__main__":
    in_the_window(
        int(sys.argv[1]), Path(sys.argv[2]), dict(word.split("=", 1) for word in sys.argv[3:])
    )
