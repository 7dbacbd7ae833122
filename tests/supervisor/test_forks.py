"""A fork of a conversation that was halted: how that one ended is no halt of the fork's."""

from __future__ import annotations

from tests.supervisor.house import AHEAD, LIMIT, OURS, SLACK, TASK, House
from tests.waiting import until


def test_a_fork_is_halted_by_its_own_turns_alone(house: House) -> None:
    origin = house.limited("origin")
    origin.close_menu()
    forked = ("--resume", origin.conversation, "--fork-session")
    fork = house.new("fork", forked, limit=LIMIT | {"resets_in": 3 * AHEAD}, still_limited=1).idle()
    assert [link["why"] for link in fork.chain()] == ["fork"]
    assert fork.row()["conversation"] != origin.conversation
    assert "limit" in fork.screen()
    house.let_it_be_due()
    origin.has_turns(TASK, OURS)
    house.until_swept(lambda: fork.state == "idle", fork.story)
    assert (fork.turns(), fork.halts(), fork.attempts()) == ([], [], [])

    fork.say("its own task")
    fork.is_("limited")
    [halt] = until(fork.halts, what=fork.story)
    assert str(halt["record"]) not in str(origin.halts())
    house.shift(3 * AHEAD + SLACK)
    fork.has_turns("its own task", OURS)
