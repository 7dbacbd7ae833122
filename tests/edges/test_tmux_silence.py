"""A tmux that hangs, fails or talks nonsense says nothing about any pane; one that is gone does."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import nonce
from tests.waiting import until
from tmuxclaude.core.errors import NotFoundError, RefusedError, UnreachableError, UsageError
from tmuxclaude.core.model import Pane, Server
from tmuxclaude.edges.tmux import ServerGone, Silent, Tmux, resolve_socket
from tmuxclaude.edges.tmux.call import Door, check_socket
from tmuxclaude.edges.tmux.words import command

PANE = Pane(Server("/s", 1, 1), "%1", 2, "a" * 32)
QUESTIONS: list[Callable[[Tmux], object]] = [
    lambda tmux: tmux.panes(),
    lambda tmux: tmux.capture(["%1"]),
    lambda tmux: tmux.unread(PANE),
    lambda tmux: tmux.session_of("%1"),
    lambda tmux: tmux.type_text(PANE, "text"),
    lambda tmux: tmux.press_enter(PANE),
    lambda tmux: tmux.close(PANE),
    lambda tmux: tmux.respawn(PANE, directory="/", environment=(), argv=["/bin/true"]),
    lambda tmux: tmux.open_window(
        tmux_session="claude",
        name="x",
        directory="/",
        environment=(),
        argv=["/bin/true"],
        nonce=nonce(),
        create=True,
    ),
]

SHIMS = {
    "fails without a word": "exit 1",
    "fails with odd words": "echo 'protocol version mismatch (client 8, server 7)' >&2; exit 1",
    "talks nonsense": "echo no such thing",
    "is killed": "kill -9 $$",
}


def shim(directory: Path, script: str) -> str:
    program = directory / "tmux-shim"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize("script", SHIMS.values(), ids=SHIMS)
def test_an_odd_answer_is_silence(
    tmp_path: Path, script: str, ask: Callable[[Tmux], object]
) -> None:
    with pytest.raises(Silent):
        ask(Tmux("/nowhere/s", shim(tmp_path, script)))


def test_what_is_told_to_tmux_stands_in_no_command_line(tmp_path: Path) -> None:
    """A command line can be read by every user of the machine; standard input cannot."""
    program = shim(tmp_path, f'echo "$@" >> {tmp_path}/argv; cat >> {tmp_path}/told; exit 1')
    tmux = Tmux("/nowhere/s", program)
    start = {
        "directory": "/",
        "environment": [("A", "variable")],
        "argv": ["/bin/true", "argument"],
    }
    asks: list[Callable[[], object]] = [
        lambda: tmux.type_text(PANE, "text"),
        lambda: tmux.respawn(PANE, **start),  # type: ignore[arg-type]
        lambda: tmux.open_window(tmux_session="x", name="x", nonce=nonce(), create=True, **start),  # type: ignore[arg-type]
    ]
    for ask in asks:
        with pytest.raises(Silent):
            ask()
    told, line = (tmp_path / "told").read_text(), (tmp_path / "argv").read_text()
    words = ("text", "variable", "argument")
    assert [(word in told, word in line) for word in words] == [(True, False)] * 3


@pytest.mark.parametrize("ask", QUESTIONS[:1] + QUESTIONS[4:5])
def test_no_answer_at_all_is_silence(tmp_path: Path, ask: Callable[[Tmux], object]) -> None:
    with pytest.raises(Silent):
        ask(Tmux("/nowhere/s", shim(tmp_path, "exit 0")))


def test_a_call_that_hangs_ends_with_its_child(tmp_path: Path) -> None:
    program = shim(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    begin = time.monotonic()
    with pytest.raises(Silent, match=r"within 0\.5 s"):
        Tmux("/nowhere/s", program, timeout=0.5).panes()
    assert time.monotonic() - begin < 30
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


def test_a_stopped_server_is_silent_and_not_gone(tmux_server: PrivateServer) -> None:
    server = tmux_server.process()
    os.kill(server.pid, 19)
    try:
        with pytest.raises(Silent):
            Tmux(tmux_server.socket, timeout=0.3).panes()
    finally:
        os.kill(server.pid, 18)
    assert until(lambda: tmux_server.tmux.panes().panes)


@pytest.mark.parametrize("ask", QUESTIONS[:8])
def test_no_server_is_gone(tmux_server: PrivateServer, ask: Callable[[Tmux], object]) -> None:
    tmux_server.kill()
    with pytest.raises(ServerGone):
        ask(tmux_server.tmux)
    Path(tmux_server.socket).unlink()
    with pytest.raises(ServerGone):
        ask(tmux_server.tmux)


@pytest.mark.parametrize(
    "words",
    [
        "no server running on /tmp/a b",
        "error connecting to /dev/null/s (Not a directory)",
        "error connecting to /tmp/xx (File name too long)",
        "error connecting to /tmp/s (No such file or directory)",
        "error connecting to /tmp/s (Connection refused)",
        "server exited unexpectedly",
        "[lost server]",
    ],
)
def test_the_words_that_say_gone(tmp_path: Path, words: str) -> None:
    with pytest.raises(ServerGone):
        Tmux("/s", shim(tmp_path, f"echo '{words}' >&2; exit 1")).panes()
    with pytest.raises(Silent):
        Tmux("/s", shim(tmp_path, f"echo 'not {words}' >&2; exit 1")).panes()


def test_where_no_server_can_be(tmp_path: Path, tmux_server: PrivateServer) -> None:
    (tmp_path / "file").touch()
    for path in ("", "s", f"{tmp_path}/no/s", f"/tmp/{'x' * 103}", f"{tmp_path}/file/s", "/a\0b"):
        with pytest.raises(UsageError, match=r"socket|directory"):
            check_socket(path)
    for path in (f"{tmp_path}/file", str(tmp_path)):
        with pytest.raises(RefusedError, match="is not a socket"):
            check_socket(path)
    for path in (f"{tmp_path}/s", tmux_server.socket, f"/tmp/tmux-{os.getuid()}/s"):
        check_socket(path)


def test_a_failure_without_a_word_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(Silent, match="without a word"):
        Door("/s", shim(tmp_path, "exit 1"), 5).ask((command("list-panes"),))


def test_an_answer_about_another_target_is_none(tmp_path: Path) -> None:
    """tmux answers for a pane that is gone, and some versions with another one's facts."""
    token = """token=$(sed -n 's/.*"display-message" "-p" "\\([0-9a-f]*\\)".*/\\1/p')"""
    tell = """printf '%s:%s\\n%s\\n' "$token" "$told" "$token\""""
    tmux = Tmux("/s", shim(tmp_path, f"{token}; told='%1:$0'; {tell}"))
    assert tmux.session_of("%1") == "$0"
    assert tmux.session_of("%999") is None
    tmux = Tmux("/s", shim(tmp_path, f"{token}; told='$0:user'; {tell}"))
    assert tmux.session_name("$0") == "user"
    assert tmux.session_name("$9") is None


