"""Sessions that are told many things at once, and a supervisor that is killed meanwhile.

Each message is asked for once; in the end every session's transcript must hold exactly its own, in
their order, or a person was asked.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from dataclasses import dataclass, field

from tests.reliability.soak import Held
from tests.supervisor.house import House, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.core import errors


@dataclass
class Tally:
    """What became of the messages. ``seconds``: each, from its first step to its turn. ``held``:
    what one supervisor held before and after the last quarter, in which none was killed."""

    asked: int = 0
    arrived: int = 0
    lost: int = 0
    doubled: int = 0
    crossed: int = 0
    out_of_order: int = 0
    in_doubt: int = 0
    kills: int = 0
    lasted: float = 0.0
    seconds: list[float] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def promise_holds(self) -> bool:
        bad = self.lost + self.doubled + self.crossed + self.out_of_order
        return bad == 0 and self.arrived + self.in_doubt == self.asked > 0

    def __str__(self) -> str:
        often = sorted(self.seconds) or [0.0]
        lines = [
            f"{self.asked} messages in {self.lasted:.0f} s, the supervisor killed {self.kills} "
            f"times: {self.arrived} arrived, {self.lost} lost, {self.doubled} doubled, "
            f"{self.crossed} crossed, {self.out_of_order} out of order, {self.in_doubt} in doubt",
            f"seconds from the first step to the turn: median {statistics.median(often):.2f}, "
            f"95 % within {often[int(len(often) * 0.95) - 1]:.2f}, at most {often[-1]:.2f}",
            *(
                f"supervisor {at} the last quarter: {one}"
                for at, one in zip(("before", "after"), self.held, strict=True)
            ),
        ]
        return "\n".join(lines)


def run(house: House, sessions: int, messages: int, kills: int, seed: int = 1) -> Tally:
    """``messages`` to each of ``sessions``; the ``kills`` are spread over three quarters."""
    tally, chance = Tally(asked=sessions * messages), random.Random(seed)
    stormy = messages * 3 // 4
    seats = [house.new(f"load-{number}", work_seconds=0.02) for number in range(sessions)]
    for seat in seats:
        seat.idle()
    wanted = {seat.name: [_text(seat.name, at) for at in range(messages)] for seat in seats}
    began = time.monotonic()
    for at in range(stormy):
        if tally.kills * stormy < at * kills:
            _kill(house, tally)
        for seat in seats:
            _ask(house, seat, wanted[seat.name][at])
    while not _all_over(seats):
        time.sleep(chance.uniform(0.1, 0.5))
        if tally.kills < kills:
            _kill(house, tally)
        assert time.monotonic() - began < 60 + messages * sessions, house.log()
    tally.held.append(_held(house))
    for at in range(stormy, messages):
        for seat in seats:
            _ask(house, seat, wanted[seat.name][at])
    until(lambda: _all_over(seats), house.log, timeout=60 + messages * sessions)
    tally.lasted = time.monotonic() - began
    for seat in seats:
        seat.idle()
        _count(seat, wanted[seat.name], tally)
    tally.held.append(_held(house))
    return tally


def _text(name: str, number: int) -> str:
    """Every seventh has lines, every tenth so many that Claude Code shows only a mark."""
    lines = 12 if number % 10 == 9 else 2 if number % 7 == 6 else 0
    return "\n".join([f"message {number} to {name}", *(f"line {at}" for at in range(lines))])


def _ask(house: House, seat: Seat, text: str) -> None:
    """However often the supervisor dies: whoever got no answer asks again, by the same key."""
    key = os.urandom(16).hex()
    while True:
        try:
            with Client(house.paths.socket) as client:
                client.enqueue(seat.name, text, key=key)
                return
        except errors.UnreachableError:
            time.sleep(0.05)


def _kill(house: House, tally: Tally) -> None:
    house.kill()
    tally.kills += 1
    house.start()


def _all_over(seats: list[Seat]) -> bool:
    return all(seat.row()["queued"] == 0 or _in_doubt(seat) for seat in seats)


def _in_doubt(seat: Seat) -> int:
    """How many messages its user is asked about, and those that wait behind them."""
    row = seat.row()
    return int(row["queued"]) if "is in doubt" in row["outlook_why"] else 0


def _count(seat: Seat, wanted: list[str], tally: Tally) -> None:
    found = [_bare(text) for text in seat.turns()]
    ours, doubt = [_bare(text) for text in wanted], _in_doubt(seat)
    tally.in_doubt += doubt
    tally.arrived += len(set(found) & set(ours))
    tally.lost += len(ours) - len(set(found) & set(ours)) - doubt
    tally.doubled += len(found) - len(set(found))
    tally.crossed += len(set(found) - set(ours))
    tally.out_of_order += found != [text for text in ours if text in set(found)]
    for attempt in seat.attempts():
        if attempt["step"] == "confirmed":
            tally.seconds.append(attempt["stepped_at"] - attempt["opened_at"])


def _bare(text: str) -> str:
    """A turn as it was asked for: what marks a long paste is Claude Code's."""
    lines = [line for line in text.splitlines() if line and "pasted_content" not in line]
    return json.dumps(lines)


def _held(house: House) -> Held:
    return Held.by(house.ask(wire.Ping(), wire.Pong).pid)
