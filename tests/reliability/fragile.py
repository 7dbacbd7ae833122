"""A house whose supervisor is killed again and again while its sessions become due.

Every session has an account of its own, so all of them are resumed side by side. After each kill
the supervisor is started again, as its keeper would; when nothing kills it any more, every halt
must come to its end, and each transcript must hold our text exactly once, or a person is asked.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.supervisor.house import LIMIT, MENU, NBSP, OURS, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.api import wire

DRAFT = "half a thought"
REACH_SECONDS = 40.0
"""How long a supervisor may live that does not come by the place where it is to be killed. Where
the machine is busy it is slow, and what it does meanwhile cannot be tried again."""


@dataclass
class Tally:
    """What became of the halts of one batch or of many."""

    halts: int = 0
    once: int = 0
    flagged: int = 0
    doubled: int = 0
    lost: int = 0
    garbled: int = 0
    kills: int = 0
    reached: set[str] = field(default_factory=set)
    stories: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("halts", "once", "flagged", "doubled", "lost", "garbled", "kills"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reached |= other.reached
        self.stories += other.stories

    def promise_holds(self) -> bool:
        bad = self.doubled + self.lost + self.garbled
        return bad == 0 and self.once + self.flagged == self.halts > 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.halts} halts: {self.once} exactly once, {self.flagged} "
            f"left to a person, {self.doubled} doubled, {self.lost} lost, {self.garbled} garbled"
        )


class Fragile(House):
    """Every session that is opened by ``open`` has an account of its own, unless it is given."""

    def account(self, name: str) -> Path:
        return self.home / "accounts" / name

    def open(
        self,
        name: str,
        *,
        directory: Path | None = None,
        account: Path | None = None,
        environment: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        prompt: str | None = None,
        **part: Any,
    ) -> Seat:
        request = wire.New(
            name=name,
            directory=str(directory or self.project),
            command=[str(self.program(name, **({"limit": LIMIT} | part)))],
            arguments=list(arguments),
            socket=self.server.socket,
            tmux_session=self.server.say("list-sessions", "-F", "#{session_id}"),
            config_dir=str(account or self.account(name)),
            environment=environment or {},
            prompt=prompt,
            if_limited="allow",
        )
        return Seat(self, self.ask(request, wire.Opened))

    # -- the parts of a batch --------------------------------------------------------------------

    def all_limited(self, ways: Iterable[str], **part: Any) -> list[Seat]:
        """Sessions that have met their limit; each is then brought into the state of its way."""
        seats = [self.open(f"{way}-{at}", **part) for at, way in enumerate(ways)]
        for seat in seats:
            until(lambda s=seat: f"❯{NBSP}" in s.screen(), what=seat.story)
        for seat in seats:
            seat.say(TASK)
        for seat in seats:
            seat.is_("limited")
            until(lambda s=seat: s.row()["halt"] is not None, what=seat.story)
        for seat in seats:
            self._bring_into(seat, seat.name.partition("-")[0])
        return seats

    def _bring_into(self, seat: Seat, way: str) -> None:
        seat.shows(MENU)
        if way in ("free", "draft"):
            seat.close_menu()
        if way == "draft":
            seat.type(DRAFT)
        if way == "dead":
            seat.kill()
            seat.is_("lost")

    def hurt(self, seats: list[Seat], places: Iterable[str | float]) -> Tally:
        """Start and kill at each of ``places`` (a number: that many seconds after the start)."""
        tally = Tally()
        for place in places:
            if settled(seats):
                break
            named = place if isinstance(place, str) else ""
            supervisor = self._run(named)
            seconds = REACH_SECONDS if isinstance(place, str) else place
            end = time.monotonic() + seconds
            while supervisor.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            if supervisor.poll() is None:
                supervisor.kill()
            elif named:
                tally.reached.add(named)
            assert supervisor.wait() == -9, self.log()[-4000:]
            tally.kills += 1
        return tally

    def killed_at(self, place: str, hurry: float = 0.0) -> None:
        """A supervisor that kills itself at ``place``. ``hurry``: so fast do its clocks run."""
        supervisor = self._run(place)

        def dead() -> bool:
            self.shift(self._ahead + hurry * 0.3)
            return supervisor.poll() is not None

        until(dead, what=lambda: f"{place}: {self.log()[-4000:]}", every=0.3 if hurry else 0.02)
        assert supervisor.wait() == -9, self.log()[-4000:]

    def settle(self, seats: list[Seat]) -> None:
        """Nothing kills it any more: every halt comes to its end."""
        self.start()
        helped: set[str] = set()
        until(lambda: self._helped(seats, helped), lambda: self._unsettled(seats))
        for seat in seats:
            seat.never(lambda s=seat: not is_settled(s), 0.2)
        self.stop()

    def _helped(self, seats: list[Seat], helped: set[str]) -> bool:
        """Whether all are settled; a draft of which nobody knows whether it was put aside is
        waited for, openly, until its user takes it away."""
        for seat in seats:
            stuck = not is_settled(seat) and "the draft did not go away" in seat.why()
            if stuck and seat.name not in helped:
                helped.add(seat.name)
                seat.press("C-u")
        return settled(seats)

    def _unsettled(self, seats: list[Seat]) -> str:
        return "\n\n".join(seat.story() for seat in seats if not is_settled(seat))

    def count(self, seats: list[Seat]) -> Tally:
        """What the transcripts and the journal say in the end."""
        tally = Tally(halts=len(seats))
        for seat in seats:
            turns = self.typed(seat)
            ours, flagged = turns.count(OURS), is_flagged(seat)
            tally.once += ours == 1 and not flagged
            tally.flagged += flagged and ours <= 1
            tally.doubled += ours > 1
            tally.lost += ours == 0 and not flagged
            garbled = turns != [TASK, OURS][: len(turns)] or len(turns) != 1 + ours
            tally.garbled += garbled
            if garbled or ours != 1 or flagged:
                tally.stories.append(f"{seat.name}: turns {turns}\n{seat.story()}")
        with closing(sqlite3.connect(self.paths.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return tally

    def typed(self, seat: Seat) -> list[str]:
        """The prompts in the transcripts of a session's account, in order."""
        found = []
        for path in sorted((self.account(seat.name) / "projects").glob("*/*.jsonl")):
            for line in path.read_text().splitlines():
                record = json.loads(line)
                if record["type"] == "user" and (record.get("origin") or {}).get("kind") == "human":
                    found.append(record["message"]["content"])
        return found

    def batch(self, ways: Iterable[str], places: Iterable[str | float], **part: Any) -> Tally:
        """Limited, due, killed at each place, settled, counted."""
        self.configure(draft="stash")
        self.shift(0)
        self.start()
        seats = self.all_limited(ways, **part)
        self.kill()
        self.let_it_be_due()
        tally = self.hurt(seats, places)
        self.settle(seats)
        tally.add(self.count(seats))
        return tally


def is_flagged(seat: Seat) -> bool:
    """Whether a person is told that only they can go on."""
    return bool(seat.row()["needs_human"]) or any(halt["needs_human"] for halt in seat.halts())


def is_settled(seat: Seat) -> bool:
    return is_flagged(seat) or all(halt["ended_at"] for halt in seat.halts())


def settled(seats: list[Seat]) -> bool:
    return all(is_settled(seat) for seat in seats)


def instants(seed: int, count: int, low: float = 0.2, high: float = 1.6) -> list[float]:
    """Random numbers of seconds after a start; the same for the same seed."""
    chance = random.Random(seed)
    return [chance.uniform(low, high) for _ in range(count)]
