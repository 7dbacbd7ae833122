"""Children answer, are ended with all that they started, and are replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.waiting import until
from tmuxclaude.edges.children import MEMORY_BYTES, Child, ChildError, Children, serve

SECONDS = 20.0


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """What the child of these tests does."""
    match order["do"]:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hush":
            os.close(1)
            subprocess.run(["sleep", "0.3"], check=False)
            os._exit(7)
        case "sleep":
            subprocess.run(["sleep", "60"], check=False)
        case "shout":
            print("no JSON", flush=True)
        case "eat":
            bytearray(2 * MEMORY_BYTES)
    return {"pid": os.getpid(), "said": order.get("say")}


@pytest.fixture
def child() -> Iterator[Child]:
    one = Child(__name__, dict(os.environ))
    yield one
    one.kill()


def test_it_answers_again_and_again_and_ends(child: Child) -> None:
    first, second = (child.ask({"do": "say", "say": word}, SECONDS) for word in ("ü", "b"))
    assert (first["said"], second["said"], first["pid"]) == ("ü", "b", second["pid"])
    child.end()
    assert not psutil.pid_exists(first["pid"])


def test_how_it_ended_is_waited_for(child: Child) -> None:
    with pytest.raises(ChildError, match="ended with status 7"):
        child.ask({"do": "hush"}, SECONDS)


@pytest.mark.parametrize(
    "what",
    [
        "die",
        "shout",
        pytest.param(
            "eat", marks=pytest.mark.skipif(sys.platform != "linux", reason="nobody counts it")
        ),
    ],
)
def test_no_answer_is_an_error_and_its_end(child: Child, what: str) -> None:
    pid = child.ask({"do": "say"}, SECONDS)["pid"]
    with pytest.raises(ChildError, match="broke off"):
        child.ask({"do": what}, SECONDS)
    assert not psutil.pid_exists(pid)


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(child: Child) -> None:
    pid = child.ask({"do": "say"}, SECONDS)["pid"]
    with pytest.raises(ChildError, match=r"it took over 0\.5 s"):
        child.ask({"do": "sleep"}, 0.5)
    until(lambda: _group(pid) == [], what="its group is gone")


def test_several_at_once_and_another_after_a_death() -> None:
    woken: list[bool] = []
    children = Children(__name__, dict(os.environ), 2, lambda: woken.append(True))
    try:
        children.ask("a", {"do": "say", "say": 1}, SECONDS)
        children.ask("b", {"do": "die"}, SECONDS)
        assert children.busy == {"a", "b"}
        found: dict[str, Any] = {}
        until(lambda: found.update(children.answers()) or len(found) == 2)
        assert (found["a"]["said"], isinstance(found["b"], ChildError)) == (1, True)
        assert woken
        pid = found["a"]["pid"]
        children.ask("c", {"do": "say"}, SECONDS)
        until(lambda: found.update(children.answers()) or "c" in found)
        assert found["c"]["pid"] == pid, "the idle one is asked again"
        children.rest()
        assert not psutil.pid_exists(pid)
        children.ask("d", {"do": "sleep"}, SECONDS)
    finally:
        children.close()
    until(lambda: not psutil.Process().children(recursive=True), what="all are ended")


def _group(pid: int) -> list[int]:
    found = []
    for one in psutil.pids():
        try:
            if os.getpgid(one) == pid:
                found.append(one)
        except ProcessLookupError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(serve(answer))
