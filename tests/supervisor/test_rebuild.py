"""A database that cannot be read is put aside, and the sessions that live are found again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.supervisor import faults
from tests.supervisor.house import MENU, OURS, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.core.evidence import SERVER_GONE
from tmuxclaude.core.model import Want
from tmuxclaude.store.books import Books
from tmuxclaude.supervisor.rebuild import World, open_or_rebuild

DAMAGES = [
    faults.text_instead,
    faults.zero_bytes,
    faults.truncated,
    faults.bad_page,
    faults.orphan_log,
    faults.removed,
]
KEPT = ("name", "uid", "directory", "account", "conversation", "socket", "tmux_session", "pane_id")


def put_aside(house: House) -> list[Path]:
    """The files of unreadable databases that were kept."""
    database = house.paths.database
    return sorted(database.parent.glob(f"{database.name}.unreadable-*"))


def process_of(house: House, seat: Seat) -> list[tuple[object, ...]]:
    asked = "SELECT process_pid, process_started, pane_pid, nonce, opened_by_us, launch"
    asked += " FROM sessions"
    with closing(sqlite3.connect(house.paths.database)) as connection:
        return connection.execute(f"{asked} WHERE uid = ?", [seat.uid]).fetchall()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_living_sessions_are_found_again(house: House, damage: Callable[[Path], None]) -> None:
    idle = house.new("idle", ("--model", "opus")).idle()
    limited = house.limited("limited").shows(MENU)
    before = {seat.name: seat.row() for seat in (idle, limited)}
    processes = {seat.name: process_of(house, seat)[0][:5] for seat in (idle, limited)}
    keys = limited.keys()
    house.kill()
    damage(house.paths.database)
    broken = house.paths.database.read_bytes() if house.paths.database.exists() else b""
    house.start()
    for seat in (idle, limited):
        seat.is_(before[seat.name]["state"])
        assert {key: seat.row()[key] for key in KEPT} == {
            key: before[seat.name][key] for key in KEPT
        }
        assert process_of(house, seat)[0][:5] == processes[seat.name]
        assert next(kind for kind, _ in seat.events()) == "rebuilt"
        assert [link["conversation"] for link in seat.chain()] == [seat.conversation]
    assert '"flags": ["--model", "opus"]' in str(process_of(house, idle)[0][5])
    kept = put_aside(house)
    assert any(path.read_bytes() == broken for path in kept) or not broken
    status = house.run("status").stdout
    assert "made anew" in status
    assert not kept or str(kept[0].parent) in status
    assert "made anew" in house.log()
    # What came before is left to a person, what comes after is resumed as ever.
    until(lambda: "nobody knows whether it was answered" in limited.why(), what=limited.story)
    house.let_it_be_due()
    idle.never(lambda: limited.keys() != keys or limited.attempts())
    assert limited.row()["outlook_actor"] == "you"


def test_what_comes_after_a_rebuild_is_resumed_as_ever(house: House) -> None:
    seat = house.new("after", limit={"resets_in": 3600.0, "lifts_in": 0}).idle()
    house.kill()
    faults.text_instead(house.paths.database)
    house.start()
    seat.idle()
    seat.say(TASK)
    seat.is_("limited")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)


def test_what_only_the_old_database_knew_is_taken_from_what_can_be_read(house: House) -> None:
    seat = house.new("wish").idle()
    gone = house.new("gone").idle()
    seat.server.say("rename-window", "-t", seat.pane, "the user's; own #(name)")
    house.kill()
    with house.books() as books:
        session = books.sessions.get(seat.uid)
        assert session is not None
        books.sessions.save(replace(session, want=Want.HOLD, zone="Europe/Berlin"))
    seat.server.say("kill-window", "-t", gone.pane)
    faults.bad_page(house.paths.database)
    house.start()
    seat.is_("idle")
    assert (seat.row()["want"], seat.row()["zone"]) == ("hold", "Europe/Berlin")
    gone.is_("ended")
    assert gone.row()["conversation"] == gone.conversation

    house.kill()
    house.server.kill()
    faults.bad_page(house.paths.database)
    house.start()
    seat.is_("lost")
    assert seat.row()["reason"] == SERVER_GONE, "so it can be brought back"
    assert gone.state == "ended"


def test_without_any_memory_a_bad_window_name_is_replaced(house: House) -> None:
    one = house.new("one").idle()
    two = house.new("two").idle()
    for seat in (one, two):
        seat.server.say("rename-window", "-t", seat.pane, "same")
    house.server.say("set-environment", "-g", "TZ", "Europe/Berlin")
    three = house.new("three", no_registry=True).idle()
    three.server.say("rename-window", "-t", three.pane, "not; a name")
    house.kill()
    faults.zero_bytes(house.paths.database)
    house.start()
    assert {seat.is_("idle").row()["name"] for seat in (one, two)} == {"same", "same-2"}
    assert three.is_("idle").row()["name"] == "three"
    assert three.row()["conversation"] == three.conversation, "its command line tells it"
    assert three.row()["zone"] == "Europe/Berlin", "its environment tells it"


def test_a_dead_pane_is_a_lost_session(house: House) -> None:
    house.new("living").idle()
    seat = house.new("dead").idle()
    seat.say(TASK)
    seat.shows("Done.").idle()
    seat.kill()
    seat.is_("lost")
    house.kill()
    faults.zero_bytes(house.paths.database)
    house.start()
    with closing(sqlite3.connect(house.paths.database)) as connection:
        rows = connection.execute("SELECT name, state, conversation FROM sessions").fetchall()
        told = connection.execute("SELECT text FROM events WHERE kind = 'state'").fetchall()
    assert ("dead", "lost", seat.conversation) in rows
    assert ("starting → lost",) not in told, "it was lost before, and its user was told"


def test_a_rebuild_that_was_killed_before_its_end_is_ended(house: House) -> None:
    seat = house.new("twice").idle()
    house.kill()
    faults.text_instead(house.paths.database)
    house.start()
    seat.idle()
    house.stop()
    # As after a crash between the two renames: the old one is away, the new one not yet in place.
    database = house.paths.database
    unborn = database.with_name(f"{database.name}.rebuilt")
    database.rename(unborn)
    house.start()
    assert seat.idle().row()["name"] == "twice"
    assert not unborn.exists()


def test_panes_of_another_state_directory_are_left_to_it(house: House, tmp_path: Path) -> None:
    house.new("theirs").idle()
    house.stop()
    world = World(
        door=lambda _: house.server.tmux,
        sockets=(house.server.socket,),
        accounts=(str(house.home / ".claude"),),
        settings=tmp_path / "hooks",
        command=("claude",),
        now=time.time,
    )
    database, notice = open_or_rebuild(tmp_path / "fresh.db", world, 0.5)
    with closing(database):
        assert (Books(database).sessions.all(), notice) == ([], "")


def test_a_newer_database_is_refused_and_not_put_aside(house: House) -> None:
    house.stop()
    database = house.paths.database
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("PRAGMA journal_mode = DELETE")
    before = database.read_bytes()
    done = house.run("supervisor", "run")
    assert done.returncode == 4
    assert "newer tmuxclaude" in done.stderr
    assert (database.read_bytes(), put_aside(house)) == (before, [])
