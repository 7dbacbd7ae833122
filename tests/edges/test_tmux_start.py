"""What a tmux server that we start hands on to every pane of its life."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer

OURS_ALONE = ("CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "INVOCATION_ID", "NOTIFY_SOCKET", "SHLVL")
USERS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CONFIG_DIR", "LANG", "SSH_AUTH_SOCK")


def test_the_panes_get_the_users_variables_and_none_of_who_started_us(
    new_tmux_server: Callable[[], PrivateServer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in (*OURS_ALONE, *USERS):
        monkeypatch.setenv(name, "7")
    server = new_tmux_server()
    server.tmux.open_window(
        tmux_session="claude",
        create=True,
        name="api",
        directory=str(tmp_path),
        environment=[],
        argv=["sleep", "1000"],
        nonce="ab" * 16,
    )
    server.process()
    lines = server.say("show-environment", "-g").split("\n")
    names = {line.partition("=")[0] for line in lines}
    assert names.isdisjoint(OURS_ALONE)
    assert names >= {*USERS, "PATH", "HOME"}
