"""``list`` and ``status`` are quick, and say the same as by the long way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.cli.conftest import Run, on_terminal, session
from tmuxclaude.api import wire
from tmuxclaude.cli import presence, quick
from tmuxclaude.core.errors import UnreachableError
from tmuxclaude.core.model import Actor, Outlook, State
from tmuxclaude.edges.paths import Paths
from tmuxclaude.store.books import Books

HEAVY = {
    *("click", "msgspec", "libtmux", "psutil", "sqlite_utils", "asyncio", "subprocess", "socket"),
    *("dataclasses", "enum", "inspect", "json", "pathlib", "re", "typing", "zoneinfo"),
    *("tmuxclaude.app", "tmuxclaude.api", "tmuxclaude.edges.paths", "tmuxclaude.core.model"),
}
"""Each of these costs a good part of Python's own start."""

LOADED = "import sys; {}; print(*sys.modules, file=sys.stderr)"


def loaded(env: dict[str, str], statement: str) -> set[str]:
    command = [sys.executable, "-c", LOADED.format(statement)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [(["list"], set()), (["list", "--all"], set()), (["status"], {"json", "re", "enum"})],
)
def test_nothing_heavy_is_imported(
    arguments: list[str], allowed: set[str], env: dict[str, str], home: Path, books: Books
) -> None:
    books.sessions.add(session("api", home))
    call = f"sys.argv[1:] = {arguments}; from tmuxclaude.cli.main import main; assert main() == 0"
    ours = loaded(env, call) - loaded(env, "pass")
    assert "tmuxclaude.cli.quick" in ours
    assert ours & HEAVY <= allowed


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--help"],
        ["list", "api"],
        ["list", "--al"],
        ["--json", "list"],
        ["status", "--all"],
        ["list", "-L"],
        ["list", "-L", "a", "-S", "b"],
        ["show", "list"],
        ["list", "status"],
        ["--version", "list"],
        [],
    ],
)
def test_other_calls_are_left_to_click(arguments: list[str]) -> None:
    assert quick.understood(arguments) is None


def test_plain_calls_are_understood() -> None:
    call = quick.understood(["-L", "work", "list", "--all", "--json"])
    assert call is not None
    assert (call.verb, call.every, call.as_json, call.name, call.path) == (
        *("list", True, True, "work", None),
    )
    call = quick.understood(["status", "-S", "list"])
    assert call is not None
    assert (call.verb, call.every, call.as_json, call.name, call.path) == (
        *("status", False, False, None, "list"),
    )


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"XDG_STATE_HOME": "/x/state"},
        {"XDG_STATE_HOME": "relative"},
        {"XDG_RUNTIME_DIR": "/run/user/1000"},
        {"XDG_RUNTIME_DIR": "relative", "XDG_STATE_HOME": ""},
        {"TMUXCLAUDE_STATE_DIR": "/s", "XDG_STATE_HOME": "/x"},
        {"TMUXCLAUDE_STATE_DIR": "/s", "XDG_RUNTIME_DIR": "/run/user/1000"},
        {"TMUXCLAUDE_RUNTIME_DIR": "/r", "XDG_RUNTIME_DIR": "/run/user/1000"},
        {"TMUXCLAUDE_RUNTIME_DIR": "", "TMUXCLAUDE_STATE_DIR": ""},
    ],
)
def test_our_files_are_where_edges_says(env: dict[str, str]) -> None:
    env = {"HOME": "/home/ann"} | env
    found, right = quick.places(env), Paths.from_environment(env)
    assert found is not None
    assert (Path(found.database), Path(found.socket)) == (right.database, right.socket)


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"HOME": "relative"},
        {"HOME": "/h", "TMUXCLAUDE_STATE_DIR": "relative"},
        {"HOME": "/h", "TMUXCLAUDE_RUNTIME_DIR": "relative"},
    ],
)
def test_unusual_surroundings_are_left_to_edges(env: dict[str, str]) -> None:
    assert quick.places(env) is None


def test_a_ping_is_what_the_wire_says(socket_path: Path) -> None:
    pong = wire.Pong(version="9", pid=4711, started_at=1_800_000_000.5, sessions=3)
    pong = msgspec.structs.replace(pong, notices=["it sleeps"])
    with answering(socket_path, wire.encode(pong)) as asked:
        answer = presence.ask_ping(str(socket_path))
    assert wire.decode_request(asked[0]) == wire.Ping()
    known = {"version": "9", "pid": 4711, "started_at": 1_800_000_000.5, "sessions": 3}
    assert answer == known | {"notices": ["it sleeps"], "kept_by": ""}


