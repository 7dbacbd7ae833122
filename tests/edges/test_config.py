"""The configuration file on a real disk: what is read, what is refused, how errors are said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.core.rules import (
    ClaudeRules,
    LaunchRules,
    ResumeRules,
    Rules,
    SupervisorRules,
    entries,
)
from tmuxclaude.edges import config
from tmuxclaude.edges.config import LARGEST_BYTES, load, show


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    return path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == Rules()
    assert load(tmp_path / "no" / "directory" / "config.toml") == Rules()


def test_an_empty_file_means_the_defaults(path: Path) -> None:
    assert load(path) == Rules()


def test_what_the_file_names_is_taken(path: Path) -> None:
    path.write_text('[resume]\ndraft = "stash"\nmargin_seconds = 2\n[launch]\nenv = ["LANG"]\n')
    assert load(path) == Rules(
        resume=ResumeRules(draft="stash", margin_seconds=2), launch=LaunchRules(env=("LANG",))
    )


def test_a_file_that_others_can_only_read_is_taken(path: Path) -> None:
    path.write_text("[supervisor]\npoll_seconds = 5\n")
    path.chmod(0o644)
    assert load(path).supervisor.poll_seconds == 5


def test_a_link_is_followed(path: Path) -> None:
    path.write_text("[supervisor]\npoll_seconds = 5\n")
    link = path.with_name("link.toml")
    link.symlink_to(path)
    assert load(link).supervisor.poll_seconds == 5
    path.chmod(0o666)
    with pytest.raises(RefusedError, match="can be written by others"):
        load(link)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(RefusedError, match=f"^{re.escape(str(path))} can be written by others"):
        load(path)


def test_another_users_file_is_refused(path: Path) -> None:
    theirs = Path("/etc/passwd")
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        theirs = path
    with pytest.raises(RefusedError, match="belongs to another user"):
        load(theirs)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(RefusedError, match=r"not a regular file; .* Move it away"):
            load(path)
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match="cannot be read"):
        load(tmp_path / "file" / "config.toml")


BAD_TOML = [
    (b"[resume]\nenabled = yes\n", ", line 2: Invalid value"),
    (b"\n\n[resume\n", ", line 3: "),
    (b"[resume]\nenabled = true\nenabled = true\n", ", line 3: Cannot overwrite a value"),
    (b'[resume]\ntext = "', ", line 2: "),
    (b"# \xff\n", ", line 1: it is not UTF-8"),
    (b"# a\n# b\n# \xff\n", ", line 3: it is not UTF-8"),
    (b"a = " + b"[" * 20_000, ": it is nested too deeply"),
    (b"a = " + b"9" * 5000, ": "),
    (b"#" * (LARGEST_BYTES + 1), f" is larger than {LARGEST_BYTES} bytes"),
]


@pytest.mark.parametrize(("content", "message"), BAD_TOML, ids=[m for _, m in BAD_TOML])
def test_bad_toml_is_said_with_file_and_line(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_bad_value_is_said_with_the_file(path: Path) -> None:
    path.write_text('[resume]\nmargin_seconds = "soon"\n')
    with pytest.raises(UsageError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path}: resume.margin_seconds is 'soon'; allowed: a number from 0 to 3600"
    )


OTHER = Rules(
    resume=ResumeRules(enabled=False, backoff_minutes=(0.5, 3), margin_seconds=2.5),
    supervisor=SupervisorRules(poll_seconds=0.2),
    claude=ClaudeRules(command=("/opt/my claude", '--x="y"'), config_dir="~/.claude-ü"),
    launch=LaunchRules(env=("LANG", "EDITOR")),
)


@pytest.mark.parametrize("rules", [Rules(), OTHER], ids=["defaults", "other"])
def test_what_is_shown_is_read_back(path: Path, rules: Rules) -> None:
    path.write_text(show(rules), encoding="utf-8")
    assert load(path) == rules


def test_every_key_is_shown_under_its_meaning() -> None:
    text = show(OTHER)
    shown = tomllib.loads(text)
    assert [f"{group}.{key}" for group, keys in shown.items() for key in keys] == [
        entry.name for entry in entries(OTHER)
    ]
    for entry in entries(OTHER):
        assert f"# {entry.meaning}\n{entry.name.partition('.')[2]} = " in text


def test_reading_does_not_import_what_writes() -> None:
    code = "import sys, tmuxclaude.edges.config; print('tomli_w' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


OWN = "sessions.api.checkpoint"


def test_a_session_s_own_value_is_written_and_shown() -> None:
    text = config.changed(Path("c"), "[checkpoint]\nhours = 4\n", f"{OWN}.files", "5")
    rules = config.understood(Path("c"), text)
    assert (rules.checkpoint_of("api").files, rules.checkpoint_of("api").hours) == (5, 4)
    assert config.understood(Path("c"), config.show(rules)) == rules
    with pytest.raises(UsageError, match="there is no key"):
        config.changed(Path("c"), "", f"{OWN}.moon", "5")
