"""Checkpoints of what is due, as a scheduler of the user's own has them taken."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_conversations import HOUR, ID, OLD, record, transcript
from tests.edges.repositories import Repository
from tmuxclaude.cli import checkpoint
from tmuxclaude.cli.main import main

NOTHING = "There is nothing to take a checkpoint of.\n"


@pytest.fixture
def supervised(run: Run, home: Path) -> Iterator[Path]:
    """A home in which these calls may start a supervisor."""
    yield home
    run("supervisor", "stop")


def begun(env: dict[str, str], home: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tmuxclaude", "checkpoint", *words]
    return subprocess.Popen(
        command,
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_from_nothing_running_to_nothing_due(
    run: Run, env: dict[str, str], supervised: Path
) -> None:
    home = supervised
    done = run("checkpoint", "--once")
    assert (done.code, done.out, done.err) == (0, NOTHING, "")
    assert run("supervisor", "status").code == 5, "nothing was due, so nobody was started"

    path = transcript(home / ".claude", ID, home, time.time() - 2 * HOUR)
    at_once = [begun(env, home, "--once", "--json") for _ in range(2)]
    told = [one.communicate(timeout=60) for one in at_once]
    assert [(one.returncode, err) for one, (_, err) in zip(at_once, told, strict=True)] == [
        (0, "")
    ] * 2
    rows = [json.loads(out)["checkpoints"] for out, _ in told]
    answers = {row["id"]: (row["stage"], row["reasons"]) for found in rows for row in found}
    assert list(answers.values()) == [("taken", ["time", "idle"])], "both mean the same one"
    assert len(run("checkpoints", "--json").json["checkpoints"]) == 1

    again = run("checkpoint", "--due")
    assert (again.code, again.out, again.err) == (0, NOTHING, "")
    verdict = run("checkpoint", "--due", "--dry-run", "--json").json["conversations"][0]
    assert verdict["why"] == "nothing happened since the last checkpoint"
    with path.open("a") as file:  # said before it was taken, and written after it was read
        file.write(json.dumps(record("user", time.time() - HOUR, home, message={})) + "\n")
    verdict = run("checkpoint", "--due", "--dry-run", "--json").json["conversations"][0]
    assert "min ago; the next after 30" in verdict["why"]

    broken = Repository.new(home / "broken", home)
    broken.git("config", "include.path", "/dev/zero")
    transcript(home / ".claude", OLD, broken.path, time.time() - 2 * HOUR)
    failed = run("checkpoint", "--once")
    assert (failed.code, failed.err) == (5, "")
    assert "failed, tried again at" in failed.out
    failed = run("checkpoint", "--once", "--json")
    [row] = failed.json["checkpoints"]
    assert (failed.code, row["stage"], row["tries"]) == (5, "due", 2), "it was tried at once"

    rounds = begun(env, home, "--interval", "60m")
    assert rounds.stdout is not None
    assert rounds.stdout.readline().split()[:2] == ["ID", "SESSION"]
    rounds.send_signal(signal.SIGINT)
    assert rounds.wait(30) == 130
    assert rounds.communicate()[1] == "\n"


def test_a_round_that_fails_is_told_and_the_next_one_comes(
    env: dict[str, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = home / "config.toml"
    for name, value in (env | {"TMUXCLAUDE_CONFIG": str(config)}).items():
        monkeypatch.setenv(name, value)
    due: list[Path] = []
    paused = []

    def spoil() -> None:
        """Something is due, and no supervisor is started with such a file."""
        due.append(transcript(home / ".claude", ID, home, time.time() - 2 * HOUR))
        config.write_text("[checkpoint]\nfiles = 0\n")
        config.chmod(0o600)

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            raise KeyboardInterrupt
        if len(paused) == 1:
            spoil()
        else:
            due.pop().unlink()

    monkeypatch.setattr(checkpoint, "pause", pause)
    monkeypatch.setattr(sys, "argv", ["tmuxclaude", "checkpoint", "--interval", "90m"])
    assert (main(), paused) == (130, [5400.0] * 3)
    said = capsys.readouterr()
    assert said.out == NOTHING * 2
    assert said.err.count("checkpoint.files") == 3, "two rounds tell of it, and one start"

    spoil()
    assert main() == 2, "what is wrong from the beginning ends it"
