"""Checkpoints are taken on their occasions, each one once, whatever dies meanwhile."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import psutil
import pytest

from tests.edges.repositories import Repository
from tests.supervisor.house import TASK, House
from tests.waiting import until
from tmuxclaude.store import reader

Json = dict[str, Any]


def checkpoints(house: House) -> list[Json]:
    connection = reader.open(house.paths.database)
    assert connection is not None
    with closing(connection):
        rows = reader.checkpoints(connection)
    return [dict(zip(reader.CHECKPOINT_COLUMNS, row, strict=True)) for row in rows]


def taken(house: House, count: int = 1) -> list[Json]:
    """The checkpoints, once so many are taken."""

    def there() -> list[Json]:
        found = [row for row in checkpoints(house) if row["stage"] == "taken"]
        return found if len(found) >= count else []

    return until(there, lambda: f"{checkpoints(house)}\n{house.log()[-3000:]}")


def configure(house: House, table: str) -> House:
    """``table`` is appended to the configuration, before the supervisor starts."""
    with house.paths.config.open("a") as config:
        config.write(table)
    return house.start()


def project(house: House) -> Repository:
    """The house's project as a repository, with work that is not committed."""
    repository = Repository.new(house.project, house.home)
    repository.write("a.txt", "worked on\n")
    repository.write("new.txt", "new\n")
    return repository


def nothing_half(repository: Repository, house: House) -> None:
    """No lock, and no snapshot that no checkpoint knows; nothing of our scratch is left."""
    locks = [str(path) for path in (repository.path / ".git").rglob("*.lock")]
    assert locks == []
    refs = repository.git(
        "for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/tmuxclaude"
    )
    known = {f"{row['id']} {row['snapshot']}" for row in checkpoints(house) if row["snapshot"]}
    assert set(refs.splitlines()) == known
    assert list(house.paths.scratch.iterdir()) == []


def test_a_limit_and_an_end_are_occasions(house: House) -> None:
    repository = project(house)
    before = repository.fingerprint()
    seat = house.limited("worker")
    [first] = taken(house)
    assert json.loads(first["reasons"]) == ["limit"]
    assert first["conversation"] == seat.conversation
    assert json.loads(first["recap"])["first"] == TASK
    assert repository.shown(first["snapshot"], "a.txt") == "worked on\n"
    assert [one[0] for one in json.loads(first["files"])] == ["a.txt", "new.txt"]
    assert repository.fingerprint() == before
    seat.close_menu()
    seat.say("/exit")
    seat.is_("ended")
    second = taken(house, 2)[1]
    assert json.loads(second["reasons"]) == ["end"]
    house.restart()
    seat.never(lambda: len(checkpoints(house)) > 2)
    assert ("checkpoint", f"{first['id']} (limit)") in seat.events()
    nothing_half(repository, house)


def test_what_is_due_is_found_and_taken_unasked(closed_house: House) -> None:
    house = closed_house
    with house.paths.config.open("a") as config:
        config.write("[checkpoint]\nevery_minutes = 0.03\n")
    house.start()
    seat = house.new("idler", prompt=TASK)
    seat.has_turns(TASK)
    seat.never(lambda: checkpoints(house))
    house.shift(31 * 60)
    [row] = taken(house)
    assert json.loads(row["reasons"]) == ["idle"]
    assert (row["conversation"], row["session"]) == (seat.conversation, seat.uid)
    assert "not in a git repository" in row["problem"]
    seat.never(lambda: len(checkpoints(house)) > 1, 2.5)


def test_a_session_has_its_own_rules(closed_house: House) -> None:
    house = configure(
        closed_house,
        """
[sessions.never.checkpoint]
enabled = false
[sessions.hashes.checkpoint]
snapshot = "off"
[sessions.small.checkpoint]
max_mb = 1
""",
    )
    project(house).write("large.bin", b"x" * 2 * 2**20)
    seats = {name: house.limited(name) for name in ("never", "hashes", "small", "whole")}
    rows = {row["name"]: row for row in taken(house, 3)}
    assert rows["hashes"]["problem"] == "only hashes were kept: checkpoint.snapshot is off"
    assert "2 MB differ, above checkpoint.max_mb" in rows["small"]["problem"]
    assert [bool(rows[name]["snapshot"]) for name in ("hashes", "small", "whole")] == [0, 0, 1]
    seats["never"].never(lambda: len(checkpoints(house)) > 3)
    assert house.run("checkpoint", "never").returncode == 0, "it was asked for"


