"""Where windows are and what they are called, whatever anybody called them."""

from __future__ import annotations

from tests.conftest import PrivateServer
from tmuxclaude.core.model import Pane
from tmuxclaude.edges.tmux import PaneFacts, Refused, Sent

NONCE = "ab" * 16


def window(server: PrivateServer, name: str | None, *settings: tuple[str, str]) -> str:
    named = ("-n", name) if name is not None else ()
    made = server.say(
        "new-window", "-d", "-t", "user:", *named, "-P", "-F", "#{pane_id}", "--", "sleep", "1000"
    )
    for setting, value in settings:
        server.say("set-option", "-w", "-t", made.strip(), setting, value)
    return made.strip()


def facts(server: PrivateServer) -> dict[str, PaneFacts]:
    listing = server.tmux.panes()
    assert listing.unreadable == 0
    return listing.panes


def test_only_names_that_a_user_gave_and_a_session_can_have_leave_tmux(
    tmux_server: PrivateServer,
) -> None:
    given = {
        window(tmux_server, "api"): "api",
        window(tmux_server, "two words"): "",
        window(tmux_server, "a:b,c}"): "",
        window(tmux_server, "-dash"): "",
        window(tmux_server, "x" * 48): "x" * 48,
        window(tmux_server, "x" * 49): "",
        window(tmux_server, "naïve ⏳"): "",
        window(tmux_server, "%99:1:0:0"): "",
        window(tmux_server, None): None,
        window(tmux_server, "program", ("allow-rename", "on")): None,
        window(tmux_server, "api 22:17", ("@tmuxclaude-mark", "api 22:17")): None,
    }
    panes = facts(tmux_server)
    assert {pane: panes[pane].window_name for pane in given} == given
    assert len(panes) == len(given) + 1


def test_a_pane_knows_every_tmux_session_that_shows_it(tmux_server: PrivateServer) -> None:
    pane = window(tmux_server, "api")
    tmux_server.say("new-session", "-d", "-s", "my work", "--", "sleep", "1000")
    tmux_server.say("new-session", "-d", "-s", "other", "--", "sleep", "1000")
    tmux_server.say("link-window", "-s", pane, "-t", "my work:7")
    tmux_server.say("link-window", "-s", pane, "-t", "other:9")
    assert sorted(facts(tmux_server)[pane].homes) == [("", 7), ("other", 9), ("user", 1)]


def test_a_window_is_renamed_only_while_it_is_called_as_before(tmux_server: PrivateServer) -> None:
    pane_id, door = window(tmux_server, "api"), tmux_server.tmux
    pane = door.claim(door.panes().panes[pane_id].at(door.panes().server), NONCE)
    assert isinstance(pane, Pane)
    assert isinstance(door.set_window_name(pane, "x", before="web"), Refused)
    assert door.window_name(pane_id) == "api"
    door.mark(pane, "api", " 22:17")
    assert door.set_window_name(pane, "web", before="api") == Sent()
    assert door.window_name(pane_id) == "web"


def test_what_was_claimed_is_let_go_with_what_we_set_there(tmux_server: PrivateServer) -> None:
    pane_id, door = window(tmux_server, "api"), tmux_server.tmux
    tmux_server.say("set-option", "-p", "-t", pane_id, "remain-on-exit", "on")
    bare = door.panes().panes[pane_id].at(door.panes().server)
    pane = door.claim(bare, NONCE)
    assert isinstance(pane, Pane)
    assert isinstance(door.claim(bare, "cd" * 16), Refused), "it is another's by now"
    assert isinstance(door.disclaim(bare, opened_by_us=False), Refused)
    assert door.disclaim(pane, opened_by_us=False) == Sent()
    shown = ("show-options", "-p", "-q", "-t", pane_id)
    assert tmux_server.say(*shown) == "remain-on-exit on"
    pane = door.claim(bare, NONCE)
    assert isinstance(pane, Pane)
    door.disclaim(pane, opened_by_us=True)
    assert tmux_server.say(*shown) == ""
