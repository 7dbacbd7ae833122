"""``stats`` from a real database and real transcripts."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Run, on_terminal, session
from tmuxclaude.core.model import Actor, Limit, LimitKind, Source, State
from tmuxclaude.store.books import Books

HOUR = 3600.0
CONVERSATION = "0a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture
def worked(books: Books, home: Path) -> float:
    """Ten hours ago a session began, worked, was limited and was resumed; what time it is."""
    now = time.time()
    began = now - 10 * HOUR
    one = session("api", home, state=State.IDLE, since=began + 5 * HOUR, created_at=began)
    books.sessions.add(one)
    books.sessions.link(one.uid, CONVERSATION, began, "start")
    for hours, text in (
        (0, "idle → working"),
        (1, "working → limited"),
        (3.5, "limited → working"),
        (5, "working → idle"),
    ):
        books.events.note(began + hours * HOUR, one.uid, "state", text)
    books.events.note(began + 0.5 * HOUR, "", "unwatched", "it slept", {"since": began})
    limit = Limit(LimitKind.FIVE_HOUR, "hit", Source.TRANSCRIPT, began + HOUR, began + 3 * HOUR)
    halt = books.halts.open_halt(one.uid, CONVERSATION, limit, "r1", began + HOUR)
    books.halts.save(
        replace(halt, ended_at=began + 3.5 * HOUR, ended_by=Actor.US, outcome="it went on")
    )
    books.events.note(began + 7 * HOUR, one.uid, "back", "typed", {"halt": halt.id})
    transcript = home / ".claude" / "projects" / "-api" / f"{CONVERSATION}.jsonl"
    transcript.parent.mkdir(parents=True)
    at = datetime.fromtimestamp(began + HOUR / 2, UTC).isoformat().replace("+00:00", "Z")
    usage = {"input_tokens": 100, "output_tokens": 50, "cache_read_input_tokens": 9000}
    records = [
        {"type": "user", "message": {"role": "user", "content": "do it"}},
        {"type": "assistant", "message": {"id": "m", "model": "x", "content": [], "usage": usage}},
        {"type": "assistant", "message": {"id": "m", "model": "x", "content": [], "usage": usage}},
    ]
    about = {"timestamp": at, "sessionId": CONVERSATION, "cwd": str(home / "api")}
    transcript.write_text("".join(json.dumps(about | one) + "\n" for one in records))
    return now


FIGURES = {
    "sessions": 1,
    "turns": 1,
    "tokens": 150,
    "worked": 2 * HOUR,
    "waited": 2.5 * HOUR,
    "saved": 4 * HOUR,
    "by_us": 1,
    "by_claude": 0,
    "by_you": 0,
    "checkpoints": 0,
}


def test_the_figures_as_data(worked: float, run: Run, home: Path) -> None:
    told = run("stats", "--json").json
    assert told["total"] == pytest.approx(FIGURES)
    [row] = told["rows"]
    assert row == pytest.approx({"session": "api", **FIGURES})
    assert told["until"] - told["since"] == pytest.approx(7 * 24 * HOUR)
    assert told["until"] == pytest.approx(worked, abs=60)
    [account] = run("stats", "--by", "account", "--json").json["rows"]
    assert account["name"] == "default"
    assert run("stats", "--by", "account").out.splitlines()[1].startswith("default ")
    for by, key in (("account", str(home / ".claude")), ("directory", str(home / "api"))):
        assert [one[by] for one in run("stats", "--by", by, "--json").json["rows"]] == [key]
    days = run("stats", "--by", "day", "--since", "2d", "--json").json["rows"]
    assert len(days) == 3
    assert sum(day["worked"] for day in days) == pytest.approx(2 * HOUR)
    late = run("stats", "--since", "6h", "--json").json["total"]
    assert (late["worked"], late["turns"]) == (pytest.approx(1 * HOUR, abs=60), 0)
    assert run("stats", "-L", "elsewhere", "--json").json["rows"] == []


@pytest.mark.usefixtures("worked")
def test_the_figures_for_people(env: dict[str, str], home: Path) -> None:
    for columns in (60, 120):
        shown = on_terminal(["stats"], columns, env, home).splitlines()
        assert max(map(len, shown)) <= columns
        assert any("#" in line and ".." in line and line.endswith("2.0h") for line in shown)
    assert shown[0].split() == [
        *("SESSION", "SESSIONS", "TURNS", "TOKENS", "WORKED", "WAITED", "SAVED", "RESUMED"),
        "CHECKPOINTS",
    ]
    assert shown[1].split() == ["api", "1", "1", "150", "2.0h", "2.5h", "4.0h", "1/0/0", "0"]
    assert shown[2].split()[0] == "all"


def test_nothing_has_happened(run: Run) -> None:
    assert run("stats").out.startswith("Nothing happened since")
    assert run("stats", "--since", "soon").code == 2
