"""Looking at a real tmux server: nothing that a pane writes can blind us or be believed."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import nonce, open_box
from tests.waiting import until
from tmuxclaude.core.model import Server
from tmuxclaude.edges.tmux import Obstacle, PaneFacts, Refused, Sent, Tmux
from tmuxclaude.edges.tmux.call import Answer, Silent
from tmuxclaude.edges.tmux.listing import listing


def split(server: PrivateServer, *words: str) -> str:
    """The user splits the first window; the new pane's id."""
    return server.say("split-window", "-d", "-P", "-F", "#{pane_id}", "-t", "user", *words)


def only(server: PrivateServer) -> PaneFacts:
    (facts,) = server.tmux.panes().panes.values()
    return facts


def test_version_is_two_numbers(tmux_server: PrivateServer) -> None:
    assert tmux_server.tmux.version() >= (3, 2)


def test_a_pane_is_ids_and_numbers(tmux_server: PrivateServer) -> None:
    facts = only(tmux_server)
    said = tmux_server.say("display-message", "-p", "-t", facts.pane_id, "#{pane_pid} #{window_id}")

    assert f"{facts.pane_pid} {facts.window_id}" == said
    assert (facts.dead, facts.exit_status, facts.exit_signal) == (False, None, "")
    assert not any((facts.in_mode, facts.synchronized, facts.input_off))
    assert abs(facts.window_activity - time.time()) < 60
    assert (facts.nonce, facts.found, facts.unreaped) == ("", None, False)


def test_the_server_is_its_process(tmux_server: PrivateServer) -> None:
    server = tmux_server.tmux.panes().server
    assert server.socket == tmux_server.socket
    assert f"{server.pid} {server.started}" == tmux_server.say(
        "display-message", "-p", "#{pid} #{start_time}"
    )


HOSTILE_TITLES = [
    "\u241e" * 30,
    "x" * 3000,
    ":%0:1:0::::::",
    "a\tb",
    "#{pane_id} #[fg=red]",
]


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_a_title_costs_nobody_anything(tmux_server: PrivateServer, title: str) -> None:
    pane = split(tmux_server, "--", "sh", "-c", 'printf "\\033]2;%s\\007" "$0"; sleep 99', title)
    shown = title.replace("\t", "")[:5]
    until(lambda: shown in tmux_server.say("display-message", "-p", "-t", pane, "#{pane_title}"))

    seen = tmux_server.tmux.panes()
    assert len(seen.panes) == 2
    assert seen.unreadable == 0


@pytest.mark.parametrize("directory", ["new\n%0:1:0\nline", "\udcff\udcfe", "a#(true)b;", "  "])
def test_a_directory_costs_nobody_anything(
    tmux_server: PrivateServer, tmp_path: Path, directory: str
) -> None:
    (tmp_path / directory).mkdir()
    split(tmux_server, "--", "sh", "-c", 'cd "$0"; exec sleep 99', str(tmp_path / directory))

    seen = tmux_server.tmux.panes()
    assert len(seen.panes) == 2
    assert seen.unreadable == 0


@pytest.mark.parametrize("token", ["", f"{'0' * 32}:"])
def test_a_nonce_that_is_not_ours_is_none_and_forges_no_row(
    tmux_server: PrivateServer, token: str
) -> None:
    victim = only(tmux_server)
    other = split(tmux_server, "sleep 99")
    row = f"x\n{token}pane:{victim.pane_id}:1:1:0::0:0:0:@0:$0:1:1:1:1:0::{'a' * 32}"
    tmux_server.say("set-option", "-p", "-t", other, "@tmuxclaude-id", row)

    seen = tmux_server.tmux.panes()
    assert seen.panes[victim.pane_id].pane_pid == victim.pane_pid
    assert seen.panes[victim.pane_id].nonce == ""
    assert seen.panes[other].nonce == ""
    assert seen.unreadable == 1


