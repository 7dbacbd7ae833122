"""Whatever the streams are, there is no traceback and no mistake of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import session
from tmuxclaude.core.model import Actor, Outlook, State
from tmuxclaude.store.books import Books

CALLS = [
    ["list"],
    ["status", "--json"],
    ["show", "api"],
    ["show", "żółw"],
    ["--help"],
    ["config", "show"],
]


def shell(streams: str, arguments: list[str], env: dict[str, str]) -> tuple[int, str]:
    """``tmuxclaude`` with its streams as the shell has them; its exit code and its complaint."""
    script = f'exec "$0" "$@" {streams}'
    command = ["/bin/sh", "-c", script, sys.executable, "-m", "tmuxclaude", *arguments]
    done = subprocess.run(command, env=env, capture_output=True, check=False, timeout=60)
    return done.returncode, done.stderr.decode(errors="replace")


@pytest.fixture(autouse=True)
def _session(books: Books, home: Path) -> None:
    outlook = Outlook(Actor.US, 4e9, "żółw 日本 →")
    books.sessions.add(session("api", home, state=State.LIMITED, outlook=outlook))
    books.events.note(1.0, "uid-api", "state", "working → limited")


@pytest.mark.parametrize("arguments", CALLS)
@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere(
    closed: str, arguments: list[str], env: dict[str, str], home: Path
) -> None:
    code, complaint = shell(closed, arguments, env)
    assert code == (3 if "żółw" in arguments else 0)
    assert "Traceback" not in complaint
    assert not list(home.rglob("cli.log"))


@pytest.mark.parametrize("arguments", [*CALLS[:3], *CALLS[4:], ["--version"], ["x", "--json"]])
def test_a_full_disk_is_an_error(arguments: list[str], env: dict[str, str], home: Path) -> None:
    code, complaint = shell(">/dev/full", arguments, env)
    assert code == 5
    last = complaint.splitlines()[-1]
    assert last == "tmuxclaude: standard output cannot be written: No space left on device"
    assert "Traceback" not in complaint
    assert not list(home.rglob("cli.log"))


def test_where_no_complaint_can_be_written_the_exit_code_tells(env: dict[str, str]) -> None:
    assert shell("2>/dev/full", ["nonsense"], env) == (2, "")


@pytest.mark.parametrize("arguments", CALLS)
def test_what_an_encoding_cannot_say_is_escaped(
    arguments: list[str], env: dict[str, str], home: Path
) -> None:
    code, complaint = shell("", arguments, env | {"PYTHONIOENCODING": "ascii"})
    assert code == (3 if "żółw" in arguments else 0)
    assert "Traceback" not in complaint
    assert not list(home.rglob("cli.log"))
