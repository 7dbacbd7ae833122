"""The places where a halt begins or goes on, and where an attempt ends without having resumed.

One session for each way that leads there, all of them side by side; the supervisor is killed at one
place after the other, and nothing may happen twice or be told twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.reliability.fragile import Fragile, Tally, is_flagged
from tests.reliability.places import AGAIN, GAVE_UP, NEEDS_HUMAN, OPENED, SKIPPED
from tests.supervisor.house import MENU, OURS, TASK, Seat
from tests.waiting import until

MINE = "I go on myself"
LAUNCH_SECONDS = 100.0
"""After so long a relaunch that never became a turn is left to a person."""


@dataclass
class Cast:
    """``fresh`` meets its limit while nobody watches, ``again`` meets it again after our text.

    ``dying`` ends at every start, ``trusting`` asks its user at its start, and in the box of
    ``moved`` stands a draft until its user goes on.
    """

    fresh: Seat
    again: Seat
    dying: Seat
    trusting: Seat
    moved: Seat

    def all(self) -> list[Seat]:
        return [self.fresh, self.again, self.dying, self.trusting, self.moved]


def endings(house: Fragile) -> Tally:
    """Plays it all; ``moved``, which its user resumed, is no halt of ours to be counted."""
    house.configure(backoff_minutes=[120])
    house.shift(0)
    house.start()
    cast, tally = _limited(house), Tally()
    house.kill()
    house.let_it_be_due()
    _killed_at(house, tally, AGAIN)
    cast.fresh.say(TASK)
    cast.fresh.shows(MENU)
    for place in OPENED:
        _killed_at(house, tally, [place])
        assert (cast.fresh.state == "limited") == bool(cast.fresh.halts()), cast.fresh.story()
    cast.moved.press("C-u")
    cast.moved.say(MINE)
    until(lambda: MINE in cast.moved.turns(), what=cast.moved.story)
    _killed_at(house, tally, SKIPPED)
    house.let_it_be_due(LAUNCH_SECONDS)
    _killed_at(house, tally, NEEDS_HUMAN)
    _killed_at(house, tally, GAVE_UP, hurry=20.0)
    house.start()
    _settled(cast)
    house.stop()
    tally.add(_counted(house, cast))
    return tally


def _limited(house: Fragile) -> Cast:
    part = {"again": {"still_limited": 99}, "fresh": {}, "dying": {}, "trusting": {}, "moved": {}}
    cast = Cast(**{name: house.open(name, **given) for name, given in part.items()})
    for seat in cast.all():
        seat.idle()
    for seat in cast.all()[1:]:
        seat.say(TASK)
    for seat in cast.all()[1:]:
        seat.is_("limited")
    cast.moved.close_menu()
    cast.moved.type("half a thought")
    house.program("dying", crash_on_start=3)
    house.program("trusting", trust=True)
    for seat in (cast.dying, cast.trusting):
        seat.kill()
        seat.is_("lost")
    return cast


def _killed_at(house: Fragile, tally: Tally, places: list[str], hurry: float = 0.0) -> None:
    for place in places:
        house.killed_at(place, hurry)
        tally.reached.add(place)
        tally.kills += 1


def _settled(cast: Cast) -> None:
    until(lambda: cast.fresh.turns() == [TASK, OURS], what=cast.fresh.story)
    for seat, step in ((cast.dying, "gave_up"), (cast.trusting, "needs_human")):
        until(lambda s=seat, end=step: s.row()["step"] == end, what=seat.story)
    until(lambda: cast.moved.halts()[0]["ended_at"], what=cast.moved.story)
    cast.fresh.idle()


def _counted(house: Fragile, cast: Cast) -> Tally:
    """What the transcripts and the journal say in the end, and that each thing was told once."""
    told = {
        cast.fresh: {"limit": 1, "resumed": 1, "needs you": 0},
        cast.again: {"limit": 2, "resumed": 1, "needs you": 0},
        cast.dying: {"limit": 1, "resumed": 0, "needs you": 1},
        cast.trusting: {"limit": 1, "resumed": 0, "needs you": 1},
        cast.moved: {"limit": 1, "skipped": 1, "needs you": 0},
    }
    for seat, wanted in told.items():
        kinds = Counter(kind for kind, _ in seat.events())
        assert {kind: kinds[kind] for kind in wanted} == wanted, seat.story()
        assert len(seat.halts()) == 1, seat.story()
    assert cast.moved.turns() == [TASK, MINE], cast.moved.story()
    assert [is_flagged(seat) for seat in cast.all()] == [False, False, True, True, False]
    return house.count(cast.all()[:-1])
