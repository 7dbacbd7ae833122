"""What hooks tell of a session's conversations: why one began, and that one was compacted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.cli.conftest import session
from tmuxclaude.core.rules import ChainRules
from tmuxclaude.store.activity import Said
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.intake import Intake

FIRST = "0a1b2c3d-0000-4000-8000-000000000001"
SECOND = "0a1b2c3d-0000-4000-8000-000000000002"
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it: made once, because making one takes a while."""
    path = tmp_path_factory.mktemp("blank") / "blank.db"
    open_for_writing(path).close()
    return path


@pytest.fixture
def intake(tmp_path: Path, blank: Path) -> Iterator[Intake]:
    """Of a session that the registry file has told to be in its second conversation."""
    db = open_for_writing(Path(shutil.copyfile(blank, tmp_path / "tmuxclaude.db")))
    books = Books(db)
    books.sessions.add(session("api", tmp_path, uid="a" * 32, conversation=SECOND))
    for conversation, why in ((FIRST, "start"), (SECOND, "clear")):
        books.sessions.link("a" * 32, conversation, NOW, why)
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    nobody = cast("Any", None)  # neither the observer nor the windows have a part in this
    yield Intake(books, nobody, nobody, spool)
    db.close()


def tell(intake: Intake, source: str) -> None:
    event = {"hook_event_name": "SessionStart", "session_id": SECOND, "source": source}
    file = intake.spool / f"{'a' * 32}.12345678.json"
    file.write_text(json.dumps(event))
    file.chmod(0o600)
    intake.take_spool(NOW + 1)
    assert not file.exists()


@pytest.mark.parametrize(
    ("source", "why"), [("fork", "fork"), ("resume", "resume"), ("clear", "clear")]
)
def test_a_hook_corrects_why_a_conversation_began(intake: Intake, source: str, why: str) -> None:
    tell(intake, source)
    assert [link.why for link in intake.books.sessions.chain("a" * 32)] == ["start", why]


def test_a_fork_stays_one_when_it_is_opened_again(intake: Intake) -> None:
    for source in ("fork", "resume"):
        tell(intake, source)
        assert [link.why for link in intake.books.sessions.chain("a" * 32)] == ["start", "fork"]


def test_the_only_conversation_of_a_session_can_be_a_fork(intake: Intake) -> None:
    intake.books.sessions.cut_chain("a" * 32)
    for source, why in (("resume", "clear"), ("fork", "fork")):
        tell(intake, source)
        assert [link.why for link in intake.books.sessions.chain("a" * 32)] == [why]


def test_compactions_are_counted_and_add_no_link(intake: Intake) -> None:
    for _ in range(2):
        tell(intake, "compact")
    rows = intake.books.db.rows("SELECT conversation, compactions FROM activity")
    assert [tuple(row.values()) for row in rows] == [(SECOND, 2)]
    assert [link.why for link in intake.books.sessions.chain("a" * 32)] == ["start", "clear"]


def test_without_previews_those_that_were_kept_are_forgotten(intake: Intake) -> None:
    intake.books.activity.note("a" * 32, SECOND, 1, NOW, said=Said(1, "do it", "done"))
    intake.follow(ChainRules(previews=False))
    [row] = intake.books.db.rows("SELECT prompts, replies, last_prompt, last_reply FROM activity")
    assert tuple(row.values()) == (1, 1, "", "")
    assert not intake.counts.previews
