"""What hooks have told lies in the spool until it is done."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.store.values import SESSION, session
from tests.supervisor import faults
from tmuxclaude.core.evidence import Life
from tmuxclaude.edges import processes, spool
from tmuxclaude.edges.clock import Clock
from tmuxclaude.store.books import Books
from tmuxclaude.store.database import open_for_writing
from tmuxclaude.store.format import DatabaseUnavailableError
from tmuxclaude.supervisor.intake import Intake
from tmuxclaude.supervisor.observe import Observer
from tmuxclaude.supervisor.windows import Windows

UIDS = ("a" * 32, "b" * 32)
CONVERSATION = "3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42"


@pytest.fixture
def intake(tmp_path: Path, tmux_server: PrivateServer) -> Iterator[Intake]:
    database = open_for_writing(tmp_path / "it.db", 0.1)
    books = Books(database)
    for uid in UIDS:
        books.sessions.add(session(uid, name=uid[:1], conversation=CONVERSATION, account="/none"))
    observer = Observer(lambda _: tmux_server.tmux, Clock())
    told = tmp_path / "spool"
    told.mkdir()
    windows = Windows(books, lambda _: tmux_server.tmux, tmp_path, told, time.time)
    yield Intake(books, observer, windows, told)
    database.close()


def tell(intake: Intake, uid: str, event: dict[str, str]) -> None:
    spool.write(intake.spool / f"{uid}.1.json", json.dumps({"session_id": CONVERSATION} | event))


def is_known(intake: Intake, uid: str) -> bool:
    return intake.books.activity.counted(uid, CONVERSATION) is not None


def test_what_cannot_be_kept_is_not_lost_with_what_waits_behind_it(
    intake: Intake, tmp_path: Path
) -> None:
    for uid in UIDS:
        tell(intake, uid, {"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"})
    with faults.locked(tmp_path / "it.db"), pytest.raises(DatabaseUnavailableError):
        intake.take_spool(time.time())
    assert len(list(intake.spool.iterdir())) == 2
    intake.take_spool(time.time())
    assert all(is_known(intake, uid) for uid in UIDS)
    assert list(intake.spool.iterdir()) == []


def test_what_is_told_twice_comes_to_the_same(intake: Intake) -> None:
    other = CONVERSATION.replace("3", "4")
    for _ in range(2):
        event = {"hook_event_name": "SessionStart", "session_id": other, "source": "clear"}
        tell(intake, UIDS[0], event)
        intake.take_spool(time.time())
    links = [link.conversation for link in intake.books.sessions.chain(UIDS[0])]
    assert links == [other]


@pytest.mark.parametrize("then", ["nothing", "asked for", "a crash", "another process"])
def test_a_goodbye_holds_until_its_process_has_ended(intake: Intake, then: str) -> None:
    """Its tmux server is gone: only what was said tells an end on purpose from an accident."""
    me = processes.identify(os.getpid())
    assert me is not None
    leaving = replace(SESSION, uid="c" * 32, name="c", process=me)
    intake.books.sessions.add(leaving)
    tell(intake, leaving.uid, {"hook_event_name": "SessionEnd", "reason": "prompt_input_exit"})
    intake.take_spool(time.time())
    match then:
        case "asked for":
            intake.observer.forget(leaving.uid)
        case "a crash":
            intake.observer = Observer(intake.observer.door, Clock())
            intake.recall()
        case "another process":
            leaving = replace(leaving, process=processes.identify(os.getppid()))
    [seen] = intake.observer.look([leaving], frozenset()).values()
    assert seen.life is (Life.DIED if then == "another process" else Life.EXITED)