def test_one_bad_row_costs_the_others_nothing() -> None:
    token = "f" * 32
    good = f"{token}:pane:%1:10:0:::0:0:0:@1:$0:1:1795216965:120:40:0::"
    rows = [f"{token}:server:9:8:$0", good.replace("%1:10", "%2:"), "noise", good]

    seen = listing("/s", token, Answer("\n".join([*rows, f"{token}:listed", token]), ""), False)
    assert seen.server == Server("/s", 9, 8)
    assert list(seen.panes) == ["%1"]
    assert seen.unreadable == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer("", ""),
        Answer("t:server:1:2:$0\nt:listed\n", ""),
        Answer("t\n", ""),
        Answer("t:server:1:2:$0\nt\n", "can't list"),
        Answer("t:server:1:2:$0\nt\nt:listed\n", ""),
    ],
)
def test_an_answer_that_is_not_whole_says_nothing(answer: Answer) -> None:
    with pytest.raises(Silent):
        listing("/s", "t", answer, clients=False)


def test_who_is_attached_is_not_known_by_a_list_of_panes_alone() -> None:
    answer = Answer("t:server:1:2:$0\nt:listed\nt\n", "no clients")
    assert listing("/s", "t", answer, clients=False).clients == ()
    with pytest.raises(Silent):
        listing("/s", "t", answer, clients=True)


def test_a_linked_window_is_one_pane(tmux_server: PrivateServer) -> None:
    tmux_server.say("new-session", "-d", "-s", "second", "sleep 99")
    tmux_server.say("link-window", "-s", "user:first", "-t", "second:")
    seen = tmux_server.tmux.panes()
    assert len(seen.panes) == 2
    assert seen.unreadable == 0


def test_a_server_without_panes_is_not_gone(tmux_server: PrivateServer) -> None:
    tmux_server.say("set-option", "-g", "exit-empty", "off")
    tmux_server.say("kill-session", "-t", "user")
    assert tmux_server.tmux.panes().panes == {}


def test_the_end_of_a_program_is_told(tmux_server: PrivateServer) -> None:
    failed = split(tmux_server, "--", "sh", "-c", "sleep 0.2; exit 3")
    killed = split(tmux_server, "--", "sleep", "99")
    tmux_server.say("set-option", "-w", "-t", "user", "remain-on-exit", "on")
    os.kill(tmux_server.tmux.panes().panes[killed].pane_pid, 9)

    def told() -> bool:
        seen = tmux_server.tmux.panes()
        if any(facts.unreaped for facts in seen.panes.values()):
            tmux_server.tmux.reap(seen.server)
        return all(
            seen.panes[pane].dead and not seen.panes[pane].unreaped for pane in (failed, killed)
        )

    until(told, what="both ends, with how")
    panes = tmux_server.tmux.panes().panes
    assert (panes[failed].exit_status, panes[failed].exit_signal) == (3, "")
    assert (panes[killed].exit_status, panes[killed].exit_signal) == (None, "9")


def test_search_looks_at_our_panes_and_recent_windows(tmux_server: PrivateServer) -> None:
    ours = open_box(tmux_server, "You've hit your Limit").pane.pane_id
    quiet = open_box(tmux_server).pane.pane_id
    strange = split(tmux_server, "--", "sh", "-c", "echo limit; sleep 99")
    until(lambda: "limit" in tmux_server.tmux.capture([strange])[strange])

    panes = tmux_server.tmux.panes(search=["limit", "resets"]).panes
    assert (panes[ours].found, panes[quiet].found, panes[strange].found) == (True, False, None)
    later = int(time.time()) + 100
    assert tmux_server.tmux.panes(search=["limit"], since=later).panes[ours].found is None
    with pytest.raises(ValueError, match="search"):
        tmux_server.tmux.panes(search=["a}b#(c)"])


