"""What is typed wrong gets one clear line, the right exit code, and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, on_terminal
from tests.waiting import until
from tmuxclaude import __version__


def files(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "nonsense"),
        (["list", "--nonsense"], "--nonsense"),
        (["list", "extra"], "extra"),
        (["show"], "NAME"),
        (["stop"], "--all"),
        (["stop", "api", "--all"], "--all"),
        (["resume", "api", "--all"], "not both; nothing was done"),
        (["adopt", "%1", "--all"], "not both; nothing was done"),
        (["validate"], "or --all; nothing was done"),
        (["hold"], "or --group; nothing was done"),
        (["list", "--watch", "--abandoned"], "or --group; nothing was done"),
        (["send", "api"], "TEXT"),
        (["send", "api", "two", "words"], "words"),
        (["send", "api", "x", "--wait", "--timeout", "nan"], "'nan' is no number of seconds"),
        (["-L", "a", "-S", "b", "list"], "-L and -S"),
        (["list", "-L", "a", "-S", "b"], "-L and -S"),
        (["list", "-L", "a/b"], "a/b"),
        (["new", "-c", "missing"], "missing does not exist"),
        (["new", "-c", ""], "-c: "),
        (["new", "-t", ""], "-t: "),
        (["send", "web", "-x"], "send NAME -- -x"),
        (["new", "-x"], "new -- --model opus"),
        (["--all", "list"], "Options stand behind the command"),
        (["new", "-c", "file"], "file is not a directory"),
        (["new", "--", "--model", "opus", "extra"], "claude"),
        (["new", "two words"], "'two words' is no session name"),
        (["new", "a:1"], "a:1"),
        (["new", "--prompt", "/exit"], "--prompt"),
        (["new", "--prompt", "two\nlines"], "--prompt"),
        (["supervisor", "nonsense"], "nonsense"),
        (["config", "nonsense"], "nonsense"),
    ],
)
def test_a_wrong_call_is_explained_in_place(
    arguments: list[str], words: str, run: Run, home: Path
) -> None:
    (home / "file").touch()
    empty = home / "bin"
    empty.mkdir()
    before = files(home)
    done = run(*arguments, more={"PATH": f"{empty}:/usr/bin:/bin"})
    assert done.code == (3 if words == "claude" else 2)
    assert done.err.startswith("tmuxclaude: ")
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert files(home) == before


def test_with_json_the_error_is_the_one_document(run: Run) -> None:
    done = run("show", "nobody", "--json")
    assert done.code == 3
    assert done.json["error"]["code"] == "not_found"
    assert "nobody" in done.json["error"]["message"]
    assert done.err == ""
    done = run("list", "--json", "--nonsense")
    assert (done.code, done.json["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(
    "arguments",
    [
        ["resume"],
        ["resume", "api"],
        ["resume", "--all"],
        ["send", "api", "hello"],
        ["stop", "api"],
        ["stop", "--all"],
        ["supervisor", "status"],
    ],
)
def test_without_a_supervisor_what_needs_it_says_so(
    arguments: list[str], run: Run, home: Path
) -> None:
    done = run(*arguments)
    assert done.code == 5
    assert "supervisor" in done.err + done.out
    assert "tmuxclaude supervisor start" in done.err + done.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[resume]\nmargin = 3\n", ["resume.margin", "margin_seconds"]),
        ("[resume]\nmargin_seconds = 'x'\n", ["resume.margin_seconds", "from 0 to 3600"]),
        ("[resume\n", ["line 1"]),
    ],
)
def test_a_bad_configuration_names_the_key_and_what_is_allowed(
    content: str, words: list[str], run: Run, home: Path
) -> None:
    file = home / ".config" / "tmuxclaude" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(content)
    file.chmod(0o600)
    for arguments in (["config"], ["config", "show", "--json"], ["new"]):
        done = run(*arguments)
        assert done.code == 2
        for word in (str(file), *words):
            assert word in done.err + done.out
        assert "Traceback" not in done.err


def test_config_shows_every_key_and_where_the_file_is(run: Run, home: Path) -> None:
    file = home / ".config" / "tmuxclaude" / "config.toml"
    assert run("config", "path").out == f"{file}\n"
    assert run("config", "path", "--json").json == {"config": str(file), "exists": False}
    shown = run("config", "show").out
    assert "max_attempts = 6" in shown
    assert run("config").out == shown
    assert run("config", "show", "--json").json["resume.backoff_minutes"] == [2, 5, 15, 30, 60]
    file.parent.mkdir(parents=True)
    file.write_text(shown.replace("max_attempts = 6", "max_attempts = 3"))
    file.chmod(0o600)
    assert run("config", "show", "--json").json["resume.max_attempts"] == 3


def test_a_directory_that_is_not_utf_8_is_named_with_what_to_do(run: Run, home: Path) -> None:
    odd = home / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    for arguments, cwd in ((["new", "-c", str(odd)], home), (["new"], odd)):
        done = run(*arguments, cwd=cwd)
        assert done.code == 2
        assert "the name of the directory" in done.err
        assert "caf\\xe9 is not UTF-8" in done.err
        assert "Rename it" in done.err


def test_a_tmux_that_is_gone_is_not_started_where_it_was(run: Run, home: Path) -> None:
    gone = home / "gone" / "default"
    done = run("new", "zz", more={"TMUX": f"{gone},1,0", "TMUX_PANE": "%1"})
    assert done.code == 5
    assert f"$TMUX names {gone}, where no tmux server answers" in done.err
    assert "unset TMUX" in done.err
    assert not gone.parent.exists()
    assert not (home / ".local").exists()


def test_a_state_directory_that_cannot_be_is_said_by_everything(run: Run, home: Path) -> None:
    (home / "plain").touch()
    more = {"TMUXCLAUDE_STATE_DIR": str(home / "plain" / "sub")}
    checks = {one["name"]: one for one in run("doctor", "--json", more=more).json["checks"]}
    assert checks["directories"]["ok"] is False
    assert f"{home / 'plain'} is not a directory" in checks["directories"]["text"]
    assert run("status", more=more).out.startswith("supervisor  not running")
    logs = run("supervisor", "logs", more=more)
    assert logs.code == 2
    assert "cannot be read: Not a directory" in logs.err
    for arguments in (["list"], ["supervisor", "start"], ["show", "api"]):
        assert "mistake" not in run(*arguments, more=more).err


def test_doctor_tells_a_bad_configuration_once_and_nothing_of_what_was_not_done(
    run: Run, home: Path
) -> None:
    file = home / ".config" / "tmuxclaude" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[resume]\nfoo = 3\n")
    file.chmod(0o602)
    for mode in (0o602, 0o600):
        file.chmod(mode)
        done = run("doctor")
        assert done.code == 1
        assert "MISSING" not in done.out
        [line] = [line for line in done.out.splitlines() if str(file) in line]
        assert line.startswith("wrong  configuration")
        assert "not read" not in line
    checks = {one["name"]: one for one in run("doctor", "--json").json["checks"]}
    assert checks["Claude Code"]["ok"] is None
    nothing = run("doctor", more={"PATH": str(home)}).out
    assert "wrong  tmux           tmux is not installed. Install it" in nothing
    assert "othing was" not in nothing


@pytest.mark.parametrize("arguments", [[], ["--help"], ["supervisor"], ["new", "--help"]])
def test_help_is_help(arguments: list[str], run: Run) -> None:
    done = run(*arguments)
    assert done.code == 0
    assert done.out.startswith("Usage: tmuxclaude")
    assert done.err == ""


def test_the_version(run: Run) -> None:
    assert run("--version").out == f"tmuxclaude {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["config", "show"]])
def test_a_reader_that_left_is_no_error(
    arguments: list[str], env: dict[str, str], home: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tmuxclaude", *arguments]
    done = subprocess.run(
        command, env=env, cwd=home, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == b""


def test_no_logs_before_the_first_start(run: Run) -> None:
    done = run("supervisor", "logs")
    assert done.code == 3
    assert "no log yet" in done.err
    assert "no supervisor runs" in done.err


def test_logs_that_are_followed_into_a_file_are_there_at_once(
    env: dict[str, str], home: Path, state_dir: Path
) -> None:
    log, shown = state_dir / "supervisor.log", home / "shown"
    log.write_text("first\n")
    command = [sys.executable, "-m", "tmuxclaude", "supervisor", "logs", "-f"]
    with shown.open("wb") as file, subprocess.Popen(command, env=env, stdout=file) as process:
        try:
            until(lambda: shown.read_text() == "first\n", what=shown.read_text)
            with log.open("a") as more:
                more.write("second\n")
            until(lambda: shown.read_text() == "first\nsecond\n", what=shown.read_text)
        finally:
            process.terminate()


def test_logs_show_the_end_and_cannot_drive_the_terminal(run: Run, state_dir: Path) -> None:
    lines = "".join(f"line {number}\n" for number in range(1000))
    (state_dir / "supervisor.log").write_text(f"{lines}\x1b[2J\n")
    shown = run("supervisor", "logs").out.splitlines()
    assert shown[-2:] == ["line 999", "\\x1b[2J"]
    assert "line 0" not in shown


def test_logs_go_back_over_a_rotation_and_follow_across_one(
    run: Run, env: dict[str, str], home: Path, state_dir: Path
) -> None:
    log = state_dir / "supervisor.log"
    log.with_name("supervisor.log.2").write_text("one\ntwo\n")
    log.with_name("supervisor.log.1").write_text("three\n")
    log.write_text("four\n")
    assert run("supervisor", "logs").out.split() == ["one", "two", "three", "four"]
    assert run("supervisor", "logs", "-n", "3").out.split() == ["two", "three", "four"]
    assert run("supervisor", "logs", "-n", "0").out == ""

    shown = home / "shown"
    command = [sys.executable, "-m", "tmuxclaude", "supervisor", "logs", "-f", "-n", "1"]
    with shown.open("w") as out, subprocess.Popen(command, env=env, stdout=out) as following:
        try:
            until(lambda: shown.read_text() == "four\n", what=shown.read_text)
            with log.open("a") as file:
                file.write("five\n")
                log.rename(log.with_name("supervisor.log.1"))
                file.write("six\n")
            log.write_text("seven\n")
            until(lambda: "seven\n" in shown.read_text(), what=shown.read_text)
        finally:
            following.terminate()
    assert shown.read_text().split() == ["four", "five", "six", "seven"]


@pytest.mark.parametrize("group", ["", "checkpoint", "supervisor", "config", "chain"])
def test_in_a_narrow_terminal_no_line_of_the_help_is_cut(
    group: str, env: dict[str, str], home: Path
) -> None:
    shown = on_terminal([*group.split(), "--help"], 80, env, home).splitlines()[1:]
    assert [line for line in shown if line.endswith("...")] == []


def test_a_command_that_is_almost_there_is_named(run: Run) -> None:
    for words, near in ((("lsit",), "list"), (("config", "shwo"), "show")):
        done = run(*words)
        assert (done.code, f"Did you mean {near}?" in done.err) == (2, True)
    assert "Did you mean" not in run("quux").err


def test_a_wrong_configuration_comes_with_the_next_step(run: Run, home: Path) -> None:
    file = home / "wrong.toml"
    file.write_text("[resume]\nmargn = 2\n")
    file.chmod(0o600)
    for words in (("config", "show"), ("supervisor", "restart")):
        done = run(*words, more={"TMUXCLAUDE_CONFIG": str(file)})
        assert (done.code, "resume.margn" in done.err) == (2, True)
        assert "To mend it: tmuxclaude config edit" in done.err


def test_what_is_empty_stands_in_quotes(run: Run) -> None:
    assert "there is no checkpoint ''." in run("checkpoint", "show", "").err
