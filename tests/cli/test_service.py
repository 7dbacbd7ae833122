"""The supervisor as a service, under a systemctl that does what systemd would and notes it down."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run
from tests.waiting import until

SYSTEMCTL = f"""#!{sys.executable}
import os, shlex, socket, subprocess, sys
home = os.environ["HOME"]
words = sys.argv[1:]
with open(home + "/calls", "a") as calls:
    print(*words, file=calls)
if os.path.exists(home + "/no-bus"):
    sys.exit("Failed to connect to bus: No medium found")
if "enable" in words or "start" in words:
    unit = open(home + "/.config/systemd/user/tmuxclaude.service").read()
    lines = [line.partition("=") for line in unit.splitlines()]
    [command] = [shlex.split(value) for key, _, value in lines if key == "ExecStart"]
    variables = [shlex.split(value)[0] for key, _, value in lines if key == "Environment"]
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.settimeout(20)
    heard.bind(home + "/notify")
    variables += ["HOME=" + home, "NOTIFY_SOCKET=" + home + "/notify", "WATCHDOG_USEC=180000000"]
    env = dict(variable.split("=", 1) for variable in variables)
    output = open(home + "/journal", "w")
    subprocess.Popen(command, cwd="/", env=env, stdin=-3, stdout=output, stderr=output)
    said = [heard.recv(100).decode() for _ in range(2)]
    os.unlink(home + "/notify")
    with open(home + "/calls", "a") as calls:
        print("heard", *said, file=calls)