def test_who_is_attached(tmux_server: PrivateServer) -> None:
    assert tmux_server.tmux.panes(clients=True).clients == ()
    with tmux_server.control_client():
        (client,) = tmux_server.tmux.panes(clients=True).clients
    assert client.control
    assert client.pane_id == only(tmux_server).pane_id
    assert abs(client.activity - time.time()) < 60


def test_screens_have_colours_and_joined_lines(tmux_server: PrivateServer) -> None:
    long = "word " * 60
    pane = open_box(tmux_server, f"\x1b[2mdim\x1b[0m\r\n{long}end").pane.pane_id
    screen = tmux_server.tmux.capture([pane])[pane]
    assert "\x1b[2mdim" in screen
    assert f"{long}end" in screen


def test_a_pane_that_is_gone_costs_the_other_screens_nothing(tmux_server: PrivateServer) -> None:
    first, second = (open_box(tmux_server, f"screen {n}").pane.pane_id for n in (1, 2))
    screens = tmux_server.tmux.capture([first, "%999", second])
    assert {pane: screen.split("\n")[0] for pane, screen in screens.items()} == {
        first: "screen 1",
        second: "screen 2",
    }
    assert tmux_server.tmux.capture([]) == {}


def test_many_screens_are_one_question(tmux_server: PrivateServer) -> None:
    pane = only(tmux_server).pane_id
    screens = tmux_server.tmux.capture([pane, *(f"%{n}" for n in range(1000, 2000))])
    assert list(screens) == [pane]


def test_unread_input_is_counted_until_it_is_read(tmux_server: PrivateServer) -> None:
    tmux, deaf = tmux_server.tmux, open_box(tmux_server, deaf=True)
    assert tmux.unread(deaf.pane) == 0
    assert tmux.type_text(deaf.pane, "hello") == Sent()
    until(lambda: tmux.unread(deaf.pane) == len("\x1b[200~hello\x1b[201~"), what="unread bytes")

    reads = open_box(tmux_server)
    assert tmux.type_text(reads.pane, "hello") == Sent()
    until(lambda: b"hello" in reads.read())
    assert tmux.unread(reads.pane) == 0


def test_unread_is_unknown_for_another_pane_or_whole_lines(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    assert tmux.unread(dataclasses.replace(box.pane, nonce=nonce())) is None
    seen = tmux.panes()
    sleeps = next(facts for facts in seen.panes.values() if not facts.nonce)
    assert tmux.unread(sleeps.at(seen.server)) is None


def test_session_of(tmux_server: PrivateServer) -> None:
    facts = only(tmux_server)
    assert tmux_server.tmux.session_of(facts.pane_id) == facts.session_id
    assert tmux_server.tmux.session_of("%999") is None


def test_a_restarted_server_issues_the_same_id_to_another_pane(tmux_server: PrivateServer) -> None:
    old = tmux_server.tmux.panes()
    (facts,) = old.panes.values()
    tmux_server.kill()
    tmux_server.start()
    new = tmux_server.tmux.panes()

    assert list(new.panes) == [facts.pane_id]
    assert new.server != old.server
    assert tmux_server.tmux.close(facts.at(old.server)) == Refused(Obstacle.OTHER)
    assert list(tmux_server.tmux.panes().panes) == [facts.pane_id]


def test_two_servers_do_not_mix(
    tmux_server: PrivateServer, new_tmux_server: Callable[[], PrivateServer]
) -> None:
    other = new_tmux_server().start()
    assert only(other).pane_id == only(tmux_server).pane_id
    assert Tmux(other.socket).panes().server.pid != tmux_server.tmux.panes().server.pid


def test_the_name_of_a_session(tmux_server: PrivateServer) -> None:
    tmux_server.say("new-session", "-d", "-s", "##(x) 100% b", "sleep 99")
    assert tmux_server.tmux.session_name("$0") == "user"
    assert tmux_server.tmux.session_name("$1") == "#(x) 100% b"
    assert tmux_server.tmux.session_name("$9") is None
