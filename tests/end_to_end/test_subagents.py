"""A session whose background agents run, end and are looked at beside its own conversation."""

from __future__ import annotations

import time

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.home import TOOLS_RUN
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import NBSP, Session
from tests.end_to_end.wire import Text, Tool
from tests.waiting import never, until
from tmuxclaude.core.rules import DEFAULT_TEXT

SOON = 30.0
"""Seconds until the limit resets."""

AGENT = {
    "description": "Count the words",
    "prompt": "COUNT them",
    "subagent_type": "general-purpose",
    "run_in_background": True,
}
NOTICE = "<task-notification>"
TASKS = ["start the agent", "do the work"]

pytestmark = pytest.mark.parametrize(
    "home", [{"native_continue": False, "settings": TOOLS_RUN}], indirect=True
)


def limited(api: Api, product: Product, agent: Text | Tool) -> tuple[Session, float]:
    """A session at its limit with such an agent in the background, and when it resets (epoch)."""
    api.on("COUNT", agent)
    api.on("start the agent", Tool("Agent", AGENT, then=Text("It counts.")))
    session = product.new("main", None)
    session.wait_until("idle")
    session.ask(TASKS[0])
    session.pane.wait_for("Waiting for 1 background agent")
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask(TASKS[1])
    until(lambda: session.home.limits(session.conversation), session.pane.screen)
    return session, limit.resets_at


def typed(session: Session) -> list[str]:
    """The turns but Claude Code's own notices."""
    turns = session.home.turns(session.conversation)
    return [text for text in turns if not text.lstrip().startswith(NOTICE)]


def test_a_notice_behind_the_limit_does_not_end_it(api: Api, product: Product) -> None:
    wait = {"command": "sleep 4", "description": "Wait"}
    session, resets_at = limited(api, product, Tool("Bash", wait, then=Text("Counted.")))
    session.pane.wait_for("What do you want to do?")
    session.pane.press("Escape")  # while its menu is open, notices are kept back
    records = session.home.transcript
    until(lambda: NOTICE in str(records(session.conversation)[-3:]), session.pane.screen)
    assert time.time() < resets_at, "the agent was too slow to prove anything"
    product.wait_until("main", "limited")
    never(lambda: product.session("main")["state"] != "limited", 2, product.story)
    until(lambda: DEFAULT_TEXT in typed(session), product.story)
    product.wait_until("main", "idle")
    assert typed(session) == [*TASKS, DEFAULT_TEXT]
    halt = product.halt_over("main")
    assert halt["ended_by"] == "tmuxclaude"


def test_nothing_is_typed_into_a_subagents_view(api: Api, product: Product) -> None:
    session, resets_at = limited(api, product, Text("word " * 12, every=1.0))
    pane = session.pane
    pane.wait_for("What do you want to do?")
    for key in ("Escape", "Down", "Down", "Enter"):
        time.sleep(0.5)  # Claude Code takes them one at a time
        pane.press(key)
    pane.wait_for("Message @")
    pane.type("x")
    pane.wait_for(f"❯{NBSP}x")
    pane.press("BSpace")  # now the keys are in the agent's box
    until(lambda: time.time() > resets_at + 4, "the reset and our margin")
    words = "a subagent's view is open"
    until(lambda: words in product.session("main")["outlook"]["why"], product.story)
    never(lambda: DEFAULT_TEXT in pane.screen(), 3, pane.screen)
    assert typed(session) == TASKS
