"""The history is made of what was written down, in the order in which it happened."""

from __future__ import annotations

from typing import Any

import pytest

from tmuxclaude.core.past import Entry, history


def event(at: float, kind: str, text: str = "", name: str | None = "api") -> dict[str, Any]:
    return {"at": at, "session": "u1", "name": name, "kind": kind, "text": text}


def halt(**more: Any) -> dict[str, Any]:
    plain = {
        "session": "u1",
        "name": "api",
        "limit_kind": "five_hour",
        "limit_said_at": 10.0,
        "opened_at": 12.0,
        "ended_at": None,
        "ended_by": None,
        "outcome": "",
    }
    return plain | more


@pytest.mark.parametrize(
    ("kind", "text", "what"),
    [
        ("started", "in pane %7", "started"),
        ("adopted", "in pane %7", "registered"),
        ("rebuilt", "", "registered"),
        ("queued", "", "queued"),
        ("stopped", "by you", "stopped"),
        ("state", "idle → ended", "ended"),
        ("state", "lost → ended: it goes on elsewhere", "ended"),
        ("state", "idle → lost", "lost"),
        ("state", "queued → starting: its time has come, or you did not wait", "started"),
        ("state", "lost → starting", None),
        ("state", "idle → working", None),
        ("limit", "you have hit it", None),
        ("from the future", "", None),
    ],
)
def test_what_an_event_is_called(kind: str, text: str, what: str | None) -> None:
    told = history([event(1.0, kind, text)], [])
    assert told == ([Entry(1.0, "u1", "api", what, text)] if what else [])


@pytest.mark.parametrize("by", ["claude", "tmuxclaude", "you"])
def test_a_resume_says_who_did_it_and_after_what_wait(by: str) -> None:
    [met, resumed] = history([], [halt(ended_at=610.0, ended_by=by, outcome="it went on")])
    assert (met.at, met.what, met.text) == (12.0, "limited", "5-hour limit")
    assert resumed == Entry(610.0, "u1", "api", "resumed", "it went on", by, 600.0)


@pytest.mark.parametrize("by", [None, "nobody"])
def test_what_nobody_resumed_is_over(by: str | None) -> None:
    [_, over] = history([], [halt(ended_at=20.0, ended_by=by)])
    assert (over.what, over.by, over.waited) == ("over", "", None)


def test_a_clock_that_was_set_back_makes_no_wait_negative() -> None:
    assert history([], [halt(ended_at=5.0, ended_by="you")])[0].waited == 0.0


def test_everything_stands_in_the_order_of_time() -> None:
    events = [event(30.0, "stopped"), event(1.0, "started"), event(31.0, "forgotten", name=None)]
    told = history(events, [halt(ended_at=20.0, ended_by="you")])
    assert [e.what for e in told] == ["started", "limited", "resumed", "stopped", "forgotten"]
    assert told[-1].name == ""
