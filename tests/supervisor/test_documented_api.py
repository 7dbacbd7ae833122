"""Every request and every answer of docs/api.md, executed against a real supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.supervisor.documented import Talk, blocks, exchanges, same_shape, written
from tests.supervisor.enclosed import enclosed
from tests.supervisor.house import LIMIT, House
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.store import exporting


@pytest.fixture
def enclosed_house(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[House]:
    with enclosed(tmp_path, new_tmux_server()) as house:
        yield house


def state(house: House, name: str) -> str:
    listed = house.ask(wire.List(), wire.Listed).sessions
    return next((one.state for one in listed if one.name == name), "")


def test_every_request_and_answer_is_executed(enclosed_house: House) -> None:
    house = enclosed_house
    sleeper = subprocess.Popen(["sleep", "1000"])
    limited = str(house.program("limited", limit=LIMIT))
    talk = Talk(
        house.paths.socket,
        {
            "/srv/api": str(house.project),
            "/tmp/tmux-1000/default": house.server.socket,
            "/usr/bin/claude": limited,
            4711: sleeper.pid,
            4712: os.getpid(),
        },
    )
    asked, answered = set(), set()
    try:
        for request, answers in exchanges():
            kind = request["type"]
            if kind == "list":
                until(lambda: state(house, "api") == "idle", house.log)
            if kind == "run":
                until(lambda: house.ask(wire.Status(), wire.PauseStatus).is_paused, house.log)
            if kind == "import":
                nothing = exporting.document({table: [] for table in exporting.TABLES}, 0.0)
                left = house.paths.state_dir / f"import-{request['token']}"
                left.write_text(json.dumps(nothing))
            if kind == "shutdown":
                talk.close()
                talk.connect()
            talk.say(request)
            asked.add(kind)
            for told in map(written, answers):
                answer = talk.hear(told)
                grows = kind in ("list", "show", "resources")  # with each look
                tries = 40 if grows else 0
                while tries and not same_shape(told, answer):
                    time.sleep(0.25)
                    tries -= 1
                    talk.say(request)
                    answer = talk.hear(told)
                answered.add(answer["type"])
                assert same_shape(told, answer), (request, told, answer)
    finally:
        talk.close()
        sleeper.kill()
        sleeper.wait()
    tags = {one.__struct_config__.tag for one in (*wire.REQUESTS, *wire.ANSWERS)}
    missing = tags - asked - answered
    assert not missing, f"the conversation in docs/api.md does not show {sorted(missing)} yet"


def test_the_examples_for_shells_and_python_run(house: House) -> None:
    env = house.env() | {"SOCKET": str(house.paths.socket)}
    house.new("api").idle()
    house.ask(wire.Pause(), wire.Paused)
    [shell] = blocks("sh")
    calls = [["sh", "-c", shell], *([sys.executable, "-c", code] for code in blocks("python"))]
    said = [
        subprocess.run(call, env=env, capture_output=True, text=True, check=True, timeout=30).stdout
        for call in calls
    ]
    assert json.loads(said[0])["type"] == "pong"
    assert said[1].startswith("api idle")
    assert said[2].splitlines() == ["api idle 0", "default []", "paused until None"]
    assert "paused by you" in said[3].splitlines()[-1]
    assert "started in pane" in said[3]
