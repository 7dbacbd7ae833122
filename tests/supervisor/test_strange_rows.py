"""Rows that a newer tmuxclaude wrote, or a hand: they cost their own session and nothing else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire

SPOILT = {
    "flies": "UPDATE sessions SET state = 'flying' WHERE name = 'flies'",
    "broken": "UPDATE sessions SET launch = '{' WHERE name = 'broken'",
    "moon": "UPDATE halts SET limit_kind = 'moon' WHERE session ="
    " (SELECT uid FROM sessions WHERE name = 'moon')",
}


def by_hand(house: House, *statements: str) -> None:
    with closing(sqlite3.connect(house.paths.database, timeout=10)) as hand, hand:
        for statement in statements:
            assert hand.execute(statement).rowcount == 1, statement


def notices(house: House) -> str:
    return " ".join(house.ask(wire.Ping(), wire.Pong).notices)


def test_the_others_are_resumed_and_each_that_is_left_alone_is_named(house: House) -> None:
    sound, moon = house.limited("sound"), house.limited("moon")
    flies, broken = house.new("flies").idle(), house.new("broken").idle()
    by_hand(house, *SPOILT.values())
    until(lambda: all(f"{name} is left alone" in notices(house) for name in SPOILT), what=house.log)
    house.stop()
    house.start()
    house.let_it_be_due()
    sound.has_turns(TASK, OURS)
    assert moon.turns() == [TASK]
    assert "mistake of ours" not in house.log()
    told, checks = house.run("status"), house.run("doctor", "--json")
    assert "flies is left alone: sessions.state is 'flying'" in told.stdout
    wrong = {one["text"]: one["mend"] for one in json.loads(checks.stdout)["checks"]}
    for name in SPOILT:
        assert any(f"{name} is left alone" in text for text in wrong), wrong
        assert any(f"forget {name}" in mend for mend in wrong.values()), wrong
    for command in ("list", "history", "stats", "export"):
        assert house.run(command).returncode == 0, command
    refused = house.run("send", "flies", "x")
    assert (refused.returncode, "tmuxclaude doctor" in refused.stderr) == (4, True)
    by_hand(house, "UPDATE sessions SET state = 'idle' WHERE name = 'flies'")
    until(lambda: "flies" not in notices(house), what=house.log)
    assert house.run("send", "flies", "x", "--wait").returncode == 0
    assert flies.turns() == ["x"]
    assert house.run("forget", "broken").returncode == 0
    house.run("-S", house.server.socket, "adopt", "--all")
    until(lambda: not notices(house).count("broken"), what=house.log)
    again = house.run("-S", house.server.socket, "list", "--json")
    panes = [one["pane"]["pane_id"] for one in json.loads(again.stdout)["sessions"]]
    assert broken.pane in panes, again.stdout
