"""What is offered, against the real supervisor: the answers are exactly these."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.api.home import Home
from tests.web.door import CONVERSATION, Door
from tmuxclaude.api.client import Client


@pytest.fixture
def pid() -> Iterator[int]:
    """A process that could be Claude Code."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process.pid
        process.kill()


def test_a_session_registers_lives_and_ends(door: Door, pid: int) -> None:
    mine = {"sessionId": CONVERSATION, "directory": "/tmp", "pid": pid, "startTime": time.time()}
    registered = door.post("register", **mine)
    kept_by_nobody = {"connection": "close", "cache-control": "no-store"}
    assert registered.headers.items() >= kept_by_nobody.items()
    uid = registered.json["sessionId"]
    assert registered.json == {
        "success": True,
        "sessionId": uid,
        "daemonStatus": "running",
        "isPaused": False,
    }
    [kept] = door.sessions()
    assert (kept["uid"], kept["conversation"], kept["directory"]) == (uid, CONVERSATION, "/tmp")
    assert kept["pane"] == {"socket": "", "pane_id": None}
    assert door.post("register", **mine).json == registered.json
    beaten = door.post("heartbeat", sessionId=uid, promptCount=7, status="busy")
    assert beaten.json == {"success": True, "isPaused": False}
    status = door.ask("GET", f"/api/session/status?sessionId={CONVERSATION}")
    assert status.json == {
        "isPaused": False,
        "pausedAt": None,
        "resumeAt": None,
        "reason": "",
        "daemonStatus": "running",
    }
    ended = door.post("end", sessionId=CONVERSATION.upper(), reason="done", promptCount=9)
    assert ended.json == {"success": True}
    [kept] = door.sessions()
    assert (kept["state"], kept["reason"]) == ("ended", "done")


def test_started_inside_a_session_it_is_not_that_session(door: Door, home: Home) -> None:
    conversation = CONVERSATION.replace("0001", "0003")
    with Client(home.paths.socket) as client:  # of this process, which has started `serve` too
        mine = client.register(conversation, "/tmp", os.getpid())
    answer = door.post("register", sessionId=conversation, directory="/tmp", pid=os.getpid())
    assert answer.headers["session-nonce"] == ""
    for verb in ("heartbeat", "end"):
        refused = door.post(verb, sessionId=conversation)
        assert (refused.status, refused.json["error"]) == (403, "refused")
    assert door.post("end", sessionId=conversation, nonce=mine.nonce).json == {"success": True}


def test_a_pause_is_told(door: Door, home: Home) -> None:
    assert home.run("pause").returncode == 0
    told = door.ask("GET", "/api/session/status").json
    assert home.run("unpause").returncode == 0
    assert told["isPaused"]
    assert told["pausedAt"] == pytest.approx(time.time(), abs=60)
    assert told["reason"]
    assert not door.ask("GET", "/api/session/status").json["isPaused"]


def test_only_who_registered_here_is_spoken_for(door: Door, home: Home, pid: int) -> None:
    """What it was told when it registered lets it go on with a server that was started anew."""
    conversation = CONVERSATION.replace("0001", "0002")
    mine = {"sessionId": conversation, "directory": "/tmp", "pid": pid}
    nonce = door.post("register", **mine).headers["session-nonce"]
    assert nonce
    door.end()
    later = Door(home)
    try:
        assert later.token != door.token
        assert later.ask("GET", "/health", Authorization=f"Bearer {door.token}").status == 401
        refused = later.post("end", sessionId=conversation)
        assert (refused.status, refused.json["error"]) == (403, "refused")
        assert later.post("register", **mine).headers["session-nonce"] == ""
        assert later.post("end", sessionId=conversation).status == 403
        assert later.post("register", **mine, nonce=nonce).headers["session-nonce"] == nonce
        assert later.post("end", sessionId=conversation).json == {"success": True}
        assert later.post("heartbeat", sessionId="nobody").status == 404
    finally:
        later.end()
