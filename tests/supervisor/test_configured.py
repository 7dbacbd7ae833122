"""Which rules hold after a start that nobody waited for."""

from __future__ import annotations

from pathlib import Path

from tests.supervisor.house import House
from tmuxclaude.core.rules import Rules
from tmuxclaude.supervisor.configured import at_start


def test_the_last_good_one_holds_however_the_file_is_wrong(tmp_path: Path) -> None:
    file, copy = tmp_path / "config.toml", tmp_path / "copy.toml"
    file.write_text("resume.max_per_day = 3\n")
    good, problem = at_start(file, copy)
    assert (good.resume.max_per_day, problem) == (3, "")
    for wrong in ("resume.max_per_day = \n", "resume.no_such_key = 1\n"):
        file.write_text(wrong)
        rules, problem = at_start(file, copy)
        assert rules == good
        assert str(file) in problem
        assert "the last good configuration is in force" in problem
    file.write_text("resume.max_per_day = 9\n")
    file.chmod(0o666)
    rules, problem = at_start(file, copy)
    assert rules == good
    assert "can be written by others" in problem
    file.chmod(0o600)
    assert at_start(file, copy)[0].resume.max_per_day == 9


def test_where_no_file_was_the_last_good_ones_are_the_defaults(tmp_path: Path) -> None:
    file, copy = tmp_path / "config.toml", tmp_path / "copy.toml"
    file.write_text("resume.max_per_day = 3\n")
    assert at_start(file, copy)[1] == ""
    file.unlink()
    assert at_start(file, copy) == (Rules(), "")
    file.write_text("resume.max_per_day = 3 4\n")
    rules, problem = at_start(file, copy)
    assert rules == Rules()
    assert "the defaults are in force" in problem


def test_a_copy_that_an_update_does_not_understand_is_left_for_the_defaults(tmp_path: Path) -> None:
    file, copy = tmp_path / "config.toml", tmp_path / "copy.toml"
    file.write_text("resume.no_such_key = 1\n")
    copy.write_text("resume.no_such_key_either = 1\n")
    rules, problem = at_start(file, copy)
    assert rules == Rules()
    assert "the defaults are in force" in problem


def test_commands_go_by_what_is_in_force_while_the_file_is_wrong(house: House) -> None:
    file = house.paths.config
    claude = house.program("claude")
    with file.open("a") as config:
        config.write(f"[claude]\ncommand = ['{claude}']\n[accounts.work]\nconfig_dir = '~/work'\n")
    assert house.run("supervisor", "reload").returncode == 0
    with file.open("a") as config:
        config.write("[launch]\nwhen_limitted = 'wait'\n")
    for words in (
        ("new", "api", "-d", "--account", "work"),
        ("conversations",),
        ("checkpoint", "--due", "--dry-run"),
    ):
        done = house.run(*words)
        assert done.returncode == 0, done.stderr
        assert "launch.when_limitted" in done.stderr
        assert "the last good configuration is in force" in done.stderr
        assert "did you mean launch.when_limited? To mend it:" in done.stderr
    assert house.find_row("api")["account"] == str(house.home / "work")
    house.stop()
    refused = house.run("new", "web", "-d")
    assert refused.returncode == 2, "who starts a supervisor is told, and none is started"
    assert refused.stderr.count("launch.when_limitted") == 1
