"""What a request leaves open is taken from the machine, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmuxclaude.core import errors
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges.claude_files import transcript_path
from tmuxclaude.supervisor.surroundings import Surroundings

ID = "3f2b8c1e-64d0-4a57-9b1f-0c8d7e6a5b42"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    env = {"TMUX": "/tmp/elsewhere,1,0", "TMUX_TMPDIR": str(tmp_path), "PATH": "/nonexistent"}
    return Surroundings(Rules, env)


@pytest.mark.parametrize("path", ["", ".", "relative", "/\0", "/" + "x" * 5000, "/etc/passwd"])
def test_what_is_no_directory_is_refused(path: str, around: Surroundings) -> None:
    with pytest.raises(errors.UsageError, match="no directory"):
        around.directory(path)


def test_a_directory_stays_as_it_was_written(around: Surroundings) -> None:
    assert around.directory("/usr/../usr/") == "/usr/../usr/"


def test_a_directory_is_one_account_however_it_is_spelled(tmp_path: Path) -> None:
    around = Surroundings(Rules, {"HOME": str(tmp_path / "home")})
    work, default = str(tmp_path / "work"), f"{tmp_path}/home/.claude"
    (tmp_path / "link").symlink_to("work")
    for spelled in (work, f"{work}/", f"{tmp_path}/link", f"{tmp_path}/x/../work"):
        assert around.account(spelled) == work
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".claude").symlink_to(tmp_path / "dotfiles")
    for spelled in ("", default, str(tmp_path / "dotfiles")):
        assert around.account(spelled) == default
    with pytest.raises(errors.UsageError, match="NUL"):
        around.account("/srv/\0")


def test_the_supervisors_own_tmux_is_not_the_default(around: Surroundings) -> None:
    assert "elsewhere" not in around.socket()
    assert around.socket().startswith(around.env["TMUX_TMPDIR"])


def test_without_claude_code_nothing_is_started(around: Surroundings) -> None:
    with pytest.raises(errors.NotFoundError):
        around.claude()


def test_a_transcript_is_named_before_it_is_there(around: Surroundings, tmp_path: Path) -> None:
    expected = Path(around.transcript(str(tmp_path), ID, str(tmp_path)))
    assert not expected.exists()
    expected.parent.mkdir(parents=True)
    expected.write_text("{}\n")
    assert transcript_path(tmp_path, ID, str(tmp_path)) == expected
    assert around.transcript(str(tmp_path), ID, "/elsewhere") == str(expected)
