"""A private tmux server, and the real programs in its panes.

It knows tmux and processes: starting, typing, looking at the screen, killing by id. What Claude
Code's screens mean is for the tests to say.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.end_to_end.home import Home
from tests.waiting import PATIENCE, until

NBSP = "\u00a0"
SIZE = "120x40"


@dataclass(frozen=True)
class Pane:
    """One pane, by its id."""

    server: Server
    id: str

    def show(self, what: str) -> str:
        """The value of a tmux format, such as `#{pane_pid}`."""
        return self.server.tmux("display-message", "-p", "-t", self.id, what).strip()

    @property
    def pid(self) -> int:
        return int(self.show("#{pane_pid}"))

    def screen(self, *, colours: bool = False) -> str:
        """What is on the screen now."""
        how = ["-e"] if colours else []
        return self.server.tmux("capture-pane", "-p", *how, "-t", self.id)

    def shows(self, text: str) -> bool:
        return text in self.screen()

    def wait_for(self, text: str, timeout: float = PATIENCE) -> str:
        """Wait until the screen shows `text`; gives the whole screen."""
        until(lambda: self.shows(text), lambda: f"{text!r} on\n{self.screen()}", timeout=timeout)
        return self.screen()

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: Enter, Escape, C-s, 2."""
        self.server.tmux("send-keys", "-t", self.id, *keys)

    def type(self, text: str) -> None:
        """Type text, without Enter."""
        self.server.tmux("send-keys", "-t", self.id, "-l", text)

    def enter(self, text: str) -> None:
        """Type text and then Enter, in two writes: one long write counts as a paste."""
        self.type(text)
        self.press("Enter")

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """Signal the pane's own process and wait until it is gone."""
        pid = self.pid
        os.kill(pid, signum)
        until(lambda: not _runs(pid), f"process {pid} still runs after signal {signum}")


@dataclass(frozen=True)
class Session:
    """Claude Code in a pane."""

    pane: Pane
    home: Home
    conversation: str

    @property
    def status(self) -> str:
        """What the registry says: busy, idle, waiting, shell, or nothing yet."""
        return self.home.status(self.conversation)

    def wait_until(self, status: str) -> None:
        """Wait for a status in the registry; the first start on a busy machine takes longest."""
        until(lambda: self.status == status, lambda: self._story(f"status {status}"))

    def ask(self, text: str) -> None:
        """Type a prompt and wait until Claude Code took it, which the transcript tells."""
        before = len(self.home.turns(self.conversation))
        self.pane.enter(text)
        until(
            lambda: len(self.home.turns(self.conversation)) > before,
            what=lambda: self._story(f"the turn {text!r}"),
        )

    def choose(self, key: str) -> None:
        """Press a key in a dialog until the dialog is gone.

        In its first quarter of a second a dialog refuses every key, so that a person who is
        typing does not answer what he has not seen, and a refused key makes it wait again.
        """
        self.wait_until("waiting")

        def gone() -> bool:
            if self.status != "waiting":
                return True
            self.pane.press(key)
            return False

        until(gone, what=lambda: self._story("the end of a dialog"), every=1.0)

    def _story(self, wanted: str) -> str:
        return f"{wanted} (is {self.status!r}) on\n{self.pane.screen()}"


class Server:
    """A tmux server on a socket of its own, in the environment of one home."""

    def __init__(self, socket: Path, home: Home) -> None:
        if len(str(socket)) >= 100:
            raise ValueError(f"too long for a unix socket: {socket}")
        self.socket = socket
        self.home = home

    def tmux(self, *args: str) -> str:
        """Run a tmux command on this server."""
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *args]
        done = subprocess.run(
            command, env=self.home.env(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{shlex.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def start(self) -> None:
        """Start with one session `main` that holds a shell, so that the server stays."""
        size = ["-x", SIZE.split("x")[0], "-y", SIZE.split("x")[1]]
        self.tmux("new-session", "-d", "-s", "main", *size, "-c", str(self.home.root), "exec sh")
        self.tmux("set", "-g", "default-terminal", "screen-256color")
        self.tmux("set", "-g", "default-size", SIZE)

    def run(self, *argv: str, cwd: Path, env: dict[str, str] | None = None) -> Pane:
        """Run a program as a pane's own process; with no words, a shell to type into."""
        more = [word for name, value in (env or {}).items() for word in ("-e", f"{name}={value}")]
        command = [f"exec {shlex.join(argv)}"] if argv else []
        shown = ["-P", "-F", "#{pane_id}"]
        made = self.tmux("new-window", "-d", *shown, "-t", "main:", "-c", str(cwd), *more, *command)
        return Pane(self, made.strip())

    def claude(
        self,
        *args: str,
        cwd: Path | None = None,
        conversation: str | None = None,
        home: Home | None = None,
    ) -> Session:
        """Start Claude Code with a conversation id that the test knows; does not wait.

        `args` may bring `--resume ID` themselves; then `conversation` must be that id.
        """
        home = home or self.home
        name = conversation or str(uuid.uuid4())
        new = [] if "--resume" in args else ["--session-id", name]
        own = {"CLAUDE_CONFIG_DIR": str(home.own_config)} if home.own_config else {}
        pane = self.run("claude", *new, *args, cwd=cwd or home.project(), env=own)
        return Session(pane, home, name)

    def panes(self) -> list[Pane]:
        lines = self.tmux("list-panes", "-a", "-F", "#{pane_id}").split()
        return [Pane(self, pane_id) for pane_id in lines]

    def stop(self) -> None:
        """Kill the server by its own socket; one that is gone already is no matter."""
        command = ["tmux", "-S", str(self.socket), "kill-server"]
        subprocess.run(command, env=self.home.env(), capture_output=True, check=False)


def sweep(home: Home) -> list[str]:
    """Let the processes of a home end, and kill by id what does not; says what that was."""
    with contextlib.suppress(AssertionError):
        until(lambda: not processes_of(home))
    told: list[str] = []

    def none_left() -> bool:
        """Claude Code's background starts others while some of them are killed."""
        left = processes_of(home)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                told.append(shlex.join(process.cmdline()))
                process.kill()
        psutil.wait_procs(left, 10)
        return not left

    until(none_left, "processes survived a kill -9")
    return told


def processes_of(home: Home) -> list[psutil.Process]:
    """Every process that was started in this home's environment, orphans too."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("HOME") == str(home.root) and _runs(process.pid):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
