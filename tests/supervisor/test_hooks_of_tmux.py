"""Whatever hooks the user of tmux has set: a window is opened once, and text is delivered once."""

from __future__ import annotations

import pytest

from tests.supervisor.house import OURS, House
from tests.waiting import until

HOOKS = [
    ("user", "after-new-window", "select-window -t nope"),
    ("user", "after-set-option", "resize-pane -t nope"),
    ("made", "after-new-session", "select-window -t nope"),
]
"""A tmux session that is there or not, and a hook that fails when a window is opened in it."""


def ours(house: House) -> list[str]:
    """The panes that carry a mark of ours."""
    panes = house.server.user.cmd("list-panes", "-a", "-F", "#{pane_id}:#{@tmuxclaude-id}").stdout
    return [pane for pane in panes if pane.startswith("%") and not pane.endswith(":")]


@pytest.mark.parametrize(("where", "name", "does"), HOOKS)
def test_a_session_has_one_window(house: House, where: str, name: str, does: str) -> None:
    house.server.say("set-hook", "-g", name, does)
    seat = house.new("only", prompt="do the work", tmux_session=where)
    until(seat.turns, what=seat.story)
    seat.idle()
    assert seat.turns() == ["do the work"]
    assert len(ours(house)) == 1


@pytest.mark.parametrize(("where", "name", "does"), HOOKS)
def test_a_relaunch_delivers_its_text_once(house: House, where: str, name: str, does: str) -> None:
    seat = house.limited("lost", tmux_session=where)
    house.server.kill()
    seat.is_("lost")
    house.server.start()
    house.server.say("set-hook", "-g", name, does)
    house.let_it_be_due()
    until(lambda: seat.steps()[-1:] == ["confirmed"], what=seat.story)
    seat.is_("idle")
    assert seat.turns().count(OURS) == 1
    assert seat.prompts().count(OURS) == 1
    assert len(ours(house)) == 1


def test_keys_are_sent_once(house: House) -> None:
    seat = house.limited("here")
    for name in ("set-buffer", "paste-buffer", "send-keys", "display-message", "list-panes"):
        house.server.say("set-hook", "-g", f"after-{name}", "select-window -t nope")
    house.let_it_be_due()
    until(lambda: seat.steps()[-1:] == ["confirmed"], what=seat.story)
    assert seat.turns().count(OURS) == 1
