"""Groups, metadata and chains, as they are asked for over the socket."""

from __future__ import annotations

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.labels import Labels
from tmuxclaude.core.model import State
from tmuxclaude.store.activity import Said


def test_a_new_session_has_its_group_and_metadata_or_is_not_opened(house: House) -> None:
    house.new(name="api", group="night", meta={"ticket": "T-1"})
    shown = house.ask(wire.Show(name="api"))
    assert (shown.session.group, shown.session.meta) == ("night", {"ticket": "T-1"})
    with pytest.raises(errors.UsageError, match="no such name"):
        house.new(name="web", group="two words")
    assert [one.name for one in house.ask(wire.List()).sessions] == ["api"]


def test_labels_are_set_on_all_of_the_named_or_on_none(house: House) -> None:
    api, web = house.keep("api", State.IDLE), house.keep("web", State.LOST)
    house.ask(wire.Set(names=["api", "web"], group="night", meta={"a": "1"}))
    house.ask(wire.Set(names=["web"], meta={"a": "", "b": "2"}))
    assert house.books.labels.of(api.uid) == Labels("night", {"a": "1"})
    assert house.books.labels.of(web.uid) == Labels("night", {"b": "2"})
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Set(names=["api", "nobody"], group="day"))
    with pytest.raises(errors.UsageError):
        house.ask(wire.Set(names=["api"]))
    assert house.books.labels.of(api.uid).group == "night"
    house.books.sessions.remove(web.uid)
    assert house.books.labels.of(web.uid) == Labels()


def test_a_chain_is_cut_down_to_where_it_is(house: House) -> None:
    session, books = house.keep("api", State.IDLE), house.books
    for number, (conversation, why) in enumerate((("c0", "start"), ("c1", "clear"))):
        books.sessions.link(session.uid, conversation, NOW + number, why)
        said = Said(2, "do it", "done")
        books.activity.note(session.uid, conversation, 1 + number, NOW + number, said=said)
    chain = house.ask(wire.Show(name="api")).chain
    assert [(one.why, one.prompts, one.replies, one.last_reply) for one in chain] == [
        ("start", 1, 2, "done"),
        ("clear", 2, 2, "done"),
    ]
    [verdict] = house.ask(wire.ResetChain(names=["api"])).sessions
    assert (verdict.done, verdict.why[:2]) == ("reset", "1 ")
    [left] = house.ask(wire.Show(name="api")).chain
    assert (left.position, left.conversation, left.prompts) == (1, "c1", 2)
    assert house.ask(wire.List()).sessions[0].prompts == 2
    [again] = house.ask(wire.ResetChain(names=["api"])).sessions
    assert again.why == "there was nothing to forget"
    books.activity.keep_no_words()
    assert house.ask(wire.Show(name="api")).chain[0].last_prompt == ""
