"""What all rooms share: private tmux servers that leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import libtmux
import pytest

from tests.waiting import until
from tmuxclaude.core.model import Process
from tmuxclaude.edges.processes import Life, identify, life
from tmuxclaude.edges.tmux import ServerGone, Silent, Tmux

signal.signal(signal.SIGINT, signal.default_int_handler)
"""Whoever is started in the background of a shell ignores it, and so do all that he starts."""


class PrivateServer:
    """A tmux server of its own socket, in a directory short enough for a socket's path.

    ``tmux`` is our door to it, ``user`` the hand of its user (libtmux). Nothing runs before
    ``start``. ``home`` is an empty home directory, so that no configuration is read.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="tc", dir="/tmp"))
        self.socket = str(self.directory / "s")
        self.tmux = Tmux(self.socket)
        self.user = libtmux.Server(socket_path=self.socket, config_file="/dev/null")
        self._seen: set[Process] = set()

    def start(self, width: int = 120, height: int = 40) -> PrivateServer:
        """A server with the tmux session ``user``, whose one window sleeps."""
        size = ("-x", str(width), "-y", str(height))
        asked = ("-d", "-s", "user", "-n", "first", *size, "--", "sleep", "1000000")
        # A server that was just killed can hold the socket for a moment longer.
        until(lambda: not self.user.cmd("new-session", *asked).stderr, what="tmux starts")
        self.process()
        return self

    def process(self) -> Process:
        """The server's process now."""
        process = identify(self.tmux.panes().server.pid)
        assert process is not None
        self._seen.add(process)
        return process

    def say(self, *words: str) -> str:
        """What tmux prints when its user gives this command; fails when tmux complains."""
        done = self.user.cmd(*words)
        assert not done.stderr, (words, done.stderr)
        return "\n".join(done.stdout)

    @contextmanager
    def control_client(self) -> Iterator[subprocess.Popen[bytes]]:
        """Somebody who is attached, whose output is always read, and who changes no size."""
        call = ["tmux", "-S", self.socket, "-C", "attach", "-E", "-f", "no-output,ignore-size"]
        client = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            until(lambda: str(client.pid) in self.say("list-clients", "-F", "#{client_pid}"))
            yield client
        finally:
            client.kill()
            client.communicate()

    def kill(self) -> None:
        """End the server and wait until its process is gone."""
        with suppress(ServerGone, Silent, AssertionError):
            self.process()
        self.user.cmd("kill-server")
        ended = {Life.GONE, Life.ZOMBIE}
        try:
            until(lambda: all(life(process) in ended for process in self._seen))
        except AssertionError:
            for process in self._seen:
                if life(process) not in ended:
                    os.kill(process.pid, signal.SIGKILL)

    def remove(self) -> None:
        """End the server and remove its directory."""
        self.kill()

        def removed() -> bool:  # a hook of a program that was just killed may still write there
            shutil.rmtree(self.directory, ignore_errors=True)
            return not self.directory.exists()

        until(removed, what=f"{self.directory} is removed")


@pytest.fixture(scope="session", autouse=True)
def plain_shells() -> Iterator[None]:
    """The shells of the tests look the same whatever the caller's own shell exports."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PS1", "PROMPT_COMMAND", "BASH_ENV", "ENV"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def _outside_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that run inside somebody's tmux must not reach it."""
    for name in ("TMUX", "TMUX_PANE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def new_tmux_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[], PrivateServer]]:
    """Makes private tmux servers, none of them started; all are ended after the test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    made: list[PrivateServer] = []

    def make() -> PrivateServer:
        made.append(PrivateServer())
        return made[-1]

    yield make
    for server in made:
        server.remove()


@pytest.fixture
def tmux_server(new_tmux_server: Callable[[], PrivateServer]) -> PrivateServer:
    """A private tmux server that runs, with the tmux session ``user``."""
    return new_tmux_server().start()
