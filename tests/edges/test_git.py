"""One command of git: how long it may take, and what is left of one that hangs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tmuxclaude.edges.git.call import FailedError, Git, GitError


def program(folder: Path, script: str) -> Git:
    """A git that is this shell script."""
    path = folder / "git"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Git(str(path), str(folder), {"PATH": os.environ["PATH"]})


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    git = program(tmp_path, f"echo $$ >{tmp_path}/pid; exec sleep 1000000")
    with pytest.raises(GitError, match="git x took too long"):
        Git(git.program, git.directory, git.environment, time.monotonic() + 2).call("x")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_none_runs_on_when_the_time_is_over(tmp_path: Path) -> None:
    git = program(tmp_path, "exec sleep 1000000")
    with pytest.raises(GitError, match="took too long"):
        Git(git.program, git.directory, git.environment, time.monotonic() - 1).call("x")


@pytest.mark.parametrize("check", [True, False])
def test_one_that_is_killed_has_not_said_no(tmp_path: Path, check: bool) -> None:
    git = program(tmp_path, "kill -9 $$")
    with pytest.raises(GitError, match="git x was ended by signal 9") as found:
        git.call("x", check=check)
    assert not isinstance(found.value, FailedError), "it is not the files that git does not take"


def test_its_answer_and_what_it_says_last(tmp_path: Path) -> None:
    git = program(tmp_path, 'cat; echo "fatal: no" >&2; exit "$3"')
    assert git.call("0", text="in").stdout == b"in"
    assert git.call("7", text="in", check=False).returncode == 7
    with pytest.raises(FailedError, match="git 7: no"):
        git.call("7")
