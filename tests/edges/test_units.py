"""What systemd and launchd are given: held to their own programs where these are there."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tmuxclaude.edges import units

HOSTILE = {"PATH": "/usr/bin:/opt/a b", "ODD": "%h $HOME \"q\" 'a' \\ back\nline\ttab #; é"}


def agent(home: Path) -> units.Keeper:
    command = (sys.executable, "-c", "print('$HOME %h')")
    return units.launchd(home, command, HOSTILE, home / "raw")


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    file = tmp_path / "tmuxclaude.service"
    file.write_text(units.unit_text((sys.executable, "-c", "print('$HOME %h \"')"), HOSTILE))
    call = ["systemd-analyze", "verify", "--user", "--man=no", str(file)]
    # It wants a runtime directory, and complains of other units of the system that it meets.
    env = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(call, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert "tmuxclaude" not in done.stderr


def test_a_text_in_the_unit_means_only_itself() -> None:
    unit = units.unit_text(("/a b/python", "-c", 'x $HOME %h " \\'), HOSTILE).splitlines()
    assert 'ExecStart="/a b/python" "-c" "x $$HOME %%h \\" \\\\"' in unit
    assert 'Environment="PATH=/usr/bin:/opt/a b"' in unit
    odd = 'Environment="ODD=%%h $HOME \\"q\\" \'a\' \\\\ back\\nline\\ttab #; é"'
    assert odd in unit
    for needed in ("Type=notify", "Restart=on-failure", "KillMode=process", "WatchdogSec=180"):
        assert needed in unit


def test_launchd_takes_the_agent(tmp_path: Path) -> None:
    keeper = agent(tmp_path)
    read = plistlib.loads(keeper.content.encode())
    assert read["ProgramArguments"] == [sys.executable, "-c", "print('$HOME %h')"]
    assert read["EnvironmentVariables"] == {**HOSTILE, "TMUXCLAUDE_KEPT_BY": "launchd"}
    assert keeper.file == tmp_path / "Library/LaunchAgents/tmuxclaude.supervisor.plist"


@pytest.mark.parametrize("kind", ["systemd", "launchd"])
def test_whose_service_is_installed_is_found_out(kind: str, tmp_path: Path) -> None:
    keeper = agent(tmp_path)
    if kind == "systemd":
        keeper = units.systemd(tmp_path, "", ("/bin/python",), HOSTILE)
    assert not units.keeps(keeper, "ODD", HOSTILE["ODD"])
    keeper.file.parent.mkdir(parents=True)
    keeper.file.write_text(keeper.content)
    assert units.keeps(keeper, "ODD", HOSTILE["ODD"])
    assert not units.keeps(keeper, "ODD", "another")
    assert not units.keeps(keeper, "MISSING", "x")
    keeper.file.write_text("garbage")
    assert not units.keeps(keeper, "ODD", HOSTILE["ODD"])


def test_a_program_that_fails_is_told_of() -> None:
    assert units.call([("true",), ("true",)]) == ""
    assert units.call([("true",), ("sh", "-c", "echo no bus >&2; echo b >&2; exit 1")]) == "no bus"
    assert units.call([("false",), ("true",)]) == "false ended with status 1"
    assert "No such file" in units.call([("/nowhere/systemctl",)])


@pytest.mark.parametrize("kind", ["systemd", "launchd"])
def test_what_we_wrote_is_known_from_what_others_did(kind: str, tmp_path: Path) -> None:
    command = ("/bin/python", "-m", "tmuxclaude", "supervisor", "run")
    keeper = units.systemd(tmp_path, "", command, HOSTILE)
    theirs = "[Service]\nExecStart=/bin/tmuxclaude supervisor run\n"
    if kind == "launchd":
        keeper = units.launchd(tmp_path, command, HOSTILE, tmp_path / "raw")
        theirs = keeper.content.replace("<string>tmuxclaude</string>", "<string>mine</string>")
    assert units.wrote(keeper, keeper.content)
    for text in (theirs, "", "garbage", "\udcff"):
        assert not units.wrote(keeper, text)
