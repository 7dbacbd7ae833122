"""Windows that we open: the right program, directory and name, whatever the texts hold."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import nonce, open_box, open_window
from tests.waiting import until
from tmuxclaude.core.errors import NotFoundError, UsageError
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.programs import attach_argv
from tmuxclaude.edges.tmux import Obstacle, Refused, Sent, opening
from tmuxclaude.edges.tmux.call import Door
from tmuxclaude.edges.tmux.words import Id

NewServer = Callable[[], PrivateServer]
TELL = (
    "import os, sys, time\n"
    "with open(sys.argv[1] + '.new', 'wb') as file:\n"
    "    parts = [os.getcwdb(), os.environb.get(b'TOLD', b'-'), os.environb[b'PATH'],"
    " *map(os.fsencode, sys.argv[2:])]\n"
    "    file.write(b'\\0'.join(parts))\n"
    "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
    "time.sleep(1000)\n"
)


def told(server: PrivateServer, *items: str, **given: object) -> list[bytes]:
    """Working directory, TOLD, PATH and argv items as the program in a new window has them."""
    file = server.directory / nonce()
    open_window(server, sys.executable, "-ISc", TELL, str(file), *items, **given)
    until(file.exists, what="the program tells")
    return file.read_bytes().split(b"\0")


def shown(server: PrivateServer, pane: Pane, form: str) -> str:
    return server.say("display-message", "-p", "-t", pane.pane_id, form)


def test_the_program_is_the_panes_own_process_and_marked(tmux_server: PrivateServer) -> None:
    mark = nonce()
    opened = open_window(tmux_server, "/bin/sleep", "1000", nonce=mark)
    facts = tmux_server.tmux.panes().panes[opened.pane.pane_id]

    assert facts.at(opened.pane.server) == opened.pane
    assert (facts.nonce, facts.window_id) == (mark, opened.window_id)
    assert facts.session_id == opened.session_id
    argv = Path(f"/proc/{facts.pane_pid}/cmdline")
    until(lambda: argv.read_bytes() == b"/bin/sleep\x001000\x00", what="sleep")
    options = tmux_server.say("show-options", "-p", "-t", opened.pane.pane_id, "remain-on-exit")
    assert options == "remain-on-exit failed"
    names = "#{window_name} #{automatic-rename} #{allow-rename}"
    assert shown(tmux_server, opened.pane, names) == "ours 0 0"


def test_one_word_is_run_and_not_read_by_a_shell(tmux_server: PrivateServer) -> None:
    program = tmux_server.directory / "a program; touch $HOME"
    program.write_text(f"#!/bin/sh\necho ran > '{tmux_server.directory}/ran'\nexec sleep 99\n")
    program.chmod(0o700)
    open_window(tmux_server, str(program))
    until((tmux_server.directory / "ran").exists, what="the program runs")


def test_the_users_window_stays_in_front_unless_asked(tmux_server: PrivateServer) -> None:
    front = "#{window_active}"
    assert shown(tmux_server, open_window(tmux_server, "/bin/sleep", "9").pane, front) == "0"
    selected = open_window(tmux_server, "/bin/sleep", "9", select=True)
    assert shown(tmux_server, selected.pane, front) == "1"


def test_success_closes_the_window_and_failure_stays(tmux_server: PrivateServer) -> None:
    good = open_window(tmux_server, "/bin/true").pane.pane_id
    bad = open_window(tmux_server, "/bin/sh", "-c", "exit 7").pane.pane_id

    def settled() -> bool:
        seen = tmux_server.tmux.panes()
        if any(facts.unreaped for facts in seen.panes.values()):
            tmux_server.tmux.reap(seen.server)
        return good not in seen.panes and seen.panes[bad].exit_status == 7

    until(settled, what=lambda: str(tmux_server.tmux.panes()))


NASTY = [
    "with # and #{pane_id} and ##",
    "#[fg=red]",
    "semi;colon;",
    " spaces ",
    "new\nline",
    "new\n  indented # no comment",
    "quote ' and \" and `id`",
    "$HOME ~ \\ {x} %1 %H",
    "ünïcode 漢字",
    "not utf-8 \udcff\udcfe",
]


@pytest.mark.parametrize("text", NASTY)
def test_texts_arrive_byte_for_byte(tmux_server: PrivateServer, text: str) -> None:
    directory = tmux_server.directory / text
    directory.mkdir()
    assert told(tmux_server, text, "", directory=str(directory), environment=[("TOLD", text)]) == [
        os.fsencode(directory),
        os.fsencode(text),
        os.environ["PATH"].encode(),
        os.fsencode(text),
        b"",
    ]


def test_more_than_an_argument_list_of_tmux_can_hold(tmux_server: PrivateServer) -> None:
    assert told(tmux_server, "x" * 100_000)[3] == b"x" * 100_000


def test_the_path_is_the_tmux_sessions_or_the_given_one(
    tmux_server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"/nowhere:{usual}")
    assert told(tmux_server)[2] == usual.encode()
    assert told(tmux_server, environment=[("PATH", f"/x:{usual}")])[2] == f"/x:{usual}".encode()


def test_a_directory_that_vanishes_starts_nothing(tmux_server: PrivateServer) -> None:
    directory, file = tmux_server.directory / "short", tmux_server.directory / "ran"
    directory.mkdir()
    mark = nonce()
    start = opening.started(str(directory), (), ["/bin/sh", "-c", 'touch "$0"', str(file)], mark)
    directory.rmdir()
    begin, target = opening.in_session(Id("$0"), "ours", False, "a")
    line = ((*begin, *start), opening.marked(target, mark, "a"))
    assert not Door(tmux_server.socket, "tmux", 5).ask(line).complaint

    def dead() -> bool:
        seen = tmux_server.tmux.panes()
        tmux_server.tmux.reap(seen.server)
        return any(facts.dead and facts.exit_status for facts in seen.panes.values())

    until(dead, what="a pane that failed")
    assert not file.exists()


def test_a_bad_directory_starts_nothing(tmux_server: PrivateServer) -> None:
    pane = open_window(tmux_server, "/bin/sh", "-c", "exit 1").pane
    until(lambda: tmux_server.tmux.panes().panes[pane.pane_id].dead)
    for directory in ("/nowhere", "relative", "/etc/passwd", "", f"/{'x' * 300}"):
        with pytest.raises(UsageError):
            open_window(tmux_server, "/bin/sleep", "9", directory=directory)
        with pytest.raises(UsageError):
            tmux_server.tmux.respawn(pane, directory=directory, environment=(), argv=["/bin/sleep"])
    assert len(tmux_server.tmux.panes().panes) == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "#(touch X)"},
        {"name": "-d"},
        {"name": "a b"},
        {"name": ""},
        {"name": "x" * 49},
        {"name": "line\n"},
        {"environment": [("A B", "c")]},
        {"environment": [("A=B", "c")]},
        {"environment": [("A", "\0")]},
        {"argv": []},
        {"argv": ["a\0"]},
        {"tmux_session": "#(touch X)", "create": True},
    ],
    ids=str,
)
def test_bad_values_open_nothing(tmux_server: PrivateServer, bad: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        open_window(tmux_server, "/bin/sleep", "9", **bad)
    assert len(tmux_server.tmux.panes().panes) == 1


def test_a_tmux_session_is_found_by_whole_name_or_id(tmux_server: PrivateServer) -> None:
    tmux_server.say("new-session", "-d", "-s", "user 2; ##(x)", "sleep 99")
    for wanted, name in (("user 2; #(x)", "user 2; #(x)"), ("user", "user"), ("$0", "user")):
        opened = open_window(tmux_server, "/bin/sleep", "9", tmux_session=wanted)
        assert shown(tmux_server, opened.pane, "#{session_name}") == name
    for wanted in ("use", "user*", "$9", "", "=user", "user:"):
        with pytest.raises(NotFoundError):
            open_window(tmux_server, "/bin/sleep", "9", tmux_session=wanted)


def test_a_session_and_a_server_are_made_when_wanted(new_tmux_server: NewServer) -> None:
    server = new_tmux_server()
    first = open_window(server, "/bin/sleep", "9", tmux_session="claude", create=True)
    second = open_window(server, "/bin/sleep", "9", tmux_session="claude", create=True)

    assert first.session_id == second.session_id
    assert first.window_id != second.window_id
    told_of = "#{session_name} #{window_width}x#{window_height} #{session_attached}"
    assert shown(server, first.pane, told_of) == "claude 200x50 0"
    assert {facts.nonce for facts in server.tmux.panes().panes.values()} == {
        first.pane.nonce,
        second.pane.nonce,
    }


def test_a_server_that_was_just_killed_is_no_obstacle(tmux_server: PrivateServer) -> None:
    for _ in range(5):
        tmux_server.process()
        tmux_server.user.cmd("kill-server")
        opened = open_window(tmux_server, "/bin/sleep", "9", tmux_session="claude", create=True)
        assert opened.pane.pane_id in tmux_server.tmux.panes().panes


def test_a_hook_of_the_user_does_not_take_our_marks(tmux_server: PrivateServer) -> None:
    tmux_server.say("set-hook", "-g", "after-new-window", "split-window 'sleep 99'")
    opened = open_window(tmux_server, "/bin/sleep", "99")
    nonces = {pane: facts.nonce for pane, facts in tmux_server.tmux.panes().panes.items()}
    assert nonces.pop(opened.pane.pane_id) == opened.pane.nonce
    assert set(nonces.values()) == {""}
    assert len(nonces) == 2


def test_a_failed_program_is_started_again_in_its_pane(tmux_server: PrivateServer) -> None:
    tmux = tmux_server.tmux
    text = 'it\'s "#(x)"; %1 $HOME\n  # \udcff'
    directory = tmux_server.directory / text
    directory.mkdir()
    pane = open_window(tmux_server, "/bin/sh", "-c", "exit 1").pane
    until(lambda: tmux.panes().panes[pane.pane_id].dead, what="a dead pane")
    file = tmux_server.directory / "told"
    again = tmux.respawn(
        pane,
        directory=str(directory),
        environment=[("TOLD", text), ("PATH", "/bin:/x")],
        argv=[sys.executable, "-ISc", TELL, str(file), text],
    )
    until(file.exists, what="the program tells")

    cwd, variable, path, item = file.read_bytes().split(b"\0")
    assert (cwd, variable, item) == (os.fsencode(directory), os.fsencode(text), os.fsencode(text))
    assert path == b"/bin:/x"
    assert isinstance(again, Pane)
    assert again.pane_pid != pane.pane_pid
    assert tmux.panes().panes[pane.pane_id].at(pane.server) == again


def test_a_living_or_strange_pane_is_not_started_again(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    again = {"directory": "/", "environment": (), "argv": ["/bin/sleep", "9"]}
    assert tmux.respawn(box.pane, **again) == Refused(Obstacle.ALIVE)  # type: ignore[arg-type]
    os.kill(box.pane.pane_pid, signal.SIGKILL)
    until(lambda: tmux.panes().panes[box.pane.pane_id].dead, what="a dead pane")
    strange = Pane(box.pane.server, box.pane.pane_id, box.pane.pane_pid, nonce())
    assert tmux.respawn(strange, **again) == Refused(Obstacle.OTHER)  # type: ignore[arg-type]
    assert tmux.panes().panes[box.pane.pane_id].dead


def test_close_closes_that_pane_only(tmux_server: PrivateServer) -> None:
    box, other = open_box(tmux_server), open_box(tmux_server)
    assert tmux_server.tmux.close(box.pane) == Sent()
    assert box.pane.pane_id not in tmux_server.tmux.panes().panes
    assert other.pane.pane_id in tmux_server.tmux.panes().panes
    assert tmux_server.tmux.close(box.pane) == Refused(Obstacle.GONE)


def test_select_and_rename(tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server)
    tmux_server.say("split-window", "-t", box.pane.pane_id, "sleep 99")
    assert shown(tmux_server, box.pane, "#{window_active}#{pane_active}") == "00"
    assert tmux_server.tmux.select(box.pane) == Sent()
    assert shown(tmux_server, box.pane, "#{window_active}#{pane_active}") == "11"
    assert tmux_server.tmux.set_window_name(box.pane, "other-name") == Sent()
    assert shown(tmux_server, box.pane, "#{window_name}") == "other-name"
    for name in ("#(touch X)", "-n", "", "a;"):
        with pytest.raises(UsageError):
            tmux_server.tmux.set_window_name(box.pane, name)
    with pytest.raises(UsageError):
        tmux_server.tmux.select(box.pane, client="/dev/pts/1;x")


def test_attach_shows_the_pane(tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server)
    argv = attach_argv(tmux_server.socket, box.pane.pane_id)
    controlled = [argv[0], "-C", *argv[1:]]
    attach = 'unset TMUX; tail -f /dev/null | "$@"'
    open_window(tmux_server, "/bin/sh", "-c", attach, "sh", *controlled)
    until(lambda: tmux_server.tmux.panes(clients=True).clients, what="somebody attached")
    (client,) = tmux_server.tmux.panes(clients=True).clients
    assert client.pane_id == box.pane.pane_id


def test_a_new_server_has_our_path_or_the_given_one(new_tmux_server: NewServer) -> None:
    usual = os.environ["PATH"]
    for path in (None, f"/x:{usual}"):
        environment = [("PATH", path)] if path else []
        told_of = told(
            new_tmux_server(), tmux_session="claude", create=True, environment=environment
        )
        assert told_of[2] == (path or usual).encode()
