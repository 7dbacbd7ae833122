"""What is said where something is in the way names it, and the way out that is named works."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.home import Home, is_gone
from tests.supervisor import faults
from tests.test_app import keepers
from tests.waiting import until
from tmuxclaude.edges.processes import Life, identify, life


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        home = Home(Path(root).resolve())
        yield home
        home.clean()


def test_one_that_hangs_is_named_with_what_ends_it(home: Home) -> None:
    hung = home.start()
    hung.suspend()
    identity = identify(hung.pid)
    assert identity is not None
    until(lambda: life(identity) is Life.STOPPED)
    for words in (["supervisor", "stop"], ["supervisor", "restart"], ["status"], ["doctor"]):
        done = home.run(*words)
        assert f"kill -9 {hung.pid}" in re.sub(r"\s+", " ", done.stdout + done.stderr), words
    assert not home.paths.down.exists()
    os.kill(hung.pid, signal.SIGKILL)
    until(lambda: is_gone(hung))
    assert home.answering().pid != hung.pid


def under_modes(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``tmuxclaude`` for which the modes of files count."""
    launcher = faults.WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else []
    call = [*launcher, sys.executable, "-m", "tmuxclaude", *arguments]
    return subprocess.run(
        call, env=home.env, cwd="/", capture_output=True, text=True, timeout=60, check=False
    )


def test_a_home_that_cannot_be_written_is_read_and_starts_nothing(home: Home) -> None:
    home.start()
    for _ in range(2):  # the second time it is told to stay down
        assert home.run("supervisor", "stop").returncode == 0
    with faults.read_only(home.paths.state_dir):
        listed = under_modes(home, "list")
        assert (listed.returncode, listed.stdout) == (
            *(0, "No sessions. Open one with: tmuxclaude new\n"),
        )
        done = under_modes(home, "supervisor", "start")
        assert done.returncode == 5
        assert f"nothing can be written in {home.paths.state_dir}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_what_a_crash_left_in_such_a_home_is_said(home: Home) -> None:
    supervisor = home.start()
    keeper = supervisor.parent()
    assert keeper is not None
    keeper.kill()
    supervisor.kill()
    until(lambda: is_gone(supervisor))
    assert home.paths.database.with_name("tmuxclaude.db-wal").exists()
    home.paths.database.with_name("tmuxclaude.db-shm").unlink()
    with faults.read_only(home.paths.state_dir):
        done = under_modes(home, "list")
    assert done.returncode == 5
    assert "its directory cannot be written" in done.stderr


def test_why_it_does_not_come_up_is_said_at_once_and_by_its_logs(home: Home) -> None:
    few = home.root / "few"
    few.mkdir()
    for name in ("date", "sleep"):
        program = shutil.which(name)
        assert program is not None
        (few / name).symlink_to(program)
    usual, home.env["PATH"] = home.env["PATH"], str(few)  # no tmux on it
    try:
        done = home.run("supervisor", "start")
        logs = home.run("supervisor", "logs")
        assert home.run("supervisor", "stop").returncode == 0
    finally:
        home.env["PATH"] = usual
    assert done.returncode == 5
    assert "tmux is not installed" in done.stderr
    assert str(home.paths.raw_log) in logs.stderr
    until(lambda: keepers(home) == [])


def test_a_directory_that_is_gone_is_no_mistake_of_ours(home: Home) -> None:
    home.start()
    gone = home.root / "gone"
    for words in (["list", "-S", "rel"], ["export", "-o", "x"]):
        gone.mkdir()
        script = f'rmdir "$PWD"; exec {sys.executable} -P -m tmuxclaude "$@"'
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *words],
            env=home.env,
            cwd=gone,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert "the current directory does not exist any more" in done.stderr


def test_adopt_names_a_tmux_that_is_no_more(home: Home) -> None:
    home.env["TMUX"] = "/tmp/nonexistent/default,123,0"
    done = home.run("adopt")
    assert done.returncode == 5
    assert "$TMUX names /tmp/nonexistent/default" in done.stderr
    assert "unset TMUX" in done.stderr


def test_attach_is_not_kept_back_by_a_tmux_that_is_no_more(home: Home) -> None:
    (home.root / "bin").mkdir()
    program = home.root / "bin" / "claude"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    opened = home.run("new", "api", "-d", "-c", str(home.root))
    assert opened.returncode == 0, opened.stderr
    usual = dict(home.env)
    home.env["TMUX"] = "/tmp/nonexistent/default,123,0"
    done = home.run("attach", "api")
    home.env = usual
    assert "terminal" in done.stderr  # as tmux itself says to one that has none
    assert "nest" not in done.stderr