"""


@pytest.fixture
def service(run: Run, env: dict[str, str], home: Path) -> Iterator[Run]:
    """A home with the commands ``tmuxclaude`` and ``systemctl``; no supervisor is left there."""
    programs = home / "bin"
    programs.mkdir()
    start = f'#!/bin/sh\nexec {sys.executable} -m tmuxclaude "$@"\n'
    for name, text in (("tmuxclaude", start), ("systemctl", SYSTEMCTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    env["PATH"] = f"{programs}:{env['PATH']}"
    yield run
    assert run("supervisor", "stop").code == 0


def calls(home: Path) -> list[str]:
    file = home / "calls"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line.removeprefix("--user ") for line in lines]


def kept_by(run: Run) -> str:
    return str(run("supervisor", "status", "--json").json["supervisor"].get("kept_by"))


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is there")
def test_the_service_takes_over_comes_back_and_goes(service: Run, home: Path) -> None:
    unit = home / ".config/systemd/user/tmuxclaude.service"
    assert service("supervisor", "start").code == 0
    assert kept_by(service) == "keeper"
    assert "kept by keeper" in service("supervisor", "status").out

    done = service("install", "--service", "--yes")
    assert done.code == 0, done.err
    assert "systemd keeps the supervisor from now on." in done.out
    assert "loginctl enable-linger" in done.out
    assert calls(home) == [
        "daemon-reload",
        "enable --now tmuxclaude.service",
        "heard READY=1 WATCHDOG=1",
    ]
    assert kept_by(service) == "systemd"
    assert f'Environment="PYTHONPATH={ROOT}"' in unit.read_text()
    assert service("install", "--service", "--yes").out == "Nothing to change.\n"
    assert calls(home) == []

    assert service("supervisor", "restart").code == 0
    assert calls(home)[0] == "start tmuxclaude.service"
    assert kept_by(service) == "systemd"
    log = (home / ".local/state/tmuxclaude/supervisor.log").read_text()
    assert log.count("supervisor ended") == 2
    assert "runs as process" in (home / "journal").read_text()

    done = service("uninstall", "--service", "--yes")
    assert "tmuxclaude supervisor start" in done.out
    assert calls(home) == ["disable --now tmuxclaude.service", "daemon-reload"]
    assert not unit.exists()
    service("supervisor", "restart")
    assert kept_by(service) == "keeper"


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is there")
def test_where_systemd_cannot_be_told_it_says_how(service: Run, home: Path) -> None:
    (home / "no-bus").touch()
    first = service("supervisor", "start", "--json").json["supervisor"]["pid"]
    done = service("install", "--service", "--yes")
    assert done.code == 0
    assert "Failed to connect to bus: No medium found" in done.out
    assert "    systemctl --user enable --now tmuxclaude.service" in done.out.splitlines()
    assert (home / ".config/systemd/user/tmuxclaude.service").exists()
    now = service("supervisor", "status", "--json").json["supervisor"]
    assert (now["pid"], now["kept_by"]) == (first, "keeper")
    gone = service("uninstall", "--service", "--yes").out.splitlines()
    assert "    systemctl --user disable --now tmuxclaude.service" in gone
    assert "    systemctl --user daemon-reload" in gone


def test_what_fails_when_tried_is_not_installed(service: Run, home: Path) -> None:
    config = home / ".config" / "tmuxclaude" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[resume]\nfoo = 1\n")
    done = service("install", "--service", "--yes")
    assert done.code == 5
    assert "resume.foo" in done.err
    assert "nothing was installed" in done.err
    assert calls(home) == []
    assert not (home / ".config/systemd").exists()
    config.unlink()


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is there")
def test_a_unit_that_somebody_else_wrote_is_left_alone(service: Run, home: Path) -> None:
    unit = home / ".config/systemd/user/tmuxclaude.service"
    unit.parent.mkdir(parents=True)
    theirs = "[Service]\n# Written by: tmuxclaude install --service\nExecStart=/opt/mine\n"
    unit.write_text(theirs)
    for verb in ("install", "uninstall"):
        done = service(verb, "--service", "--yes")
        assert done.code == 4, done.out
        assert f"{unit}: it was not written by: tmuxclaude install --service" in done.err
        assert unit.read_text() == theirs
    assert calls(home) == []
    rows = service("install", "--json").json["parts"]
    [row] = [row for row in rows if row["name"] == "service"]
    assert (row["installed"], "was not written" in row["problem"]) == (False, True)


# -- the configuration of a supervisor that runs, and its log --------------------------------------


def test_a_change_is_taken_up_and_a_mistake_is_not(service: Run, home: Path) -> None:
    config = home / ".config" / "tmuxclaude" / "config.toml"
    log = home / ".local/state/tmuxclaude/supervisor.log"
    pid = int(service("supervisor", "start", "--json").json["supervisor"]["pid"])

    done = service("config", "set", "resume.draft", "stash")
    assert done.code == 0, done.err
    assert 'resume.draft: "wait" → "stash"' in done.out
    until(lambda: 'configured: resume.draft: "wait" → "stash"' in log.read_text())

    config.write_text("[resume]\nmargin_seconds = 5\n")
    hang_up(pid)
    until(lambda: "resume.margin_seconds: 30 → 5" in log.read_text(), what=log.read_text)
    assert service("supervisor", "reload", "--json").json == {"changed": []}

    config.write_text("[resume]\nmargin_seconds = 6\nfoo = 1\n")
    hang_up(pid)
    until(lambda: "was not taken up" in log.read_text(), what=log.read_text)
    [notice] = service("status", "--json").json["supervisor"]["notices"]
    assert "resume.foo" in notice
    refused = service("supervisor", "reload")
    assert refused.code == 2
    assert "resume.foo" in refused.err

    config.write_text("[resume]\nmargin_seconds = 6\n")
    assert service("supervisor", "reload").out == "resume.margin_seconds: 5 → 6\n"
    status = service("status", "--json").json["supervisor"]
    assert (status["notices"], status["pid"]) == ([], pid)
    assert json.loads(service("config", "get", "resume.margin_seconds").out) == 6


def test_changes_of_one_instant_are_all_kept(service: Run, env: dict[str, str], home: Path) -> None:
    assert service("supervisor", "start").code == 0
    assert service("config", "set", "resume.draft", "stash").code == 0
    file = home / ".config" / "tmuxclaude" / "config.toml"
    file.write_text("# mine\n" + file.read_text())
    keys = (
        *("resume.max_attempts", "resume.margin_seconds", "resume.max_per_day"),
        *("budget.sessions", "budget.account_sessions", "lifetime.hours"),
    )
    call = [sys.executable, "-m", "tmuxclaude", "config", "set"]
    setters = [subprocess.Popen([*call, key, "7"], env=env, cwd=home) for key in keys]
    assert [setter.wait(60) for setter in setters] == [0] * len(keys)
    values = service("config", "show", "--json").json
    assert {key: values[key] for key in keys} == dict.fromkeys(keys, 7)
    assert values["resume.draft"] == "stash"
    kept = [one.name for one in file.parent.iterdir() if one != file]
    assert kept == ["config.toml.bak"]


def test_a_log_that_was_removed_is_told_of_and_begun_anew(service: Run, home: Path) -> None:
    log = home / ".local/state/tmuxclaude/supervisor.log"
    assert service("supervisor", "start").code == 0
    log.rename(log.with_name("moved"))
    done = service("supervisor", "logs")
    assert done.code == 3
    assert "is gone; the supervisor begins it anew" in done.err
    assert service("config", "set", "resume.max_attempts", "7").code == 0
    until(lambda: log.exists() and "resume.max_attempts" in log.read_text())
    shown = service("supervisor", "logs", "-n", str(10**20))
    assert (shown.code, shown.out) == (0, log.read_text())


def hang_up(pid: int) -> None:
    import os
    import signal

    os.kill(pid, signal.SIGHUP)
