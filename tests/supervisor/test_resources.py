"""What the sessions take of the machine: slots, real memory, real processors, and their health."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from tests.edges.repositories import Repository
from tests.supervisor.house import TASK, House, Seat
from tests.supervisor.test_checkpoints import taken
from tests.supervisor.wrapped import Shell
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.resources import GRACE_SECONDS

EATEN_MB = 150
MEMORY = f"import time; eaten = b'x' * {EATEN_MB * 10**6}; time.sleep(1000)"
PROCESSORS = "while True: pass"
ONE = 100 / (os.cpu_count() or 1)
"""What one busy process takes of all processors, in percent."""


def start(house: House, **budget: Any) -> House:
    house.stop()
    house.configure()
    table = tomllib.loads(house.paths.config.read_text())
    table["checkpoint"] = {"max_mb": budget.pop("max_mb", 200)}
    table["budget"] |= budget
    table["supervisor"]["health_seconds"] = 0.3
    house.paths.config.write_text(tomli_w.dumps(table))
    return house.start()


def new(house: House, name: str, eats: str = "", **more: Any) -> Seat:
    """A session whose process has, if it ``eats``, a child that runs this Python."""
    program = house.program(name, **more.pop("part", {}))
    if eats:
        eater = shlex.join([sys.executable, "-c", eats])
        starter = program.with_name("starter")
        starter.write_text(f'#!/bin/sh\n{eater} >/dev/null 2>&1 &\nexec {program} "$@"\n')
        starter.chmod(0o755)
        program = starter
    request = wire.New(
        name=name,
        directory=str(more.pop("directory", house.project)),
        command=[str(program)],
        socket=house.server.socket,
        tmux_session="user",
        **more,
    )
    return Seat(house, house.ask(request, wire.Opened))


def children(seat: Seat) -> list[int]:
    """The processes right below that of its pane."""
    text = Path(f"/proc/{seat.pid()}/task/{seat.pid()}/children").read_text()
    return [int(pid) for pid in text.split()]


def told(seat: Seat, kind: str = "over budget") -> list[str]:
    return [text for what, text in seat.events() if what == kind]


def shown(house: House) -> Any:
    """What ``status`` says of all that they take."""
    return json.loads(house.run("status", "--json").stdout)["resources"]


def of_all(house: House) -> list[str]:
    """The events that are of no session, by the supervisor's log."""
    return [line for line in house.log().splitlines() if "all sessions: " in line]


def test_no_slot_is_free(closed_house: House) -> None:
    house = start(closed_house, sessions=2)
    for name in ("first", "second"):
        new(house, name).idle()
    with pytest.raises(errors.RefusedError, match=r"2 sessions run.*for longest: first, second;"):
        new(house, "third")
    third = new(house, "third", if_limited="wait").shows("starts when a slot is free")
    fourth = new(house, "fourth", if_limited="wait").shows("q gives up")
    assert (third.state, third.row()["outlook_at"]) == ("queued", None)
    forced = new(house, "forced", if_limited="allow").idle()
    house.run("stop", "forced")
    forced.is_("ended")
    house.kill()
    house.start()
    third.never(lambda: third.state != "queued" or third.log())
    house.run("stop", "first")
    third.idle()
    fourth.never(lambda: fourth.state != "queued")
    fourth.press("Enter")
    fourth.idle()


def test_more_sessions_than_may_run_are_said_once(closed_house: House) -> None:
    house = start(closed_house, sessions=1)
    first = new(house, "first").idle()
    second = new(house, "second", if_limited="allow").idle()
    words = "2 sessions run, more than budget.sessions (1) allows"
    until(lambda: [one for one in of_all(house) if words in one], what=house.log)
    house.kill()
    house.start()
    first.never(lambda: len([one for one in of_all(house) if words in one]) > 1, 1.5)
    assert [first.row()["want"], second.row()["want"]] == ["up", "up"]


def test_the_idlest_is_ended_where_more_run_than_may(closed_house: House) -> None:
    house = start(closed_house, sessions=2)
    used, idle = new(house, "used").idle(), new(house, "idle").idle()
    used.say(TASK)
    used.has_turns(TASK)
    used.is_("idle")
    last = new(house, "last", if_limited="allow").idle()
    house.shift(GRACE_SECONDS + 10)
    start(house, sessions=2, over_sessions="stop")
    idle.is_("ended")
    assert idle.row()["reason"].startswith("ended by tmuxclaude: 3 sessions run, more than ")
    used.never(lambda: (used.state, last.state) != ("idle", "idle"), 2)


