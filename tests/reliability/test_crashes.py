"""kill -9 at every step of a resume, and at any instant: never twice, never silently lost."""

from __future__ import annotations

import pytest

from tests.reliability.endings import endings
from tests.reliability.fragile import Fragile, Tally, instants
from tests.reliability.places import ENDINGS, KEYS, LAUNCH, STASH
from tests.supervisor.house import NBSP, OURS, TASK
from tests.waiting import until


def held(tally: Tally) -> bool:
    print(tally)
    return tally.promise_holds()


def test_killed_at_every_place_where_keys_are_sent(fragile: Fragile) -> None:
    ways = ["menu"] * 9 + ["free"] * 6  # more than enough: one may pass several places at once
    tally = fragile.batch(ways, KEYS)
    assert held(tally), "\n\n".join(tally.stories)
    assert set(KEYS) - tally.reached == set()


def test_killed_at_every_place_where_a_process_is_started(fragile: Fragile) -> None:
    tally = fragile.batch(["dead"] * 8, LAUNCH)
    assert held(tally), "\n\n".join(tally.stories)
    assert set(LAUNCH) - tally.reached == set()


def test_killed_at_every_place_where_a_draft_is_put_aside(fragile: Fragile) -> None:
    tally = fragile.batch(["draft"] * 6, STASH)
    assert held(tally), "\n\n".join(tally.stories)
    assert set(STASH) - tally.reached == set()


def test_killed_where_a_halt_begins_and_where_an_attempt_ends_otherwise(fragile: Fragile) -> None:
    tally = endings(fragile)
    assert held(tally), "\n\n".join(tally.stories)
    assert set(ENDINGS) - tally.reached == set()


@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_instants(fragile: Fragile, seed: int) -> None:
    ways = ["menu", "free", "dead", "draft", "menu", "free", "dead", "draft"]
    tally = fragile.batch(ways, instants(seed, 8), slow_echo=0.3)
    assert held(tally), "\n\n".join(tally.stories)


def test_the_count_sees_what_is_lost_doubled_or_garbled(fragile: Fragile) -> None:
    fragile.configure()
    fragile.start()
    seats = fragile.all_limited(["free", "free", "free"])
    assert fragile.count(seats).lost == 3
    fragile.let_it_be_due()
    for seat in seats:
        seat.has_turns(TASK, OURS)
    assert held(fragile.count(seats))
    for seat, text in zip(seats, (OURS, OURS[:-1]), strict=False):
        seat.server.say("send-keys", "-t", seat.pane, "-l", text)
        seat.shows(f"❯{NBSP}{text[:20]}")
        seat.press("Enter")
        until(lambda s=seat: len(fragile.typed(s)) == 3, what=seat.story)
    found = fragile.count(seats)
    assert (found.once, found.doubled, found.garbled) == (2, 1, 2)
    assert not held(found)
