"""From the key to the window, with the real program, its supervisor and real clients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.plugin.desk import WIDE, Desk, load, running
from tests.supervisor.house import House
from tests.waiting import until

OLD_FZF = "#!/bin/sh\nexit 2\n"


@pytest.fixture
def house(tmux_server: PrivateServer, tmp_path: Path) -> Iterator[House]:
    """It runs, and what its user's tmux starts belongs to it."""
    made = House(tmp_path, tmux_server)
    for name, value in made.env().items():
        tmux_server.say("set-environment", "-g", name, value)
    program = made.programs / "tmuxclaude"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tmuxclaude "$@"\n')
    program.chmod(0o755)
    yield made.start()
    made.stop()


@pytest.mark.parametrize("form", ["fzf", "built in"])
def test_enter_lands_in_the_window_on_the_client_that_asked(
    form: str,
    house: House,
    terminals: PrivateServer,
    new_tmux_server: Callable[[], PrivateServer],
    request: pytest.FixtureRequest,
) -> None:
    if form == "fzf":
        request.getfixturevalue("fzf")
    else:
        (house.programs / "fzf").write_text(OLD_FZF)
        (house.programs / "fzf").chmod(0o755)
    house.new("api").idle()
    house.new("web", tmux_session="work").idle()
    house.new("far", server=new_tmux_server().start()).idle()
    house.server.say("select-window", "-t", "user:first")
    (house.programs / "claude").symlink_to(house.program("proj"))
    load(house.server, new_key="N", pause_key="P")
    other = Desk(terminals, house.server, WIDE)
    desk = Desk(terminals, house.server, WIDE)
    other.press("C-b", ":").type("switch-client -t user").press("Enter")

    desk.press("C-b", "C").shows("api", "web", "far", "3/3").type("web").shows(
        "1/3", "auto mode on"
    )
    desk.press("Enter")
    until(lambda: desk.window() == "work web", what=desk.window)
    until(lambda: not running(house.server, "pick"), what="the popup is gone")
    assert other.window() == "user first"

    desk.press("C-b", "C").shows("3/3").type("far").shows("1/3").press("Enter")
    desk.shows("another tmux server")
    assert desk.window() == "work web"
    desk.press("Escape")
    until(lambda: not running(house.server, "pick"), what="the popup is gone")

    house.run("stop", "--now", "api")
    desk.press("C-b", "C").shows("NAME", "far").press("C-l").shows("■ ended", "3/3").type("api")
    desk.shows("1/3").press("Enter")
    until(lambda: desk.window() == "user api", what=lambda: desk.window() + desk.screen())
    until(lambda: not running(house.server, "pick"), what="the popup is gone")
    house.run("stop", "--now", "api")
    desk.press("C-b", ":").type("switch-client -t work").press("Enter")
    until(lambda: desk.window() == "work web", what=desk.window)

    desk.press("C-b", "P").shows("paused")
    desk.press("C-b", "N")
    until(lambda: desk.window() == "work proj", what=desk.window)
    desk.shows("proj: opened").hides("conversation  ", "on /tmp")
    assert other.window() == "user first"


@pytest.mark.parametrize("verb", ["pick", "attach api"])
def test_outside_of_tmux_it_is_attached_in_the_terminal(
    verb: str, fzf: None, house: House, terminals: PrivateServer
) -> None:
    house.new("api").idle()
    house.server.say("select-window", "-t", "user:first")
    env = [f"{name}={value}" for name, value in house.env().items()]
    picks = f"{house.programs / 'tmuxclaude'} {verb}; echo code $?; exec sleep 1000000"
    shell = ("env", "-u", "TMUX", "-u", "TMUX_PANE", *env, "TERM=xterm-256color", "sh", "-c", picks)
    pane = terminals.say("new-window", "-d", "-P", "-F", "#{pane_id}", "-t", "user:", "--", *shell)

    def screen() -> str:
        return terminals.say("capture-pane", "-p", "-t", pane)

    def looks_at() -> str:
        return house.server.say("list-clients", "-F", "#{window_name}")

    if verb == "pick":
        until(lambda: "1/1" in screen(), what=screen)
        terminals.say("send-keys", "-t", pane, "Enter")
    until(lambda: looks_at() == "api", what=screen)
    for client in house.server.say("list-clients", "-F", "#{client_name}").splitlines():
        house.server.say("detach-client", "-t", client)
    until(lambda: "code 0" in screen(), what=screen)
