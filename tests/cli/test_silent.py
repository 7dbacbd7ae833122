"""A supervisor that is there and says nothing: every command asks it once whether it answers."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import session
from tmuxclaude.store.books import Books

COMMANDS = [
    *(("status",), ("doctor",), ("supervisor", "status"), ("supervisor", "reload")),
    *(("supervisor", "stop"), ("supervisor", "restart"), ("new", "-d"), ("adopt", "--all")),
    *(("resume", "api"), ("stop", "api", "--now"), ("hold", "api"), ("release", "api")),
    *(("send", "api", "hello"), ("send", "api", "hello", "--queue"), ("extend", "api")),
    *(("pause",), ("unpause",), ("rename", "api", "web"), ("cleanup", "--older-than", "30d")),
    *(("config", "set", "notify.tmux", "false"), ("chain", "reset", "api")),
]


@pytest.fixture
def silent(socket_path: Path) -> Iterator[socket.socket]:
    """Connections queue up there, and nobody takes them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(socket_path))
        door.listen(4 * len(COMMANDS))
        door.setblocking(False)
        yield door


def asked(door: socket.socket) -> dict[int, list[str]]:
    """What each process has asked for, by its number, in order."""
    found: dict[int, list[str]] = {}
    with suppress(BlockingIOError):
        while True:
            client, _ = door.accept()
            with client:
                told = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                pid = struct.unpack("iII", told)[0]
                lines = client.makefile("rb").read().splitlines()
                found.setdefault(pid, []).extend(json.loads(line)["type"] for line in lines)
    return found


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="only Linux tells who asks")
def test_each_command_asks_once_and_nothing_more(
    silent: socket.socket, env: dict[str, str], home: Path, books: Books
) -> None:
    books.sessions.add(session("api", home))
    (home / "api").mkdir()
    (home / "claude").symlink_to("/bin/true")
    env["PATH"] += f":{home}"
    begun = {}
    for words in COMMANDS:
        call = [sys.executable, "-m", "tmuxclaude", *words]
        pipe = subprocess.PIPE
        begun[words] = subprocess.Popen(
            call, env=env, cwd=home, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )
    told = {words: (one.communicate(timeout=120), one.returncode) for words, one in begun.items()}
    questions = asked(silent)
    for words, one in begun.items():
        said, code = told[words]
        assert questions.get(one.pid) == ["ping"], (words, said)
        assert code == (1 if words == ("doctor",) else 5), (words, said)
