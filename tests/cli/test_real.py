"""The whole way: a real supervisor, a real tmux server, and a ``claude`` that does nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.cli.conftest import Run

STAND_IN = """#!/bin/sh
trap 'sleep 1; exit 0' TERM
while :; do sleep 0.1; done
"""
"""It takes its time to end, so that whoever waits for its end has to."""


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for a fact."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it never became so"
        sleep(0.05)


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


def test_without_tmux_nothing_is_opened(real: Run, home: Path) -> None:
    done = real("new", more={"PATH": str(home / "bin")})
    assert done.code == 3
    assert "tmux is not installed" in done.err
    assert not (home / ".local").exists()


def test_doctor_says_what_is_missing_and_how_to_mend_it(real: Run, home: Path) -> None:
    (home / "bin" / "claude").unlink()
    done = real("doctor", more={"PATH": f"{home / 'bin'}:/usr/bin:/bin"})
    assert done.code == 5
    assert "Install Claude Code" in done.out
    checks = real("doctor", "--json", more={"PATH": f"{home / 'bin'}:/usr/bin:/bin"}).json
    assert {one["name"]: one["ok"] for one in checks["checks"]}["Claude Code"] is False
