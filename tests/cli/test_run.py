"""``run``, as far as it goes without a supervisor: its calls, its start, where it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_quick import HEAVY, listening, loaded
from tmuxclaude.api import wire
from tmuxclaude.cli import asking, here, run
from tmuxclaude.edges.paths import Paths

JSON = {"json", "re", "enum"}
"""What a question costs; and what becoming another program does."""


def test_nothing_heavy_stands_before_claude_code(env: dict[str, str], home: Path) -> None:
    """With the question, though nobody is there to answer it."""
    call = (
        "import os; from tmuxclaude.cli import asking, run; os.isatty = lambda _: True;"
        "run.become = lambda *_: 0; run._start_and_ask = lambda *_: dict(type='admitted', words=[],"
        " notes=[], wait=None); from tmuxclaude.cli.main import main;"
        "sys.argv[1:] = ['run']; assert main() == 0"
    )
    (home / "claude").write_text("#!/bin/sh\n")
    (home / "claude").chmod(0o755)
    env = env | {"PATH": f"{home}:{env['PATH']}"}
    ours = loaded(env, call) - loaded(env, "pass")
    assert "tmuxclaude.edges.which" in ours
    assert ours & HEAVY <= JSON
    assert "tmuxclaude.claude.launch" not in ours


def test_plain_calls_are_understood() -> None:
    words = ["run", "--wait", "-n", "api", "--", "--wait", "--", "x"]
    call = run.understood(words)
    assert call is not None
    assert (call.if_limited, call.name) == ("wait", "api")
    assert call.arguments == ["--wait", "--", "x"]
    call = run.understood(["run", "--force"])
    assert call is not None
    assert (call.if_limited, call.arguments) == ("allow", [])


@pytest.mark.parametrize(
    "words",
    [["list"], ["run", "--help"], ["run", "--wait", "--force"], ["run", "-n"], ["run", "opus"]],
)
def test_other_calls_are_left_to_click(words: list[str]) -> None:
    assert run.understood(words) is None


def test_click_says_what_is_wrong_with_a_call(run: Run) -> None:
    both = run("run", "--wait", "--force")
    assert (both.code, "give one of them" in both.err) == (2, True)
    bare = run("run", "--model", "opus")
    assert (bare.code, "stand after --" in bare.err) == (2, True)


def test_no_claude_is_an_error(run: Run, home: Path) -> None:
    done = run("run", more={"PATH": str(home)})
    assert (done.code, "claude is not on your PATH" in done.err) == (3, True)


def test_the_limit_of_a_question_is_the_supervisors() -> None:
    assert asking.LONGEST == wire.MAX_BYTES


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (None, ("claude",)),
        ("[resume]\nenabled = false\n", ("claude",)),
        ('[claude]\ncommand = ["other", "--flag"]\n', ("other", "--flag")),
        ('claude.command = ["other"]\n', ("other",)),
    ],
)
def test_the_configured_command(
    home: Path, text: str | None, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "TMUXCLAUDE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    config = Paths.from_environment(os.environ).config
    config.parent.mkdir(parents=True)
    if text is not None:
        config.write_text(text)
        config.chmod(0o600)
    assert here.configured(os.environ)[0] == command


@pytest.mark.parametrize(
    ("env", "pane"),
    [
        ({}, {}),
        ({"TMUX": "", "TMUX_PANE": "%1"}, {}),
        ({"TMUX": "/nowhere/s,1,0", "TMUX_PANE": "%1"}, {}),
    ],
)
def test_the_pane_of_the_caller(env: dict[str, str], pane: dict[str, str]) -> None:
    assert here.pane(env) == pane


def test_a_pane_of_a_server_that_is_there_and_of_one_that_is_gone(socket_path: Path) -> None:
    env = {"TMUX": f"{socket_path},1,0", "TMUX_PANE": "%1"}
    with listening(socket_path):
        assert here.pane(env) == {"socket": str(socket_path), "pane": "%1"}
    assert here.pane(env) == {}


@pytest.mark.parametrize("home", ["", "relative"])
def test_an_odd_home_is_none(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMUXCLAUDE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("TMUXCLAUDE_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("HOME", home)
    right = Paths.from_environment(os.environ)
    found = here.places()
    assert (found.database, found.socket) == (str(right.database), str(right.socket))
    monkeypatch.setenv("TMUXCLAUDE_STATE_DIR", "relative")
    with pytest.raises(here.NotKeptError, match="TMUXCLAUDE_STATE_DIR is 'relative'"):
        here.places()


def test_the_zone_of_the_caller() -> None:
    assert here.zone({"TZ": ":Europe/Berlin"}) == "Europe/Berlin"
    assert here.zone({"TZ": "/usr/share/zoneinfo/Asia/Tokyo"}) == "Asia/Tokyo"
    assert here.zone({"TZ": "/etc/strange"}) == "UTC"
