"""One user, one supervisor, and shells whose runtime directories differ: a login and cron."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.home import Home, is_gone
from tests.waiting import until
from tmuxclaude.edges import listening
from tmuxclaude.edges.single import Lock


class Shells:
    """A home with two shells: ``first`` has a runtime directory of its login, ``second`` none, or
    the other way round."""

    def __init__(self, root: Path, first_has: bool) -> None:
        login = {"XDG_RUNTIME_DIR": str(root / "login")}
        (root / "login").mkdir(mode=0o700)
        (root / "api").mkdir()
        (root / "bin").mkdir()
        program = root / "bin" / "claude"
        program.write_text("#!/bin/sh\nexec sleep 1000\n")
        program.chmod(0o755)
        self.first = Home(root, login if first_has else {})
        self.second = Home(root, {} if first_has else login)

    def clean(self) -> None:
        self.first.clean()
        self.second.clean()


@pytest.fixture(params=[True, False], ids=["login first", "login second"])
def shells(request: pytest.FixtureRequest) -> Iterator[Shells]:
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        shells = Shells(Path(root).resolve(), request.param)
        yield shells
        shells.clean()


def test_the_other_shell_finds_the_supervisor(shells: Shells) -> None:
    running = shells.first.start()
    other = shells.second
    assert not other.paths.socket.exists()
    opened = other.run("new", "-d", "-c", str(other.root / "api"))
    assert opened.returncode == 0, opened.stderr
    listed = other.json("list")
    assert [one["name"] for one in listed["sessions"]] == ["api"]
    assert listed["supervisor"]["running"]
    assert "no supervisor" not in other.run("list").stderr
    for words in (["status"], ["supervisor", "status"], ["supervisor", "start"]):
        assert other.json(*words)["supervisor"]["pid"] == running.pid
    checks = json.loads(other.run("doctor", "--json").stdout)["checks"]
    [told] = [one["text"] for one in checks if one["name"] == "supervisor"]
    assert told.startswith(f"process {running.pid}, ")
    assert other.run("supervisor", "stop").returncode == 0
    until(lambda: is_gone(running))


def test_restarted_from_the_other_shell_it_listens_there(shells: Shells) -> None:
    first = shells.first.start()
    answer = shells.second.json("supervisor", "restart")["supervisor"]
    assert answer["pid"] != first.pid
    assert shells.second.answering().pid == answer["pid"]  # with its own runtime directory
    assert shells.first.json("supervisor", "status")["supervisor"]["pid"] == answer["pid"]


def test_hooks_of_an_earlier_supervisor_reach_the_next_one(shells: Shells) -> None:
    """The spool is baked into the settings of a session that lives on."""
    shells.first.start()
    opened = shells.first.json("new", "-d", "-c", str(shells.first.root / "api"))
    shells.second.json("supervisor", "restart")
    settings = shells.first.paths.hooks / f"{opened['uid']}.json"
    [entry] = json.loads(settings.read_text())["hooks"]["SessionEnd"][0]["hooks"]
    told = {
        "session_id": opened["conversation"],
        "hook_event_name": "SessionEnd",
        "reason": "prompt_input_exit",
    }
    call = ["/bin/sh", "-c", entry["command"]]
    subprocess.run(call, input=json.dumps(told).encode(), check=True)
    database = shells.first.paths.database
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as reading:
        query = "SELECT count(*) FROM events WHERE kind = 'said goodbye'"
        until(lambda: reading.execute(query).fetchone() == (1,))


# It cannot be reached


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        home = Home(Path(root).resolve())
        yield home
        home.clean()


HOLDER = """
import sys, time
from pathlib import Path
from tmuxclaude.edges import single
lock = single.Lock(Path(sys.argv[1]), Path(sys.argv[2]))
print("held", flush=True)
time.sleep(1000)
"""


def test_one_that_cannot_be_reached_is_named_and_its_keeper_left_alone(home: Home) -> None:
    home.paths.ensure()
    call = [sys.executable, "-c", HOLDER, str(home.paths.lock), "/nowhere/run"]
    with subprocess.Popen(call, env=home.env, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            commands = (["status"], ["supervisor", "stop"], ["supervisor", "start"])
            for one in [home.popen(*words) for words in commands]:
                _, complaint = one.communicate(timeout=60)
                assert one.returncode == 5, complaint
                assert f"process {holder.pid}" in complaint
                assert "/nowhere/run" in complaint
            assert f"process {holder.pid}" in home.run("list").stderr
            assert f"process {holder.pid}" in home.run("doctor").stdout
            assert not home.paths.down.exists()
        finally:
            holder.kill()


# Where it listens, by what stands in its lock


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A lock, and the runtime directory that it names, with a socket."""
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as short:
        named = Path(short).resolve()
        with closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind(str(named / listening.SOCKET))
            (named / listening.SOCKET).chmod(0o600)
            lock = Lock(tmp_path / "lock", named)
            yield tmp_path / "lock", named
            lock.release()


def test_the_directory_that_the_lock_names_is_taken(held: tuple[Path, Path]) -> None:
    lock, named = held
    assert listening.runtime_dir(str(lock), "/own") == str(named)
    assert listening.holder(str(lock)) == (str(os.getpid()), str(named))


def test_what_is_open_to_others_or_gone_is_not(held: tuple[Path, Path]) -> None:
    lock, named = held
    for path, wide, private in ((named, 0o750, 0o700), (named / listening.SOCKET, 0o660, 0o600)):
        path.chmod(wide)
        assert listening.runtime_dir(str(lock), "/own") == "/own"
        path.chmod(private)
    (named / listening.SOCKET).unlink()
    (named / listening.SOCKET).write_text("")
    (named / listening.SOCKET).chmod(0o600)
    assert listening.runtime_dir(str(lock), "/own") == "/own"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_another_users_directory_is_not_taken(held: tuple[Path, Path]) -> None:
    lock, named = held
    os.chown(named, 65534, -1)
    try:
        assert listening.runtime_dir(str(lock), "/own") == "/own"
    finally:
        os.chown(named, os.geteuid(), -1)


@pytest.mark.parametrize("text", [b"", b"1\n", b"1\nrelative\n", b"\0" * 99, b"9\n/\0\n"])
def test_garbage_in_the_lock_names_nothing(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(text)
    assert listening.runtime_dir(str(tmp_path / "lock"), "/own") == "/own"
    assert listening.holder(str(tmp_path / "lock")) is None


def test_a_pipe_for_a_lock_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    assert listening.runtime_dir(str(tmp_path / "lock"), "/own") == "/own"
