"""The main job, on the real Claude Code: limited, reset, continued once, in the right place."""

from __future__ import annotations

import time

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.product import Product
from tests.waiting import never, until
from tmuxclaude.core.rules import DEFAULT_TEXT

native_off = pytest.mark.parametrize("home", [{"native_continue": False}], indirect=True)


@native_off
def test_a_limited_session_continues_by_itself_once(api: Api, product: Product) -> None:
    session = product.new("api")
    session.wait_until("idle")
    limit = api.limit("five_hour", time.time() + 12)
    session.ask("do the work")
    row = product.wait_until("api", "limited")
    assert row["halt"]["limit"]["kind"] == "five_hour"
    assert row["halt"]["limit"]["resets_at"] == limit.resets_at
    at = product.wait_for_turns(session, 2)
    product.report("api", session, limit.resets_at, False)
    session.pane.wait_for("All done.")
    assert session.home.turns(session.conversation) == ["do the work", DEFAULT_TEXT]
    assert at - limit.resets_at >= 2
    product.wait_until("api", "idle")
    never(lambda: len(session.home.turns(session.conversation)) > 2, 4)
    assert [turn.status for turn in api.turns(session.conversation)] == [429, 200]


@native_off
def test_a_killed_session_is_relaunched_with_its_conversation(api: Api, product: Product) -> None:
    folder = product.home.project("deep/work")
    session = product.new("api", folder)
    session.wait_until("idle")
    limit = api.limit("five_hour", time.time() + 12)
    session.ask("do the work")
    product.wait_until("api", "limited")
    dead = session.pane.pid
    session.pane.kill()
    product.wait_until("api", "lost")
    product.wait_for_turns(session, 2)
    assert time.time() >= limit.resets_at + 2
    session.pane.wait_for("All done.")
    assert session.home.turns(session.conversation) == ["do the work", DEFAULT_TEXT]
    until(lambda: session.pane.pid != dead, what="another process in the same pane")
    entry = session.home.session(session.conversation)
    assert entry["cwd"] == str(folder)
    product.wait_until("api", "idle")
    assert [turn.texts for turn in api.turns(session.conversation, 200)] == [
        ["do the work", DEFAULT_TEXT]
    ]
