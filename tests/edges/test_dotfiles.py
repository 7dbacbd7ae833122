"""A user's own files on a real disk: replaced whole with all that is theirs, or left."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.edges import dotfiles

WILD = b"caf\xe9 \xff\r\n\0 no end"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rc"
    path.write_bytes(WILD)
    path.chmod(0o640)
    return path


def add(path: Path, more: str) -> None:
    text = dotfiles.read(path)
    dotfiles.write(path, (text or "") + more, text)


def test_bytes_that_are_no_text_and_the_mode_are_kept(file: Path) -> None:
    add(file, "!")
    assert file.read_bytes() == WILD + b"!"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_link_stays_one_also_over_a_second_one(file: Path, tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    target = file.rename(tmp_path / "repo" / "dot-rc")
    (tmp_path / "between").symlink_to("repo/dot-rc")
    file.symlink_to("between")
    add(file, "!")
    assert target.read_bytes() == WILD + b"!"
    assert file.readlink() == Path("between")
    assert not target.is_symlink()


def test_a_file_that_is_missing_is_made(tmp_path: Path) -> None:
    made = tmp_path / "a" / "b" / "rc"
    assert dotfiles.read(made) is None
    dotfiles.write(made, "x", None, 0o644)
    assert stat.S_IMODE(made.stat().st_mode) == 0o644
    link = tmp_path / "link"
    link.symlink_to("elsewhere")
    add(link, "y")
    assert (tmp_path / "elsewhere").read_text() == "y"
    assert link.is_symlink()


def test_extended_attributes_are_kept(file: Path) -> None:
    try:
        os.setxattr(file, "user.mine", b"1")
    except (OSError, AttributeError):
        pytest.skip("this file system has none")
    add(file, "!")
    assert os.getxattr(file, "user.mine") == b"1"


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    seen = dotfiles.read(file)
    file.write_text("newer")
    with pytest.raises(RefusedError, match="changed meanwhile"):
        dotfiles.write(file, "ours", seen)
    with pytest.raises(RefusedError, match="changed meanwhile"):
        dotfiles.write(file, "ours", None)
    assert file.read_text() == "newer"


def test_what_is_no_file_of_this_user_alone_is_left_alone(file: Path, tmp_path: Path) -> None:
    (tmp_path / "second").hardlink_to(file)
    with pytest.raises(RefusedError, match="hard link"):
        dotfiles.read(file)
    (tmp_path / "pipe").symlink_to("/dev/null")
    with pytest.raises(RefusedError, match="not a regular file"):
        dotfiles.read(tmp_path / "pipe")
    with pytest.raises((RefusedError, UsageError)):
        dotfiles.read(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="cannot be read"):
        dotfiles.read(tmp_path / "loop")
    if os.geteuid() == 0:
        theirs = tmp_path / "theirs"
        theirs.write_text("x")
        os.chown(theirs, 65534, -1)
        with pytest.raises(RefusedError, match="another user"):
            dotfiles.read(theirs)


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "rc").write_text("a file where a directory should be")
    with pytest.raises(UsageError, match="cannot be written"):
        dotfiles.write(tmp_path / "rc" / "config", "x", None)


ADDER = """
import sys
from pathlib import Path
from tmuxclaude.edges import dotfiles
path = Path(sys.argv[1])
for number in range(20):
    while True:
        text = dotfiles.read(path)
        try:
            dotfiles.write(path, f"{text}{sys.argv[2]}{number}\\n", text)
        except dotfiles.ChangedError:
            continue
        break
"""


def test_of_many_who_write_at_once_each_is_kept_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "rc"
    file.write_text("first\n")
    call = [sys.executable, "-c", ADDER, str(file)]
    writers = [subprocess.Popen([*call, letter]) for letter in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    wanted = [f"{letter}{number}" for letter in "abcd" for number in range(20)]
    assert sorted(file.read_text().splitlines()) == sorted(["first", *wanted])
    assert list(tmp_path.iterdir()) == [file]


def test_what_another_process_is_replacing_is_left_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dotfiles, "TURN_SECONDS", 0.05)
    with (file.parent / ".rc.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RefusedError, match="another process"):
            add(file, "!")
    add(file, "!")
    assert file.read_bytes() == WILD + b"!"
    assert list(file.parent.iterdir()) == [file]


def test_nothing_is_made_where_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "rc").symlink_to("disk/rc")
    (tmp_path / "folder").symlink_to("disk")
    for path in (tmp_path / "rc", tmp_path / "folder" / "more" / "rc"):
        with pytest.raises(RefusedError, match="is missing"):
            dotfiles.write(path, "x", dotfiles.read(path))
    assert not (tmp_path / "disk").exists()
