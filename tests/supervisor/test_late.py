"""``tmuxclaude run`` whose supervisor is late: Claude Code starts, and the session is kept."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.supervisor import faults
from tests.supervisor.house import House
from tests.supervisor.wrapped import PROMPT, Shell, argv, on_terminal, recorder, sessions
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.core.model import Process
from tmuxclaude.edges import spool
from tmuxclaude.edges.processes import identify

LATER = "this session will be kept later"
OUTSIDE = {"TMUX": "", "TMUX_PANE": ""}
ID = b"11111111-2222-4333-8444-555555555555"

SLOW = """\
import os, sys, time
if "supervisor" in sys.orig_argv:
    while not os.path.exists({gate!r}):
        time.sleep(0.02)
"""
"""A ``sitecustomize`` by which no supervisor starts before there is a file ``gate``."""


def left(house: House) -> list[Path]:
    return sorted(house.paths.spool.glob("run.*"))


def is_as_ever(house: House, shell: Shell, before: float) -> None:
    """The one session of this shell is what it is when the supervisor answers in time."""
    name = shell.name
    seat = shell.seat(name).idle()
    [started] = seat.log("start")
    words, row = started["argv"], seat.row()
    process = identify(int(started["pid"]))
    assert words[:2] == ["--session-id", row["conversation"]]
    with closing(sqlite3.connect(f"file:{house.paths.database}?mode=ro", uri=True)) as database:
        kept = "SELECT process_pid, process_started, process_boot FROM sessions WHERE uid = ?"
        [identity] = database.execute(kept, (seat.uid,))
    assert process == Process(*identity)
    assert row["pane_id"] == (None if row["socket"] == "" else shell.pane)
    hooks = json.loads(Path(words[words.index("--settings") + 1]).read_text())["hooks"]
    assert "SessionEnd" in hooks
    assert [link["conversation"] for link in seat.chain()] == [row["conversation"]]
    assert [row["conversation"] for row in sessions(house)].count(row["conversation"]) == 1
    assert row["created_at"] <= before
    seat.say("hello")
    seat.shows("Done.").say("/exit")
    assert seat.turns() == ["hello"]
    seat.is_("ended")
    shell.shows(PROMPT)


def test_a_stopped_supervisor_keeps_each_session_once_when_it_goes_on(house: House) -> None:
    """Those that the guard would have stopped too, for they run."""
    house.limited("first")
    shells = [Shell(house, "inside"), Shell(house, "outside", OUTSIDE), Shell(house, "waiting")]
    with faults.stopped(house.ask(wire.Ping(), wire.Pong).pid):
        for shell, words in zip(shells, ([], [], ["--wait"]), strict=True):
            shell.run("-n", shell.name, *words)
        for shell in shells:
            shell.shows("❯")
        assert [path.stat().st_mode & 0o777 for path in left(house)] == [0o600] * 3
        assert [row["name"] for row in sessions(house)] == ["first"]
        before = time.time()
    for shell in shells:
        is_as_ever(house, shell, before)
    assert left(house) == []
    assert len(sessions(house)) == 4


def test_a_supervisor_that_starts_slowly_keeps_it(closed_house: House) -> None:
    house, gate = closed_house, closed_house.home / "gate"
    (house.home / "sitecustomize.py").write_text(SLOW.format(gate=str(gate)))
    path = {"PYTHONPATH": f"{house.home}:{house.env()['PYTHONPATH']}"}
    shells = [Shell(house, "inside", path), Shell(house, "outside", path | OUTSIDE)]
    try:
        for shell in shells:
            shell.run("-n", shell.name)
        for shell in shells:
            shell.shows("❯")
        before = time.time()
        assert len(left(house)) == 2
        gate.touch()
        until(lambda: house.run("supervisor", "status").returncode == 0)
        for shell in shells:
            is_as_ever(house, shell, before)
    finally:
        gate.touch()
        until(lambda: house.run("supervisor", "stop").returncode == 0)


def test_a_tmux_that_does_not_answer_is_asked_again(closed_house: House) -> None:
    shim = faults.Shim(closed_house)
    house, shell = closed_house.start(), Shell(closed_house, "inside")
    shim.mood("hang", house.server.socket)
    shell.run("-n", "inside").shows("❯")
    until(lambda: "is not kept yet" in house.log(), what=house.log)
    assert len(left(house)) == 1
    shim.well(house.server.socket)
    before = time.time()
    house.shift(10)
    is_as_ever(house, shell, before)
    assert left(house) == []


@pytest.mark.parametrize("trouble", ["stopped", "locked", "stopped and read-only"])
def test_arguments_and_exit_code_are_its_own_however_late(house: House, trouble: str) -> None:
    """And of what has ended by then nothing stays."""
    mine = b'{"model": "x"}'
    calls = [
        [b"a  b\n;"],
        *([b"--resume", ID], [b"--continue"], [b"--session-id", ID]),
        [b"--settings", mine],
    ]
    folders = [house.programs / f"call-{number}" for number in range(len(calls))]
    for folder in folders:
        recorder(folder)
    before = faults.WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []
    pid = house.ask(wire.Ping(), wire.Pong).pid
    shut = "read-only" in trouble
    hindrance = faults.locked(house.paths.database) if trouble == "locked" else faults.stopped(pid)
    house.paths.spool.chmod(0o500 if shut else 0o700)
    try:
        with hindrance, ThreadPoolExecutor() as pool:
            done = list(
                pool.map(
                    lambda call, folder: on_terminal(house, folder, b"--", *call, before=before),
                    calls,
                    folders,
                )
            )
            if trouble != "locked":  # with the database locked, what has ended is found out
                assert len(left(house)) == (0 if shut else len(calls)), done
    finally:
        house.paths.spool.chmod(0o700)
    for (code, said), call, folder in zip(done, calls, folders, strict=True):
        assert (code, said.count("\n")) == (3, 1)
        assert ("is not kept" if shut else LATER) in said
        words, chosen = argv(folder), call[0] in (b"--resume", b"--continue", b"--session-id")
        given = [word for word in words if word == b"--session-id"]
        assert len(given) == (call[0] == b"--session-id" or not chosen)
        if call[0] == b"--settings":
            file = words[-1]
            settings = json.loads(file if shut else Path(os.fsdecode(file)).read_text())
            assert (settings["model"], "hooks" in settings) == ("x", not shut)
        else:
            assert words[-len(call) :] == call
            assert (b"--settings" in words) != shut
    until(lambda: not left(house), what=house.log)
    until(lambda: all(row["state"] == "ended" for row in sessions(house)), what=house.log)


def test_what_somebody_else_has_put_there_costs_nothing(house: House, tmp_path: Path) -> None:
    folder, me = house.paths.spool, identify(os.getpid())
    assert me is not None
    run = wire.Run(pid=me.pid, directory="/", command=["/bin/true"], uid="0f" * 16)
    good = json.loads(wire.encode(wire.Late(run=run, started=me.started, boot=me.boot)))
    texts = {
        "words": "no JSON",
        "nested": "[" * 100_000,
        "huge": " " * 2_000_000,
        "other": json.dumps(good | {"started": "1"}),
        "boot": json.dumps(good | {"boot": "another"}),
        "path": json.dumps(good | {"run": good["run"] | {"uid": "../../x"}}),
        "pane": json.dumps(good | {"run": good["run"] | {"pane": "%0", "socket": "/nowhere"}}),
        "flag": json.dumps(good | {"run": good["run"] | {"arguments": ["--print"]}}),
        "hook": json.dumps({"hook_event_name": "Stop", "session_id": ID.decode()}),
    }
    for name, text in texts.items():
        fresh = tmp_path / name
        fresh.write_text(text)
        fresh.replace(folder / f"run.{name}.json")
    os.mkfifo(folder / "run.fifo.json")
    (folder / "run.link.json").symlink_to("/dev/zero")
    pane = folder / "run.pane.json"
    until(lambda: set(left(house)) <= {pane}, what=house.log)
    assert sessions(house) == []
    assert "Traceback" not in house.log()
    plain = wire.Run(pid=me.pid, directory="/", command=["/bin/true"])
    house.ask(plain, wire.Admitted)
    with pytest.raises(errors.RefusedError, match="already"):
        house.ask(plain, wire.Admitted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start another user's process")
def test_another_users_process_is_not_kept(house: House) -> None:
    with subprocess.Popen(["sleep", "60"], user=65534) as other:
        until(lambda: Path(f"/proc/{other.pid}").stat().st_uid == 65534)
        him = identify(other.pid)
        assert him is not None
        run = wire.Run(pid=him.pid, directory="/", command=["/bin/true"], uid="0f" * 16)
        late = wire.Late(run=run, started=him.started, boot=him.boot)
        spool.leave(house.paths.spool, him.pid, wire.encode(late).decode())
        until(lambda: not left(house), what=house.log)
        other.kill()
    assert sessions(house) == []
    assert "another user's" in house.log()