def test_memory_is_that_of_the_whole_tree_and_said_once(closed_house: House) -> None:
    house = start(closed_house, session_memory_mb=100, memory_mb=120)
    eater, other = new(house, "eater", MEMORY).idle(), new(house, "other").idle()
    [words] = until(lambda: told(eater), what=eater.story)
    assert words.startswith("it takes 1")
    assert words.endswith(" MB, more than budget.session_memory_mb allows")

    def measured() -> bool:
        """That the eater has eaten all, and the other was looked at."""
        first, second = (one["memory_bytes"] or 0 for one in shown(house)["sessions"])
        return bool(first > EATEN_MB * 10**6 > second > 0)

    until(measured, what=eater.story)
    status, [first, _] = house.run("status").stdout, shown(house)["sessions"]
    assert (first["name"], first["uid"], first["health"]) == ("eater", eater.uid, "well")
    assert re.search(r"^slots +2 taken, any", status, re.MULTILINE)
    assert re.search(r"^memory +1\d\d MB of 120 MB \(\d+s ago\)$", status, re.MULTILINE)
    assert re.search(
        r"^processors +unknown \(\d+s ago; 2 sessions not measured yet", status, re.MULTILINE
    )
    takes = r"^takes +1\d\d MB of memory, processors not known yet"
    assert re.search(takes, house.run("show", "eater").stdout, re.MULTILINE)
    assert json.loads(house.run("show", "other", "--json").stdout)["resources"]["memory_bytes"] > 0
    until(lambda: [one for one in of_all(house) if "most: eater 1" in one], what=house.log)
    house.kill()
    house.start()
    eater.never(lambda: len(told(eater)) > 1 or told(other), 1.5)
    for pid in children(eater):
        os.kill(pid, signal.SIGKILL)
    until(lambda: told(eater, "within budget"), what=eater.story)
    assert (len(told(eater)), eater.state, eater.row()["want"]) == (1, "idle", "up")


def test_processors_that_are_taken_hold_who_takes_them(closed_house: House) -> None:
    house = start(closed_house, cpu_percent=ONE * 0.1, cpu_seconds=1, over_cpu="hold")
    idle, eater = new(house, "idle").idle(), new(house, "eater", PROCESSORS).idle()
    until(lambda: eater.row()["want"] == "hold", what=eater.story)
    assert told(eater) == ["held for it; to go on: tmuxclaude release eater"]
    most = "budget.cpu_percent allows; most: eater"
    until(lambda: [one for one in of_all(house) if most in one], what=house.log)
    house.kill()
    house.start()
    eater.never(lambda: len([one for one in of_all(house) if " budget: " in one]) > 1, 2)
    idle.never(lambda: idle.row()["want"] != "up")


def test_a_stop_takes_a_checkpoint_first_and_never_who_works(closed_house: House) -> None:
    house = start(closed_house)
    repository = Repository.new(house.project, house.home)
    busy = new(house, "busy", part={"work_seconds": 1000}).idle()
    draft, done = new(house, "draft").idle(), new(house, "done").idle()
    busy.say(TASK)
    busy.is_("working")
    draft.type("half a thought")
    repository.write("new.txt", "not committed\n")
    done.say(TASK)
    done.has_turns(TASK)
    house.shift(GRACE_SECONDS + 10)
    start(house, session_memory_mb=1, over_session_memory="stop")
    done.is_("ended")
    [first, *_] = taken(house)
    assert (first["conversation"], json.loads(first["reasons"])) == (done.conversation, ["end"])
    assert repository.shown(first["snapshot"], "new.txt") == "not committed\n"
    assert [kind for kind, _ in done.events()].index("checkpoint") < stop_of(done)
    assert done.row()["reason"].startswith("ended by tmuxclaude: it takes ")
    for seat, why in ((busy, "it is working"), (draft, "your draft is in its prompt box")):
        until(lambda: len(told(seat)) == 2, what=seat.story)  # noqa: B023
        assert told(seat)[1] == f"nothing can be stopped for it now ({seat.name}: {why})"
        assert seat.row()["want"] == "up"