def test_what_troubles_the_supervisor_is_said(socket_path: Path, run: Run) -> None:
    pong = wire.Pong(
        version="9", pid=4711, started_at=1.0, sessions=0, notices=["the disk is full"]
    )
    for words in (["list"], ["list", "--json"], ["supervisor", "status"]):
        with answering(socket_path, wire.encode(pong)):
            done = run(*words)
        socket_path.unlink()
        assert (done.code, "the disk is full" in done.out + done.err) == (0, True), words
    assert quick.list_json([], True, ["x"])["supervisor"] == {"running": True, "notices": ["x"]}


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b"[]\n", b""])
def test_a_supervisor_that_talks_nonsense_does_not_answer(line: bytes, socket_path: Path) -> None:
    with answering(socket_path, line), pytest.raises(UnreachableError):
        presence.ask_ping(str(socket_path))


def test_a_socket_file_without_a_listener_is_nobody(socket_path: Path) -> None:
    assert presence.ask_ping(str(socket_path)) is None
    assert not presence.listens(str(socket_path))
    with closing(socket.socket(socket.AF_UNIX)) as left_over:
        left_over.bind(str(socket_path))
    assert presence.ask_ping(str(socket_path)) is None
    assert not presence.listens(str(socket_path))


def test_a_supervisor_that_hangs_is_seen_by_list_and_reported_by_status(
    socket_path: Path, run: Run, books: Books, home: Path
) -> None:
    rows = socket_path.with_name("rows")
    books.sessions.add(session("api", home))
    with listening(socket_path):
        told = run("list", "--json").json["supervisor"]
        assert told == {"running": False, "notices": [presence.SILENT]}
        done = run("list")
        assert (done.code, "does not answer, so this is old" in done.err) == (0, True)
        assert "api" in done.out
        rows.touch()
        os.utime(rows, (time.time() - 300,) * 2)
        assert "(5m ago)" in run("list").err
        done = run("status")
        assert done.code == UnreachableError.exit_code
        assert "does not answer" in done.err
        done = run("status", "--json")
        assert done.code == UnreachableError.exit_code
        assert done.json["error"]["code"] == "unreachable"
        assert done.err == ""


def test_list_says_who_acts_next_and_when(run: Run, books: Books, home: Path) -> None:
    soon = Outlook(Actor.US, 4_000_000_000.0, "weekly limit")
    books.sessions.add(session("api", home, state=State.LIMITED, outlook=soon))
    yours, elsewhere = Outlook(Actor.YOU, None, "trust dialog"), str(home / "other-server")
    books.sessions.add(session("web", home, state=State.WAITING, outlook=yours, socket=elsewhere))
    books.sessions.add(session("old", home, state=State.ENDED))
    done = run("list")
    assert done.code == 0
    heads, api, web = done.out.splitlines()
    assert heads.split() == [
        "NAME",
        "STATE",
        "SINCE",
        "LEFT",
        "DIRECTORY",
        "NEXT",
        "WHEN",
        "WAITS",
        "FOR",
    ]
    assert api.startswith("api   limited")
    assert "tmuxclaude  2 Oct 2096 07:06, in " in api
    assert api.endswith("weekly limit")
    assert "~/web" in web
    assert web.endswith("trust dialog")
    assert "no supervisor is running" in done.err
    [there] = run("list", "-S", elsewhere, "--json").json["sessions"]
    assert there["name"] == "web"
    assert len(run("list", "--all", "--json").json["sessions"]) == 3


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_list_never_wraps_and_keeps_what_counts(
    columns: int, books: Books, home: Path, env: dict[str, str]
) -> None:
    soon = Outlook(Actor.CLAUDE, time.time() + 260_000, "weekly limit; its own continue is armed")
    deep = str(home / ("deep/" * 50))
    one = session("a-rather-long-name", home, state=State.LIMITED, outlook=soon, directory=deep)
    books.sessions.add(one)
    books.sessions.add(session("web", home))
    shown = on_terminal(["list"], columns, env, home).splitlines()
    table = [line for line in shown if "no supervisor is running" not in line]
    assert max(map(len, table)) <= columns
    assert len(table) == 3
    if columns == 80:
        assert ", in 3d" in table[1]
        assert "  weekly limit; its o" in table[1]
    if columns == 120:
        assert "~/de" in table[1]
        assert "/deep  Claude Code  " in table[1]


