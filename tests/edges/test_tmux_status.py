"""The segment in a real tmux: worked out by tmux alone, and never alive when nobody looks."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.conftest import PrivateServer
from tests.waiting import until
from tmuxclaude.edges.tmux.status import SEGMENT, Segment

USED = f"#{{T:{SEGMENT}}}"
TEXT = Segment("⏳2 ▶3 ?1 · 22:17", "✗ tmuxclaude", 30)


def drawn(server: PrivateServer) -> str:
    """What tmux makes of a ``status-right`` with the segment in it."""
    server.say("set-option", "-g", "status-right", f"[{USED}]")
    return server.say("display-message", "-p", "#{T:status-right}")


def look(server: PrivateServer, segment: Segment, ago: float = 0) -> None:
    server.tmux.panes(segment=(segment, int(time.time() - ago)))


def test_it_is_what_the_last_look_said(tmux_server: PrivateServer) -> None:
    assert drawn(tmux_server) == "[]"
    look(tmux_server, TEXT)
    assert drawn(tmux_server) == f"[{TEXT.text}]"
    look(tmux_server, replace(TEXT, text="▶1"))
    assert drawn(tmux_server) == "[▶1]"
    look(tmux_server, Segment())
    assert drawn(tmux_server) == "[]"


def test_without_looks_it_says_so(tmux_server: PrivateServer) -> None:
    look(tmux_server, TEXT, ago=20)
    assert drawn(tmux_server) == f"[{TEXT.text}]"
    look(tmux_server, TEXT, ago=40)
    assert drawn(tmux_server) == f"[{TEXT.gone}]"
    look(tmux_server, TEXT, ago=-40)  # the clock was set back
    assert drawn(tmux_server) == f"[{TEXT.gone}]"
    silent = replace(TEXT, text="")  # nothing was to be said, and it is gone all the same
    look(tmux_server, silent)
    assert drawn(tmux_server) == "[]"
    look(tmux_server, silent, ago=40)
    assert drawn(tmux_server) == f"[{TEXT.gone}]"
    look(tmux_server, silent.at_the_end())
    assert drawn(tmux_server) == f"[{TEXT.gone}]"
    look(tmux_server, TEXT)
    look(tmux_server, TEXT.at_the_end())
    assert drawn(tmux_server) == f"[{TEXT.gone}]"


def test_of_two_registries_the_first_is_shown_as_long_as_it_looks(
    tmux_server: PrivateServer,
) -> None:
    first, second = replace(TEXT, owner="a1"), replace(TEXT, text="↺8", owner="b2")
    look(tmux_server, first, ago=10)
    look(tmux_server, second)
    look(tmux_server, second.nothing())
    assert drawn(tmux_server) == f"[{TEXT.text}]"
    look(tmux_server, replace(first, text="▶1"), ago=40)
    look(tmux_server, second)
    assert drawn(tmux_server) == "[↺8]"
    look(tmux_server, first)
    assert drawn(tmux_server) == "[↺8]"
    look(tmux_server, second.nothing())
    assert drawn(tmux_server) == "[]"


def test_the_option_is_set_only_when_it_changes(tmux_server: PrivateServer) -> None:
    tmux_server.say("set-hook", "-g", "after-set-option", "set-environment -g SET yes")
    look(tmux_server, TEXT)
    assert tmux_server.say("show-environment", "-g", "SET") == "SET=yes"
    tmux_server.say("set-environment", "-g", "SET", "no")
    look(tmux_server, TEXT)
    assert tmux_server.say("show-environment", "-g", "SET") == "SET=no"
    tmux_server.say("set-option", "-g", SEGMENT, "lost")
    look(tmux_server, TEXT)
    assert drawn(tmux_server) == f"[{TEXT.text}]"


def test_a_look_gives_the_same_with_a_segment(tmux_server: PrivateServer) -> None:
    plain = tmux_server.tmux.panes()
    assert tmux_server.tmux.panes(segment=(TEXT, 1)) == plain


def test_programs_in_panes_do_not_get_our_variables(tmux_server: PrivateServer) -> None:
    look(tmux_server, TEXT)
    said = tmux_server.directory / "env"
    program = ("sh", "-c", f"env >{said}.new; mv {said}.new {said}")
    tmux_server.say("new-window", "-d", "-t", "user", "--", *program)
    until(said.exists)
    assert "TMUX=" in said.read_text()
    assert "TMUXCLAUDE" not in said.read_text()
