"""Subscribers hear everything once, and none of them holds up anybody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.house import NOW, House
from tests.api.served import END, Bare, Served
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.api.feed import BATCH, Feed
from tmuxclaude.api.server import LINE_SECONDS, MAX_SUBSCRIBERS
from tmuxclaude.core import errors
from tmuxclaude.core.model import State

Connect = Callable[[], Bare]

MANY = 20_000
"""Events that no buffer of the system holds."""


def subscribe(client: Bare, **more: Any) -> dict[str, Any]:
    client.send(json.dumps({"type": "subscribe", **more}).encode() + b"\n")
    answer: dict[str, Any] = json.loads(client.line())
    return answer


def numbers(client: Bare, count: int) -> list[int]:
    return [json.loads(client.line())["id"] for _ in range(count)]


def test_events_come_as_they_happen(served: Served, connect: Connect) -> None:
    served.happen(3)
    client = connect()
    assert subscribe(client) == {"type": "subscribed", "since": 3}
    for number in (4, 5):
        served.happen(text="idle → working")
        assert json.loads(client.line()) == {
            "type": "event",
            "id": number,
            "at": 0.5,
            "session": "u1",
            "name": "api",
            "kind": "state",
            "text": "idle → working",
        }


def test_who_comes_back_misses_nothing(served: Served, connect: Connect) -> None:
    served.happen(3 * BATCH + 7)
    client = connect()
    assert subscribe(client, since=5)["since"] == 5
    served.happen()
    assert numbers(client, 3 * BATCH + 3) == list(range(6, 3 * BATCH + 9))


def test_a_number_of_another_database_begins_anew(served: Served, connect: Connect) -> None:
    served.happen(2)
    client = connect()
    assert subscribe(client, since=3)["since"] == 0
    assert numbers(client, 2) == [1, 2]


def test_only_the_sessions_that_were_named_are_told(served: Served, connect: Connect) -> None:
    client = connect()
    subscribe(client, sessions=["u2"])
    for session in ("u1", "u2", "", "u2"):
        served.happen(session=session)
    assert numbers(client, 2) == [2, 4]


def test_who_subscribes_may_be_silent_for_long(served: Served, connect: Connect) -> None:
    client = connect()
    subscribe(client)
    time.sleep(LINE_SECONDS + 0.3)  # nothing is to happen, so there is nothing to wait for
    served.happen()
    assert numbers(client, 1) == [1]


def test_a_slow_subscriber_is_dropped_with_a_last_line(served: Served, connect: Connect) -> None:
    slow, quick, other = connect(), connect(), connect()
    subscribe(slow)
    subscribe(quick)
    served.happen(MANY)
    assert numbers(quick, MANY)[-1] == MANY
    assert other.is_answered()
    assert served.events.read < MANY + 5_000  # of what the slow one has not taken nothing is read
    time.sleep(LINE_SECONDS + 0.5)  # that it does nothing is the test
    lines = list(iter(slow.line, b""))
    told = [json.loads(line) for line in lines]
    assert told[-1]["type"] == "error"
    assert "too slowly" in told[-1]["message"]
    assert [one["id"] for one in told[:-1]] == list(range(1, len(told)))
    again = connect()
    subscribe(again, since=told[-2]["id"])
    assert numbers(again, 1) == [len(told)]


def test_a_subscriber_that_reads_a_little_at_a_time_is_kept(
    served: Served, connect: Connect
) -> None:
    client = connect()
    subscribe(client)
    served.happen(2_000)
    for first in range(1, 2_001, 400):
        assert numbers(client, 400) == list(range(first, first + 400))
        time.sleep(0.6)  # slower than LINE_SECONDS in all, but never silent for so long


def test_a_subscriber_that_leaves_is_forgotten(served: Served, connect: Connect) -> None:
    other = connect()
    for _ in range(2 * MAX_SUBSCRIBERS):
        client = Bare(served.path)
        assert subscribe(client)["type"] == "subscribed"
        client.close()
        assert other.is_answered()
    served.happen()
    assert other.is_answered()


def test_at_the_end_all_that_happened_is_told_before_the_last_line(
    served: Served, connect: Connect
) -> None:
    clients = connect(), connect()
    subscribe(clients[0])
    subscribe(clients[1], sessions=["u2"])
    connect().send(b'{"type":"follow","attempt":3}\n')  # it is busy for 0.3 s
    until(lambda: served.asked[-1:] == [wire.Follow(attempt=3)])
    served.events.happen(3)
    served.stop()
    told = [[json.loads(line) for line in iter(client.line, b"")] for client in clients]
    assert [(one["kind"], one["id"]) for one in told[0][-2:]] == [("state", 3), ("ending", 3)]
    assert [(one["kind"], one["id"]) for one in told[1]] == [("ending", 0)]
    served.stop = lambda: None  # type: ignore[method-assign]


def test_who_subscribes_asks_nothing_more(served: Served, connect: Connect) -> None:
    client = connect()
    subscribe(client)
    client.send(b'{"type":"ping"}\n')
    assert b"asks nothing more" in client.line()
    assert client.line() == b""


def test_subscribers_leave_room_for_who_asks(served: Served, connect: Connect) -> None:
    subscribers = [connect() for _ in range(MAX_SUBSCRIBERS)]
    assert all(subscribe(one)["type"] == "subscribed" for one in subscribers)
    one_more = connect()
    assert "subscribers already" in subscribe(one_more)["message"]
    assert one_more.is_answered()
    served.happen()
    assert all(numbers(one, 1) == [1] for one in subscribers)


def test_the_client_gives_event_after_event(served: Served) -> None:
    served.happen(2)
    with Client(served.path) as client:
        events = client.subscribe(since=1)
        served.happen(text="working → idle")
        assert [next(events).id, next(events).text] == [2, "working → idle"]
        served.stop()
        last = next(events)
        assert (last.kind, last.id, last.at) == ("ending", 3, END)
        with pytest.raises(errors.UnreachableError):
            next(events)
    served.stop = lambda: None  # type: ignore[method-assign]


# From the journal of a database


def test_a_feed_tells_the_names_of_today(house: House) -> None:
    session = house.keep("api", State.IDLE)
    feed = house.ask(wire.Subscribe())
    assert isinstance(feed, Feed)
    assert feed.read() == []
    assert not feed.has_more
    house.ask(wire.Rename(name="api", to="backend"))
    house.ask(wire.Pause())
    assert feed.has_more
    assert [(e.name, e.session, e.kind) for e in feed.read()] == [
        ("backend", session.uid, "renamed"),
        ("", "", "paused"),
    ]


def test_a_feed_of_one_session(house: House) -> None:
    house.keep("api", State.IDLE)
    house.keep("web", State.IDLE)
    feed = house.ask(wire.Subscribe(sessions=["web"]))
    house.ask(wire.Hold(names=["api", "web"]))
    assert [event.name for event in feed.read()] == ["web"]
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Subscribe(sessions=["other"]))


def test_numbers_are_never_used_twice(house: House) -> None:
    house.keep("api", State.IDLE)
    house.books.events.note(NOW, "uid-api", "state", "idle → working")
    feed = house.ask(wire.Subscribe())
    house.ask(wire.Forget(names=["api"]))
    assert [event.kind for event in feed.read()] == ["forgotten"]
