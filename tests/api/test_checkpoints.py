"""What is wanted a checkpoint of, and what is dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.house import House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.model import State
from tmuxclaude.store.checkpoints import BRINGS

ID = "11111111-2222-4333-8444-555555555555"


def told(house: House, **order: object) -> list[wire.WantedView]:
    request = wire.TakeCheckpoints(**order)  # type: ignore[arg-type]
    return list(house.ask(request).checkpoints)


def test_names_and_all_mean_those_in_which_something_was_said(house: House, tmp_path: Path) -> None:
    for name, recorded in (("spoken", True), ("silent", False)):
        more = {"conversation": f"of {name}", "recorded": recorded, "directory": str(tmp_path)}
        house.keep(name, State.IDLE, **more)
    assert [one.name for one in told(house, every=True)] == ["spoken"]
    [one] = told(house, names=["spoken"], note="mine")
    assert (one.conversation, one.id) == ("of spoken", "00000002")
    assert house.checkpointer.wishes[-1].note == "mine"
    with pytest.raises(errors.RefusedError, match="the transcript of silent has no turn yet"):
        told(house, names=["silent"])
    with pytest.raises(errors.NotFoundError):
        told(house, names=["nobody"])
    (tmp_path / "inner").mkdir()
    assert [one.name for one in told(house, committed=str(tmp_path.parent))] == ["spoken"]
    assert house.checkpointer.wishes[-1].reasons == ("commit",)
    assert told(house, committed=str(tmp_path / "inner")) == []


@pytest.mark.parametrize("order", [{}, {"every": True, "names": ["a"]}])
def test_one_way_of_asking_at_a_time(house: House, order: dict[str, object]) -> None:
    with pytest.raises(errors.UsageError, match="nothing was done"):
        told(house, **order)


def test_a_due_conversation_need_not_be_of_a_session(house: House) -> None:
    due = wire.Due(conversation=ID, account="/a", directory="/p", reasons=["idle"])
    [one] = told(house, due=[due])
    assert (one.name, one.conversation) == ("", ID)
    assert house.checkpointer.wishes == [Wish(ID, "/a", "/p", "", ("idle",))]


def test_what_is_dropped_is_said_first(house: House) -> None:
    book = house.books.checkpoints
    for at in (1, 2):
        name = book.ask(Wish("c", "/a", "/p"), at)
        book.begin(name)
        book.failed(name, at, "why", for_good=True)
    names = [row["id"] for row in book.all()]
    assert house.ask(wire.PruneCheckpoints(dry_run=True)).ids == names
    assert house.checkpointer.pruned == []
    assert house.ask(wire.PruneCheckpoints(before=2)).ids == names[:1]
    assert house.checkpointer.pruned == names[:1]


def taken(house: House, conversation: str, at: float, session: str = "", **more: object) -> str:
    """A checkpoint that was taken."""
    book = house.books.checkpoints
    name = book.ask(Wish(conversation, "/a", "/p", session, ("idle",), "mine"), at)
    book.begin(name)
    empty = dict.fromkeys(BRINGS, "") | dict.fromkeys(("offset", "tokens", "changed"), 0)
    lists = {key: json.dumps(more.pop(key, value)) for key, value in (("files", []), ("recap", {}))}
    book.taken(name, at, {**empty, **more, **lists})
    return name


def test_the_newest_checkpoints_are_listed_oldest_first(house: House) -> None:
    house.keep("api", State.IDLE)
    first, second, third = (
        taken(house, one, at, uid, snapshot="5" * 40)
        for one, at, uid in (("c1", 1.0, "uid-api"), ("c2", 2.0, ""), ("c3", 3.0, ""))
    )
    found = house.ask(wire.Checkpoints()).checkpoints
    assert [one.id for one in found] == [first, second, third]
    assert [one.id for one in house.ask(wire.Checkpoints(last=2)).checkpoints] == [second, third]
    [one] = house.ask(wire.Checkpoints(name="api")).checkpoints
    assert (one.id, one.name, one.conversation, one.taken_at) == (first, "api", "c1", 1.0)
    assert (one.stage, one.reasons, one.note, one.snapshot) == ("taken", ["idle"], "mine", "5" * 40)
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Checkpoints(name="nobody"))


def test_one_checkpoint_is_shown_whole(house: House) -> None:
    name = taken(
        house,
        "c1",
        1.0,
        files=[["a.py", "M", 12, "0f" * 32]],
        recap={"first": "begin", "todos": ["write"], "touched": 1},
        offset=99,
    )
    shown = house.ask(wire.ShowCheckpoint(id=name[:5]))
    assert (shown.checkpoint.id, shown.offset) == (name, 99)
    assert shown.files == [wire.FileView(path="a.py", change="M", size=12, sha256="0f" * 32)]
    assert (shown.recap.first, shown.recap.todos, shown.recap.touched) == ("begin", ["write"], 1)
    for strange in ("", "zz"):
        with pytest.raises(errors.NotFoundError, match="no checkpoint"):
            house.ask(wire.ShowCheckpoint(id=strange))


def test_a_beginning_of_two_ids_shows_neither(house: House) -> None:
    names = [taken(house, str(number), 1.0) for number in range(17)]  # 16 first digits
    first = [name[0] for name in names]
    shared = next(one for one in first if first.count(one) > 1)
    with pytest.raises(errors.UsageError, match="is the beginning of"):
        house.ask(wire.ShowCheckpoint(id=shared))
