"""A group stands for the sessions in it, wherever names may be given."""

from __future__ import annotations

import pytest

from tests.api.house import House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.labels import Labels
from tmuxclaude.core.model import State, Want

ORDERS = (wire.Stop, wire.Resume, wire.Hold, wire.Release)


@pytest.fixture
def shop(house: House) -> House:
    """Two sessions of the group ``shop``, one that has ended, and one of no group."""
    for name, state in (("api", State.IDLE), ("web", State.IDLE), ("old", State.ENDED)):
        session = house.keep(name, state, conversation=f"of {name}")
        house.books.labels.save(session.uid, Labels("shop"))
    house.keep("alone", State.IDLE, conversation="of alone")
    return house


@pytest.mark.parametrize("order", ORDERS)
def test_a_group_means_those_of_it_that_have_not_ended(
    order: type[wire.Stop | wire.Resume | wire.Hold | wire.Release], shop: House
) -> None:
    answer = shop.ask(order(group="shop"))
    assert [one.name for one in answer.sessions] == ["api", "web"]


def test_what_is_asked_of_a_group_is_done(shop: House) -> None:
    shop.ask(wire.Hold(group="shop"))
    wants = {one.name: one.want for one in shop.books.sessions.not_ended()}
    assert wants == {"api": Want.HOLD, "web": Want.HOLD, "alone": Want.UP}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("more", "error", "why"),
    [
        ({"group": "none"}, errors.NotFoundError, "no session is in it"),
        ({"group": ""}, errors.UsageError, "no group"),
        ({"group": "shop", "names": ["api"]}, errors.UsageError, "names or a group"),
    ],
)
def test_a_group_that_cannot_be_meant_does_nothing(
    order: type[wire.Stop | wire.Resume | wire.Hold | wire.Release],
    more: dict[str, str],
    error: type[Exception],
    why: str,
    shop: House,
) -> None:
    with pytest.raises(error, match=f"{why}.*; nothing was done"):
        shop.ask(order(**more))  # type: ignore[arg-type]
    assert shop.windows.told == []
    assert {one.want for one in shop.books.sessions.all()} == {Want.UP}


@pytest.mark.parametrize("order", [wire.Stop, wire.Resume])
def test_a_group_and_all_contradict_each_other(
    order: type[wire.Stop | wire.Resume], shop: House
) -> None:
    with pytest.raises(errors.UsageError, match="nothing was done"):
        shop.ask(order(group="shop", every=True))


def test_a_group_whose_sessions_have_all_ended_is_said_to_have(shop: House) -> None:
    shop.books.labels.save("uid-old", Labels("gone"))
    with pytest.raises(errors.NotFoundError, match="every session in it has ended"):
        shop.ask(wire.Stop(group="gone"))


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"group": "shop"}, ["api", "web"]),
        ({"group": "shop", "every": True}, ["api", "old", "web"]),
        ({"group": ""}, ["alone"]),
        ({"group": "none"}, []),
        ({}, ["alone", "api", "web"]),
    ],
)
def test_the_list_can_be_that_of_a_group(
    more: dict[str, object], names: list[str], shop: House
) -> None:
    listed = shop.ask(wire.List(**more)).sessions  # type: ignore[arg-type]
    assert sorted(one.name for one in listed) == names
