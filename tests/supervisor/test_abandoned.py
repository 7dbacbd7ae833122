"""A session that was left with work that is not committed, told by the whole product."""

from __future__ import annotations

import json

from tests.edges.repositories import Repository
from tests.supervisor.house import House
from tests.waiting import until

HOURS = 3600.0


def test_a_session_that_was_left_is_marked_and_told_once(closed_house: House) -> None:
    house = closed_house
    repository = Repository.new(house.project, house.home)
    repository.write("a.txt", "changed\n")
    house.start()
    left, working = house.new("left").idle(), house.new("other", directory=house.home).idle()
    left.say("do the work")
    until(lambda: left.row()["prompts"] == 1 and left.state == "idle", what=left.story)
    assert left.row()["abandoned_since"] is None
    house.stop()
    house.shift(9 * HOURS)
    house.start()

    until(lambda: left.row()["abandoned_since"] is not None, what=left.story)
    assert (left.row()["uncommitted"], working.row()["abandoned_since"]) == (1, None)
    told = "abandoned: nothing for 9h"
    [event] = [text for kind, text in left.events() if kind == "abandoned"]
    assert event.startswith(told)
    assert event.endswith("1 file is not committed")
    shown = house.run("list", "--abandoned").stdout
    assert "1 file is not committed" in shown  # by the command's own clock it was just now
    assert "other" not in shown
    [data] = json.loads(house.run("list", "--abandoned", "--json").stdout)["sessions"]
    assert (data["name"], data["abandoned"]["uncommitted"]) == ("left", 1)
    until(lambda: told in (house.paths.rows.read_text()))

    house.stop()
    house.start()  # it is known already
    house.shift(9.2 * HOURS)
    left.say("go on")
    until(lambda: left.row()["abandoned_since"] is None, what=left.story)
    assert [kind for kind, _ in left.events()].count("abandoned") == 1