def test_both_ways_to_list_and_status_say_the_same(run: Run, books: Books, home: Path) -> None:
    books.sessions.add(session("api", home))
    for verb in ("list", "status"):
        short, long = run(verb, "--json"), run(verb, "--json", "-S", "/tmp/tmux-1000/default")
        assert short.json == long.json
        by_click = run("-S", "/elsewhere", verb, "--json", "-S", "/tmp/tmux-1000/default")
        assert by_click.json == short.json


def test_json_has_the_nouns(run: Run, books: Books, home: Path) -> None:
    one = session("api", home, state=State.LIMITED, outlook=Outlook(Actor.US, 4e9, "weekly limit"))
    books.sessions.add(one)
    [shown] = run("list", "--json").json["sessions"]
    assert shown["pane"] == {"socket": "/tmp/tmux-1000/default", "pane_id": "%12"}
    assert shown["outlook"] == {"actor": "tmuxclaude", "at": 4e9, "why": "weekly limit"}
    assert shown["halt"] is None
    assert {key: shown[key] for key in ("uid", "name", "state", "want", "directory")} == {
        "uid": one.uid,
        "name": "api",
        "state": "limited",
        "want": "up",
        "directory": one.directory,
    }


def test_status_counts_and_names_the_soonest(run: Run, books: Books, home: Path) -> None:
    for number, name in enumerate(("later", "sooner")):
        outlook = Outlook(Actor.US, 4e9 - number * 3600, "weekly limit")
        books.sessions.add(session(name, home, state=State.LIMITED, outlook=outlook))
    books.sessions.add(session("ask", home, outlook=Outlook(Actor.YOU, None, "a question")))
    lines = dict(line.split(maxsplit=1) for line in run("status").out.splitlines())
    assert lines["supervisor"].startswith("not running")
    assert lines["sessions"] == "1 idle, 2 limited"
    assert lines["next"].startswith("sooner: tmuxclaude at 2 Oct 2096")
    data = run("status", "--json").json
    assert data["supervisor"] == {"running": False}
    assert data["sessions"] == {"idle": 1, "limited": 2}
    assert data["next"]["name"] == "sooner"
    assert data["for_you"] == ["ask"]


def test_without_a_database_it_says_what_to_do(run: Run) -> None:
    assert run("list").out == "No sessions. Open one with: tmuxclaude new\n"
    assert run("list", "--all", "--abandoned").out == "No session is abandoned.\n"
    assert run("list").err == ""
    assert run("list", "--json").json == {"sessions": [], "supervisor": {"running": False}}
    assert run("status").code == 0


def test_a_database_of_a_newer_version_is_refused(run: Run, books: Books) -> None:
    books.db.close()
    import sqlite3

    with closing(sqlite3.connect(books.db.path)) as newer:
        newer.execute("PRAGMA user_version = 999")
    done = run("list")
    assert done.code == 4
    assert done.out == ""
    assert "newer tmuxclaude" in done.err
    assert "Traceback" not in done.err
    assert run("list", "--json").json["error"]["code"] == "refused"


def test_a_hostile_directory_cannot_drive_the_terminal(run: Run, books: Books, home: Path) -> None:
    books.sessions.add(session("api", home, directory="/tmp/\x1b]0;owned\x07\nroot"))
    done = run("list")
    assert "\\x1b]0;owned\\x07\\nroot" in done.out
    assert "\x1b" not in done.out
    assert run("list", "--json").json["sessions"][0]["directory"] == "/tmp/\x1b]0;owned\x07\nroot"


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A listener that accepts connections, as the system does, and never says a word."""
    with closing(socket.socket(socket.AF_UNIX)) as door:
        door.bind(str(path))
        door.listen(8)
        yield door


@contextmanager
def answering(path: Path, line: bytes) -> Iterator[list[bytes]]:
    """A listener that gives one line to whoever asks; what was asked is in the list."""
    asked: list[bytes] = []

    def serve(door: socket.socket) -> None:
        connection, _ = door.accept()
        with closing(connection):
            asked.append(connection.recv(65536))
            connection.sendall(line)

    with listening(path) as door:
        thread = threading.Thread(target=serve, args=(door,))
        thread.start()
        yield asked
        thread.join()
