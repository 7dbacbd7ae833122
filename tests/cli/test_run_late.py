"""What ``run`` leaves for a supervisor that is late, and what it says when nothing can be left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tmuxclaude.api import wire
from tmuxclaude.chores import late
from tmuxclaude.core.errors import TmuxclaudeError
from tmuxclaude.edges import spool
from tmuxclaude.edges.paths import Paths
from tmuxclaude.edges.processes import identify

UID, ID = "0f" * 16, "11111111-2222-4333-8444-555555555555"
PLAIN = wire.Run(pid=os.getpid(), directory="/", command=["/bin/claude"], uid=UID, conversation=ID)


@pytest.fixture
def where(home: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """Nothing of ours is there yet."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMUXCLAUDE_STATE_DIR", str(home / "state"))
    monkeypatch.setenv("TMUXCLAUDE_RUNTIME_DIR", str(home / "run"))
    return Paths.from_environment(os.environ)


def order(**change: object) -> bytes:
    plain = {name: getattr(PLAIN, name) for name in PLAIN.__struct_fields__}
    return wire.encode(wire.Run(**(plain | change)))


def test_it_says_who_it_is_and_what_it_was_started_with(where: Paths) -> None:
    settings = late.leave(order(settings='{"model": "x"}'))
    [left] = spool.left(where.spool)
    assert left.path.name == f"run.{os.getpid()}.json"
    assert spool.told(where.spool) == []
    found, me = wire.decode_late(left.text), identify(os.getpid())
    assert me is not None
    assert (found.run.uid, found.run.conversation) == (UID, ID)
    assert (found.run.pid, found.started, found.boot) == (me.pid, me.started, me.boot)
    kept = json.loads(settings.read_text())
    assert kept["model"] == "x"
    assert UID in str(kept["hooks"]["SessionEnd"])
    assert {path.stat().st_mode & 0o777 for path in (settings, left.path)} == {0o600}


@pytest.mark.parametrize("trouble", ["a file", "open", "taken", "settings", "nameless"])
def test_where_nothing_can_be_left_nothing_is(where: Paths, trouble: str) -> None:
    line = order()
    match trouble:
        case "a file":
            where.runtime_dir.write_text("")
        case "open":
            where.runtime_dir.mkdir(mode=0o755)
        case "taken":
            where.ensure()
            (where.spool / f"run.{os.getpid()}.json").mkdir()
        case "settings":
            line = order(settings="no-such-file")
        case "nameless":
            line = order(uid=None)
    with pytest.raises(TmuxclaudeError):
        late.leave(line)
    assert spool.left(where.spool) == []
    assert not list(where.hooks.glob("*.json"))
