"""Claude Code's registry file, as recorded and as it must not hurt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.claude.registry import Entry, parse
from tmuxclaude.core.evidence import Busy, RegistryFacts

RECORDED = (Path(__file__).parent.parent / "payloads" / "session-registry.json").read_text()
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
        status=Busy.BUSY,
        waiting_for="",
        name="proj-06",
        updated_at=1795210287.128,
        version="2.1.329",
        kind="interactive",
        pane="%59",
    )


def test_what_counts_as_evidence() -> None:
    waiting = changed(status="waiting", waitingFor="dialog open")
    assert waiting.facts == RegistryFacts(CONVERSATION, Busy.WAITING, "dialog open")
    assert changed(status=None).facts == RegistryFacts(CONVERSATION, None, "")
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
