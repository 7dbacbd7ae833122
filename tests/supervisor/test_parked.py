"""What Claude Code's files say of a session whose conversation went on in the background."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.cli.conftest import session as registered
from tmuxclaude.core.evidence import Ending, Evidence, Life, RegistryFacts
from tmuxclaude.core.model import Limit, LimitKind, Session, Source
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.edges import processes
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.supervisor.decide import decide
from tmuxclaude.supervisor.files import OwnFiles, open_elsewhere
from tmuxclaude.supervisor.intake import Intake

PAYLOADS = Path(__file__).parent.parent / "payloads"
RECORDED = (PAYLOADS / "session-registry-parked.jsonl").read_text().splitlines()
LIMITED = (PAYLOADS / "transcript-api-errors.jsonl").read_text().splitlines()[0]
NOW = 1_800_000_000.0
UID = "a" * 32


@dataclass
class Account:
    """A configuration directory, with one session whose pane's process is this test."""

    root: Path
    session: Session
    parked: str
    moved: str
    spare: str

    def entry(self, number: int, pid: int, **changes: object) -> None:
        """The recorded entry of the pane's process, its background one, or the spare one."""
        found = processes.identify(pid)
        assert found is not None
        entry = json.loads(RECORDED[number]) | {"pid": pid, "procStart": found.started}
        (self.root / "sessions" / f"{pid}.json").write_text(json.dumps(entry | changes))

    def transcript(self, conversation: str, *records: dict[str, object]) -> None:
        folder = self.root / "projects" / "-somewhere"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(record | {"sessionId": conversation}) + "\n" for record in records]
        (folder / f"{conversation}.jsonl").write_text("".join(lines))

    def facts(self) -> RegistryFacts:
        facts = OwnFiles().registry(self.session)
        assert facts is not None
        return facts


@pytest.fixture
def background() -> Iterator[int]:
    """A process that runs."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def account(tmp_path: Path) -> Account:
    root = tmp_path / "claude"
    (root / "sessions").mkdir(parents=True)
    parked, moved, spare = (json.loads(line)["sessionId"] for line in RECORDED)
    session = registered("api", tmp_path, uid=UID, conversation=parked)
    session = replace(session, account=str(root), process=processes.identify(os.getpid()))
    account = Account(root, session, parked, moved, spare)
    account.entry(0, os.getpid())
    return account


@pytest.fixture
def books(tmp_path: Path, account: Account) -> Iterator[Books]:
    db = open_for_writing(tmp_path / "tmuxclaude.db")
    books = Books(db)
    books.sessions.add(account.session)
    books.sessions.link(UID, account.parked, NOW - 100, "start")
    yield books
    db.close()


def test_conversation_and_status_are_those_of_the_background(
    account: Account, background: int
) -> None:
    account.entry(1, background, status="busy")
    facts = account.facts()
    assert (facts.conversation, facts.status) == (account.moved, "busy")
    here = replace(account.session, conversation=account.moved)
    assert open_elsewhere(here)
    assert not open_elsewhere(here, account.moved[:8])


def test_an_entry_whose_process_is_gone_does_not_count(account: Account, background: int) -> None:
    account.entry(1, background, procStart="1")
    facts = account.facts()
    assert facts.parked is not None
    assert (facts.conversation, facts.status, facts.parked.found) == ("", None, False)


def test_its_transcript_is_the_copied_one_until_it_has_its_own(account: Account) -> None:
    files, limited = OwnFiles(), json.loads(LIMITED)
    account.transcript(account.parked, limited)
    before = files.tail(account.session, account.moved, NOW, account.parked)
    assert before is not None
    assert (before.conversation, before.ending) == (account.parked, Ending.ERROR)
    prompt: dict[str, object] = {
        "type": "user",
        "message": {"role": "user", "content": "go on"},
        "uuid": "u",
    }
    account.transcript(account.moved, limited, prompt | {"timestamp": "2026-11-21T10:00:00Z"})
    after = files.tail(account.session, account.moved, NOW + 2, account.parked)
    assert after is not None
    assert (after.conversation, after.ending) == (account.moved, Ending.PROMPTED)


def test_the_chain_and_the_halt_go_on_in_the_background(
    account: Account, background: int, books: Books
) -> None:
    limit = Limit(LimitKind.FIVE_HOUR, "limit", Source.TRANSCRIPT, NOW - 50, NOW + 60)
    books.halts.open_halt(UID, account.parked, limit, "record", NOW - 50)
    account.entry(1, background)
    evidence = Evidence(NOW, Life.ALIVE, registry=account.facts())
    decided = decide(books, account.session, evidence, ResumeRules())
    assert decided.session.conversation == account.moved
    assert decided.halt is not None
    assert (decided.halt.open, decided.halt.conversation) == (True, account.moved)
    account.entry(1, background, sessionId=account.spare)  # /clear, in the background
    evidence = replace(evidence, registry=account.facts())
    assert decide(books, decided.session, evidence, ResumeRules()).halt is None
    chain = [(link.conversation, link.why) for link in books.sessions.chain(UID)]
    assert chain == [
        (account.parked, "start"),
        (account.moved, "background"),
        (account.spare, "clear"),
    ]


@pytest.mark.parametrize("parked", [True, False])
def test_a_spare_process_begins_no_conversation(
    account: Account, background: int, books: Books, tmp_path: Path, parked: bool
) -> None:
    account.entry(2, background)
    if not parked:
        account.entry(0, os.getpid(), parkedJobId=None)
    spool = tmp_path / "spool"
    spool.mkdir(mode=0o700)
    event = {"hook_event_name": "SessionStart", "session_id": account.spare, "source": "startup"}
    file = spool / f"{UID}.12345678.json"
    file.write_text(json.dumps(event))
    file.chmod(0o600)
    nobody = cast("Any", None)
    Intake(books, nobody, nobody, spool).take_spool(NOW)
    assert not file.exists()
    assert [link.conversation for link in books.sessions.chain(UID)] == [account.parked]
