"""One supervisor for each user, that comes back when it dies and stays away when it is stopped.

Everything here is real: processes, a keeper, the socket, and where a window is needed tmux.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.api.home import Home, is_gone
from tests.waiting import until
from tmuxclaude import app
from tmuxclaude.api.client import NobodyListensError
from tmuxclaude.edges.processes import Life, identify, life

NOBODY = 65534


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="tc", dir="/tmp") as root:
        home = Home(Path(root).resolve())
        yield home
        home.clean()


@pytest.fixture
def claude(home: Home) -> Path:
    """A program ``claude`` on the PATH, which sleeps; and a directory to open it in."""
    (home.root / "bin").mkdir()
    program = home.root / "bin" / "claude"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    (home.root / "api").mkdir()
    return home.root / "api"


# One


def test_of_twenty_at_once_one_runs_and_the_others_name_it(home: Home) -> None:
    twenty = [home.popen("supervisor", "run") for _ in range(20)]
    until(lambda: sum(one.poll() is not None for one in twenty) == 19)
    winner = home.answering()
    [running] = [one for one in twenty if one.poll() is None]
    assert running.pid == winner.pid
    for one in twenty:
        if one is not running:
            _, complaint = one.communicate()
            assert one.returncode == 75
            assert f"another supervisor runs already (process {winner.pid})" in complaint
    running.terminate()
    running.communicate(timeout=10)
    assert running.returncode == 0
    assert not home.paths.socket.exists()


def test_started_many_times_it_is_one(home: Home) -> None:
    starts = [home.popen("supervisor", "start", "--json") for _ in range(5)]
    said = [json.loads(one.communicate(timeout=60)[0]) for one in starts]
    supervisor = home.answering()
    assert {one["supervisor"]["pid"] for one in said} == {supervisor.pid}
    # The keepers whose program lost have gone.
    until(lambda: keepers(home) == [supervisor.ppid()])


def keepers(home: Home) -> list[int]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "tmuxclaude-keeper" in (line := process.cmdline()) and str(home.root) in str(line):
                found.append(process.pid)
    return found


def test_garbage_where_its_files_are_is_no_obstacle(home: Home) -> None:
    first = home.start()
    assert home.run("supervisor", "stop").returncode == 0
    home.paths.lock.write_text("1\n")
    home.paths.socket.write_text("not a socket")
    assert home.start().pid != first.pid


# Away and back


def test_killed_it_is_back_in_a_moment(home: Home) -> None:
    first = home.start()
    keeper = first.parent()
    first.kill()
    began = time.monotonic()
    second = home.answering()
    assert time.monotonic() - began < 30
    assert second.pid != first.pid
    assert second.parent() == keeper


def test_stopped_it_stays_away_and_so_does_its_keeper(home: Home) -> None:
    supervisor = home.start()
    keeper = supervisor.parent()
    assert keeper is not None
    assert home.run("supervisor", "stop").returncode == 0
    # It has ended when the command ends: whoever starts another one finds the lock free.
    assert is_gone(supervisor)
    until(lambda: is_gone(keeper))
    assert home.supervisor() is None
    assert not home.paths.socket.exists()
    assert home.run("supervisor", "stop").stdout == "No supervisor was running.\n"


def test_stopped_while_it_is_down_it_stays_down(home: Home) -> None:
    supervisor = home.start()
    keeper = supervisor.parent()
    assert keeper is not None
    supervisor.kill()
    until(lambda: is_gone(supervisor))
    app.stop_supervisor(home.paths)  # the next one may be there already
    until(lambda: is_gone(keeper))
    assert home.supervisor() is None
    assert home.start().parent() != keeper


def test_restarted_many_times_it_is_always_there(home: Home) -> None:
    pids = {home.start().pid}
    for _ in range(5):
        pids.add(home.json("supervisor", "restart")["supervisor"]["pid"])
    assert len(pids) == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals, home: Home) -> None:
    supervisor = home.start()
    keeper = supervisor.parent()
    assert keeper is not None
    with app.connect(home.paths) as client:
        events = client.subscribe()
        supervisor.send_signal(number)
        assert next(events).kind == "ending"
    until(lambda: is_gone(supervisor) and is_gone(keeper))
    assert "supervisor ended" in home.log()
    assert not home.paths.socket.exists()
    assert not home.paths.database.with_name("tmuxclaude.db-wal").exists()


def test_without_its_lock_it_ends_and_leaves_its_successor_alone(home: Home) -> None:
    first = home.popen("supervisor", "run")
    until(lambda: (found := home.supervisor()) and found.pid == first.pid)
    home.paths.lock.unlink()
    second = home.popen("supervisor", "run")
    _, complaint = first.communicate(timeout=10)
    assert first.returncode == 0
    assert "the lock was taken away" in complaint
    until(lambda: (found := home.supervisor()) and found.pid == second.pid)
    assert second.poll() is None


def test_what_it_starts_does_not_hold_its_lock(home: Home, claude: Path) -> None:
    supervisor = home.start()
    opened = home.json("new", "-d", "-c", str(claude))
    asked = ["tmux", "-S", opened["socket"], "list-panes", "-a", "-F", "#{pid} #{pane_pid}"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    tmux_server, pane = (psutil.Process(int(pid)) for pid in said)
    home.seen |= {tmux_server, pane}
    keeper = supervisor.parent()
    assert keeper is not None
    keeper.kill()
    supervisor.kill()
    until(lambda: is_gone(supervisor))
    assert tmux_server.is_running()
    assert pane.is_running()
    again = home.popen("supervisor", "run")
    until(lambda: (found := home.supervisor()) and found.pid == again.pid)
    ours = {str(home.paths.lock), str(home.paths.log), str(home.paths.database)}
    for process in (tmux_server, pane):
        assert not ours & {file.path for file in process.open_files()}
        assert os.getsid(process.pid) != os.getsid(again.pid)


# Private


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_whatever_the_umask_nobody_else_can_read(umask: int, home: Home, claude: Path) -> None:
    home.start(umask=umask)
    opened = home.run("new", "-d", "-c", str(claude), umask=umask)
    assert opened.returncode == 0, opened.stderr
    assert home.paths.socket.is_socket()
    kept = [home.paths.state_dir, *home.paths.state_dir.rglob("*")]
    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in kept}
    wanted = {str(path): 0o700 if path.is_dir() else 0o600 for path in kept}
    assert modes == wanted
    names = {path.name for path in kept}
    assert {"tmuxclaude.db", "supervisor.lock", "supervisor.log", "hooks", "spool"} <= names


@pytest.mark.parametrize("which", ["state_dir", "runtime_dir"])
@pytest.mark.parametrize("how", ["link", "wide", "anothers"])
def test_a_place_that_is_not_private_is_refused(which: str, how: str, home: Home) -> None:
    if how == "anothers" and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    place, target = home.root / "place", home.root / "target"
    home.env[f"TMUXCLAUDE_{which.upper()}"] = str(place)
    target.mkdir(mode=0o700)
    if how == "link":
        place.symlink_to(target)
    else:
        place.mkdir(mode=0o700)
        place.chmod(0o755 if how == "wide" else 0o700)
        os.chown(place, NOBODY if how == "anothers" else -1, -1)
    for arguments in (["supervisor", "start"], ["supervisor", "run"]):
        done = home.run(*arguments)
        assert done.returncode == 4
        assert str(place) in done.stderr
        assert "nothing was written there" in done.stderr
    assert list(target.iterdir()) == []
    assert list(place.iterdir()) == []


# It does not answer


def test_while_it_is_stopped_looking_works_and_the_rest_says_so(home: Home, claude: Path) -> None:
    supervisor = home.start()
    assert home.run("new", "-d", "-c", str(claude)).returncode == 0
    supervisor.suspend()
    identity = identify(supervisor.pid)
    assert identity is not None
    until(lambda: life(identity) is Life.STOPPED)
    began = time.monotonic()
    listed = home.json("list")
    assert [one["name"] for one in listed["sessions"]] == ["api"]
    assert listed["supervisor"]["running"] is False
    assert time.monotonic() - began < 15
    began = time.monotonic()
    asked = [
        home.popen("status"),
        home.popen("new", "other", "-d"),
        home.popen("send", "api", "hello"),
        home.popen("resume", "api"),
        home.popen("stop", "api", "--now"),
        home.popen("supervisor", "status"),
        home.popen("supervisor", "start"),
        home.popen("supervisor", "stop"),
    ]
    for one in asked:
        _, complaint = one.communicate(timeout=20)
        assert one.returncode == 5, one.args
        assert complaint.startswith("tmuxclaude: the supervisor"), one.args
        assert "not answer" in complaint, one.args
        assert complaint.count("\n") == 1, one.args
    assert time.monotonic() - began < 20
    supervisor.resume()
    assert home.answering() == supervisor
    assert [one["name"] for one in home.json("list", "--all")["sessions"]] == ["api"]


# It cannot start


def test_a_newer_database_is_left_as_it_is(home: Home) -> None:
    home.start()
    assert home.run("supervisor", "stop").returncode == 0
    with sqlite3.connect(home.paths.database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = home.paths.database.read_bytes()
    for arguments in (["supervisor", "start"], ["supervisor", "run"], ["list"]):
        began = time.monotonic()
        done = home.run(*arguments)
        assert time.monotonic() - began < 20, arguments
        assert done.returncode == 4, arguments
        assert "newer" in done.stderr
        assert str(home.paths.database) in done.stderr
        assert done.stderr.count("\n") == 1
    until(lambda: keepers(home) == [])
    assert home.paths.database.read_bytes() == before


def test_a_bad_configuration_is_named_and_starts_nothing(home: Home) -> None:
    home.paths.config.parent.mkdir(parents=True)
    home.paths.config.write_text("[resume]\ntypo = 1\n")
    for arguments in (["supervisor", "start"], ["supervisor", "run"]):
        done = home.run(*arguments)
        assert done.returncode == 2
        assert "resume.typo" in done.stderr
    assert not home.paths.state_dir.exists()


def shown(home: Home, *words: str) -> str:
    """What a command shows, as soon as it shows anything."""
    return until(lambda: home.run(*words).stdout)


def killed_and_back(home: Home, supervisor: psutil.Process) -> psutil.Process:
    """The one that its keeper has brought back."""
    supervisor.kill()
    until(lambda: is_gone(supervisor))
    return home.answering()


def test_a_configuration_that_was_spoiled_meanwhile_keeps_nobody_from_coming_back(
    home: Home,
) -> None:
    heard = home.root / "heard"
    tells = home.root / "tells"
    tells.write_text(f"#!/bin/sh\nexec cat >>'{heard}'\n")
    tells.chmod(0o700)
    good = f"[supervisor]\npoll_seconds = 0.5\n[notify]\ntmux = false\ncommand = ['{tells}']\n"
    home.paths.config.parent.mkdir(parents=True)
    home.paths.config.write_text(good)
    supervisor = home.start()
    home.paths.config.write_text(f"{good}[resume]\nmargn = 2\n")
    for _ in range(2):
        supervisor = killed_and_back(home, supervisor)
    for words in (["status"], ["supervisor", "status"], ["doctor"], ["pick", "--rows"]):
        said = shown(home, *words)
        assert f"{home.paths.config}: there is no key 'resume.margn'" in said
        assert "last good configuration is in force" in said
    assert "last good configuration is in force" in home.log()
    assert stat.S_IMODE(home.paths.last_good.stat().st_mode) == 0o600
    until(heard.exists)
    # Who starts it, or takes the file up, hears what is wrong, and that it is still so.
    for words in (["supervisor", "restart"], ["supervisor", "reload"]):
        done = home.run(*words)
        assert done.returncode == 2
        assert "resume.margn" in done.stderr
    home.paths.config.write_text(good.replace("0.5", "0.6"))
    said = home.run("supervisor", "reload").stdout
    assert said.startswith("supervisor.poll_seconds:")
    assert "0.5" in said  # what was in force is what was read last, not the defaults
    assert home.json("supervisor", "status")["supervisor"]["notices"] == []
    home.paths.config.write_text("poll_seconds = \n")
    killed_and_back(home, supervisor)
    until(lambda: len(heard.read_text().splitlines()) == 2, what=home.log)
    assert "line 1" in heard.read_text().splitlines()[1]


def test_who_listens_to_nobody_says_how_to_start(home: Home) -> None:
    with pytest.raises(NobodyListensError, match="tmuxclaude supervisor start"):
        app.connect(home.paths)
