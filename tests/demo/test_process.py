"""The actor as a process: its command line, its files, its hooks, its ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.demo.conftest import Plays
from tests.demo.parts import (
    FIRED,
    UUID,
)


def test_the_command_line_is_refused_as_recorded(play: Plays) -> None:
    actor = play().start("--session-id", UUID).ready()
    calls = {
        ("--session-id", UUID): f"Error: Session ID {UUID} is already in use.",
        ("--session-id", "nope"): "Error: Invalid session ID. Must be a valid UUID.",
        ("--resume", UUID): f"No conversation found with session ID: {UUID}",
    }
    for words, error in calls.items():
        done = subprocess.run([actor.program, *words], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.strip()) == (1, error)
    done = subprocess.run([actor.program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "2.1.329 (Claude Code)\n"


def test_an_unknown_key_in_a_part_is_an_error(play: Plays) -> None:
    actor = play(worksecond=3)
    done = subprocess.run([actor.program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "unknown key worksecond" in done.stderr


def test_it_can_crash_before_anything_is_shown(play: Plays) -> None:
    actor = play(crash_on_start=4).start()
    actor.wait(lambda: actor.dead() == "4")
    assert actor.registry() == {}


def test_the_registry_entry_says_who_and_where(play: Plays) -> None:
    actor = play().start("--session-id", UUID, "--name", "lab").ready()
    actor.wait(lambda: actor.status() == ("idle", ""))
    entry = actor.registry()
    pid = int(actor.show("#{pane_pid}"))
    assert (entry["pid"], entry["sessionId"], entry["name"]) == (pid, UUID, "lab")
    assert entry["cwd"] == str(actor.directory)
    assert entry["tmux"] == actor.show("#{session_name}:#{window_id}.#{pane_id}")
    if sys.platform == "linux":
        stat = Path(f"/proc/{pid}/stat").read_text()
        assert entry["procStart"] == stat.rsplit(")", 1)[1].split()[19]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, "143"), (signal.SIGHUP, "129"), (signal.SIGINT, "0")]
)
def test_a_signal_ends_it_in_good_order(play: Plays, number: int, status: str) -> None:
    actor = play().start("--session-id", UUID, "a task")
    actor.shows("● Done.")
    os.kill(int(actor.show("#{pane_pid}")), number)
    actor.wait(lambda: actor.dead() == status)
    assert actor.registry() == {}
    assert actor.screen().split("\n")[:2] == [
        "Resume this session with:",
        f"claude --resume {UUID}",
    ]


def test_clear_goes_on_under_a_new_id_in_the_same_process(play: Plays) -> None:
    actor = play().start("--session-id", UUID, "a task")
    actor.shows("● Done.")
    before = actor.registry()
    actor.enter("/clear")
    actor.wait(lambda: actor.registry()["sessionId"] != UUID)
    assert actor.registry()["pid"] == before["pid"]
    actor.shows("❯ /clear")
    assert "a task" not in actor.screen()


@pytest.mark.parametrize("missing", ["registry", "transcript", "hooks"])
def test_each_witness_can_be_missing(play: Plays, missing: str) -> None:
    actor = play(**{f"no_{missing}": True})
    hooks = {"Stop": [{"hooks": [{"type": "command", "command": "touch stopped"}]}]}
    actor.start("--settings", json.dumps({"hooks": hooks}), "a task").shows("● Done.")
    actor.wait(lambda: missing == "hooks" or (actor.directory / "stopped").exists())
    there = {
        "registry": actor.registry() != {},
        "transcript": bool(list(actor.config.glob("projects/*/*.jsonl"))),
        "hooks": (actor.directory / "stopped").exists(),
    }
    assert [name for name, found in there.items() if not found] == [missing]


def test_hooks_get_the_payload_and_the_environment(play: Plays) -> None:
    actor = play(**FIRED)
    line = 'cat >> hooked; echo " $CLAUDE_PID $CLAUDE_CODE_SESSION_ID $TMUX_PANE" >> hooked'
    hook = [{"hooks": [{"type": "command", "command": line}]}]
    only_fired = [{"matcher": "quota_auto_resume_fired", **hook[0]}]
    never = [{"matcher": "permission_prompt", **hook[0]}]
    events = ("SessionStart", "UserPromptSubmit", "StopFailure", "Stop", "SessionEnd")
    hooks = {**dict.fromkeys(events, hook), "Notification": [*only_fired, *never]}
    settings = actor.directory / "settings.json"
    settings.write_text(json.dumps({"hooks": hooks}))
    actor.start("--session-id", UUID, "--settings", str(settings)).ready().enter("a task")
    actor.shows("✻")
    pid = actor.show("#{pane_pid}")
    os.kill(int(pid), signal.SIGTERM)
    actor.wait(lambda: actor.dead() == "143")
    lines = (actor.directory / "hooked").read_text().splitlines()
    assert all(line.endswith(f"}} {pid} {UUID} {actor.pane}") for line in lines)
    payloads = [json.loads(line[: line.rindex("}") + 1]) for line in lines]
    assert [(p["hook_event_name"], p["session_id"]) for p in payloads] == [
        (event, UUID)
        for event in (
            "SessionStart",
            "UserPromptSubmit",
            "StopFailure",
            "Notification",
            "UserPromptSubmit",
            "Stop",
            "SessionEnd",
        )
    ]
    assert payloads[1]["prompt"] == "a task"
    assert payloads[2]["error"] == "rate_limit"
    assert payloads[6]["reason"] == "other"


def test_a_shell_behind_it_inherits_what_it_did_not_read(play: Plays) -> None:
    actor = play(exit_on_byte=[300, 300])
    actor.run(f"{actor.program}; exec bash --norc")
    actor.ready().type("x")
    [byte] = actor.wait(lambda: [line for line in actor.log() if "bytes" in line])
    os.kill(byte["pid"], signal.SIGSTOP)
    command = "echo inherited by $0"
    actor.enter(command)
    actor.wait(lambda: _unread(actor.show("#{pane_tty}")) == len(command) + 1)
    actor.wait(lambda: time.time() > byte["t"] + 0.4)
    os.kill(byte["pid"], signal.SIGCONT)
    actor.wait(lambda: "inherited by bash" in actor.screen().split("\n"))
    assert actor.bytes() == "x"


def _unread(tty: str) -> int:
    """How many bytes wait in the input queue of a terminal."""
    descriptor = os.open(tty, os.O_RDONLY | os.O_NOCTTY)
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4), sys.byteorder)
    finally:
        os.close(descriptor)


def test_it_can_become_a_shell_in_the_same_process(play: Plays) -> None:
    actor = play(exit_on_byte=[0, 20], exits_to_shell=True).start().ready()
    pid = actor.show("#{pane_pid}")
    actor.type("x")
    actor.wait(lambda: actor.show("#{pane_current_command}") == "bash")
    assert (actor.show("#{pane_pid}"), actor.dead()) == (pid, "")
