"""Loading the plugin: which tmux it takes, what it binds, and what it says of nonsense."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.plugin.desk import ENTRY, Desk, load
from tests.waiting import until
from tmuxclaude.edges.tmux.status import Segment

FAKE = """#!/bin/sh
[ "$1" = -V ] && {{ echo '{version}'; exit; }}
printf '%s\\n' "$*" >>'{calls}'
"""

SEGMENT = "#{?#{T:@tmuxclaude-segment},#{T:@tmuxclaude-segment} ,}"


def bound(server: PrivateServer, key: str) -> str:
    """What a key does behind the prefix; empty when nothing."""
    done = server.user.cmd("list-keys", "-T", "prefix", key)
    return "\n".join(done.stdout)


@pytest.mark.parametrize(
    ("version", "taken"),
    [
        *[(f"tmux {v}", True) for v in ("3.2", "3.2a", "3.3a", "next-3.4", "3.10", "4.0", "10.0")],
        *[(v, True) for v in ("tmux master", "tmux openbsd-7.4", "tmux 3.5-rc", "tmux 3.08")],
        *[(f"tmux {v}", False) for v in ("3.1c", "2.12", "2.9a", "next-3.1", "1.8", "openbsd-6.5")],
        *[(v, False) for v in ("", "what?")],
    ],
)
def test_versions(version: str, taken: bool, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    fake = tmp_path / "tmux"
    fake.write_text(FAKE.format(version=version, calls=calls))
    fake.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([ENTRY], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert ("bind-key" in calls.read_text()) is taken
    assert ("needs tmux 3.2 or newer" in calls.read_text()) is not taken


def test_a_reload_takes_back_what_the_last_load_did(tmux_server: PrivateServer) -> None:
    customize = bound(tmux_server, "C")
    assert "customize-mode" in customize
    assert load(tmux_server) == ""
    once = tmux_server.say("list-keys")
    assert "plugin}/pick" in bound(tmux_server, "C")
    load(tmux_server)
    assert tmux_server.say("list-keys") == once

    load(tmux_server, key="K M-c", new_key="N", pause_key="P", customize_key="M-C", status="on")
    right = tmux_server.say("show-options", "-gv", "status-right")
    load(tmux_server)
    assert tmux_server.say("show-options", "-gv", "status-right") == right
    assert right.count(SEGMENT) == 1
    assert bound(tmux_server, "C") == customize
    assert all("plugin}/pick" in bound(tmux_server, key) for key in ("K", "M-c"))
    assert "/key new" in bound(tmux_server, "N")
    assert "/key pause" in bound(tmux_server, "P")
    assert "customize-mode" in bound(tmux_server, "M-C")

    tmux_server.say("bind-key", "N", "next-window")
    load(tmux_server, key="", new_key="none", pause_key="", customize_key="", status="off")
    assert [bound(tmux_server, key) for key in ("K", "M-c", "P", "M-C")] == [""] * 4
    assert "next-window" in bound(tmux_server, "N")
    assert bound(tmux_server, "C") == customize
    assert tmux_server.say("show-options", "-gv", "status-right") == right.removeprefix(SEGMENT)


def test_the_segment_stands_in_the_status_line(tmux_server: PrivateServer, desk: Desk) -> None:
    load(tmux_server, status="on")
    tmux_server.say("set-option", "-g", "@tmuxclaude-segment", "3 work")
    desk.shows("3 work")
    right = tmux_server.say("show-options", "-gv", "status-right").removeprefix(SEGMENT)
    tmux_server.say("set-option", "-g", "status-right", f"{SEGMENT}|")
    drawn = ("display-message", "-p", "#{T:status-right}")
    assert tmux_server.say(*drawn) == "3 work |"
    for patience, shown in ((30, "|"), (0, "off |")):  # nothing to say while alive; then it is gone
        look = (Segment("", "off", patience), int(time.time()))
        tmux_server.tmux.panes(segment=look)
        assert tmux_server.say(*drawn) == shown
    assert "@tmuxclaude" not in right


NONSENSE = {"key": "; nonsense K", "popup_width": "wide", "popup_height": "0%", "status": "maybe"}
NAMED = ('"nonsense"', '";"', '"wide"', '"0%"', '"maybe"')


def test_nonsense_is_told_and_the_rest_works(tmux_server: PrivateServer, desk: Desk) -> None:
    desk.resize(400, 24)
    load(tmux_server, **NONSENSE)
    desk.shows("tmuxclaude: @tmuxclaude-", *NAMED)
    assert "-w 90% -h 80%" in bound(tmux_server, "K")


@pytest.mark.parametrize("does", ["select-window -t nope", "run-shell 'exit 3'"])
def test_hooks_of_the_user_are_no_nonsense(tmux_server: PrivateServer, does: str) -> None:
    customize = bound(tmux_server, "C")
    for name in ("bind-key", "list-keys", "set-option", "unbind-key"):
        tmux_server.user.cmd("set-hook", "-g", f"after-{name}", does)
    for _ in range(2):
        tmux_server.user.cmd("run-shell", str(ENTRY))
        assert "plugin}/pick" in bound(tmux_server, "C")
        assert tmux_server.say("show-options", "-gv", "@tmuxclaude-bound").split() == ["C"]
        assert "tmuxclaude" not in tmux_server.say("show-hooks", "-g", "client-attached")
    tmux_server.user.cmd("set-option", "-g", "@tmuxclaude-key", "none")
    tmux_server.user.cmd("run-shell", str(ENTRY))
    assert bound(tmux_server, "C").split("\n")[0] == customize


def test_the_preview_is_the_pane_alone_or_says_why_not(tmux_server: PrivateServer) -> None:
    pane = tmux_server.say("new-window", "-dP", "-F", "#{pane_id}", "echo SOMETHING; sleep 99")
    tmux_server.say("set-option", "-p", "-t", pane, "@tmuxclaude-id", "ab" * 16)
    tmux_server.say("set-hook", "-g", "after-capture-pane", "select-window -t nope")
    server = tmux_server.process()
    program = ENTRY.with_name("tmuxclaude") / "plugin" / "preview"
    asked = ["sh", str(program), tmux_server.socket, str(server.pid), pane, "ab" * 16]
    environment = os.environ | {"FZF_PREVIEW_LINES": "20"}

    def shown() -> str:
        done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    until(lambda: "SOMETHING" in shown(), what=shown)
    assert shown() == "SOMETHING"
    tmux_server.kill()
    assert shown() == "Its tmux server does not answer."


def test_nonsense_is_told_to_the_first_who_attaches(
    tmux_server: PrivateServer, terminals: PrivateServer
) -> None:
    load(tmux_server, **NONSENSE)
    Desk(terminals, tmux_server, (400, 24)).shows("tmuxclaude: @tmuxclaude-", *NAMED)
    until(lambda: "tmuxclaude" not in tmux_server.say("show-hooks", "-g", "client-attached"))


def test_a_missing_program_is_told_when_the_key_is_pressed(
    tmux_server: PrivateServer, desk: Desk
) -> None:
    desk.resize(200, 24)
    load(tmux_server, bin="/no/such program", pause_key="P")
    desk.press("C-b", "C").shows("@tmuxclaude-bin is /no/such program")
    load(tmux_server, bin="/nor#{pid} this%d")
    desk.press("C-b", "P").shows("@tmuxclaude-bin is /nor#{pid} this%d")
