"""How `serve` begins and ends, and what it bears."""

from __future__ import annotations

import json
import resource
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.api.home import ROOT, Home
from tests.waiting import until
from tests.web.door import Door, ended, heard, me
from tmuxclaude.web.serving import LIFE_SECONDS, MAX_CONNECTIONS

Open = Callable[..., Door]


@pytest.fixture
def alone() -> Iterator[Home]:
    """A home without a supervisor."""
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as directory:
        home = Home(Path(directory).resolve())
        yield home
        home.clean()


@pytest.fixture
def opened(alone: Home) -> Iterator[Open]:
    """Starts ``serve`` in that home; all are ended after the test."""
    made: list[Door] = []

    def begin(*arguments: str, umask: int = -1) -> Door:
        made.append(Door(alone, arguments, umask))
        return made[-1]

    yield begin
    for door in made:
        door.end()


def test_it_begins_in_private_and_ends_in_order(alone: Home, opened: Open) -> None:
    tokens = set()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        door = opened(umask=0)
        assert stat.S_IMODE(door.file.stat().st_mode) == 0o600
        assert stat.S_IMODE(door.file.parent.stat().st_mode) == 0o700
        assert door.address == {"url": door.url, "token": door.token, "pid": door.process.pid}
        assert door.url in door.told
        assert door.token not in door.told
        tokens.add(door.token)
        with door.connect() as waits:  # somebody who says nothing holds up no end
            door.process.send_signal(number)
            assert ended(door.process) == 0
            assert heard(waits).status == 0
        assert door.process.communicate() == ("", "")
        assert not door.file.exists()
    assert len(tokens) == 3
    assert min(len(token) for token in tokens) == 43  # 32 bytes


def test_a_second_one_says_so(alone: Home, opened: Open, tmp_path: Path) -> None:
    first = opened()
    for arguments in ((), ("--port", str(first.port))):
        second = alone.popen("serve", *arguments)
        assert ended(second) == 75
        assert "runs already" in second.communicate()[1]
    with socket.create_server(("127.0.0.1", 0)) as other:
        alone.env["TMUXCLAUDE_RUNTIME_DIR"] = f"{alone.root}/other"
        done = alone.run("serve", "--port", str(other.getsockname()[1]), "--json")
        problem = json.loads(done.stdout)["error"]
        assert (done.returncode, problem["code"]) == (4, "refused")
        assert f"port {other.getsockname()[1]} " in problem["message"]
    assert not Path(f"{alone.root}/other/http.json").exists()
    assert first.address["token"] == first.token
    assert first.ask("GET", "/health").status == 503


def test_what_a_crash_left_behind_is_nobodys(alone: Home, opened: Open) -> None:
    crashed = opened()
    crashed.process.kill()
    assert ended(crashed.process) == -signal.SIGKILL
    assert crashed.file.exists()
    door = opened("--port", str(crashed.port), "--json")
    told = {"url": crashed.url, "file": str(door.file), "pid": door.process.pid}
    assert json.loads(door.told) == {"serve": told}
    assert door.address == {"url": crashed.url, "token": door.token, "pid": door.process.pid}
    assert door.token != crashed.token


def test_a_link_in_the_place_of_the_address_is_not_followed(alone: Home, tmp_path: Path) -> None:
    alone.paths.ensure()
    alone.paths.http.symlink_to(tmp_path / "target")
    assert alone.run("serve").returncode == 4
    assert not (tmp_path / "target").exists()


def test_the_supervisor_is_never_started(alone: Home, opened: Open) -> None:
    door = opened()
    for answer in (door.ask("GET", "/health"), door.post("register", **me())):
        assert (answer.status, answer.json["error"]) == (503, "unreachable")
        assert "tmuxclaude supervisor start" in answer.json["message"]
    assert alone.supervisor() is None
    supervisor = alone.start()
    health = door.ask("GET", "/health")
    assert (health.status, health.json["pid"]) == (200, supervisor.pid)
    supervisor.suspend()
    try:
        began = time.monotonic()
        answer = door.ask("GET", "/health")
        assert (answer.status, answer.json["error"]) == (503, "unreachable")
        assert time.monotonic() - began < LIFE_SECONDS
    finally:
        supervisor.resume()


def test_slow_and_many_clients_are_borne(opened: Open) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    door = opened()
    process = psutil.Process(door.process.pid)
    slow = [door.connect() for _ in range(3)]
    slow[0].sendall(b"GET /health HT")
    slow[1].sendall(door.head("POST", "/api/session/end", Content_Length="9") + b"{")
    began = time.monotonic()
    assert door.ask("GET", "/health").status == 503  # no supervisor; but it was asked for one
    crowd = [door.connect() for _ in range(1000)]
    try:
        until(lambda: process.num_fds() < MAX_CONNECTIONS + 40)  # those over it go at once
        said = door.ask("GET", "/health").json["message"]
        assert said == "too many ask; try again"
        for connection in slow:
            with connection:
                assert heard(connection).status == 0
        assert LIFE_SECONDS - 1 < time.monotonic() - began < LIFE_SECONDS + 20
        until(lambda: "no supervisor" in door.ask("GET", "/health").json["message"])
    finally:
        for connection in crowd:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    until(lambda: process.num_fds() < 40)


def test_without_the_extra_it_says_how_to_get_it(alone: Home, tmp_path: Path) -> None:
    missing = 'raise ModuleNotFoundError("No module named starlette", name="starlette")\n'
    (tmp_path / "starlette.py").write_text(missing)
    alone.env["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
    done = alone.run("serve")
    assert done.returncode == 3
    assert "pipx install --force '.[web]'" in done.stderr
    assert "starlette" in done.stderr
    assert alone.run("list").returncode == 0
    assert alone.run("serve", "--help").returncode == 0
