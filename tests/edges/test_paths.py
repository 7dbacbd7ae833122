"""Where our files are, on a real file system: private directories and files, whatever the umask."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.edges.paths import LONGEST_SOCKET, Paths, private_directory, private_file

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_without_variables_all_lies_under_the_home_directory() -> None:
    paths = Paths.from_environment({"HOME": "/home/ada"})
    assert paths.config == Path("/home/ada/.config/tmuxclaude/config.toml")
    assert paths.state_dir == Path("/home/ada/.local/state/tmuxclaude")
    assert paths.runtime_dir == Path("/home/ada/.local/state/tmuxclaude/run")


def test_the_xdg_variables_are_followed() -> None:
    paths = Paths.from_environment(
        {
            "HOME": "/home/ada",
            "XDG_CONFIG_HOME": "/c",
            "XDG_STATE_HOME": "/s",
            "XDG_RUNTIME_DIR": "/run/user/7",
        }
    )
    assert paths.config == Path("/c/tmuxclaude/config.toml")
    assert paths.state_dir == Path("/s/tmuxclaude")
    assert paths.runtime_dir == Path("/run/user/7/tmuxclaude")


def test_our_own_variables_come_first() -> None:
    paths = Paths.from_environment(
        {
            "HOME": "/home/ada",
            "XDG_CONFIG_HOME": "/c",
            "XDG_STATE_HOME": "/s",
            "XDG_RUNTIME_DIR": "/run/user/7",
            "TMUXCLAUDE_CONFIG": "/x/mine.toml",
            "TMUXCLAUDE_STATE_DIR": "/x/state",
            "TMUXCLAUDE_RUNTIME_DIR": "/x/run",
        }
    )
    assert paths == Paths(Path("/x/mine.toml"), Path("/x/state"), Path("/x/run"))


def test_the_runtime_directory_follows_a_moved_state_directory() -> None:
    paths = Paths.from_environment({"HOME": "/home/ada", "TMUXCLAUDE_STATE_DIR": "/x"})
    assert paths.runtime_dir == Path("/x/run")


@pytest.mark.parametrize("value", ["", "relative/dir"])
def test_an_empty_or_relative_xdg_variable_counts_as_unset(value: str) -> None:
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
    env = {"HOME": "/home/ada", **dict.fromkeys(names, value)}
    assert Paths.from_environment(env) == Paths.from_environment({"HOME": "/home/ada"})


@pytest.mark.parametrize(
    "name", ["TMUXCLAUDE_CONFIG", "TMUXCLAUDE_STATE_DIR", "TMUXCLAUDE_RUNTIME_DIR"]
)
def test_a_relative_path_of_our_own_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} is 'here'; allowed: an absolute path"):
        Paths.from_environment({"HOME": "/home/ada", name: "here"})
    assert Paths.from_environment({"HOME": "/home/ada", name: ""})


def test_without_home_the_user_database_says_it() -> None:
    assert Paths.from_environment({}).state_dir.is_absolute()
    assert Paths.from_environment({}) == Paths.from_environment({"HOME": "relative"})


def test_each_file_has_its_directory() -> None:
    paths = Paths(Path("/c/config.toml"), Path("/s"), Path("/r"))
    in_state = (paths.database, paths.log, paths.hooks, paths.lock, paths.spool)
    assert [str(path) for path in in_state] == [
        "/s/tmuxclaude.db",
        "/s/supervisor.log",
        "/s/hooks",
        "/s/supervisor.lock",
        "/s/spool",
    ]
    assert str(paths.socket) == "/r/supervisor.sock"


def test_a_socket_path_is_held_to_what_a_socket_can_bear() -> None:
    room = LONGEST_SOCKET - len("/supervisor.sock")
    longest = "/" + "r" * (room - 1)
    env = {"HOME": "/home/ada", "TMUXCLAUDE_RUNTIME_DIR": longest}
    assert len(os.fsencode(Paths.from_environment(env).socket)) == LONGEST_SOCKET
    for too_long in (longest + "r", longest[:-1] + "ü"):
        with pytest.raises(UsageError, match="set TMUXCLAUDE_RUNTIME_DIR to a shorter directory"):
            Paths.from_environment({**env, "TMUXCLAUDE_RUNTIME_DIR": too_long})


def test_every_directory_is_made_private(tmp_path: Path, umask: int) -> None:
    state_dir, runtime_dir = tmp_path / ".local" / "tmuxclaude", tmp_path / "runtime" / "ours"
    paths = Paths(tmp_path / "config.toml", state_dir, runtime_dir)
    paths.ensure()
    made = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert set(made) == {
        *(state_dir.parent, state_dir, paths.hooks, paths.spool),
        *(runtime_dir.parent, runtime_dir),
    }
    assert {mode(path) for path in made} == {0o700}
    paths.ensure()


def test_a_directory_that_others_can_enter_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "wide"
    directory.mkdir()
    for open_mode in (0o755, 0o710, 0o701, 0o777):
        directory.chmod(open_mode)
        with pytest.raises(RefusedError, match="chmod 700"):
            private_directory(directory)
        assert mode(directory) == open_mode


def test_a_link_or_a_file_in_the_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    for name in ("link", "dangling", "file"):
        path = tmp_path / name
        if name == "file":
            path.touch()
        else:
            path.symlink_to(target if name == "link" else tmp_path / "nowhere")
        with pytest.raises(RefusedError, match="not a real directory"):
            private_directory(path)
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(UsageError, match="cannot make the directory"):
        private_directory(tmp_path / "file" / "below")


def test_a_parent_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    private_directory(tmp_path / "link" / "ours")
    assert mode(tmp_path / "target" / "ours") == 0o700


@as_root
def test_another_users_directory_is_refused(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(RefusedError, match="belongs to another user"):
        private_directory(theirs)
    with pytest.raises(RefusedError, match="would lie in another user's directory"):
        private_directory(theirs / "a" / "b")
    assert list(theirs.iterdir()) == []


def test_a_directory_of_the_system_is_refused() -> None:
    with pytest.raises(RefusedError):
        private_directory(Path("/usr"))


def test_a_file_is_made_private(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "lock"
    opened = private_file(path)
    try:
        assert mode(path) == 0o600
        assert not os.get_inheritable(opened)
        assert os.get_blocking(opened)
        assert os.write(opened, b"x") == 1
    finally:
        os.close(opened)


def test_an_older_file_is_kept_and_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old ")
    path.chmod(0o644)
    opened = private_file(path, os.O_WRONLY | os.O_APPEND)
    os.write(opened, b"new")
    os.close(opened)
    assert path.read_text() == "old new"
    assert mode(path) == 0o600


@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "pipe", "socket"])
@pytest.mark.parametrize("flags", [os.O_RDWR, os.O_WRONLY | os.O_APPEND])
def test_only_a_regular_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, flags: int
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    path, target = tmp_path / "f", tmp_path / "target"
    match kind:
        case "link":
            target.touch(mode=0o644)
            path.symlink_to(target)
        case "dangling link":
            path.symlink_to(target)
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path.name)
    with pytest.raises(RefusedError, match="not a regular file"):
        private_file(path, flags)
    assert kind != "dangling link" or not target.exists()
    assert kind != "link" or mode(target) == 0o644


@as_root
def test_another_users_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.touch(mode=0o644)
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(RefusedError, match="belongs to another user"):
        private_file(path)
    assert mode(path) == 0o644


def test_a_missing_directory_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        private_file(tmp_path / "gone" / "lock")
