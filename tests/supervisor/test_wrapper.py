"""``tmuxclaude run``: what becomes of the arguments, the process, the pane and the session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.supervisor import faults
from tests.supervisor.house import AHEAD, OURS, SLACK, House
from tests.supervisor.wrapped import OURS as TMUXCLAUDE
from tests.supervisor.wrapped import PROMPT, Shell, argv, on_terminal, recorder, sessions
from tests.waiting import until

ODD = [
    b"--append-system-prompt",
    b"two words, 'one' \"two\"\nnext $HOME `x` #(touch y) #{pid} %%",
    b"--add-dir",
    b"",
    b"dir;",
    b"--",
    b"a prompt \xff\xfe \xc3\xa4 ;",
]


def test_every_byte_arrives_and_the_exit_code_comes_back(house: House) -> None:
    folder = house.programs / "bytes"
    recorder(folder)
    assert on_terminal(house, folder, b"-n", b"odd", b"--", *ODD) == (3, "")
    session, conversation, settings, file, *rest = argv(folder)
    assert rest == ODD
    [row] = sessions(house)
    assert (session, settings) == (b"--session-id", b"--settings")
    assert (row["name"], row["conversation"]) == ("odd", conversation.decode())
    assert (row["pane_id"], row["socket"], row["directory"]) == (None, "", str(house.project))
    hooks = json.loads(Path(os.fsdecode(file)).read_text())["hooks"]
    assert "SessionEnd" in hooks

    mine = b'{"model": "x", "hooks": {"Stop": []}}'
    words = [b"--resume", conversation, b"--settings", mine, b"--verbose"]
    assert on_terminal(house, folder, b"--", *words) == (3, "")
    assert argv(folder)[2:] == [b"--resume", conversation, b"--verbose"]
    merged = json.loads(Path(os.fsdecode(argv(folder)[1])).read_text())
    assert (merged["model"], len(merged["hooks"]["Stop"])) == ("x", 1)

    until(lambda: all(row["state"] == "ended" for row in sessions(house)), what=house.log)


@pytest.mark.parametrize(
    "words",
    [[b"-p", b"hello"], [b"--version"], [b"mcp", b"list"], [b"--bg"], [b"-h"]],
    ids=lambda words: words[0].decode(),
)
def test_what_opens_no_session_goes_straight_through(
    closed_house: House, words: list[bytes]
) -> None:
    folder = closed_house.programs / "straight"
    recorder(folder)
    assert on_terminal(closed_house, folder, b"--", *words) == (3, "")
    assert argv(folder) == words
    assert not closed_house.paths.runtime_dir.exists(), "no supervisor was started"


def test_without_a_terminal_it_goes_straight_through(closed_house: House) -> None:
    folder = closed_house.programs / "straight"
    recorder(folder)
    env = closed_house.env() | {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = [*TMUXCLAUDE, "run", "--", "hello"]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")
    assert argv(folder) == [b"hello"]
    assert not closed_house.paths.runtime_dir.exists()


@pytest.mark.parametrize(
    "trouble", ["stopped", "bad config", "no place", "ambiguous", "not utf-8", "two homes"]
)
def test_trouble_of_ours_costs_a_second_and_one_line(house: House, trouble: str) -> None:
    folder, more, words = house.programs / "trouble", dict[str, str](), [b"--", b"hello"]
    recorder(folder)
    match trouble:
        case "stopped":
            house.signal(signal.SIGSTOP)
        case "bad config":
            house.kill()
            house.paths.config.write_text("[notify]\nno-such-key = 1\n")
        case "no place":
            house.kill()  # for one that runs is found wherever it listens
            more["TMUXCLAUDE_RUNTIME_DIR"] = "/dev/null/x"
        case "ambiguous":
            words = [b"--", b"--flag-of-tomorrow", b"x"]
        case "not utf-8":
            words = [b"--", b"--append-system-prompt", b"\xff"]
        case "two homes":
            more["TMUX"], more["TMUX_PANE"] = f"{house.server.socket},1,0", "%0"
    began = time.monotonic()
    code, said = on_terminal(house, folder, *words, more=more)
    house.signal(signal.SIGCONT)
    assert ("cannot be started" in said) == (trouble in ("bad config", "no place"))
    assert time.monotonic() - began < 15
    assert code == 3
    late = trouble in ("stopped", "bad config", "no place")
    assert argv(folder)[-len(words[1:]) :] == words[1:]
    assert (argv(folder)[0] == b"--session-id") == late
    fate = "will be kept later" if trouble in ("stopped", "bad config") else "is not kept"
    assert said.startswith(f"tmuxclaude: this session {fate}: ")
    assert said.count("\n") == 1


def test_a_session_in_another_place_is_not_kept_and_that_is_said(house: House) -> None:
    folder = house.programs / "elsewhere"
    recorder(folder)
    for words in ([b"-w", b"name", b"--settings", b"{}", b"hi"], [b"--worktree", b"--tmux"]):
        code, said = on_terminal(house, folder, b"--", *words)
        assert (code, argv(folder), said.count("\n")) == (3, words, 1)
        assert said.startswith("tmuxclaude: this session is not kept: --worktree moves")
    assert sessions(house) == []


@pytest.mark.parametrize("settings", [b"", b"{", b"/nonexistent"])
def test_settings_that_cannot_be_merged_are_passed_on(house: House, settings: bytes) -> None:
    folder = house.programs / "unmerged"
    recorder(folder)
    words = [b"--settings", settings, b"hi"]
    code, said = on_terminal(house, folder, b"--", *words)
    assert (code, argv(folder), said.count("\n")) == (3, words, 1)
    assert said.startswith("tmuxclaude: this session is not kept: --settings")
    assert sessions(house) == []


@pytest.mark.parametrize("database", ["new", "damaged"])
def test_the_supervisor_is_started_when_there_is_none(closed_house: House, database: str) -> None:
    folder = closed_house.programs / "cold"
    recorder(folder)
    if database == "damaged":
        closed_house.paths.ensure()
        faults.text_instead(closed_house.paths.database)
    began = time.monotonic()
    code, said = on_terminal(closed_house, folder, b"--", b"hello")
    assert time.monotonic() - began < 15
    assert (code, argv(folder)[-1]) == (3, b"hello")
    assert said == "" or "will be kept later" in said
    try:
        until(lambda: closed_house.run("supervisor", "status").returncode == 0)
    finally:
        closed_house.run("supervisor", "stop")


def test_a_wrapper_called_claude_does_not_find_itself(house: House) -> None:
    folder, wrapper = house.programs / "real", house.programs / "first" / "claude"
    recorder(folder)
    wrapper.parent.mkdir()
    ours = " ".join(TMUXCLAUDE)
    wrapper.write_text(f'#!/bin/sh\nexec {ours} run -- "$@"\n')
    wrapper.chmod(0o755)
    more = {"PATH": f"{wrapper.parent}:{folder}:{os.environ['PATH']}"}
    env = house.env() | more
    done = subprocess.run([str(wrapper), "-p", "x"], env=env, timeout=20, check=False)
    assert done.returncode == 3
    assert argv(folder) == [b"-p", b"x"]


def test_a_session_in_a_users_pane_from_its_start_to_its_ends(house: House) -> None:
    shell = Shell(house, "mine").run()
    seat = shell.seat("proj").idle()
    row = seat.row()
    assert row["pane_id"] == shell.pane
    assert row["tmux_session"] == "user"
    assert house.server.say("show-options", "-p", "-v", "-t", shell.pane, "@tmuxclaude-id")
    elsewhere = Shell(house, "other").type(f"TMUX_PANE={shell.pane}")
    elsewhere.type("export TMUX_PANE").run().has_shown("not kept: process")
    seat.say("/exit")
    seat.is_("ended")
    shell.shows(PROMPT)

    shell.run()
    again = shell.seat("proj").idle()
    assert again.uid != seat.uid
    again.say("hello")
    again.has_turns("hello")
    os.kill(int(again.log("start")[-1]["pid"]), signal.SIGKILL)
    again.is_("lost")
    shell.tidy("Killed").run("-n", "third", "--", "--resume", again.conversation)
    third = shell.seat("third").idle()
    assert again.state == "ended", "its conversation goes on"
    assert third.row()["conversation"] == again.conversation

    os.kill(int(third.log("start")[-1]["pid"]), signal.SIGSTOP)
    shell.tidy("Stopped").run("-n", "nested")
    shell.has_shown("this pane holds the session third already")
    shell.shows("❯").type("/exit").shows(PROMPT)
    assert "nested" not in [row["name"] for row in sessions(house)]


def test_a_limit_in_a_users_pane_is_resumed_by_typing(house: House) -> None:
    shell = Shell(house, "mine", limit={"resets_in": AHEAD, "lifts_in": 0}).run()
    seat = shell.seat("proj").idle()
    seat.say("do the work")
    seat.is_("limited")
    house.let_it_be_due()
    seat.has_turns("do the work", OURS)
    assert house.server.say("list-panes", "-a", "-F", "#{pane_id}").split() == ["%0", shell.pane]


def test_outside_tmux_nothing_is_typed_and_list_says_why(
    house: House, tmux_server: PrivateServer
) -> None:
    shell = Shell(house, "mine", {"TMUX": "", "TMUX_PANE": ""}, limit={"resets_in": AHEAD})
    seat = shell.run().seat("proj")
    assert seat.row()["pane_id"] is None
    seat.is_("idle")
    seat.say("do the work")
    seat.is_("limited")
    seat.waits_because("it runs outside tmux, where nothing is typed")
    [verdict] = house.resume("proj", now=True)
    assert (verdict.done, "outside tmux" in verdict.why) == ("refused", True)
    house.shift(AHEAD + SLACK + 300)
    seat.never(lambda: seat.turns() != ["do the work"])
    os.kill(int(seat.log("start")[-1]["pid"]), signal.SIGKILL)
    seat.is_("lost")


def test_stop_outside_tmux_says_how_to_come_back(house: House) -> None:
    shell = Shell(house, "mine", {"TMUX": "", "TMUX_PANE": ""}).run()
    seat = shell.seat("proj").idle()
    done = house.run("stop", "proj", "--now")
    assert f"cd {house.project} && claude --resume {seat.conversation}" in done.stdout
    assert "tmuxclaude resume" not in done.stdout
    [verdict] = house.resume("proj", now=True)
    assert (verdict.done, "is over" in verdict.why) == ("refused", True)


def test_another_name_than_the_wanted_one_is_told(house: House) -> None:
    Shell(house, "api").run("-n", "a b").shows("the session is called a-b: 'a b' cannot be")
    until(lambda: [row["name"] for row in sessions(house)] == ["a-b"], what=house.log)