def test_what_was_done_to_the_files_since_its_checkpoint_is_kept_before_a_stop(
    closed_house: House,
) -> None:
    house = start(closed_house)
    repository = Repository.new(house.project, house.home)
    done = new(house, "done").idle()
    done.say(TASK)
    done.has_turns(TASK)
    until(lambda: done.row()["prompts"], what=done.story)
    assert house.run("checkpoint", "done").returncode == 0
    repository.write("by-hand.txt", "nobody was told\n")
    house.shift(GRACE_SECONDS + 10)
    start(house, session_memory_mb=1, over_session_memory="stop")
    done.is_("ended")
    last = taken(house, 2)[1]
    assert repository.shown(last["snapshot"], "by-hand.txt") == "nobody was told\n"
    kinds = [kind for kind, _ in done.events()]
    assert len([kind for kind in kinds[: stop_of(done)] if kind == "checkpoint"]) == 2
    assert last["note"] == "before it is stopped under a budget"


def test_who_has_work_in_no_snapshot_is_not_stopped(closed_house: House) -> None:
    house = start(closed_house)
    repository = Repository.new(house.project, house.home)
    large = new(house, "large").idle()
    large.say(TASK)
    large.has_turns(TASK)
    repository.write("large.bin", b"x" * 3 * 2**20)
    house.shift(GRACE_SECONDS + 10)
    start(house, session_memory_mb=1, over_session_memory="stop", max_mb=1)
    words = "large: its work is in no snapshot: only hashes were kept: 3 MB differ"
    until(lambda: [one for one in told(large) if words in one], what=large.story)
    large.never(lambda: large.row()["want"] != "up", 1.5)
    repository.git("add", "large.bin")
    repository.git("commit", "-q", "-m", "large")
    house.shift_clocks(3 * GRACE_SECONDS, 2 * GRACE_SECONDS)
    large.is_("ended")


def test_a_budget_ends_only_whom_it_helps_to_end_and_nobody_at_once(closed_house: House) -> None:
    house = start(closed_house, memory_mb=100)
    eater, other = new(house, "eater", MEMORY).idle(), new(house, "other").idle()
    until(lambda: [one for one in of_all(house) if "most: eater 1" in one], what=house.log)
    house.shift(GRACE_SECONDS + 10)
    start(house, memory_mb=100, over_memory="hold")
    until(lambda: eater.row()["want"] == "hold", what=eater.story)
    house.run("release", "eater")
    eater.never(lambda: eater.row()["want"] == "hold", 1)
    house.run("hold", "eater")

    start(house, memory_mb=100, over_memory="stop")
    kept = "over budget: nothing can be stopped for it now (eater: it is held)"
    until(lambda: [one for one in of_all(house) if kept in one], what=house.log)
    other.never(lambda: other.row()["want"] != "up", 1.5)
    house.run("release", "eater")
    eater.is_("ended")
    assert house.run("resume", "eater").returncode == 0
    eater.is_("idle")
    eater.never(lambda: eater.row()["want"] != "up", 2)
    house.shift(3 * GRACE_SECONDS)
    eater.is_("ended")
    assert (other.state, told(other)) == ("idle", [])


def stop_of(seat: Seat) -> int:
    """Which of its events says that it was asked to end."""
    [at] = [at for at, (_, text) in enumerate(seat.events()) if text.startswith("ended, for")]
    return at


def test_stopped_and_dead_processes_are_noticed(closed_house: House) -> None:
    house = start(closed_house)
    zombie = new(house, "zombie").idle()
    shell = Shell(house, "stopped").run()  # tmux itself continues what stops in front of a pane
    stopped = shell.seat("proj").idle()
    [pid] = children(stopped)
    os.kill(pid, signal.SIGSTOP)
    [words] = until(lambda: told(stopped, "unwell"), what=stopped.story)
    assert f"kill -CONT {pid}" in words
    shell.press("f", "g", "C-j")
    until(lambda: told(stopped, "well again"), what=stopped.story)

    pid, server = zombie.pid(), house.server.process()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        [words] = until(lambda: told(zombie, "unwell"), what=house.log)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert "its parent does not collect it" in words
    zombie.is_("lost")
