"""An isolated home with tmuxclaude in it, run as its user runs it: commands, keeper, supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import until
from tmuxclaude import app
from tmuxclaude.api.client import Client
from tmuxclaude.core.errors import UnreachableError
from tmuxclaude.edges.paths import Paths

ROOT = Path(__file__).parents[2]


class Home:
    """One isolated home, and ``tmuxclaude`` as its user runs it."""

    def __init__(self, root: Path, more: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.env = {
            "HOME": str(root),
            "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
            "TMUX_TMPDIR": str(root),
            "PYTHONPATH": str(ROOT),
            **(more or {}),
        }
        self.paths = Paths.from_environment(self.env)
        self.seen: set[psutil.Process] = set()

    def popen(self, *arguments: str, umask: int = -1) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tmuxclaude", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            env=self.env,
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            umask=umask,
        )
        self.seen.add(psutil.Process(process.pid))
        return process

    def run(self, *arguments: str, umask: int = -1) -> subprocess.CompletedProcess[str]:
        with self.popen(*arguments, umask=umask) as process:
            out, err = process.communicate(timeout=60)
            return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def supervisor(self) -> psutil.Process | None:
        """The supervisor that answers, if one does."""
        try:
            with Client(self.paths.socket) as client:
                found = psutil.Process(client.ping().pid)
        except UnreachableError:
            return None
        self.seen |= {found, found.parent() or found}
        return found

    def answering(self) -> psutil.Process:
        """The supervisor, as soon as one answers."""
        found = until(self.supervisor)
        assert found is not None
        return found

    def start(self, umask: int = -1) -> psutil.Process:
        """``supervisor start``: the supervisor, whose parent is its keeper."""
        done = self.run("supervisor", "start", umask=umask)
        assert done.returncode == 0, done.stderr
        found = self.supervisor()
        assert found is not None
        return found

    def log(self) -> str:
        return self.paths.log.read_text()

    def clean(self) -> None:
        with suppress(UnreachableError):
            app.stop_supervisor(self.paths)
        self.supervisor()
        us = psutil.Process()
        for process in sorted(self.seen - {us}, key=lambda one: one.pid):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        subprocess.run(["tmux", "kill-server"], env=self.env, capture_output=True, check=False)


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; its pid may be another's by now."""
    with suppress(psutil.NoSuchProcess):  # it may end between the two questions
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True