def test_one_session_alone_has_checkpoints_taken_unasked(closed_house: House) -> None:
    house = configure(
        closed_house,
        """
[checkpoint]
enabled = false
every_minutes = 0.03
[sessions.one.checkpoint]
enabled = true
""",
    )
    one, other = house.limited("one"), house.limited("other")
    [row] = taken(house)
    assert (row["name"], json.loads(row["reasons"])) == ("one", ["limit"])
    for seat in (one, other):
        seat.close_menu()
        seat.say("more work")
        seat.has_turns(TASK, "more work")
    house.shift(31 * 60)
    row = taken(house, 2)[1]
    assert (row["name"], json.loads(row["reasons"])) == ("one", ["idle"])
    other.never(lambda: len(checkpoints(house)) > 2, 2.5)


@pytest.mark.parametrize("place", ["begun-before", "begun-after", "taken-before", "taken-after"])
def test_a_supervisor_that_dies_leaves_nothing_half(closed_house: House, place: str) -> None:
    house = closed_house
    repository = project(house)
    before = repository.fingerprint()
    house.start(f"checkpoint-{place}")
    seat = house.new("worker", limit={"resets_in": 3600.0, "lifts_in": 0}).idle()
    seat.say(TASK)
    house.dies()
    house.start()
    seat.is_("limited")
    [row] = taken(house)
    assert (json.loads(row["reasons"]), row["problem"]) == (["limit"], "")
    seat.never(lambda: len(checkpoints(house)) > 1)
    nothing_half(repository, house)
    assert repository.fingerprint() == before


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", ["look", "index", "keep"])
def test_a_child_that_dies_is_followed_by_another(
    closed_house: House, step: str, side: str
) -> None:
    house = closed_house
    repository = project(house)
    before = repository.fingerprint()
    house.start(f"checkpoint-{step}-{side}")
    seat = house.limited("worker")
    until(lambda: "broke off" in str(checkpoints(house)), what=house.log)
    assert house.run("supervisor", "status").returncode == 0
    house.stop()
    house.start()
    house.shift(61)
    [row] = taken(house)
    assert (row["tries"], row["problem"]) == (2, "")
    assert seat.state == "limited"
    nothing_half(repository, house)
    assert repository.fingerprint() == before


def test_a_child_ends_with_its_supervisor_and_with_all_that_it_started(closed_house: House) -> None:
    house = closed_house
    repository = project(house)
    slow = house.programs / "git"
    slow.write_text(f"#!/bin/sh\necho $$ >>{house.home}/pids\nexec sleep 60\n")
    slow.chmod(0o755)
    house.start()
    seat = house.limited("worker")
    pids = house.home / "pids"
    until(pids.exists, what=house.log)
    house.kill()
    git = int(until(pids.read_text).split()[0])
    until(lambda: not psutil.pid_exists(git), what="git is ended")
    slow.unlink()
    house.start()
    [row] = taken(house)
    assert row["conversation"] == seat.conversation
    nothing_half(repository, house)


def test_one_that_fails_is_tried_again_and_stops_no_other(house: House) -> None:
    broken = Repository.new(house.home / "broken", house.home)
    broken.git("config", "include.path", "/dev/zero")
    for name, directory in (("bad", broken.path), ("good", house.project)):
        house.new(name, prompt=TASK, directory=directory).has_turns(TASK)
    until(lambda: house.find_row("bad")["prompts"] and house.find_row("good")["prompts"])
    done = house.run("checkpoint", "bad", "good", "--json")
    assert done.returncode == 5, done.stdout
    ahead = 0.0
    for tries, wait in enumerate((60, 300, 900), 1):
        rows = {row["name"]: row for row in checkpoints(house)}
        assert (rows["good"]["stage"], rows["bad"]["tries"]) == ("taken", tries)
        ahead += wait + 2
        house.shift(ahead)
        until(
            lambda n=tries: (
                {
                    row["name"]: row["tries"]
                    for row in checkpoints(house)
                    if row["stage"] != "taking"
                }.get("bad")
                == n + 1
            )
        )
    [last] = [row for row in checkpoints(house) if row["name"] == "bad"]
    assert (last["stage"], last["root"]) == ("taken", "")
    assert json.loads(last["recap"])["first"] == TASK
