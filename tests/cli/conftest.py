"""A home of its own for each test, a real database in it, and the command line as a process."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.core.model import Launch, Outlook, Pane, Server, Session, State
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a finished command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home; its path is short, for a Unix socket lies below it."""
    with tempfile.TemporaryDirectory(prefix="tc-", dir="/tmp") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    """Nothing of the caller's surroundings but where programs are."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TZ": "UTC",
        "TMUX_TMPDIR": str(home),
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def run(env: dict[str, str], home: Path) -> Run:
    """Runs ``tmuxclaude`` with these arguments in that home."""

    def run(*arguments: str, cwd: Path = home, more: Mapping[str, str] | None = None) -> Done:
        command = [sys.executable, "-m", "tmuxclaude", *arguments]
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env | dict(more or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def state_dir(home: Path) -> Path:
    folder = home / ".local" / "state" / "tmuxclaude"
    folder.mkdir(parents=True, mode=0o700)
    return folder


@pytest.fixture
def socket_path(state_dir: Path) -> Path:
    """Where the supervisor of that home would listen."""
    folder = state_dir / "run"
    folder.mkdir(mode=0o700)
    return folder / "supervisor.sock"


@pytest.fixture
def books(state_dir: Path) -> Iterator[Books]:
    """The database of that home, open for writing, as the supervisor has it."""
    db = open_for_writing(state_dir / "tmuxclaude.db")
    yield Books(db)
    db.close()


def on_terminal(arguments: list[str], columns: int, env: dict[str, str], cwd: Path) -> str:
    """What ``tmuxclaude`` with these arguments shows on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = [sys.executable, "-m", "tmuxclaude", *arguments]
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=follower, stderr=follower) as process:
        os.close(follower)
        shown = b""
        with suppress(OSError):  # how a terminal says that everybody has left it
            while read := os.read(leader, 65536):
                shown += read
        process.wait(60)
    os.close(leader)
    return shown.decode().replace("\r\n", "\n")


def session(name: str, home: Path, **more: Any) -> Session:
    """A session that is idle in a directory of its name."""
    plain: dict[str, Any] = {
        "uid": f"uid-{name}",
        "name": name,
        "directory": str(home / name),
        "account": str(home / ".claude"),
        "launch": Launch(("/usr/bin/claude",)),
        "state": State.IDLE,
        "since": 1_800_000_000.0,
        "created_at": 1_800_000_000.0,
        "conversation": "0a1b2c3d-0000-4000-8000-000000000001",
        "tmux_session": "claude",
        "socket": "/tmp/tmux-1000/default",
        "pane": Pane(Server("/tmp/tmux-1000/default", 1, 1), "%12", 2, "nonce"),
        "outlook": Outlook(),
    }
    return Session(**(plain | more))
