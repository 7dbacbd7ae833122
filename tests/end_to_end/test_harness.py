"""Proves the harness itself: the real Claude Code in a real tmux, against our own API."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end import claude_code
from tests.end_to_end.api import Api
from tests.end_to_end.home import CREDITS_FIRST, Home
from tests.end_to_end.terminal import NBSP, Server, processes_of, sweep
from tests.end_to_end.wire import Hang, Limit, Text, Tool
from tests.waiting import until

HOUR = 3600
WEEK = 3 * 24 * HOUR
MENU = "What do you want to do?"
CREDITS = "Switch to usage credits"
NATIVE_OFF = {"native_continue": False}
native_off = pytest.mark.parametrize("home", [NATIVE_OFF], indirect=True)


def test_a_fresh_session_becomes_idle_and_answers(api: Api, server: Server) -> None:
    session = server.claude()
    session.wait_until("idle")
    assert f"❯{NBSP}" in session.pane.screen()
    session.ask("say something")
    session.pane.wait_for("All done.")
    assert session.home.turns(session.conversation) == ["say something"]
    assert [turn.text for turn in api.turns(session.conversation)] == ["say something"]


@native_off
def test_a_five_hour_limit_opens_the_menu(api: Api, server: Server) -> None:
    limit = api.limit("five_hour", time.time() + HOUR)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for(MENU)
    session.wait_until("waiting")
    assert session.pane.shows("You've hit your 5-hour limit · resets")
    assert session.pane.shows("❯ 1. Stop and wait for limit to reset")
    [met] = until(lambda: session.home.limits(session.conversation), what="a limit record")
    assert (met["rateLimitType"], met["resetsAt"]) == ("five_hour", limit.resets_at)
    assert [turn.status for turn in api.turns(session.conversation)] == [429]


def test_a_weekly_limit_opens_the_menu_even_with_native_continue(api: Api, server: Server) -> None:
    limit = api.limit("seven_day", time.time() + WEEK)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for(MENU)
    assert session.pane.shows("You've hit your weekly limit · resets")
    [met] = until(lambda: session.home.limits(session.conversation), what="a limit record")
    assert (met["rateLimitType"], met["resetsAt"]) == ("seven_day", limit.resets_at)


@pytest.mark.parametrize("home", [NATIVE_OFF | {"flags": CREDITS_FIRST}], indirect=True)
def test_a_flag_puts_credits_first(api: Api, server: Server) -> None:
    api.limit("five_hour", time.time() + HOUR)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for(MENU)
    assert session.pane.shows(f"❯ 1. {CREDITS}")


def test_native_continue_arms_itself(api: Api, server: Server) -> None:
    api.limit("five_hour", time.time() + HOUR)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for("Continuing automatically at")
    [notice] = until(lambda: session.home.notices(session.conversation), what="a notice")
    assert notice.startswith("Usage limit reached · continuing automatically at")
    assert session.status == "idle"


@native_off
def test_a_limit_ends_by_the_clock(api: Api, server: Server) -> None:
    session = server.claude()
    session.wait_until("idle")
    limit = api.limit("five_hour", time.time() + 10)
    session.ask("do the work")
    session.pane.wait_for(MENU)
    until(lambda: time.time() > limit.resets_at, what="the reset")
    session.pane.press("Escape")
    until(lambda: f"❯{NBSP}" in session.pane.screen(), what=session.pane.screen)
    session.ask("continue")
    session.pane.wait_for("All done.")
    assert [turn.status for turn in api.turns(session.conversation)] == [429, 200]


@native_off
def test_a_killed_session_is_resumed_with_one_turn(api: Api, server: Server) -> None:
    api.limit("five_hour", time.time() + HOUR)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for(MENU)
    dead = session.pane.pid
    session.pane.kill()
    assert [entry["pid"] for entry in session.home.registry()] == [dead]

    api.lift()
    again = server.claude(
        "--resume", session.conversation, "carry on", conversation=session.conversation
    )
    again.pane.wait_for("All done.")
    again.wait_until("idle")
    assert again.home.turns(again.conversation) == ["do the work", "carry on"]
    assert [turn.text for turn in api.turns(again.conversation, 200)] == ["carry on"]
    assert api.turns(again.conversation)[-1].texts == ["do the work", "carry on"]


def test_a_permission_prompt_waits_for_a_person(api: Api, server: Server) -> None:
    command = {"command": "touch approved", "description": "Make a file"}
    api.on("make it", Tool("Bash", command, then=Text("It is made.")))
    session = server.claude("--permission-mode", "default")
    session.wait_until("idle")
    session.ask("make it")
    session.wait_until("waiting")
    session.pane.wait_for("Do you want to proceed?")
    entry = session.home.session(session.conversation)
    assert entry["waitingFor"] == "permission prompt"
    made = session.home.project() / "approved"
    assert not made.exists()
    session.choose("1")
    session.pane.wait_for("It is made.")
    assert made.exists()
    assert len(api.turns(session.conversation)) == 1


QUESTION = {
    "question": "Which colour?",
    "header": "Colour",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}],
}


@pytest.mark.parametrize(
    ("tool", "mode", "waiting_for"),
    [
        (Tool("AskUserQuestion", {"questions": [QUESTION]}), "default", "input needed"),
        (Tool("ExitPlanMode", {"plan": "1. Do it."}), "plan", "permission prompt"),
        (Tool("Write", {"file_path": "new.txt", "content": "x"}), "default", "permission prompt"),
    ],
    ids=["question", "plan", "write"],
)
def test_other_tools_wait_too(
    api: Api, server: Server, tool: Tool, mode: str, waiting_for: str
) -> None:
    api.on("begin", tool)
    session = server.claude("--permission-mode", mode)
    session.wait_until("idle")
    session.ask("begin")
    session.wait_until("waiting")
    assert session.home.session(session.conversation)["waitingFor"] == waiting_for


def test_answers_can_be_slow_or_missing(api: Api, server: Server) -> None:
    api.on("slowly", Text("one\n\ntwo\n\nthree\n\nfour\n\nfive", every=1.0))
    api.on("never", Hang())
    slow, silent = server.claude(), server.claude()
    for session, text in ((slow, "slowly please"), (silent, "never mind")):
        session.wait_until("idle")
        session.ask(text)
        session.wait_until("busy")
    slow.pane.wait_for("one")
    assert not slow.pane.shows("four")
    slow.pane.wait_for("five")
    slow.wait_until("idle")
    assert silent.status == "busy"
    assert [turn.status for turn in api.turns(silent.conversation)] == [0]


@native_off
def test_a_limit_can_come_after_a_tool(api: Api, server: Server) -> None:
    limit = Limit("five_hour", int(time.time()) + HOUR, no_credits="out_of_credits")
    command = {"command": "echo hello", "description": "Say hello"}
    api.on("work", Tool("Bash", command, then=limit))
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for(MENU)
    assert session.pane.shows("out of usage credits")
    assert [request.status for request in api.requests(session.conversation)] == [200, 429]


def test_an_overloaded_server_is_retried(api: Api, server: Server) -> None:
    api.error(529)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for("529 Overloaded · retrying")
    api.recover()
    session.pane.wait_for("All done.")
    assert len(api.turns(session.conversation, 200)) == 1


@pytest.mark.parametrize("home", [{"login": "api_key"}], indirect=True)
def test_an_api_key_meets_no_usage_limit(api: Api, server: Server) -> None:
    api.limit("five_hour", time.time() + HOUR)
    session = server.claude()
    session.wait_until("idle")
    session.ask("do the work")
    session.pane.wait_for("API Error: Request rejected (429)")
    assert session.home.limits(session.conversation) == []


def test_two_accounts_in_one_home(api: Api, home: Home, server: Server) -> None:
    other = home.second("work", "sk-ant-oat01-tests-second")
    api.limit("seven_day", time.time() + WEEK, only=lambda r: r.account == other.account)
    free = server.claude()
    held = server.claude(home=other, cwd=other.project())
    for session in (free, held):
        session.wait_until("idle")
        session.ask("do the work")
    free.pane.wait_for("All done.")
    held.pane.wait_for(MENU)


def test_isolation_leaves_only_the_loopback() -> None:
    look = "import socket; print([name for _, name in socket.if_nameindex()])"
    command = [sys.executable, "-m", "tests.end_to_end.isolated", sys.executable, "-c", look]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    plainly = "running with the network" in done.stderr
    assert plainly or done.stdout.strip() == "['lo']"


NPM = """#!/bin/sh
echo run >> "$CALLS"
sleep 0.3
mkdir -p "$3/node_modules/$PACKAGE"
printf '#!/bin/sh\\necho {version}\\n' > "$3/node_modules/$PACKAGE/claude"
"""


def test_two_workers_install_once(tmp_path: Path) -> None:
    """With an npm of our own, so that nothing is downloaded."""
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(NPM.replace("{version}", claude_code.VERSION))
    npm.chmod(0o755)
    calls = tmp_path / "calls"
    more = {"CALLS": str(calls), "PACKAGE": claude_code.package(), "XDG_CACHE_HOME": str(tmp_path)}
    env = os.environ | more | {"PATH": f"{npm.parent}:{os.environ['PATH']}"}
    remains = tmp_path / "tmuxclaude-tests" / f"claude-code-{claude_code.VERSION}" / "npm-old"
    remains.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.end_to_end.claude_code"]
    workers = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE) for _ in range(2)]
    said = [worker.communicate()[0].decode().splitlines() for worker in workers]
    assert said[0] == said[1] == [str(remains.parent / "bin" / "claude"), claude_code.VERSION]
    assert calls.read_text() == "run\n"
    assert not remains.exists()


def test_without_npm_it_says_what_to_install(tmp_path: Path) -> None:
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "tests.end_to_end.claude_code"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "npm is missing" in done.stderr


def test_the_end_leaves_no_process(
    make_home: Callable[..., Home], make_server: Callable[[Home], Server]
) -> None:
    home = make_home()
    first, second = make_server(home), make_server(home)
    deaf = "trap '' HUP TERM; : >deaf; while :; do sleep 0.2; done"
    orphan = second.run("sh", "-c", deaf, cwd=home.root)
    pid = orphan.pid
    until((home.root / "deaf").exists)
    first.stop()
    second.stop()
    second.stop()
    assert pid in [process.pid for process in processes_of(home)]
    [told] = [line for line in sweep(home) if "trap" in line]
    assert "while" in told
    assert processes_of(home) == []
