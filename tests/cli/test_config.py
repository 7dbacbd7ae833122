"""config get, set and edit on a real file: what is written, what is refused, what is kept."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def file(home: Path) -> Path:
    return home / ".config" / "tmuxclaude" / "config.toml"


def table(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text())


def test_values_of_every_kind_are_set_and_got(run: Run, file: Path) -> None:
    done = run("config", "set", "resume.enabled", "false")
    assert done.code == 0, done.err
    assert done.out == "Written. No supervisor runs.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for key, value in (
        ("resume.margin_seconds", "1.5"),
        ("resume.quiet_hours", "23:00-07:00"),
        ("resume.backoff_minutes", "[1, 2]"),
        ("claude.command", '["/opt/claude", "--verbose"]'),
    ):
        assert run("config", "set", key, value, "--json").json["backup"] is None
    assert table(file) == {
        "resume": {
            "enabled": False,
            "margin_seconds": 1.5,
            "quiet_hours": "23:00-07:00",
            "backoff_minutes": [1, 2],
        },
        "claude": {"command": ["/opt/claude", "--verbose"]},
    }
    assert run("config", "get", "resume.quiet_hours").out == "23:00-07:00\n"
    assert run("config", "get", "claude.command").out == '["/opt/claude", "--verbose"]\n'
    got = run("config", "get", "resume.enabled", "--json").json
    assert got == {"key": "resume.enabled", "value": False}
    assert run("config", "set", "resume.quiet_hours", "").code == 0
    assert table(file)["resume"]["quiet_hours"] == ""


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("resume.enabeld", "true", "did you mean resume.enabled?"),
        ("nothing", "1", "there is no section"),
        ("resume.max_attempts", "many", "allowed: a whole number"),
        ("resume.max_attempts", "1\n[launch]\nenv = []", "allowed: a whole number"),
        ("resume.draft", "keep", "allowed:"),
        ("launch.env", '["API_KEY"]', "looks like a secret"),
    ],
)
def test_what_is_not_allowed_changes_nothing(
    key: str, value: str, told: str, run: Run, file: Path
) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("[resume]\nmax_attempts = 3 # mine\n")
    done = run("config", "set", key, value)
    assert done.code == 2
    assert told in done.err
    assert "nothing was changed" in done.err
    assert [one.name for one in file.parent.iterdir()] == ["config.toml"]
    assert file.read_text() == "[resume]\nmax_attempts = 3 # mine\n"


def test_comments_are_kept_beside_the_file_and_that_is_said(run: Run, file: Path) -> None:
    """A link to where one's files really are stays a link."""
    commented = '# mine\n[resume]\nmax_attempts = 3\n[notify]\ncommand = ["tell", "#1"]\n'
    real = file.parent.parent / "dotfiles.toml"
    file.parent.mkdir(parents=True)
    real.write_text(commented)
    file.symlink_to(real)
    done = run("config", "set", "resume.max_attempts", "4")
    assert f"it was kept as {file}.bak" in done.out
    assert file.with_name("config.toml.bak").read_text() == commented
    assert table(real)["resume"] == {"max_attempts": 4}
    assert file.is_symlink()
    assert "kept" not in run("config", "set", "resume.max_attempts", "5").out
    real.write_text("# again\n" + real.read_text())
    again = run("config", "set", "resume.max_attempts", "6", "--json").json["backup"]
    assert again == f"{file}.bak2"


