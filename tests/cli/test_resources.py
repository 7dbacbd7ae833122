"""What ``status`` and ``show`` say of the sessions' memory, processors and slots."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli.conftest import Run
from tests.cli.test_quick import answering
from tmuxclaude.api import wire
from tmuxclaude.cli import layout, resources

NOW = 1_800_000_000.0
MB = 10**6
USE = wire.UseView(uid="1", name="api", account="/a")
KNOWN = replace(USE, memory_bytes=612 * MB, cpu_percent=12.4, health="well", measured_at=NOW - 4)
SHARE = wire.ShareView(
    account="",
    slots_taken=3,
    slots_free=7,
    slots_allowed=10,
    memory_bytes=1230 * MB,
    memory_bytes_allowed=2000 * MB,
    cpu_percent=12.4,
    cpu_percent_allowed=80.0,
)
NOTHING = replace(SHARE, memory_bytes=None, cpu_percent=None)
ANY = replace(
    SHARE, slots_free=None, slots_allowed=None, memory_bytes_allowed=None, cpu_percent_allowed=None
)


def answer(total: wire.ShareView, *sessions: wire.UseView, **more: Any) -> Any:
    """As the supervisor gives it, in plain data."""
    told = wire.Measured(measured_at=NOW - 4, total=total, accounts=[], sessions=list(sessions))
    return layout.untagged(wire.plain(replace(told, **more)))


@pytest.mark.parametrize(
    ("found", "slots", "memory", "processors"),
    [
        (
            answer(SHARE, KNOWN),
            *("7 of 10 free", "1.2 GB of 2.0 GB (4s ago)", "12 % of 80 % (4s ago)"),
        ),
        (
            answer(SHARE, replace(KNOWN, cpu_percent=None), KNOWN, USE),
            "7 of 10 free",
            "1.2 GB of 2.0 GB (4s ago; 1 session not measured yet)",
            "12 % of 80 % (4s ago; 2 sessions not measured yet)",
        ),
        (
            answer(NOTHING, USE, measured_at=None),
            "7 of 10 free",
            "unknown of 2.0 GB (not measured yet)",
            "unknown of 80 % (not measured yet)",
        ),
        (
            answer(ANY, KNOWN),
            *("3 taken, any number allowed", "1.2 GB (4s ago)", "12 % (4s ago)"),
        ),
    ],
)
def test_status_says_what_is_taken_and_free(
    found: Any, slots: str, memory: str, processors: str
) -> None:
    assert resources.lines(found, NOW) == [
        *(("slots", slots), ("memory", memory), ("processors", processors)),
    ]
    assert resources.lines(None, NOW) == []


def test_who_is_not_well_is_named() -> None:
    stopped = replace(KNOWN, name="web", health="stopped")
    *_, last = resources.lines(answer(SHARE, KNOWN, USE, stopped), NOW)
    assert last == ("unwell", "web is stopped")


def test_an_account_with_budgets_of_its_own_says_so() -> None:
    own = replace(ANY, account="/work", slots_free=1, slots_allowed=4, memory_bytes_allowed=9 * MB)
    found = answer(SHARE, accounts=[replace(ANY, account="/a"), own])
    assert resources.of_account(found, "/a") == ""
    assert resources.of_account(found, "/elsewhere") == ""
    assert resources.of_account(None, "/work") == ""
    assert resources.of_account(found, "/work") == "; slots 1 of 4 free; memory 1.2 GB of 9 MB"


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (KNOWN, "612 MB of memory, 12 % of the processors (4s ago)"),
        (USE, "not measured yet"),
        (
            replace(KNOWN, memory_bytes=None, cpu_percent=None, health="zombie"),
            "memory unknown, processors not known yet; it is zombie (4s ago)",
        ),
    ],
)
def test_show_says_what_one_session_takes(use: wire.UseView, words: str) -> None:
    found = answer(SHARE, replace(USE, uid="2"), use)
    assert resources.of_session(resources.of_one(found, "1"), NOW) == words
    assert resources.of_one(found, "3") is None
    assert resources.of_session(resources.of_one(None, "1"), NOW) == ""


def test_a_supervisor_that_does_not_know_the_question_is_no_error(
    run: Run, socket_path: Path
) -> None:
    assert run("status", "--json").json["resources"] is None
    deadline = time.monotonic() + 20
    assert resources.ask(str(socket_path), deadline) is None
    older = wire.Failure(code="usage", message="Invalid value 'resources'")
    for line in (wire.encode(older), b"[]\n", b"{}\n", b"nonsense\n"):
        with answering(socket_path, line) as asked:
            assert resources.ask(str(socket_path), deadline) is None
        assert wire.decode_request(asked[0]) == wire.Resources()
        socket_path.unlink()
    told = wire.Measured(measured_at=None, total=SHARE, accounts=[], sessions=[])
    with answering(socket_path, wire.encode(told)):
        found = resources.ask(str(socket_path), deadline)
    assert found == answer(SHARE, measured_at=None)
