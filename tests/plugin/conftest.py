"""A tmux whose key opens a picker, a client at a terminal, and a stand-in for the program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.plugin.desk import Desk

RECORDER = """#!/bin/sh
printf '%s\\n' "$TMUXCLAUDE_CLIENT $*" >>{calls}
case $* in
*--builtin*) echo THE BUILT-IN FORM; read -r _ ;;
*stubborn*) echo 'tmuxclaude: stubborn works'; exit 4 ;;
*) echo "tmuxclaude: so be it: $*" ;;
esac
"""


@pytest.fixture
def fzf() -> None:
    """fzf is here; without it the tests of its form are left out, but never unnoticed."""
    if shutil.which("fzf") is None:
        reason = "fzf is missing, and with it the usual form of the picker: install the package fzf"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def runtime(tmux_server: PrivateServer) -> Path:
    """The runtime directory of what the user's tmux starts."""
    made = tmux_server.directory / "run"
    made.mkdir(mode=0o700)
    tmux_server.say("set-environment", "-g", "TMUXCLAUDE_RUNTIME_DIR", str(made))
    return made


@pytest.fixture
def calls(tmux_server: PrivateServer) -> Callable[[], list[str]]:
    """``@tmuxclaude-bin`` is a stand-in; gives the client and the words of each call of it."""
    written = tmux_server.directory / "calls"
    program = tmux_server.directory / "tmuxclaude"
    program.write_text(RECORDER.format(calls=written))
    program.chmod(0o755)
    tmux_server.say("set-option", "-g", "@tmuxclaude-bin", str(program))
    return lambda: written.read_text().splitlines() if written.exists() else []


@pytest.fixture
def terminals(new_tmux_server: Callable[[], PrivateServer]) -> PrivateServer:
    """Where the clients' terminals are."""
    return new_tmux_server().start()


@pytest.fixture
def desk(terminals: PrivateServer, tmux_server: PrivateServer) -> Desk:
    return Desk(terminals, tmux_server)
