"""A git that hangs: the child is ended with all that it started, and tries again later."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.edges.repositories import Repository
from tests.waiting import until
from tmuxclaude.core.checkpoints import BACKOFF, Wish
from tmuxclaude.core.rules import Rules
from tmuxclaude.demo import files
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor import checkpoints
from tmuxclaude.supervisor.checkpoints import Checkpointer

STUBBORN = "#!/bin/sh\ntrap '' TERM\nsleep 60 &\necho $$ $! >>{pids}\nwait\nsleep 60\n"


class Ahead(Clock):
    """A clock that a test sets forward."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


def test_it_is_ended_with_all_that_it_started_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "TAKE_SECONDS", 3.0)
    repository = Repository.new(tmp_path / "p", tmp_path)
    wish = spoken(tmp_path, repository.path)
    git, pids = tmp_path / "bin" / "git", tmp_path / "pids"
    git.parent.mkdir()
    git.write_text(STUBBORN.format(pids=pids))
    git.chmod(0o755)
    env = dict(os.environ) | {"PATH": f"{git.parent}:{os.environ['PATH']}"}
    with closing(open_for_writing(tmp_path / "db")) as database:
        books, clock = Books(database), Ahead()
        makers = checkpoints.children(env, tmp_path / "scratch", lambda: None)
        one = Checkpointer(books, Rules(), clock, *makers, str(tmp_path))
        name = one.ask(wish)

        def row() -> Mapping[str, Any]:
            one.turn()
            return books.checkpoints.get(name) or {}

        until(lambda: row()["stage"] == "due" and row()["problem"], lambda: str(row()))
        asked = clock.now()
        assert (row()["problem"], row()["tries"]) == ("it took over 3 s", 1)
        assert row()["next_at"] == pytest.approx(asked + BACKOFF[0], abs=5)
        started = [int(pid) for pid in pids.read_text().split()]
        assert len(started) == 2
        until(lambda: not any(map(alive, started)), what="git and what it started are gone")
        assert not psutil.Process().children(recursive=True)

        git.unlink()
        assert (row()["stage"], row()["tries"]) == ("due", 1)
        monkeypatch.setattr(checkpoints, "TAKE_SECONDS", 60)
        clock.ahead = BACKOFF[0] + 1
        until(lambda: row()["stage"] == "taken", lambda: str(row()))
        assert (row()["tries"], row()["problem"], bool(row()["snapshot"])) == (2, "", True)
        one.close()


def spoken(home: Path, directory: Path) -> Wish:
    """A wish for a conversation in which something was said."""
    account, conversation = str(home / ".claude"), files.new_id()
    transcript = files.Transcript(account, str(directory), conversation, absent=False)
    transcript.write("user", text="do it", prompt_id=files.new_id())
    return Wish(conversation, account, str(directory), reasons=("asked",))


def alive(pid: int) -> bool:
    """A zombie whose parent is somebody else's is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
