"""Whatever a client says, it is answered, and the supervisor lives on (hardening: F65)."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.anything import values
from tests.api.served import Bare
from tests.conftest import PrivateServer
from tests.supervisor.enclosed import enclosed
from tests.supervisor.house import House
from tmuxclaude.api import wire
from tmuxclaude.core.errors import UsageError

EXAMPLES = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@pytest.fixture
def talked_to(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[House]:
    with enclosed(tmp_path, new_tmux_server()) as house:
        yield house
        assert house.ask(wire.Ping(), wire.Pong).pid
        assert "Traceback" not in house.log()


def answer(house: House, line: bytes) -> dict[str, Any]:
    """What the supervisor says to this line; it must say something it can be known by."""
    client = Bare(house.paths.socket)
    try:
        with suppress(BrokenPipeError):
            client.send(line + b"\n")
        told: dict[str, Any] = json.loads(client.line())
    finally:
        client.close()
    assert told.get("code") != "internal", (line, told)
    return told


def requests(house: House, pid: int) -> st.SearchStrategy[wire.Request]:
    """Any request but ``shutdown``, which cannot reach anything outside of this house."""
    odd = ["", "relative", "/nonexistent", "/\0", "/" + "x" * 5000]
    paths = st.sampled_from([*odd, str(house.project)])
    names = st.sampled_from(["api", "plain", "no such"]) | st.text(max_size=9)
    held = {
        "pid": st.sampled_from([pid, 2**31 - 1]),
        "socket": st.sampled_from(["", "/nonexistent/s", "/\0", odd[-1], house.server.socket]),
        "command": st.sampled_from([[], [""], ["/nonexistent"], [str(house.program("plain"))]]),
        "environment": st.just({}),
        "arguments": st.lists(st.sampled_from(["--model", "-x", "--", "\0", "-p", "hi"])),
        "name": names,
        "names": st.lists(names, max_size=3),
        **dict.fromkeys(["directory", "working_dir", "config_dir", "account", "committed"], paths),
    }
    kinds = [kind for kind in wire.REQUESTS if kind is not wire.Shutdown]
    return st.sampled_from(kinds).flatmap(lambda kind: values(kind, held))


def is_no_request(line: bytes) -> bool:
    """hypothesis takes constants from the code too, and some of them are requests."""
    with suppress(UsageError):
        wire.decode_request(line)
        return False
    return b"\n" not in line


def test_any_line_is_answered(talked_to: House) -> None:
    @EXAMPLES
    @given(st.binary(max_size=300).filter(is_no_request))
    def bytes_are(line: bytes) -> None:
        assert answer(talked_to, line)["code"] == "usage"

    @EXAMPLES
    @given(json_values)
    def json_is(value: Any) -> None:
        assert answer(talked_to, json.dumps(value).encode())["code"] == "usage"

    @EXAMPLES
    @given(
        st.sampled_from(wire.REQUESTS).map(lambda kind: str(kind.__struct_config__.tag)),
        st.dictionaries(st.text(max_size=9), json_values, min_size=1),
    )
    def unknown_fields_are(tag: str, fields: dict[str, Any]) -> None:
        told = answer(talked_to, json.dumps(fields | {"type": tag, "surely": 1}).encode())
        assert told["code"] == "usage"

    bytes_are()
    json_is()
    unknown_fields_are()


def test_any_request_is_answered(talked_to: House) -> None:
    talked_to.new("api").idle()
    with subprocess.Popen(["sleep", "1000"]) as sleeper:

        @EXAMPLES
        @given(requests(talked_to, sleeper.pid))
        def any_is(request: wire.Request) -> None:
            assert "type" in answer(talked_to, wire.encode(request).rstrip(b"\n"))

        try:
            any_is()
            assert sleeper.poll() is None  # it was registered, and nothing was done to it
        finally:
            sleeper.kill()


def test_bad_clients_leave_nothing_behind(talked_to: House) -> None:
    """1 MiB of garbage, deep nesting, NUL, half a frame, a slow one, and 1,000 connections."""
    supervisor = psutil.Process(talked_to.ask(wire.Ping(), wire.Pong).pid)
    before = supervisor.num_fds()
    slow = Bare(talked_to.paths.socket)
    slow.send(b'{"type":')
    for bad in (b"\0", b"[" * 100_000, b'{"a":' * 10_000, b"x" * 1_048_576):
        assert answer(talked_to, bad)["code"] == "usage"
    for _ in range(1000):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(talked_to.paths.socket))
    assert b"too slowly" in slow.line()
    slow.close()
    assert talked_to.ask(wire.Ping(), wire.Pong).pid == supervisor.pid
    assert supervisor.num_fds() <= before + 1
