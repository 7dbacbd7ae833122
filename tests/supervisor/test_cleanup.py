"""What a cleanup says that it would do is what it does, files of real sessions included."""

from __future__ import annotations

import json
import os

from tests.supervisor.house import House


def test_it_does_what_it_says_that_it_would_do(house: House) -> None:
    for name in ("api", "web"):
        seat = house.new(name).idle()
        seat.say("/exit")
        seat.is_("ended")
        os.utime(house.paths.hooks / f"{seat.uid}.json", (1, 1))
    house.shift(7200)
    words = ("cleanup", "--older-than", "1h")
    would = json.loads(house.run(*words, "--dry-run", "--json").stdout)
    assert (would["sessions"], len(would["files"])) == (["api", "web"], 2)
    done = json.loads(house.run(*words, "--json").stdout)
    assert done == would | {"dry_run": False}
    assert list(house.paths.hooks.glob("*.json")) == []
