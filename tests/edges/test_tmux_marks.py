"""Marks at the names of windows, in a real tmux: put there, and put back as it was."""

from __future__ import annotations

import pytest

from tests.conftest import PrivateServer
from tests.edges.playing import nonce
from tmuxclaude.core.errors import UsageError
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux import Sent

MARK = " ⏳22:17"


@pytest.fixture
def pane(tmux_server: PrivateServer) -> Pane:
    """The only pane of the server, as one of ours."""
    own = nonce()
    tmux_server.say("set-option", "-p", "-t", "user", "@tmuxclaude-id", own)
    listing = tmux_server.tmux.panes()
    [facts] = listing.panes.values()
    return facts.at(listing.server)


def name(server: PrivateServer) -> str:
    return server.say("display-message", "-p", "-t", "user", "#{window_name}")


def options(server: PrivateServer) -> str:
    return server.say("show-options", "-w", "-t", "user")


def test_a_name_is_marked_and_put_back(tmux_server: PrivateServer, pane: Pane) -> None:
    door, before = tmux_server.tmux, options(tmux_server)
    assert door.mark(pane, "api", MARK) == Sent()
    assert name(tmux_server) == f"first{MARK}"
    assert door.window_name(pane.pane_id) == "first"
    door.mark(pane, "api", " ⏳23:00")
    assert name(tmux_server) == "first ⏳23:00"
    door.unmark(keep={pane.nonce})
    assert name(tmux_server) == "first ⏳23:00"
    door.unmark()
    assert (name(tmux_server), options(tmux_server)) == ("first", before)
    door.unmark()
    assert name(tmux_server) == "first"


HOSTILE = [
    *("#{pid}", "#(touch /tmp/x)", "#[fg=red]x", "##", "a;b ; kill-server", "-t", '"q', "it's"),
    *("%H:%M", "{x}", "}", "a,b", "é ü 文", "~", "", " ", "⏳22:17", "0"),
]


@pytest.mark.parametrize("back", [True, False])
def test_hostile_names_come_back_as_they_were(
    tmux_server: PrivateServer, pane: Pane, back: bool
) -> None:
    for hostile in HOSTILE:
        tmux_server.say("rename-window", "-t", "user", "--", hostile.replace("#", "##"))
        was = name(tmux_server)
        tmux_server.tmux.mark(pane, "api", MARK)
        assert name(tmux_server) == f"{was}{MARK}"
        assert tmux_server.tmux.window_name(pane.pane_id) == was
        if back:
            tmux_server.tmux.unmark()
            assert name(tmux_server) == was
        else:
            tmux_server.say("rename-window", "-t", "user", "--", "mine")
            tmux_server.tmux.unmark()
            assert name(tmux_server) == "mine"
        assert "@tmuxclaude" not in options(tmux_server)


@pytest.mark.parametrize("odd", ["a\\b", "$HOME", "a\tb"])
def test_a_name_that_would_not_come_back_is_left_alone(
    tmux_server: PrivateServer, pane: Pane, odd: str
) -> None:
    tmux_server.say("rename-window", "-t", "user", "--", odd)
    was = name(tmux_server)
    tmux_server.tmux.mark(pane, "api", MARK)
    assert name(tmux_server) == was
    assert "@tmuxclaude" not in options(tmux_server)


@pytest.mark.parametrize("local", ["on", "off", ""])
def test_automatic_rename_is_as_it_was(tmux_server: PrivateServer, pane: Pane, local: str) -> None:
    tmux_server.say("set-option", "-g", "-w", "automatic-rename", "off")
    if local:
        tmux_server.say("set-option", "-w", "-t", "user", "automatic-rename", local)
    else:
        tmux_server.say("set-option", "-w", "-u", "-t", "user", "automatic-rename")
    tmux_server.tmux.mark(pane, "api", MARK)
    tmux_server.tmux.mark(pane, "api", " ⏳23:00")
    assert "automatic-rename off" in options(tmux_server)
    tmux_server.tmux.unmark()
    found = [line for line in options(tmux_server).splitlines() if "automatic-rename" in line]
    assert found == ([f"automatic-rename {local}"] if local else [])


def test_a_window_that_its_user_renamed_is_his(tmux_server: PrivateServer, pane: Pane) -> None:
    door = tmux_server.tmux
    door.mark(pane, "api", MARK)
    tmux_server.say("rename-window", "-t", "user", "mine")
    assert door.window_name(pane.pane_id) == "mine"
    door.mark(pane, "api", " ⏳23:00")
    assert name(tmux_server) == "mine"
    door.mark(pane, "mine", " ⏳23:00")  # its session is called so by now
    assert name(tmux_server) == "mine ⏳23:00"
    door.unmark()
    assert name(tmux_server) == "mine"


def test_another_pane_in_the_window_does_not_share_the_mark(
    tmux_server: PrivateServer, pane: Pane
) -> None:
    second, door = nonce(), tmux_server.tmux
    tmux_server.say("split-window", "-d", "-t", "user", "--", "sleep", "1000000")
    tmux_server.say("set-option", "-p", "-t", "user:.1", "@tmuxclaude-id", second)
    listing = door.panes()
    [facts] = [facts for facts in listing.panes.values() if facts.nonce == second]
    other = facts.at(listing.server)
    door.mark(pane, "api", MARK)
    door.mark(other, "web", " ⏳23:00")
    assert name(tmux_server) == f"first{MARK}"
    # The one whose mark it is moves to a window of its own.
    tmux_server.say("break-pane", "-d", "-s", pane.pane_id)
    door.unmark(keep={second})
    assert "⏳" not in tmux_server.say("list-windows", "-a", "-F", "#{window_name}")


def test_only_the_pane_that_was_meant_is_marked(tmux_server: PrivateServer, pane: Pane) -> None:
    stranger = Pane(pane.server, pane.pane_id, pane.pane_pid, nonce())
    assert tmux_server.tmux.mark(stranger, "api", MARK) != Sent()
    with pytest.raises(UsageError):
        tmux_server.tmux.mark(pane, "#{pid}", MARK)
    assert name(tmux_server) == "first"
