"""import and cleanup, asked of the operations; a cleanup is known by what it leaves alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.house import NOW, House
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.model import Actor, State, Step, Want
from tmuxclaude.store import exporting

DAY = 86400.0
TOKEN = "0f" * 16
HERE, GONE = "1" * 32, "2" * 32


def ended(house: House, name: str, days: float) -> str:
    return house.keep(name, State.ENDED, since=NOW - days * DAY).uid


def names(house: House) -> list[str]:
    return [session.name for session in house.books.sessions.all()]


def clean(house: House, days: float = 30, dry_run: bool = False) -> wire.Cleaned:
    answer = house.ask(wire.Cleanup(older_than=days * DAY, dry_run=dry_run))
    assert isinstance(answer, wire.Cleaned)
    return answer


def test_what_ended_long_ago_goes_with_all_that_belongs_to_it(house: House) -> None:
    old = house.keep("old", State.ENDED, since=NOW - 31 * DAY)
    halt = house.halt(old, None)
    attempt = house.journal.begin(old, "x", halt)
    house.books.halts.step(attempt, Step.SKIPPED, NOW)
    house.books.halts.save(replace(halt, ended_at=NOW - 31 * DAY, ended_by=Actor.YOU))
    house.books.sessions.link(old.uid, "c1", 1.0, "start")
    house.books.events.note(1.0, old.uid, "state", "x")
    house.books.events.note(NOW - 31 * DAY, "", "paused", "old")
    house.books.events.note(NOW - 29 * DAY, "", "paused", "young")
    would = clean(house, dry_run=True)
    assert (would.sessions, would.events, would.dry_run) == (["old"], 1, True)
    assert names(house) == ["old"]
    done = clean(house)
    assert (done.sessions, done.events, done.dry_run) == (["old"], 1, False)
    tables = exporting.export(house.books.db.reading, True)
    kept = {table: len(rows) for table, rows in tables.items() if rows}
    assert kept == {"events": 2}  # the young one, and that it was cleaned up
    assert house.watch.dropped == [old.uid]
    assert house.adopter.let == ["old"]
    assert clean(house).sessions == []


def test_what_it_must_not_touch(house: House, tmp_path: Path) -> None:
    for state in State:
        if state is not State.ENDED:
            house.keep(state.value, state, since=NOW - 99 * DAY)
    ended(house, "young", 29)
    halted = house.keep("halted", State.ENDED, since=NOW - 99 * DAY)
    house.halt(halted, None)
    busy = house.keep("busy", State.ENDED, since=NOW - 99 * DAY)
    house.journal.begin(busy, "x")
    ended(house, "asked", 99)
    house.books.messages.add("uid-asked", "it waits for a resume", NOW - 99 * DAY)
    ended(house, "used", 99)
    house.books.activity.note("uid-used", "c1", 1, NOW - 1 * DAY)
    ended(house, "gone", 99)
    wish = Wish("c1", "/home/ann/.claude", "/srv/api", "uid-gone", ("asked",))
    checkpoint = house.books.checkpoints.ask(wish, NOW - 99 * DAY)
    transcript = tmp_path / "projects" / "c1.jsonl"
    transcript.parent.mkdir()
    transcript.touch()
    os.utime(transcript, (1, 1))
    before = names(house)
    assert clean(house).sessions == ["gone"]
    assert names(house) == before[:-1]
    assert house.books.checkpoints.get(checkpoint) is not None
    assert transcript.exists()


def test_a_session_whose_tmux_server_is_silent_stays(house: House) -> None:
    ended(house, "old", 99)
    house.adopter.obstacle = errors.UnreachableError("it is silent")
    assert clean(house).sessions == []
    assert names(house) == ["old"]


def test_files_that_nobody_needs_any_more(house: House) -> None:
    house.keep("here", State.LOST, uid=HERE)
    for folder in ("hooks", "spool"):
        (house.folder / folder).mkdir()
    gone = [f"hooks/{GONE}.json", f"hooks/{GONE}.recap", f"hooks/.{GONE}.json.0a1b2c3d.new"]
    gone += [f"spool/{GONE}.aB3dE6gH.json", f"spool/{GONE}.aB3dE6gH", "spool/run.7.json"]
    gone += ["spool/.run.7.json.0a1b2c3d.new", "hooks/.spool.sh.0a1b2c3d.new", f"import-{GONE}"]
    young = [f"spool/{HERE}.aB3dE6gH.json", f"import-{HERE}"]
    stays = [*young, f"hooks/{HERE}.json", f"hooks/{HERE}.recap", "hooks/spool.sh", "other"]
    stays += ["hooks/mine.json", "hooks/.mine.new", "spool/foreign.txt", "import-mine.json"]
    for name in (*gone, *stays):
        (house.folder / name).touch()
        if name not in young:
            os.utime(house.folder / name, (1, 1))
    link = house.folder / "spool" / "run.8.json"
    link.symlink_to(house.folder / "other")
    os.utime(link, (1, 1), follow_symlinks=False)
    paths = sorted(str(house.folder / name) for name in gone)
    assert sorted(clean(house, dry_run=True).files) == paths
    assert sorted(clean(house).files) == paths
    assert [name for name in gone if (house.folder / name).exists()] == []
    assert [name for name in stays if not (house.folder / name).exists()] == []


def leave(house: House, content: str) -> Path:
    path = house.folder / f"import-{TOKEN}"
    path.write_text(content)
    return path


def test_an_export_that_was_left_is_taken_in_and_removed(house: House) -> None:
    house.keep("alive", State.IDLE, uid="1" * 32, conversation=None)
    house.keep("over", State.ENDED, uid="2" * 32, conversation=None)
    document = exporting.document(exporting.export(house.books.db.reading, True), NOW)
    for number in "12":
        house.books.sessions.remove(number * 32)
    path = leave(house, json.dumps(document))
    answer = house.ask(wire.Import(token=TOKEN))
    assert (answer.sessions, answer.held) == (["alive", "over"], ["alive"])
    wants = [session.want for session in house.books.sessions.all()]
    assert wants == [Want.HOLD, Want.UP]
    assert not path.exists()
    assert house.watch.reconsidered == 1


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_what_is_no_export_changes_nothing_and_is_removed(house: House, content: str) -> None:
    path = leave(house, content)
    with pytest.raises(errors.RefusedError, match="Nothing was imported"):
        house.ask(wire.Import(token=TOKEN))
    assert not path.exists()
    with pytest.raises(errors.RefusedError, match="cannot be read"):
        house.ask(wire.Import(token=TOKEN))


@pytest.mark.parametrize("token", ["", "../tmuxclaude.db", "0f" * 17, "0F" * 16])
def test_only_what_was_left_for_it_can_be_named(token: str) -> None:
    line = json.dumps({"type": "import", "token": token}).encode()
    with pytest.raises(errors.UsageError):
        wire.decode_request(line)