def test_opening_without_a_server_needs_leave_to_make_one(tmux_server: PrivateServer) -> None:
    tmux_server.kill()
    with pytest.raises(ServerGone):
        tmux_server.tmux.open_window(
            tmux_session="user",
            name="x",
            directory="/",
            environment=(),
            argv=["/bin/true"],
            nonce=nonce(),
        )


@pytest.mark.parametrize("script", SHIMS.values(), ids=SHIMS)
def test_a_session_is_not_missing_because_tmux_is_odd(tmp_path: Path, script: str) -> None:
    with pytest.raises(Silent):
        Tmux("/nowhere/s", shim(tmp_path, script)).open_window(
            tmux_session="user",
            name="x",
            directory="/",
            environment=(),
            argv=["/bin/true"],
            nonce=nonce(),
        )


def test_both_are_unreachable() -> None:
    assert issubclass(Silent, UnreachableError)
    assert issubclass(ServerGone, UnreachableError)
    assert not issubclass(Silent, ServerGone)


def test_no_tmux_at_all() -> None:
    with pytest.raises(NotFoundError, match=r"Install tmux 3\.2"):
        Tmux("/s", "/nowhere/tmux").panes()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("tmux 3.3a", (3, 3)),
        ("tmux next-3.7", (3, 7)),
        ("tmux 3.10", (3, 10)),
        ("tmux 3.5-rc", (3, 5)),
        ("tmux 2.9a", (2, 9)),
    ],
)
def test_versions(tmp_path: Path, said: str, version: tuple[int, int]) -> None:
    assert Tmux("/s", shim(tmp_path, f"echo {said}")).version() == version


def test_a_version_without_a_number_is_silence(tmp_path: Path) -> None:
    with pytest.raises(Silent):
        Tmux("/s", shim(tmp_path, "echo tmux master")).version()


def default(base: Path | str) -> str:
    return f"{base}/tmux-{os.getuid()}/default"


def test_the_socket_is_chosen_as_tmux_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = {"TMUX_TMPDIR": str(tmp_path)}
    inside = own | {"TMUX": f"{tmp_path}/other,123,0"}

    assert resolve_socket(None, None, own) == default(tmp_path)
    assert resolve_socket("work", None, own) == f"{tmp_path}/tmux-{os.getuid()}/work"
    assert resolve_socket(None, "sock", own) == f"{tmp_path}/sock"
    assert resolve_socket(None, None, inside) == f"{tmp_path}/other"
    assert resolve_socket("work", None, inside) == f"{tmp_path}/tmux-{os.getuid()}/work"
    assert resolve_socket(None, None, {"TMUX_TMPDIR": "/nowhere"}) == default(
        Path("/tmp").resolve()
    )
    for name, path in (("a", "b"), ("a/b", None)):
        with pytest.raises(UsageError):
            resolve_socket(name, path, own)


def test_the_socket_is_where_tmux_puts_it(
    new_tmux_server: Callable[[], PrivateServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = new_tmux_server()
    monkeypatch.setenv("TMUX_TMPDIR", str(server.directory))
    Path(default(server.directory)).parent.mkdir(mode=0o700)
    server.socket = resolve_socket(None, None, os.environ)
    server.user.socket_path, server.tmux = server.socket, Tmux(server.socket)
    server.start()
    # tmux finds its own server without being told a socket.
    said = subprocess.check_output(["tmux", "display-message", "-p", "#{pid}"], text=True)
    assert said == f"{server.process().pid}\n"


def test_a_socket_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))
    assert resolve_socket(None, str(path), {}) == str(path)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(RefusedError, match="not a socket"):
        resolve_socket(None, str(file), {})
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 65534, 65534)
    with pytest.raises(RefusedError, match="another user"):
        resolve_socket(None, str(path), {})
    (tmp_path / f"tmux-{os.getuid()}").mkdir()
    os.chown(tmp_path / f"tmux-{os.getuid()}", 65534, 65534)
    with pytest.raises(RefusedError, match="another user"):
        resolve_socket("x", None, {"TMUX_TMPDIR": str(tmp_path)})
