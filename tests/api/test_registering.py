"""Who may register a process, by which ids it is kept, and what it is told."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors, launching
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.launching import Entrance
from tmuxclaude.core.model import Limit, LimitKind, Process, Source, State, Want
from tmuxclaude.core.rules import BudgetRules, Rules
from tmuxclaude.store.checkpoints import BRINGS

UID, ID = "0f" * 16, "11111111-2222-4333-8444-555555555555"
ORDER = wire.Run(
    pid=7, directory="/srv/api", command=["/bin/claude"], uid=UID, conversation=ID, arguments=["x"]
)
LATE = wire.Late(run=ORDER, started="77", boot="b")


def changed(**change: Any) -> wire.Run:
    return wire.Run(**({name: getattr(ORDER, name) for name in ORDER.__struct_fields__} | change))


def limited(house: House) -> None:
    met = Limit(LimitKind.FIVE_HOUR, "you have hit it", Source.TRANSCRIPT, NOW - 60, NOW + 600)
    house.books.limits.note("/home/ann/.claude", met)


def late(house: House, found: wire.Late = LATE) -> None:
    house.operations.late(wire.encode(found).decode(), NOW - 60)


def test_an_account_is_limited_by_whatever_way_it_is_named(house: House) -> None:
    limited(house)
    house.around.links["/link"] = "/home/ann/.claude"
    assert isinstance(house.ask(changed(config_dir="/link", if_limited="refuse")), wire.Barred)
    assert house.ask(changed(config_dir="/other", if_limited="refuse")).uid == UID


def test_a_process_registers_only_itself(house: House) -> None:
    words = ["--resume", "c1"]
    order = wire.Run(pid=7, directory="/srv/api", command=["/bin/claude"], arguments=words)
    with pytest.raises(errors.RefusedError, match="only itself"):
        house.operations.answer(order, 8)
    assert house.windows.told == []
    house.operations.answer(order, 7)
    assert [what[0] for what in house.windows.told] == ["enter"]


def test_it_is_kept_once_under_the_ids_that_it_gave_itself(house: House) -> None:
    assert house.ask(ORDER).uid == UID
    with pytest.raises(errors.RefusedError, match="kept already"):
        house.ask(ORDER)
    late(house)
    assert house.windows.told == [("enter", Entrance(7, "", ["x"], None, ID))]


@pytest.mark.parametrize(
    "change",
    [{"uid": "../" + "0" * 29}, {"uid": UID + "\n"}, {"uid": "0" * 31}, {"conversation": "x"}],
)
def test_an_id_is_an_id(house: House, change: dict[str, str]) -> None:
    text = wire.encode(changed(**change))
    with pytest.raises(errors.UsageError, match=next(iter(change))):
        wire.decode_request(text)
    with pytest.raises(errors.UsageError, match=next(iter(change))):
        late(house, wire.Late(run=changed(**change), started="77", boot="b"))
    assert house.books.sessions.all() == []


def test_who_was_late_is_kept_as_the_process_that_it_was(house: House) -> None:
    late(house)
    late(house)
    entrance = Entrance(7, "", ["x"], None, ID, Process(7, "77", "b"))
    assert house.windows.told == [("enter", entrance)]
    [session] = house.books.sessions.all()
    assert (session.uid, session.created_at, session.state) == (UID, NOW - 60, State.STARTING)
    assert house.watch.touched == [UID]


def test_who_was_late_runs_whatever_its_account_has_met(house: House) -> None:
    limited(house)
    assert isinstance(house.ask(ORDER), wire.Barred)
    late(house)
    assert house.books.sessions.get(UID).state is State.STARTING  # type: ignore[union-attr]


def test_who_was_believed_to_wait_is_told_to_have_started(house: House) -> None:
    limited(house)
    house.ask(changed(if_limited="wait"))
    [session] = [one for one in house.books.sessions.all() if one.uid == UID]
    assert launching.waits(session)
    late(house)
    [session] = [one for one in house.books.sessions.all() if one.uid == UID]
    assert (session.state, session.reason) == (State.STARTING, "")


def test_who_is_held_waits_and_leaves_the_slot_to_those_behind(house: House) -> None:
    house.watch.rules = Rules(budget=BudgetRules(sessions=1))
    for at, name in enumerate(("first", "second")):
        waits: dict[str, Any] = {"reason": launching.WAITS_FOR_SLOT, "created_at": NOW + at}
        house.keep(name, State.QUEUED, **waits)
    house.ask(wire.Hold(names=["first"]))
    first = house.ask(wire.Queue(uid="uid-first", step="ask"))
    assert (first.wait, "tmuxclaude release first" in first.why) == (None, True)
    assert house.ask(wire.Queue(uid="uid-second", step="ask")).wait == 0.0
    house.ask(wire.Release(names=["first"]))
    assert house.ask(wire.Queue(uid="uid-first", step="ask")).wait == 0.0
    assert house.ask(wire.Queue(uid="uid-second", step="ask")).wait is None


def test_who_is_held_is_told_no_time_though_it_is_known(house: House) -> None:
    limited(house)
    house.ask(changed(if_limited="wait"))
    assert house.ask(wire.Queue(uid=UID, step="ask")).wait > 0
    [session] = house.books.sessions.all()
    house.ask(wire.Hold(names=[session.name]))
    told = house.ask(wire.Queue(uid=UID, step="ask"))
    assert (told.wait, "held" in told.why) == (None, True)
    house.ask(wire.Queue(uid=UID, step="start"))
    [session] = house.books.sessions.all()
    assert (session.state, session.want) == (State.STARTING, Want.HOLD)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "[" * 10_000, '{"type":"late","run":{}}', "\x00"]
)
def test_what_nobody_can_have_left_keeps_nothing(house: House, text: str) -> None:
    with pytest.raises(errors.UsageError, match="cannot be read"):
        house.operations.late(text, NOW)
    assert house.windows.told == []


def start(house: House, arguments: list[str]) -> list[str]:
    uid = secrets.token_hex(16)
    return list(house.ask(changed(uid=uid, name=uid, arguments=arguments)).notes)


def open_(house: House, arguments: list[str]) -> list[str]:
    return list(house.new("/srv/api", arguments=arguments).notes[1:])


@pytest.mark.parametrize("way", [start, open_], ids=["run", "new"])
def test_a_start_tells_of_the_last_checkpoint_there(
    house: House, way: Callable[[House, list[str]], list[str]]
) -> None:
    assert way(house, ["x"]) == []
    book = house.books.checkpoints
    name = book.ask(Wish("c", "/a", "/srv/api", "", ("idle",)), NOW)
    book.begin(name)
    book.taken(name, NOW - 7200, dict.fromkeys(BRINGS, ""))
    assert way(house, ["--continue"]) == []
    said = f"last checkpoint here 2h ago (idle): tmuxclaude checkpoint show {name}"
    assert way(house, ["x"]) == [said]
