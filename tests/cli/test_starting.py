"""Who stopped the supervisor starts it again, and nobody else does without a word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tests.cli.test_conversations import HOUR, ID, transcript
from tests.conftest import PrivateServer
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing


@pytest.fixture
def stopped(run: Run, home: Path, state_dir: Path) -> Iterator[Path]:
    """A home with one session, in which no supervisor runs."""
    db = open_for_writing(state_dir / "tmuxclaude.db")
    Books(db).sessions.add(session("api", home, uid="1" * 32, pane=None))
    db.close()
    yield home
    run("supervisor", "stop")


def runs(run: Run) -> bool:
    return run("supervisor", "status").code == 0


@pytest.mark.usefixtures("stopped")
def test_it_stays_stopped(run: Run, tmux_server: PrivateServer) -> None:
    for words in (
        ("adopt", "-S", tmux_server.socket),
        ("adopt", "--all", "--dry-run", "-S", tmux_server.socket),
        ("checkpoint", "api"),
        ("checkpoint", "--all"),
        ("checkpoint", "prune", "--older-than", "1d"),
        ("chain", "reset", "api"),
        ("set", "api", "--group", "g"),
        ("extend", "api"),
        ("cleanup", "--older-than", "1d"),
    ):
        done = run(*words)
        assert (done.code, runs(run)) in ((5, False), (0, False)), words
        assert done.code == 0 or "tmuxclaude supervisor start" in done.err, words


@pytest.mark.parametrize("verb", ["adopt", "checkpoint", "import"])
def test_who_starts_it_says_so(
    verb: str, run: Run, stopped: Path, tmux_server: PrivateServer
) -> None:
    transcript(stopped / ".claude", ID, stopped, time.time() - 2 * HOUR)
    assert run("export", "-o", "kept.json").code == 0
    words = {
        "adopt": ("adopt", "--all", "-S", tmux_server.socket),
        "checkpoint": ("checkpoint", "--once"),
        "import": ("import", "kept.json"),
    }[verb]
    done = run(*words)
    assert (done.code, done.err.count("\n")) == (0, 1), done
    assert "it was started; to end it: tmuxclaude supervisor stop" in done.err
    assert runs(run)
    assert run(*words).err == ""
