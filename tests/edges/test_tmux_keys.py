"""Keys go to exactly the pane that was meant, in exactly the look that was meant, or nowhere."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import Box, nonce, open_box, open_window
from tests.edges.prompt_box import PROMPT
from tests.waiting import until
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux import Obstacle, Outcome, Refused, Sent

MENU = "What do you want to do?\r\n ❯ 1. Stop and wait\r\n\r\nEnter to confirm · Esc to cancel"
MARKER = "What do you want to do?"


def pasted(text: str) -> bytes:
    return b"\x1b[200~" + text.encode() + b"\x1b[201~"


TEXTS = [
    "Please continue.",
    "ends with a semicolon;",
    ";",
    r"ends with a backslash \;",
    "-R",
    "#(touch X) #{pane_id} ##",
    "$HOME ~ %5 %H 'single' \"double\" {braces} # no comment",
    "ünïcode ❯ 漢字",
    "x" * 20_000,
    "\U0001f389" * 16_000,
    "two\nlines\n\tand a tab",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:24])
def test_text_arrives_byte_for_byte(tmux_server: PrivateServer, text: str) -> None:
    box = open_box(tmux_server)
    assert tmux_server.tmux.type_text(box.pane, text, empty_box=True) == Sent()
    until(lambda: box.read() == pasted(text), what=lambda: repr(box.read()[-200:]))
    assert tmux_server.say("list-buffers") == ""


@pytest.mark.parametrize("text", ["", "two\rlines", "\x1b[201~", "\x03", "\x9b", "a\u2028b", "\0"])
def test_text_with_control_characters_is_not_typed(tmux_server: PrivateServer, text: str) -> None:
    with pytest.raises(UsageError):
        tmux_server.tmux.type_text(open_box(tmux_server).pane, text)


def test_keys(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    assert tmux.press_enter(box.pane) == Sent()
    assert tmux.press_stash(box.pane) == Sent()
    until(lambda: box.read() == b"\r\x13", what=lambda: repr(box.read()))


def test_the_program_in_front_can_be_required(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    name = tmux_server.say(
        "display-message", "-p", "-t", box.pane.pane_id, "#{pane_current_command}"
    )
    assert tmux.type_text(box.pane, "a", command="2.1.329") == Refused(Obstacle.PROGRAM)
    assert tmux.press_enter(box.pane, command="2.1.329") == Refused(Obstacle.PROGRAM)
    assert tmux.press_stash(box.pane, command="2.1.329") == Refused(Obstacle.PROGRAM)
    assert tmux.type_text(box.pane, "b", command=name) == Sent()
    assert tmux.press_enter(box.pane, command=name) == Sent()
    with pytest.raises(ValueError, match="program name"):
        tmux.type_text(box.pane, "c", command="a,b}")
    until(lambda: box.read() == pasted("b") + b"\r", what=lambda: repr(box.read()))


@pytest.mark.parametrize(
    ("named", "known"),
    [("2.1.329", "2.1.329"), ("claude", "claude"), ("bash", None), ("-zsh", None), ("a,b}", None)],
)
def test_what_is_in_front_is_known_but_a_shell_or_an_odd_name(
    tmux_server: PrivateServer, named: str, known: str | None
) -> None:
    opened = open_window(tmux_server, "bash", "-c", 'exec -a "$0" sleep 1000', named)
    shown = ("display-message", "-p", "-t", opened.pane.pane_id, "#{pane_current_command}")
    until(
        lambda: tmux_server.say(*shown) == named.lstrip("-"), what=lambda: tmux_server.say(*shown)
    )
    assert tmux_server.tmux.program(opened.pane) == known
    assert tmux_server.tmux.program(other_nonce(opened.pane)) is None


def test_the_name_on_the_prompt_box_can_be_required(tmux_server: PrivateServer) -> None:
    tmux = tmux_server.tmux
    box = open_box(tmux_server, f"● lists ─ web\r\n{'─' * 40} api ─\r\n{PROMPT}")
    for label in ("web", "ap", "API"):
        assert tmux.type_text(box.pane, "x", label=label) == Refused(Obstacle.LABEL)
        assert tmux.press_enter(box.pane, label=label) == Refused(Obstacle.LABEL)
    assert box.read() == b""
    assert tmux.type_text(box.pane, "a", label="api") == Sent()
    assert tmux.press_enter(box.pane, label="a,b}") == Sent()  # no guard can look for that
    until(lambda: box.read() == pasted("a") + b"\r", what=lambda: repr(box.read()))


def test_a_name_that_fills_the_rule_can_be_required(tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server, f" a very long na… ─\r\n{PROMPT}")
    assert tmux_server.tmux.press_enter(box.pane, label="a very long name") == Refused(
        Obstacle.LABEL
    )
    assert tmux_server.tmux.press_enter(box.pane, label="a very long na…") == Sent()


def test_a_scrolled_draft_can_be_sent_or_put_aside_but_nothing_is_typed(
    tmux_server: PrivateServer,
) -> None:
    tmux = tmux_server.tmux
    box = open_box(tmux_server, f"─── ↑ 12 more ──── api ─\r\n  its end\r\n{'─' * 24}")
    assert tmux.type_text(box.pane, "x") == Refused(Obstacle.NO_PROMPT)
    assert tmux.press_escape(box.pane, "its end") == Refused(Obstacle.PROMPT)
    assert tmux.press_stash(box.pane) == Sent()
    assert tmux.press_enter(box.pane, label="api") == Sent()
    until(lambda: box.read() == b"\x13\r", what=lambda: repr(box.read()))


def test_a_draft_is_not_typed_over(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server, f"{PROMPT}half a draft")
    assert tmux.type_text(box.pane, "x", empty_box=True) == Refused(Obstacle.NOT_EMPTY)
    assert box.read() == b""


SUGGESTED = 'Try "refactor <filepath>: {all}, 50%"'


@pytest.mark.parametrize(
    ("shown", "arrives"), [(SUGGESTED, True), ("WAIT. do not", False), ("", False)]
)
def test_a_suggestion_must_still_stand_there(
    tmux_server: PrivateServer, shown: str, arrives: bool
) -> None:
    """It goes with the first character that its user types in the moment before."""
    tmux, box = tmux_server.tmux, open_box(tmux_server, f"{PROMPT}{shown}")
    told = tmux.type_text(box.pane, "x", hint=SUGGESTED)
    assert told == (Sent() if arrives else Refused(Obstacle.NOT_EMPTY))
    until(lambda: box.read() == (pasted("x") if arrives else b""), lambda: repr(box.read()))


def test_a_suggestion_that_is_too_short_to_be_sought_is_not(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server, f"{PROMPT}ab")
    assert tmux.type_text(box.pane, "x", hint="a") == Sent()


def test_a_menu_gets_no_text_and_no_enter_but_the_right_escape(tmux_server: PrivateServer) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server, MENU)
    assert tmux.type_text(box.pane, "text") == Refused(Obstacle.NO_PROMPT)
    assert tmux.press_enter(box.pane) == Refused(Obstacle.NO_PROMPT)
    assert tmux.press_stash(box.pane) == Refused(Obstacle.NO_PROMPT)
    assert tmux.press_escape(box.pane, "Resume this conversation?") == Refused(Obstacle.NO_MARKER)
    assert box.read() == b""
    assert tmux.press_escape(box.pane, MARKER) == Sent()
    until(lambda: box.read() == b"\x1b", what=lambda: repr(box.read()))


def test_escape_is_not_pressed_where_a_prompt_is_open(tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server, f"● quotes: {MARKER}\r\n{PROMPT}")
    assert tmux_server.tmux.press_escape(box.pane, MARKER) == Refused(Obstacle.PROMPT)
    assert box.read() == b""


def test_a_message_in_the_history_is_no_prompt(tmux_server: PrivateServer) -> None:
    box = open_box(tmux_server, "❯ an earlier message")
    assert tmux_server.tmux.press_enter(box.pane) == Refused(Obstacle.NO_PROMPT)


@pytest.mark.parametrize("marker", ["a,b,c,d", "a}#(c)", "", "abc", "*****"])
def test_a_marker_is_plain_text(tmux_server: PrivateServer, marker: str) -> None:
    with pytest.raises(ValueError, match="look for"):
        tmux_server.tmux.press_escape(open_box(tmux_server, MENU).pane, marker)


def copy_mode(server: PrivateServer, pane: Pane) -> None:
    server.say("copy-mode", "-t", pane.pane_id)


def choose_tree(server: PrivateServer, pane: Pane) -> None:
    server.say("choose-tree", "-t", pane.pane_id)


def synchronized(server: PrivateServer, pane: Pane) -> None:
    server.say("split-window", "-d", "-t", pane.pane_id, "sleep 99")
    server.say("set-option", "-w", "-t", pane.pane_id, "synchronize-panes", "on")


def synchronized_alone(server: PrivateServer, pane: Pane) -> None:
    server.say("set-option", "-p", "-t", pane.pane_id, "synchronize-panes", "on")


def input_off(server: PrivateServer, pane: Pane) -> None:
    server.say("select-pane", "-d", "-t", pane.pane_id)


def dead(server: PrivateServer, pane: Pane) -> None:
    os.kill(pane.pane_pid, signal.SIGKILL)
    until(lambda: server.tmux.panes().panes[pane.pane_id].dead, what="a dead pane")


def gone(server: PrivateServer, pane: Pane) -> None:
    server.say("kill-pane", "-t", pane.pane_id)


def another_nonce(server: PrivateServer, pane: Pane) -> None:
    server.say("set-option", "-p", "-t", pane.pane_id, "@tmuxclaude-id", nonce())


def respawned(server: PrivateServer, pane: Pane) -> None:
    server.say("respawn-pane", "-k", "-t", pane.pane_id)


OBSTACLES = [
    (copy_mode, Obstacle.MODE),
    (choose_tree, Obstacle.MODE),
    (synchronized, Obstacle.SYNCHRONIZED),
    (synchronized_alone, Obstacle.SYNCHRONIZED),
    (input_off, Obstacle.INPUT_OFF),
    (dead, Obstacle.DEAD),
    (gone, Obstacle.GONE),
    (another_nonce, Obstacle.OTHER),
    (respawned, Obstacle.OTHER),
]


@pytest.mark.parametrize(("happens", "obstacle"), OBSTACLES)
def test_what_refuses_every_key(
    tmux_server: PrivateServer,
    happens: Callable[[PrivateServer, Pane], None],
    obstacle: Obstacle,
) -> None:
    tmux, box, bystander = tmux_server.tmux, open_box(tmux_server), open_box(tmux_server)
    menu = open_box(tmux_server, MENU)
    happens(tmux_server, box.pane)
    happens(tmux_server, menu.pane)
    mode = tmux_server.say("list-panes", "-a", "-F", "#{pane_id} #{pane_mode}")

    assert tmux.type_text(box.pane, "text") == Refused(obstacle)
    assert tmux.press_enter(box.pane) == Refused(obstacle)
    assert tmux.press_stash(box.pane) == Refused(obstacle)
    assert tmux.press_escape(menu.pane, MARKER) == Refused(obstacle)
    # Everything that was sent before this arrives before this.
    assert tmux.type_text(bystander.pane, "last") == Sent()
    until(lambda: bystander.read() == pasted("last"), what=lambda: repr(bystander.read()))
    assert box.read() + menu.read() == b""
    assert tmux_server.say("list-panes", "-a", "-F", "#{pane_id} #{pane_mode}") == mode
    assert tmux_server.say("list-buffers") == ""


def other_server(pane: Pane) -> Pane:
    return dataclasses.replace(
        pane, server=dataclasses.replace(pane.server, pid=pane.server.pid + 1)
    )


def earlier_server(pane: Pane) -> Pane:
    return dataclasses.replace(
        pane, server=dataclasses.replace(pane.server, started=pane.server.started - 1)
    )


def other_program(pane: Pane) -> Pane:
    return dataclasses.replace(pane, pane_pid=pane.pane_pid + 1)


def other_nonce(pane: Pane) -> Pane:
    return dataclasses.replace(pane, nonce=nonce())


def no_nonce(pane: Pane) -> Pane:
    return dataclasses.replace(pane, nonce="")


@pytest.mark.parametrize(
    "mistaken", [other_server, earlier_server, other_program, other_nonce, no_nonce]
)
def test_every_part_of_the_identity_counts(
    tmux_server: PrivateServer, mistaken: Callable[[Pane], Pane]
) -> None:
    tmux, box = tmux_server.tmux, open_box(tmux_server)
    deeds: list[Callable[[Pane], Outcome]] = [
        lambda pane: tmux.type_text(pane, "x"),
        tmux.press_enter,
        tmux.press_stash,
        tmux.close,
        tmux.select,
        lambda pane: tmux.set_window_name(pane, "renamed"),
    ]
    assert [deed(mistaken(box.pane)) for deed in deeds] == [Refused(Obstacle.OTHER)] * len(deeds)
    assert tmux.type_text(box.pane, "right") == Sent()
    until(lambda: box.read() == pasted("right"), what=lambda: repr(box.read()))


def split(server: PrivateServer, box: Box) -> None:
    server.say("split-window", "-t", box.pane.pane_id, "sleep 99")


def swapped(server: PrivateServer, box: Box) -> None:
    server.say("swap-pane", "-s", box.pane.pane_id, "-t", "user:first")


def moved(server: PrivateServer, box: Box) -> None:
    server.say("new-session", "-d", "-s", "second", "sleep 99")
    server.say("move-window", "-s", box.pane.pane_id, "-t", "second:")


def renamed(server: PrivateServer, box: Box) -> None:
    server.say("rename-window", "-t", box.pane.pane_id, "first")
    server.say("rename-session", "-t", "user", "box")


@pytest.mark.parametrize("happens", [split, swapped, moved, renamed])
def test_the_right_pane_wherever_it_is(
    tmux_server: PrivateServer, happens: Callable[[PrivateServer, Box], None]
) -> None:
    box, other = open_box(tmux_server), open_box(tmux_server)
    happens(tmux_server, box)
    assert tmux_server.tmux.type_text(box.pane, "text") == Sent()
    assert tmux_server.tmux.press_enter(box.pane) == Sent()
    until(lambda: box.read() == pasted("text") + b"\r", what=lambda: repr(box.read()))
    assert other.read() == b""