def test_a_wrong_value_is_replaced_and_another_wrong_one_named(run: Run, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('[resume]\ndraft = "drop"\n')
    assert run("config", "set", "resume.draft", "wait").code == 0
    assert table(file) == {"resume": {"draft": "wait"}}
    file.write_text("[resume]\nmax_attempts = 0\n")
    done = run("config", "set", "resume.draft", "wait")
    assert done.code == 2
    for said in ("resume.max_attempts is 0", "nothing was changed", "tmuxclaude config edit"):
        assert said in done.err
    assert file.read_text() == "[resume]\nmax_attempts = 0\n"


Edit = Callable[..., tuple[int, str]]


@pytest.fixture
def edit(env: dict[str, str], home: Path) -> Edit:
    """``config edit`` on a terminal, with this sed script as the editor; the answers to it."""

    def edit(script: str, answers: str = "") -> tuple[int, str]:
        editor = home / "editor"
        editor.write_text(f"#!/bin/sh\nsed -i '{script}' \"$1\"\n")
        editor.chmod(0o755)
        leader, follower = pty.openpty()
        os.write(leader, answers.encode())
        done = subprocess.run(
            [sys.executable, "-m", "tmuxclaude", "config", "edit"],
            env=env | {"EDITOR": str(editor), "TMPDIR": str(home)},
            cwd=home,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
            text=True,
        )
        os.close(leader)
        os.close(follower)
        return done.returncode, done.stdout

    return edit


def test_what_the_editor_saved_takes_the_place_of_the_file(
    edit: Edit, run: Run, file: Path, home: Path, env: dict[str, str]
) -> None:
    code, said = edit("s/^#max_attempts = .*/max_attempts = 7/")
    assert (code, said) == (0, "Written. No supervisor runs.\n")
    assert table(file)["resume"] == {"max_attempts": 7}
    assert "# Whether stopped sessions are continued" in file.read_text()
    assert edit("s/x/x/") == (0, "Nothing was changed.\n")
    before = file.read_bytes()
    code, said = edit("s/^max_attempts = 7/max_attempts = 0/", "n\n")
    assert code == 2
    assert "resume.max_attempts is 0" in said
    assert file.read_bytes() == before
    [kept] = home.glob("tmuxclaude-*.toml")
    assert "max_attempts = 0" in kept.read_text()
    assert f"{kept}" in said
    code, said = edit('p\' "$1"; exec rm "$1"; : \'')
    assert (code, "the editor removed the file" in said) == (3, True), said
    assert file.read_bytes() == before
    env["VISUAL"] = "/nonexist"
    code, said = edit("")
    assert (code, "Set VISUAL" in said) == (3, True), said
    for odd in ("'", " "):
        env["VISUAL"] = odd
        code, said = edit("")
        assert (code, said.count("\n"), "VISUAL" in said) == (2, 1, True), said
    assert [*home.glob("tmuxclaude-*.toml")] == [kept]
    no_terminal = run("config", "edit")
    assert no_terminal.code == 2
    assert "needs a terminal" in no_terminal.err
    assert "See: tmuxclaude config set" in no_terminal.err


def test_what_was_edited_is_never_lost(
    edit: Edit, file: Path, home: Path, env: dict[str, str]
) -> None:
    wrong = "s/^#max_attempts = .*/max_attempts = 0/"
    code, said = edit(wrong, "\x04")  # Ctrl-D, instead of an answer
    [kept] = home.glob("tmuxclaude-*.toml")
    assert (code, f"kept in {kept}" in said) == (130, True), said
    assert "max_attempts = 0" in kept.read_text()
    kept.unlink()
    second = "fails"
    script = home / "fails-then"
    script.write_text(f"""#!/bin/sh
[ -e {home}/{second} ] && exit 1
touch {home}/{second}
sed -i '{wrong}' "$1"
""")
    script.chmod(0o755)
    env["VISUAL"] = str(script)
    code, said = edit("", "y\nn\n")
    [kept] = home.glob("tmuxclaude-*.toml")
    assert (code, said.count(f"kept in {kept}")) == (2, 3), said
    assert "max_attempts = 0" in kept.read_text()
    assert not file.exists()


def test_what_others_change_while_the_editor_is_open_is_kept(
    edit: Edit, run: Run, file: Path, home: Path, env: dict[str, str]
) -> None:
    assert run("config", "set", "resume.max_attempts", "3").code == 0
    script = home / "slow"
    script.write_text(f"""#!/bin/sh
{sys.executable} -m tmuxclaude config set resume.draft stash >/dev/null
sed -i 's/3/4/' "$1"
""")
    script.chmod(0o755)
    env["VISUAL"] = str(script)
    code, said = edit("")
    [kept] = home.glob("tmuxclaude-*.toml")
    assert (code, "was changed meanwhile" in said, f"kept in {kept}" in said) == (4, True, True)
    assert table(file)["resume"] == {"max_attempts": 3, "draft": "stash"}
    assert "max_attempts = 4" in kept.read_text()


def test_ctrl_c_is_the_editors_own(edit: Edit, file: Path, home: Path, env: dict[str, str]) -> None:
    script = home / "editor-that-takes-it"
    change = "s/^#max_attempts = .*/max_attempts = 7/"
    script.write_text(f"""#!/bin/sh
trap : INT
kill -INT $PPID
sleep 1
sed -i '{change}' "$1"
""")
    script.chmod(0o755)
    env["VISUAL"] = str(script)
    code, said = edit("")
    assert code == 0, said
    assert table(file)["resume"] == {"max_attempts": 7}
