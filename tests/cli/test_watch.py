"""``list --watch`` in a real terminal: a table that lives, and a screen that comes back."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tests.conftest import PrivateServer
from tests.waiting import until
from tmuxclaude.cli import presence, watch
from tmuxclaude.core.model import Actor, Outlook, State
from tmuxclaude.store.books import Books

CALL = [sys.executable, "-m", "tmuxclaude", "list", "--watch"]


class Terminal:
    """A shell in a pane, in which the user watches."""

    def __init__(self, server: PrivateServer, env: dict[str, str]) -> None:
        self.server = server
        shell = ["env", "-i", *(f"{key}={value}" for key, value in env.items()), "TERM=screen"]
        words = ["new-window", "-t", "user", "--", *shell, "LC_ALL=C.UTF-8", "sh"]
        server.say("set-option", "-g", "alternate-screen", "on")
        server.say(*words)
        self.type("echo before")

    def type(self, line: str) -> None:
        self.server.say("send-keys", "-t", "user", "-l", line)
        self.server.say("send-keys", "-t", "user", "Enter")

    def screen(self) -> str:
        return self.server.say("capture-pane", "-p", "-t", "user")

    def flags(self) -> str:
        shown = "#{alternate_on} #{cursor_flag}"
        return self.server.say("display-message", "-p", "-t", "user", shown)

    def shows(self, *texts: str) -> str:
        until(lambda: all(text in self.screen() for text in texts), what=self.screen)
        return self.screen()

    def pid(self) -> int:
        shell = self.server.say("display-message", "-p", "-t", "user", "#{pane_pid}")
        told = subprocess.run(
            ["ps", "--ppid", shell, "-o", "pid="], capture_output=True, text=True, check=True
        )
        return int(told.stdout)


@pytest.fixture
def terminal(
    new_tmux_server: Callable[[], PrivateServer], env: dict[str, str], books: Books, home: Path
) -> Terminal:
    """It watches two sessions; one of them is due in a while."""
    at = time.time() + 3000
    books.sessions.add(session("api", home, outlook=Outlook(Actor.US, at, "5-hour limit")))
    books.sessions.add(session("web", home, uid="uid-web2"))
    terminal = Terminal(new_tmux_server().start(width=100, height=10), env)
    terminal.type(shlex.join(CALL))
    terminal.shows("WAITS FOR", "web")
    return terminal


def test_a_supervisor_that_hangs_is_told(terminal: Terminal, socket_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as hung:
        hung.bind(str(socket_path))
        hung.listen(100)
        terminal.shows("does not answer, so this is old")
    terminal.shows("no supervisor is running")


def test_it_lives(terminal: Terminal, books: Books, home: Path) -> None:
    assert terminal.flags() == "1 0"
    assert "no supervisor is running" in terminal.screen().splitlines()[0]
    assert "before" not in terminal.screen()
    books.sessions.save(replace(session("web", home, uid="uid-web2"), state=State.WORKING))
    terminal.shows("working")
    soon = Outlook(Actor.US, time.time() + 40, "5-hour limit")
    books.sessions.save(session("api", home, outlook=soon))
    [first] = re.findall(r"in \d+s", terminal.shows(" in 3"))
    until(lambda: first not in terminal.screen(), what=terminal.screen)
    terminal.shows("api")
    terminal.server.say("send-keys", "-t", "user", "-l", "x")
    assert "x\n" not in terminal.screen()
    for number in range(20):
        books.sessions.add(session(f"more-{number}", home, uid=f"uid-{number}"))
    terminal.shows("… and 15 more")
    terminal.server.say("resize-window", "-t", "user", "-x", "60", "-y", "30")
    terminal.shows("more-19")
    # Each on one line: who watches, the heads, and 22 sessions.
    until(lambda: len(terminal.screen().split("\n")) == 24, what=terminal.screen)


@pytest.mark.parametrize(
    ("ended", "code"), [("C-c", 130), ("q", 0), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_the_screen_comes_back(terminal: Terminal, ended: str | signal.Signals, code: int) -> None:
    if isinstance(ended, str):
        terminal.server.say("send-keys", "-t", "user", ended)
    else:
        os.kill(terminal.pid(), ended)
    until(lambda: terminal.flags() == "0 1", what=terminal.screen)
    terminal.type("echo code $?")
    screen = terminal.shows("before", f"code {code}")
    assert "Traceback" not in screen
    assert screen.count("echo code") == 1  # what is typed is echoed again
    assert "WAITS FOR" not in screen


def test_without_a_terminal_it_says_what_to_do(run: Run) -> None:
    done = run("list", "--watch")
    assert (done.code, done.out) == (2, "")
    assert "--json" in done.err


def test_json_comes_whenever_something_changed(
    env: dict[str, str], books: Books, home: Path, socket_path: Path
) -> None:
    books.sessions.add(session("api", home))
    with subprocess.Popen([*CALL, "--json"], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = json.loads(process.stdout.readline())
            assert not select.select([process.stdout], [], [], 1.5)[0]
            books.sessions.save(session("api", home, state=State.WORKING))
            second = json.loads(process.stdout.readline())
            with closing(socket.socket(socket.AF_UNIX)) as hung:
                hung.bind(str(socket_path))
                hung.listen(100)
                third = json.loads(process.stdout.readline())
        finally:
            process.terminate()
    assert [one["sessions"][0]["state"] for one in (first, second)] == ["idle", "working"]
    assert first["supervisor"] == {"running": False}
    assert third["supervisor"] == {"running": False, "notices": [presence.SILENT]}


def test_a_frame_clears_only_what_it_does_not_draw() -> None:
    assert watch.frame(["a", "b"], 2) == "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J"
    assert "… and 2 more\x1b[K\x1b[J" in watch.frame(["a", "b", "c"], 2)
    assert "c" not in watch.frame(["a", "b", "c"], 2).replace("\x1b[", "")
