"""Claude Code's registry file, as recorded and as it must not hurt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.claude.registry import Entry, parked, parse
from tmuxclaude.core.evidence import RegistryFacts, Status
from tmuxclaude.core.parked import Parked

PAYLOADS = Path(__file__).parent.parent / "payloads"
RECORDED = (PAYLOADS / "session-registry.json").read_text()
PARKED = (PAYLOADS / "session-registry-parked.jsonl").read_text().splitlines()
"""Of the pane's process, of the one that has its conversation now, and of a spare one."""
CONVERSATION = "99999999-1111-4999-8999-999999999999"


def changed(**fields: Any) -> Entry:
    entry = parse(json.dumps(json.loads(RECORDED) | fields))
    assert entry is not None
    return entry


def test_the_recorded_file() -> None:
    assert parse(RECORDED) == Entry(
        pid=14287,
        proc_start="167095",
        conversation=CONVERSATION,
        cwd="/home/me/proj",
        status=Status.BUSY,
        waiting_for="",
        name="proj-06",
        updated_at=1795210287.128,
        version="2.1.329",
        kind="interactive",
        pane="%59",
        started_at=1795210284.164,
    )


def test_what_counts_as_evidence() -> None:
    waiting = changed(status="waiting", waitingFor="dialog open")
    assert waiting.facts == RegistryFacts(
        CONVERSATION, Status.WAITING, "dialog open", began_at=1795210284.164
    )
    bare = changed(status=None, startedAt=None).facts
    assert bare == RegistryFacts(CONVERSATION, None, "", began_at=None)
    assert changed(sessionId="none").facts is None


@pytest.mark.parametrize(
    ("target", "pane"),
    [
        ("kslow:@59.%59", "%59"),
        ("a.b:c %1:@2.%3", "%3"),
        ("kslow:@59", ""),
        ("kslow:@59.%", ""),
        ("kslow:@59.%59\n", ""),
        ("%59", "%59"),
        (None, ""),
        (59, ""),
    ],
)
def test_the_pane(target: object, pane: str) -> None:
    assert changed(tmux=target).pane == pane


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        CONVERSATION + "\n",
        CONVERSATION[:-1],
        "９" * 36,
        7,
        None,
        [CONVERSATION],
    ],
)
def test_only_a_uuid_is_a_conversation(name: object) -> None:
    assert changed(sessionId=name).conversation == ""


def test_the_process_start_is_digits() -> None:
    assert changed(procStart="167095\n").proc_start == ""
    assert changed(procStart="Mon Nov 20").proc_start == ""


@pytest.mark.parametrize("odd", [None, [], {}, 10**400, 1e999, True, -1, "busy\n", "\ud800", [[]]])
def test_odd_fields_are_unknown(odd: object) -> None:
    recorded = json.loads(RECORDED)
    entry = parse(json.dumps(dict.fromkeys(recorded, odd) | {"pid": 5}))
    assert entry is not None
    assert (entry.pid, entry.status, entry.updated_at) == (5, None, None)
    assert (entry.proc_start, entry.conversation, entry.pane) == ("", "", "")
    assert json.dumps([entry.name, entry.cwd], ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("pid", [None, 0, -3, 1.5, "12", True, 10**400, [1]])
def test_without_a_pid_it_says_nothing(pid: object) -> None:
    assert parse(json.dumps(json.loads(RECORDED) | {"pid": pid})) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "17", RECORDED[:100], "[" * 200_000, '{"pid":' + "9" * 100_000 + "}"],
    ids=lambda text: text[:12],
)
def test_what_is_no_object_says_nothing(text: str) -> None:
    assert parse(text) is None


def entries(**changes: Any) -> tuple[Entry, Entry, Entry]:
    """The recorded ones; ``changes`` to that of the process in the background."""
    pane, its, spare = map(json.loads, PARKED)
    found = [parse(json.dumps(each)) for each in (pane, its | changes, spare)]
    own, background, waits = (entry for entry in found if entry is not None)
    return own, background, waits


def test_a_parked_conversation_is_that_of_its_job() -> None:
    own, its, spare = entries(status="busy")
    assert (own.kind, its.kind, spare.kind) == ("interactive", "bg", "bg")
    assert (own.in_background, its.in_background, spare.in_background) == (False, True, False)
    about = Parked(
        "9f5c2a3a",
        own.updated_at,
        name="story two",
        copied_from=own.conversation,
        began_at=1795255261.849,
    )
    assert own.conversation != its.conversation
    assert parked(own, (own, spare, its)) == RegistryFacts(
        its.conversation, Status.BUSY, "", about, about.began_at
    )


def test_a_parked_conversation_whose_process_is_gone_has_no_status() -> None:
    own, _, spare = entries()
    assert parked(own, (own, spare)) == RegistryFacts(
        "", parked=Parked("9f5c2a3a", own.updated_at, found=False)
    )
    asking = entries(sessionId=None)[1]
    assert parked(own, (own, asking, spare)).parked == Parked(
        "9f5c2a3a", own.updated_at, found=False
    )


def test_what_was_cleared_in_the_background_copies_nothing() -> None:
    own, its, spare = entries(sessionId=CONVERSATION)
    facts = parked(own, (own, its, spare))
    assert (facts.conversation, facts.parked and facts.parked.copied_from) == (CONVERSATION, "")


def test_other_conversations_in_the_background_are_known_by_name() -> None:
    own, its, spare = entries()
    other = entries(jobId="12345678", name="another")[1]
    facts = parked(own, (own, other, its, spare))
    assert facts.parked is not None
    assert (facts.parked.name, facts.parked.others) == ("story two", frozenset({"another"}))
