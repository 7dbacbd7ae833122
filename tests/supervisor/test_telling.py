"""What is known of sessions without anyone's calling, and what others are told of them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.supervisor.house import OURS, TASK, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client

ID = "3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42"

SPEAKS = """
import json, os, socket, subprocess, sys
def ask(path, **request):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\\n")
        return connection.makefile().readline()
path, told = sys.argv[1], json.loads(sys.argv[2])
print(ask(path, type="register", pid=os.getpid(), **told), end="", flush=True)
for line in sys.stdin:
    print(ask(path, **json.loads(line)), end="", flush=True)
"""


def test_a_resume_from_its_limit_to_its_history(house: House) -> None:
    seat = house.limited("api")
    kinds: list[str] = []
    with Client(house.paths.socket) as client:
        events = client.subscribe(["api"], since=0)
        while not kinds or kinds[-1] != "limit":
            kinds.append(next(events).kind)
        house.let_it_be_due()
        while kinds[-1] != "halt over":
            kinds.append(next(events).kind)
    assert kinds[0] == "started"
    assert "state" in kinds
    seat.has_turns(TASK, OURS)
    [shown] = house.ask(wire.List(), wire.Listed).sessions
    assert shown.prompts == 2
    assert shown.active_at is not None
    listed = json.loads(house.run("list", "--json").stdout)["sessions"]
    assert listed[0] == wire.plain(shown) | {"active_at": listed[0]["active_at"]}
    assert "2 prompts, last active" in house.run("show", "api").stdout
    told = json.loads(house.run("history", "api", "--json").stdout)["entries"]
    assert [entry["what"] for entry in told] == ["started", "limited", "resumed"]
    assert told[2]["by"] == "tmuxclaude"
    assert told[2]["waited"] > 3600
    table = house.run("history").stdout.splitlines()
    assert table[0].split() == ["WHEN", "NAME", "WHAT", "HOW"]
    assert "by tmuxclaude after 1h" in table[3]
    assert house.run("history", "nobody").returncode == 3


class Speaker:
    """A process that registers itself, and then asks what it is told to."""

    def __init__(self, house: House, conversation: str) -> None:
        told = {"sessionId": conversation, "directory": str(house.project)}
        call = [sys.executable, "-c", SPEAKS, str(house.paths.socket), json.dumps(told)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True)
        self.registered = self._line()

    def asks(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told


def test_sessions_speak_for_themselves_alone(house: House) -> None:
    first, second = Speaker(house, ID), Speaker(house, ID.replace("3", "4"))
    try:
        assert first.registered["success"], first.registered
        mine, others = first.registered["sessionId"], second.registered["sessionId"]
        assert first.asks(type="heartbeat", sessionId=mine, promptCount=7, status="busy") == {
            "type": "heartbeat_taken",
            "success": True,
            "isPaused": False,
        }
        for request in ({"type": "end"}, {"type": "heartbeat"}):
            assert first.asks(sessionId=others, **request)["code"] == "refused"
        nonce = second.registered["nonce"]
        assert first.asks(type="heartbeat", sessionId=others, nonce=nonce)["success"]
        sessions = {one.uid: one for one in house.ask(wire.List(), wire.Listed).sessions}
        assert sessions[mine].prompts == 7
        assert sessions[others].state != "ended"
        assert "refused" in house.run("stop", "--all").stdout
        house.restart()
        assert first.asks(type="end", sessionId=mine, reason="done")["success"]
        assert [one.uid for one in house.ask(wire.List(), wire.Listed).sessions] == [others]
        second.process.kill()
        second.process.wait()
        until(lambda: not house.ask(wire.List(), wire.Listed).sessions, house.log)
    finally:
        for speaker in (first, second):
            speaker.process.kill()
            speaker.process.communicate()


def test_the_socket_answers_while_a_round_is_far_away(house: House) -> None:
    """Questions do not wait for it, and what they change does not either."""
    house.stop()
    house.paths.config.write_text("[supervisor]\npoll_seconds = 30\n")
    house.start()
    house.new("api")
    with Client(house.paths.socket) as client:
        for _ in range(200):
            client.ping()
        client.hold("api")
        until(lambda: client.sessions()[0].outlook.why == "held, never touched", house.log)
