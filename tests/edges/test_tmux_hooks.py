"""Hooks of tmux's user fail, print, hang and move things; each deed is done once and known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import nonce, open_box, open_window
from tests.waiting import until
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.programs import attach_argv
from tmuxclaude.edges.tmux import (
    Obstacle,
    Opened,
    Outcome,
    Refused,
    Sent,
    Silent,
    Tmux,
    messages,
    view,
)
from tmuxclaude.edges.tmux.call import Door
from tmuxclaude.edges.tmux.status import SEGMENT, Segment

NewServer = Callable[[], PrivateServer]

FAILING = [
    ("after-new-window", "select-window -t nope"),
    ("after-new-session", "select-window -t nope"),
    ("after-set-option", "resize-pane -t nope"),
    ("after-display-message", "kill-pane -t nope"),
    ("after-list-sessions", "kill-session -t nope"),
    ("session-created", "select-window -t nope"),
    ("window-linked", "select-window -t nope"),
    ("window-renamed", "select-window -t nope"),
    ("after-new-window", "run-shell 'exit 3'"),
]
PRINTING = [
    ("after-new-window", "display-message -p 'can''t find window: x'"),
    ("after-set-option", "display-message -p '%0:1:@0'"),
    ("after-display-message", "display-message -p ''"),
    ("after-list-sessions", "run-shell 'echo $1:user'"),
    ("window-linked", "display-message -p noise"),
]
MOVING = [
    ("after-new-window", "split-window 'sleep 99'"),
    ("after-new-window", "swap-window -d -t :0"),
    ("after-new-window", "move-window -r"),
    ("after-new-window", "rename-window theirs"),
    ("after-new-window", "select-window -t :0"),
    ("after-new-window", "new-window -d 'sleep 99'"),
    ("after-new-session", "rename-session theirs"),
    ("after-new-session", "split-window 'sleep 99'"),
    ("window-linked", "split-window 'sleep 99'"),
]
# Every command that we give and behind which a hook can be set.
ASKED = (
    *("capture-pane", "display-message", "kill-pane", "list-clients", "list-panes"),
    *("list-sessions", "list-windows", "paste-buffer", "rename-window", "select-pane"),
    *("select-window", "send-keys", "set-buffer", "set-environment", "set-option", "show-options"),
)
TROUBLE = {
    "fails": "select-window -t nope",
    "fails without a word": "run-shell 'exit 3'",
}
LOUD = {
    "prints": "display-message -p 'a line'",
    "prints from a shell": "run-shell 'echo a line; exit 3'",
}


def hook(server: PrivateServer, name: str, does: str) -> None:
    server.say("set-hook", "-g", name, does)


def hook_all(server: PrivateServer, names: tuple[str, ...], does: str) -> None:
    for name in names:
        server.user.cmd("set-hook", "-g", f"after-{name}", does)


def marked(server: PrivateServer) -> dict[str, str]:
    """The marks of all panes, as the user sees them: our own look is not asked."""
    rows = server.user.cmd("list-panes", "-a", "-F", "pane #{pane_id} #{@tmuxclaude-id}").stdout
    found = (row.split(" ") for row in rows if row.startswith("pane %"))
    return {pane_id: mark for _, pane_id, mark in found}


@contextmanager
def gate(server: PrivateServer, name: str) -> Iterator[Callable[[], None]]:
    """Whatever this hook stands behind waits until the gate is opened."""
    hook(server, name, "wait-for gate")

    def opened() -> None:
        server.say("wait-for", "-S", "gate")

    try:
        yield opened
    finally:
        server.say("set-hook", "-gu", name)
        opened()


@pytest.mark.parametrize(("name", "does"), FAILING + PRINTING + MOVING)
def test_one_window_is_opened_and_ours(tmux_server: PrivateServer, name: str, does: str) -> None:
    hook(tmux_server, name, does)
    for create in (False, True):
        mark = nonce()
        where = "made" if create else "user"
        opened = open_window(
            tmux_server, "/bin/sleep", "99", tmux_session=where, create=create, nonce=mark
        )
        found = [pane_id for pane_id, theirs in marked(tmux_server).items() if theirs == mark]
        assert found == [opened.pane.pane_id]
        assert opened.pane.pane_id in tmux_server.tmux.panes().panes
        assert tmux_server.tmux.close(opened.pane) == Sent()


@pytest.mark.parametrize(("name", "does"), MOVING)
def test_windows_of_the_user_keep_their_options(
    tmux_server: PrivateServer, name: str, does: str
) -> None:
    hook(tmux_server, name, does)
    opened = open_window(tmux_server, "/bin/sleep", "99")
    tmux_server.say("set-option", "-g", "allow-rename", "on")
    said = tmux_server.say("list-windows", "-a", "-F", "#{window_id} #{allow-rename}")
    assert [row for row in said.splitlines() if row.endswith(" 0")] == [f"{opened.window_id} 0"]


@pytest.mark.parametrize("does", ["kill-window", "kill-pane"])
def test_a_window_that_a_hook_closes_is_not_opened_again(
    tmux_server: PrivateServer, does: str
) -> None:
    hook(tmux_server, "after-new-window", does)
    closed = open_window(tmux_server, "/bin/sleep", "99").pane.pane_id
    assert closed not in marked(tmux_server)
    assert open_window(tmux_server, "/bin/sleep", "99").pane.pane_id == f"%{int(closed[1:]) + 1}"


def test_a_hook_that_hangs_does_not_hide_the_window(tmux_server: PrivateServer) -> None:
    mark = nonce()
    with gate(tmux_server, "after-new-window"):
        door = Tmux(tmux_server.socket, timeout=1)
        opened = open_window(tmux_server, "/bin/sleep", "99", door=door, nonce=mark)
        assert marked(tmux_server) == {"%0": "", opened.pane.pane_id: mark}


def test_a_hook_that_hangs_behind_an_option_leaves_our_mark(tmux_server: PrivateServer) -> None:
    mark = nonce()
    door = Tmux(tmux_server.socket, timeout=1)
    with gate(tmux_server, "after-set-option"), pytest.raises(Silent):
        open_window(tmux_server, "/bin/sleep", "99", door=door, nonce=mark)
    assert sorted(marked(tmux_server).values()) == ["", mark]


def test_what_a_hook_complained_of_does_not_spoil_the_next_look(
    tmux_server: PrivateServer,
) -> None:
    """tmux 3.3a prints it behind the next answer, whoever asked."""
    hook(tmux_server, "window-linked", "select-window -t nope")
    for number in range(2, 6):
        tmux_server.user.cmd("new-window", "-d", "-t", "user:", "--", "sleep", "99")
        assert len(tmux_server.tmux.panes(clients=True).panes) == number
        tmux_server.user.cmd("new-window", "-d", "-t", "user:ours", "--", "sleep", "99")


DEEDS: list[Callable[[Tmux, Pane], object]] = [
    lambda tmux, pane: tmux.type_text(pane, "some text"),
    lambda tmux, pane: tmux.press_enter(pane),
    lambda tmux, pane: tmux.press_stash(pane),
    lambda tmux, pane: tmux.select(pane),
    lambda tmux, pane: tmux.set_window_name(pane, "other"),
    lambda tmux, pane: tmux.mark(pane, "ours", "+"),
    lambda tmux, pane: tmux.claim(pane, pane.nonce) == pane and Sent(),
    lambda tmux, pane: tmux.disclaim(pane, opened_by_us=True),
    lambda tmux, pane: tmux.close(pane),
]


@pytest.mark.parametrize("does", [*TROUBLE.values(), *LOUD.values()], ids=[*TROUBLE, *LOUD])
@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_done_is_known(
    tmux_server: PrivateServer, deed: Callable[[Tmux, Pane], object], does: str
) -> None:
    box = open_box(tmux_server)
    hook_all(tmux_server, ASKED, does)
    assert deed(tmux_server.tmux, box.pane) == Sent()


@pytest.mark.parametrize("does", [*TROUBLE.values(), *LOUD.values()], ids=[*TROUBLE, *LOUD])
def test_what_was_typed_arrives_once(tmux_server: PrivateServer, does: str) -> None:
    box = open_box(tmux_server)
    hook_all(tmux_server, ASKED, does)
    assert tmux_server.tmux.type_text(box.pane, "some text", empty_box=True) == Sent()
    until(lambda: b"some text" in box.read(), what="the text")
    assert tmux_server.tmux.press_enter(box.pane) == Sent()
    until(lambda: box.read().endswith(b"\r"), what="the key")
    assert box.read().count(b"some text") == 1


@pytest.mark.parametrize("does", [*TROUBLE.values(), *LOUD.values()], ids=[*TROUBLE, *LOUD])
def test_questions_are_answered(tmux_server: PrivateServer, does: str) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    before = (
        tmux.panes(clients=True).panes.keys(),
        tmux.unread(box.pane),
        tmux.program(box.pane),
        tmux.session_of(box.pane.pane_id),
        tmux.session_name("$0"),
        tmux.window_name(box.pane.pane_id),
    )
    hook_all(tmux_server, ASKED, does)
    assert before == (
        tmux.panes(clients=True).panes.keys(),
        tmux.unread(box.pane),
        tmux.program(box.pane),
        tmux.session_of(box.pane.pane_id),
        tmux.session_name("$0"),
        tmux.window_name(box.pane.pane_id),
    )


@pytest.mark.parametrize("does", [*TROUBLE.values(), *LOUD.values()], ids=[*TROUBLE, *LOUD])
def test_panes_are_started_again_and_taken_over(tmux_server: PrivateServer, does: str) -> None:
    tmux = tmux_server.tmux
    failed = open_window(tmux_server, "/bin/sh", "-c", "exit 1").pane
    shell = ("/usr/bin/env", "PS1=restored$ ", "/bin/bash", "--norc", "--noprofile")
    tmux_server.say("new-window", "-d", "-t", "user:", "-n", "restored", *shell)
    tmux_server.say("set-option", "-g", "default-command", "exit 1")
    until(lambda: tmux.panes().panes[failed.pane_id].dead, what="a dead pane")
    until(lambda: tmux.idle_shell("user", "restored", lambda _: True), what="a prompt")
    hook_all(tmux_server, ASKED, does)
    start = {"directory": "/", "environment": (), "argv": ["/bin/sleep", "99"]}

    again = tmux.respawn(failed, **start)  # type: ignore[arg-type]
    waiting = tmux.idle_shell("user", "restored", lambda _: True)
    assert waiting is not None
    taken = tmux.take_over(waiting, nonce=nonce(), **start)  # type: ignore[arg-type]
    for pane in (again, taken):
        assert isinstance(pane, Pane)
        assert tmux.panes().panes[pane.pane_id].at(pane.server) == pane


@pytest.mark.parametrize("does", TROUBLE.values(), ids=TROUBLE)
def test_marks_come_and_go(tmux_server: PrivateServer, does: str) -> None:
    tmux, pane = tmux_server.tmux, open_window(tmux_server, "/bin/sleep", "99").pane
    hook_all(tmux_server, ASKED, does)
    assert tmux.mark(pane, "ours", "+") == Sent()
    named = ("display-message", "-p", "-t", pane.pane_id, "#{window_name}")
    assert tmux_server.user.cmd(*named).stdout[0] == "ours+"
    tmux.unmark()
    assert tmux_server.user.cmd(*named).stdout[0] == "ours"
    segment = (Segment("3 work", "", 30), 1)
    assert tmux.panes(segment=segment).panes
    assert "3 work" in tmux_server.user.cmd("show-options", "-gv", SEGMENT).stdout[0]


@pytest.mark.parametrize("does", TROUBLE.values(), ids=TROUBLE)
def test_somebody_is_attached_at_the_pane(tmux_server: PrivateServer, does: str) -> None:
    box = open_box(tmux_server)
    hook_all(tmux_server, ASKED, does)
    argv = attach_argv(tmux_server.socket, box.pane.pane_id)
    attach = 'unset TMUX; tail -f /dev/null | "$@"'
    open_window(tmux_server, "/bin/sh", "-c", attach, "sh", argv[0], "-C", *argv[1:])
    until(lambda: tmux_server.tmux.panes(clients=True).clients, what="somebody attached")
    (client,) = tmux_server.tmux.panes(clients=True).clients
    assert client.pane_id == box.pane.pane_id


@pytest.mark.parametrize("does", TROUBLE.values(), ids=TROUBLE)
def test_screens_pictures_and_clients_are_seen(tmux_server: PrivateServer, does: str) -> None:
    tmux, pane = tmux_server.tmux, open_box(tmux_server).pane
    seen = tmux.capture([pane.pane_id])
    asked = ("tmux", tmux_server.socket, pane.server.pid, pane.pane_id, pane.nonce)
    picture = view.picture(*asked)
    assert picture
    with tmux_server.control_client():
        hook_all(tmux_server, ASKED, does)
        assert tmux.capture([pane.pane_id]) == seen
        assert view.picture(*asked) == picture
        assert view.picture(*asked[:-1], "a" * 32) is None
        assert len(tmux.panes(clients=True).clients) == 1
        assert view.pane_of(tmux_server.socket, "/dev/pts/none") is None
        assert messages.show(Door(tmux_server.socket, "tmux", 5), "text") == 0


def test_keys_are_checked_after_the_hook_of_the_paste_buffer(tmux_server: PrivateServer) -> None:
    """A hook there can take its time, and what was true before it is not true behind it."""
    box = open_box(tmux_server)
    with ThreadPoolExecutor(1) as other, gate(tmux_server, "after-set-buffer") as opened:
        typing: Future[Outcome] = other.submit(tmux_server.tmux.type_text, box.pane, "some text")
        until(lambda: "some text" in tmux_server.say("list-buffers"), what="a buffer")
        tmux_server.say("copy-mode", "-t", box.pane.pane_id)
        opened()
        assert typing.result() == Refused(Obstacle.MODE)
    assert tmux_server.say("list-buffers") == ""
    assert box.read() == b""


def test_keys_that_were_given_up_are_not_sent_later(tmux_server: PrivateServer) -> None:
    """What was asked for by a child that is dead is dropped, also when its hook goes on."""
    box = open_box(tmux_server)
    with gate(tmux_server, "after-set-buffer"), pytest.raises(Silent):
        Tmux(tmux_server.socket, timeout=1).type_text(box.pane, "too late")
    assert tmux_server.tmux.type_text(box.pane, "in time") == Sent()
    until(lambda: b"in time" in box.read(), what="the text")
    assert b"too late" not in box.read()


@pytest.mark.parametrize(
    "option",
    [
        ("-g", "base-index", "7"),
        ("-g", "renumber-windows", "on"),
        ("-g", "default-command", "exit 1"),
        ("-g", "default-shell", "/bin/false"),
        ("-gw", "automatic-rename", "on"),
        ("-gw", "remain-on-exit", "on"),
        ("-g", "status-interval", "1"),
        ("-g", "destroy-unattached", "on"),
        ("-gw", "pane-base-index", "3"),
        ("-gw", "monitor-activity", "on"),
    ],
    ids=" ".join,
)
def test_options_of_the_user_change_nothing(
    tmux_server: PrivateServer, option: tuple[str, str, str]
) -> None:
    with tmux_server.control_client():
        hook(tmux_server, "alert-activity", "select-window -t nope")
        tmux_server.say("set-option", *option)
        opened: list[Opened] = [
            open_window(tmux_server, "/bin/sleep", "99", tmux_session=where, create=True)
            for where in ("user", "made", "made")
        ]
        ours = {one.pane.pane_id: one.pane.nonce for one in opened}
        assert {pane: mark for pane, mark in marked(tmux_server).items() if mark} == ours
        for one in opened:
            assert tmux_server.tmux.window_name(one.pane.pane_id) == "ours"
            assert tmux_server.tmux.panes().panes[one.pane.pane_id].at(one.pane.server) == one.pane
