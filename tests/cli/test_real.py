"""The whole way: a real supervisor, a real tmux server, and a ``claude`` that does nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.waiting import until

STAND_IN = """#!/bin/sh
trap 'sleep 1; exit 0' TERM
while :; do sleep 0.1; done
"""
"""It takes its time to end, so that whoever waits for its end has to."""


@pytest.fixture
def tmux(env: dict[str, str], home: Path) -> Iterator[Callable[..., str]]:
    """Asks the tmux server of that home; it and the supervisor end with the test."""

    def ask(*words: str) -> str:
        command = ["tmux", "-L", "default", *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    yield ask
    ask("kill-server")


@pytest.fixture
def real(env: dict[str, str], home: Path, run: Run, tmux: Callable[..., str]) -> Iterator[Run]:
    programs = home / "bin"
    programs.mkdir()
    claude = programs / "claude"
    claude.write_text(STAND_IN)
    claude.chmod(0o755)
    (home / "api").mkdir()
    env["PATH"] = f"{programs}:{env['PATH']}"
    yield run
    assert run("supervisor", "stop").code == 0


def states(run: Run) -> dict[str, str]:
    found = run("list", "--all", "--json").json["sessions"]
    return {one["name"]: one["state"] for one in found}


def test_starting_twice_never_makes_two(real: Run) -> None:
    first = real("supervisor", "start", "--json").json["supervisor"]
    again = real("supervisor", "start", "--json").json["supervisor"]
    assert first["running"]
    assert (again["pid"], again["started_at"]) == (first["pid"], first["started_at"])
    assert real("supervisor", "status", "--json").json["supervisor"]["pid"] == first["pid"]
    assert real("status", "--json").json["supervisor"]["pid"] == first["pid"]
    other = real("supervisor", "run")
    assert other.code == 75
    assert str(first["pid"]) in other.err
    restarted = real("supervisor", "restart", "--json").json["supervisor"]
    assert restarted["pid"] != first["pid"]
    assert real("supervisor", "stop", "--json").json == {"stopped": True}
    assert real("supervisor", "stop", "--json").json == {"stopped": False}
    assert real("supervisor", "status").code == 5


def test_new_opens_a_window_that_list_show_and_stop_know(
    real: Run, tmux: Callable[..., str], home: Path
) -> None:
    opened = real("new", "-c", "api", "--json", "--", "--model", "opus")
    assert opened.code == 0, opened.err
    assert opened.json["name"] == "api"
    assert opened.json["directory"] == str(home / "api")
    assert "type" not in opened.json
    assert tmux("list-windows", "-t", "claude", "-F", "#{window_name}") == "api"
    assert tmux("display", "-p", "-t", opened.json["pane"], "#{pane_current_path}") == str(
        home / "api"
    )
    [listed] = real("list", "--json").json["sessions"]
    assert listed["pane"]["pane_id"] == opened.json["pane"]
    until(lambda: "process" in " ".join(real("show", "api", "--json").json["evidence"]))

    again = real("new", "api")
    assert again.code == 4
    assert "tmuxclaude attach api" in again.err
    assert tmux("list-windows", "-t", "claude", "-F", "#{window_name}") == "api"

    stopped = real("stop", "api", "--now", "--json")
    assert stopped.code == 0
    assert stopped.json["remaining"] == []
    assert states(real) == {"api": "ended"}


def test_what_cannot_be_done_is_refused_with_the_reason(real: Run) -> None:
    assert real("new", "api", "-c", "api", "-d").code == 0
    for arguments in (["resume", "api"], ["send", "api", "hello"]):
        done = real(*arguments)
        assert done.code == 4, done.out + done.err
        assert "api" in done.out + done.err
    plan = real("resume", "api", "--dry-run", "--json")
    assert plan.code == 4
    assert plan.json["sessions"][0]["done"] == "refused"
    assert real("resume").code == 0
    assert real("resume", "nobody").code == 3
    assert real("stop", "api", "nobody").code == 3
    assert states(real)["api"] != "ended"


def test_a_broken_configuration_does_not_stop_the_supervisor(real: Run, home: Path) -> None:
    first = real("supervisor", "start", "--json").json["supervisor"]["pid"]
    file = home / ".config" / "tmuxclaude" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[resume]\nfoo = 3\n")
    file.chmod(0o600)
    done = real("supervisor", "restart")
    assert done.code == 2
    assert "resume.foo" in done.err
    assert real("supervisor", "status", "--json").json["supervisor"]["pid"] == first
    file.unlink()


def test_a_window_opens_in_the_tmux_session_that_was_named_or_not_at_all(
    real: Run, tmux: Callable[..., str], home: Path
) -> None:
    refused = real("new", "api", "-c", "api", "-t", "my work")
    assert refused.code == 3
    assert "there is no tmux session 'my work'; nothing was opened" in refused.err
    assert states(real) == {}
    assert list((home / ".local" / "state" / "tmuxclaude" / "hooks").glob("*.json")) == []

    opened = real("new", "api", "-c", "api", "-t", "mine")
    assert opened.code == 0, opened.err
    assert "there was no tmux session mine, so it was made" in opened.out
    assert tmux("list-windows", "-a", "-F", "#{session_name} #{window_name}") == "mine api"
    assert real("list", "--json").json["sessions"][0]["tmux_session"] == "mine"

    tmux("rename-session", "-t", "mine", "my work")
    again = real("new", "web", "-c", "api", "-t", "my work")
    assert again.code == 0, again.err
    assert "note" not in again.out
    assert "my work web" in tmux("list-windows", "-a", "-F", "#{session_name} #{window_name}")
    outside = real("new", "out", "-c", "api")
    assert "note" not in outside.out
    assert real("list", "--json").json["sessions"][-1]["tmux_session"] == "claude"


def test_no_directory_is_made_for_a_tmux_server_but_tmuxs_own(real: Run, home: Path) -> None:
    refused = real("new", "api", "-c", "api", "-d", "-S", str(home / "gone" / "socket"))
    assert refused.code == 2
    assert f"-S: the directory {home / 'gone'} does not exist" in refused.err
    assert not (home / "gone").exists()
    assert states(real) == {}


def test_stop_and_resume_say_in_a_sentence_what_became_of_it(real: Run, home: Path) -> None:
    assert real("new", "api", "-c", "api", "-d").code == 0
    stopped = real("stop", "api", "--now")
    assert stopped.out == (
        "api: has ended (to come back to its conversation: tmuxclaude resume api)\n"
    )
    [row] = real("list", "--all", "--json").json["sessions"]
    assert row["reason"] == "stopped by you"

    (home / "bin" / "claude").write_text("#!/bin/sh\nexit 3\n")
    resumed = real("resume", "api")
    assert resumed.code == 4
    assert resumed.out.splitlines() == [
        "api: opens it again (a new conversation, without text)",
        "api: its conversation had no messages yet, so a new one was begun",
        "api: it is lost again: it ended with status 3",
    ]
    log = real("supervisor", "logs").out
    assert "api: stopped: by you" in log
    assert "api: started: in pane" in log
    assert "api: state: starting → lost" in log


def test_without_tmux_nothing_is_opened(real: Run, home: Path) -> None:
    done = real("new", more={"PATH": str(home / "bin")})
    assert done.code == 3
    assert "tmux is not installed" in done.err
    assert not (home / ".local").exists()


def test_doctor_says_what_is_missing_and_how_to_mend_it(real: Run, home: Path) -> None:
    (home / "bin" / "claude").unlink()
    done = real("doctor", more={"PATH": f"{home / 'bin'}:/usr/bin:/bin"})
    assert done.code == 1
    assert "Install Claude Code" in done.out
    checks = real("doctor", "--json", more={"PATH": f"{home / 'bin'}:/usr/bin:/bin"}).json
    assert {one["name"]: one["ok"] for one in checks["checks"]}["Claude Code"] is False
