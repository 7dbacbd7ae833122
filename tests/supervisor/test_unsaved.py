"""What of a session's work is in no checkpoint, by a real look at a real work tree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.edges.repositories import Repository
from tests.store.values import SESSION
from tests.supervisor.hands import NOW, Hands
from tests.waiting import until
from tmuxclaude.core.checkpoints import Wish
from tmuxclaude.core.model import State
from tmuxclaude.core.resources import GRACE_SECONDS
from tmuxclaude.core.rules import CheckpointRules, Rules
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor import checkpoint_child, unsaved
from tmuxclaude.supervisor.unsaved import Unsaved, looker


@dataclass
class Desk:
    """One idle session in a repository, its checkpoints, and what is asked of them."""

    books: Books
    repository: Repository
    one: Unsaved = field(init=False)
    clock: Hands = field(default_factory=Hands)
    woken: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        home = self.repository.home
        child = looker(os.environ, home, lambda: self.woken.append(True))
        self.one = Unsaved(self.books, Rules(), self.clock, self.ask, child, str(home))
        idle = replace(SESSION, state=State.IDLE, since=NOW, account="/a", recorded=True)
        self.session = replace(idle, directory=str(self.repository.path))

    def ask(self, wish: Wish) -> str:
        return self.books.checkpoints.ask(wish, self.clock.now())

    def kept(self, **more: Any) -> None:
        """A checkpoint of all that is there, taken now; or of ``more``."""
        name = self.ask(Wish("c1", "/a", self.session.directory))
        self.books.checkpoints.begin(name)
        order = {"directory": self.session.directory, "home": str(self.repository.home)}
        look = checkpoint_child.look(order) | {"repository": "r", "snapshot": "5" * 40}
        plain = {"transcript": "", "offset": 0, "tokens": 0, "recap": "{}", "problem": ""}
        self.books.checkpoints.taken(name, self.clock.now(), plain | look | more)

    def why(self) -> str:
        """What is said once it is known."""

        def known() -> str:
            self.one.turn()
            said = self.one.why(self.session, NOW)
            return "" if said == unsaved.LOOKING else f"said: {said}"

        return until(known).removeprefix("said: ")

    def passes(self, seconds: float) -> None:
        self.clock.passed += seconds

    def asked(self) -> int:
        return len(self.books.checkpoints.all())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(open_for_writing(tmp_path / "db")) as database:
        repository = Repository.new(tmp_path / "project", tmp_path)
        one = Desk(Books(database), repository)
        try:
            yield one
        finally:
            one.one.close()


def test_what_is_written_after_a_checkpoint_is_in_none(desk: Desk) -> None:
    assert desk.why() == unsaved.TAKING
    desk.repository.write("new.txt", "one\n")
    desk.kept()
    assert desk.why() == ""
    desk.repository.write("new.txt", "two\n")
    assert desk.why() == "", "it was looked at just now"
    desk.passes(unsaved.BELIEVED_SECONDS)
    assert desk.why() == unsaved.CHANGED
    assert desk.asked() == 1
    desk.passes(GRACE_SECONDS)
    assert desk.why() == unsaved.TAKING
    assert desk.asked() == 2
    desk.kept()
    assert desk.why() == ""
    desk.repository.git("add", "new.txt")
    desk.repository.git("commit", "-q", "-m", "it")
    desk.passes(unsaved.BELIEVED_SECONDS)
    assert desk.why() == "", "nothing is left that is not committed"


def test_hashes_alone_keep_nothing(desk: Desk) -> None:
    desk.kept(snapshot="", problem="only hashes were kept: why")
    assert desk.why() == "", "all is committed"
    desk.repository.write("new.txt", "one\n")
    desk.kept(snapshot="", problem="only hashes were kept: why")
    assert desk.why() == "its work is in no snapshot: only hashes were kept: why"


def test_where_none_is_taken_unasked_the_work_keeps_it(desk: Desk) -> None:
    desk.one.rules = Rules(sessions={SESSION.name: CheckpointRules(enabled=False)})
    desk.kept()
    assert desk.why() == ""
    desk.repository.write("new.txt", "one\n")
    desk.passes(GRACE_SECONDS)
    assert desk.why() == "its work has no checkpoint, and checkpoint.enabled is false"
    assert desk.asked() == 1


def test_a_work_tree_that_cannot_be_looked_at_keeps_it(desk: Desk) -> None:
    desk.kept()
    index = desk.repository.path / ".git" / "index"
    index.write_bytes(b"no index")
    assert desk.why().startswith("its work cannot be looked at: ")
    assert desk.asked() == 1


def test_without_a_repository_the_recap_has_to_do(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    desk.session = replace(desk.session, directory=str(tmp_path / "plain"))
    desk.kept(snapshot="")
    assert desk.why() == ""
