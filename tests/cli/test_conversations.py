"""``conversations`` and ``checkpoint --due --dry-run``, over transcripts, a registry and git."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, on_terminal, session
from tests.edges.repositories import Repository
from tmuxclaude.store.books import Books

ID = "0a1b2c3d-0000-4000-8000-000000000001"
OLD = "0a1b2c3d-0000-4000-8000-000000000002"
HOUR = 3600.0


def record(kind: str, at: float, cwd: Path, **more: Any) -> dict[str, Any]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    return {"type": kind, "sessionId": ID, "cwd": str(cwd), "timestamp": stamp, **more}


def transcript(config: Path, uid: str, cwd: Path, at: float, edits: int = 0) -> Path:
    """One turn that ended at ``at``; it began an hour before."""
    calls = [
        {"type": "tool_use", "id": "t", "name": "Write", "input": {"file_path": f"/p/{n}"}}
        for n in range(edits)
    ]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 99_990}
    message = {"id": "m", "model": "claude-x", "content": calls, "usage": usage}
    asked = {"role": "user", "content": "mend \x1b[2J it"}
    lines = [
        record("user", at - HOUR, cwd, message=asked, turnOrigin="human"),
        record("assistant", at, cwd, message=message),
    ]
    path = config / "projects" / str(cwd).replace("/", "-") / f"{uid}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def work(home: Path, books: Books) -> Path:
    """A repository with a change in it, a session there, and conversations of two accounts."""
    repository = Repository.new(home / "api", home)
    repository.write("a.txt", "changed\n")
    now = time.time()
    transcript(home / ".claude", ID, repository.path, now - HOUR, edits=3)
    transcript(home / ".claude", OLD, home / "gone", now - 30 * 24 * HOUR)
    transcript(home / "second", ID, home, now - 2 * HOUR)
    books.sessions.add(session("api", home))
    books.sessions.link("uid-api", ID, now, "start")
    config = home / ".config" / "tmuxclaude" / "config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text(f'[claude]\nconfig_dir = "{home}/second"\n')
    config.chmod(0o600)
    return repository.path


def test_every_conversation_of_every_account(run: Run, work: Path, home: Path) -> None:
    done = run("conversations", "--json")
    assert (done.code, done.err, done.json["problems"]) == (0, "", [])
    first, second = done.json["conversations"]
    assert first | {"first_at": 0, "last_at": 0} == {
        "id": ID,
        "account": str(home / ".claude"),
        "path": first["path"],
        "session": "api",
        "title": "",
        "first_prompt": "mend \x1b[2J it",
        "directory": str(work),
        "messages": {"user": 1, "assistant": 1},
        "files": 3,
        "files_since_checkpoint": 3,
        "first_at": 0,
        "last_at": 0,
        "idle_minutes": pytest.approx(60, abs=1),
        "model": "claude-x",
        "context_tokens": 100_000,
        "context_window": 200_000,
        "context_share": 0.5,
        "limits": 0,
        "uncommitted": 1,
        "uncommitted_why": "",
        "checkpoint": None,
    }
    assert (second["account"], second["session"]) == (str(home / "second"), None)
    assert (second["uncommitted"], second["uncommitted_why"]) == (None, "not in a git repository")


@pytest.mark.usefixtures("work")
def test_which_ones_are_shown(run: Run) -> None:
    def shown(*arguments: str) -> list[tuple[str, str]]:
        found = run("conversations", "--json", *arguments).json["conversations"]
        return [(one["id"], one["directory"].rpartition("/")[2]) for one in found]

    assert [name for name, _ in shown("--all")] == [ID, ID, OLD]
    assert len(shown("--since", "90m")) == 1
    assert shown("--dir", "api") == [(ID, "api")]
    assert shown("--dir", "nowhere") == []
    assert run("conversations", "--all", "--since", "1d").code == 2


@pytest.mark.usefixtures("work")
def test_people_see_a_table_and_what_could_not_be_read(
    run: Run, env: dict[str, str], home: Path
) -> None:
    bad = home / ".claude" / "projects" / "-x" / f"{OLD}.jsonl"
    bad.parent.mkdir()
    bad.symlink_to("/dev/zero")
    done = run("conversations")
    heads, line, *_ = done.out.splitlines()
    assert heads.split()[:3] == ["TITLE", "DIRECTORY", "SESSION"]
    assert "mend \\x1b[2J it" in line
    assert line.split()[-9:] == ["1/1", "3", "1", "100k", "50%", "claude-x", "-", "-", ID]
    assert done.err == f"tmuxclaude: ~/.claude/projects/-x/{OLD}.jsonl: a symbolic link\n"
    shown = on_terminal(["conversations"], 80, env, home).splitlines()
    assert max(map(len, shown[:3])) <= 80
    empty = run("conversations", "--dir", "nowhere").out
    assert empty == "No conversations; older ones: tmuxclaude conversations --all\n"


@pytest.mark.usefixtures("work")
def test_what_is_due_is_said_with_its_values(run: Run, env: dict[str, str], home: Path) -> None:
    config = home / ".config" / "tmuxclaude" / "config.toml"
    with config.open("a") as file:
        file.write("[checkpoint]\nidle_minutes = 600\n[sessions.api.checkpoint]\nfiles = 3\n")
    done = run("checkpoint", "--due", "--dry-run", "--json")
    assert done.code == 0
    found = {one["session"]: one for one in done.json["conversations"]}
    ours, other = found["api"], found[None]
    assert ours["due"]
    assert "activity" in ours["reasons"]
    assert {one["name"]: one["threshold"] for one in ours["triggers"]} == {
        "time": 2,
        "activity": 3,
        "context": 75,
        "idle": 600,
    }
    assert [one["weight"] for one in ours["triggers"]] == [0.3, 0.4, 0.5, 0.2]
    assert ours["triggers"][2]["value"] == pytest.approx(50)
    assert other["triggers"][1]["threshold"] == 15
    assert other["sum"] == pytest.approx(0.3 + 0.5 * 50 / 75 + 0.2 * 120 / 600, abs=0.01)
    text = run("checkpoint", "--due", "--dry-run").out
    heads, *lines = text.splitlines()
    for head in ("TIME x0.3", "ACTIVITY x0.4", "CONTEXT x0.5", "IDLE x0.2", "SUM", "WHY"):
        assert f"  {head}" in heads
    [line] = [line for line in lines if line.startswith("api ")]
    assert "  3 of 3 " in line
    with config.open("a") as file:
        file.write("files_weight = 0.9\nidle_weight = 0\n")
    heads, *lines = run("checkpoint", "--due", "--dry-run").out.splitlines()
    assert heads.split()[2:8] == ["TIME", "x0.3", "ACTIVITY", "CONTEXT", "x0.5", "IDLE"]
    [line] = [line for line in lines if line.startswith("api ")]
    assert "  3 of 3 x0.9 " in line
    assert len([one for one in lines if " of 15 x0.4 " in one]) == len(lines) - 1
    shown = on_terminal(["checkpoint", "--due", "--dry-run"], 80, env, home).splitlines()
    assert [len(one) <= 80 for one in shown] == [True] * len(shown)
    assert shown[0].split()[-2:] == ["SUM", "DUE"]
    assert run("checkpoint", "--dry-run").code == 2


def test_a_narrow_terminal_shows_enough_of_each_id(
    run: Run, work: Path, home: Path, env: dict[str, str]
) -> None:
    other = "f" + ID[1:]
    transcript(home / ".claude", other, home / "api", time.time() - 3 * HOUR, edits=120)
    lines = on_terminal(["conversations"], 80, env, home).splitlines()
    assert {line.split()[-1][:8] for line in lines[1:4]} == {ID[:8], other[:8]}
    assert max(map(len, lines[:4])) <= 80
    done = run("validate", other[:8], "--json")
    assert [one["id"] for one in done.json["conversations"]] == [other]
    transcript(home / "second", f"{other[:-1]}9", home, time.time())
    done = run("validate", other[:8])
    assert (done.code, "2 conversations begin with" in done.err) == (2, True)
    assert run("validate", "abcdef01").code == 3


def test_a_home_in_which_nothing_can_be_made_costs_only_the_cache(run: Run, work: Path) -> None:
    done = run("conversations", "--json", more={"TMUXCLAUDE_STATE_DIR": "/proc/tmuxclaude"})
    assert (done.code, done.err, len(done.json["conversations"])) == (0, "", 2)
    [problem] = done.json["problems"]
    assert problem["why"].startswith("everything was read anew: /proc/tmuxclaude/")
