"""What is wanted a checkpoint of, and what is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.house import House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.model import State

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
    with pytest.raises(errors.RefusedError, match="nothing was said in silent"):
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
