"""Every error becomes an exit code and a line; only a mistake of our own leaves a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmuxclaude.cli.main import guarded
from tmuxclaude.core import errors


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMUXCLAUDE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))


def raising(problem: BaseException) -> int:
    raise problem


@pytest.mark.parametrize("kind", errors.BY_CODE.values())
@pytest.mark.parametrize("as_json", [False, True])
def test_each_error_has_its_exit_code(
    kind: type[errors.TmuxclaudeError], as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: raising(kind("what happened")), as_json) == kind.exit_code
    shown = capsys.readouterr()
    if as_json:
        assert f'"code": "{kind.code}"' in shown.out
        assert shown.err == ""
    else:
        assert shown.err == "tmuxclaude: what happened\n"
        assert shown.out == ""


def test_a_mistake_of_ours_is_kept_in_a_private_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(lambda: raising(KeyError("pane")), False) == 70
    log = home / ".local" / "state" / "tmuxclaude" / "cli.log"
    shown = capsys.readouterr().err
    assert str(log) in shown
    assert "Traceback" not in shown
    assert "KeyError: 'pane'" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_mistake_that_cannot_be_kept_is_told_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".local").touch()
    assert guarded(lambda: raising(KeyError("pane")), False) == 70
    assert "could not be written down" in capsys.readouterr().err


def test_ctrl_c_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: raising(KeyboardInterrupt()), False) == 130
    assert capsys.readouterr().err == ""
