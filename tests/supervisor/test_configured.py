"""Which rules hold after a start that nobody waited for."""

from __future__ import annotations

from pathlib import Path

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
