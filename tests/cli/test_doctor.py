"""``doctor`` in a home where something is wrong, one thing after the other."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, session
from tmuxclaude.claude import hooks
from tmuxclaude.core.model import State
from tmuxclaude.store.books import Books

CLAUDE = "#!/bin/sh\necho '{version} (Claude Code)'\n"


@pytest.fixture(autouse=True)
def _programs(home: Path, env: dict[str, str]) -> None:
    """A Claude Code that knows its version, no fzf, and the programs that are needed."""
    folder = home / "bin"
    folder.mkdir()
    for name in ("tmux", "sh", "mktemp", "head", "mv", "rm"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    program(home, "claude", CLAUDE.format(version="2.1.329"))
    env["PATH"] = str(folder)


def program(home: Path, name: str, text: str) -> None:
    path = home / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def found(run: Run, code: int = 0, **more: str) -> dict[str, dict[str, Any]]:
    done = run("doctor", "--json", more=more)
    checks = {one["name"]: one for one in done.json["checks"]}
    assert done.code == code, [one for one in checks.values() if one["ok"] is False]
    return checks


def test_a_fresh_home_has_nothing_wrong_and_stays_fresh(run: Run, home: Path) -> None:
    checks = found(run)
    assert [one["name"] for one in checks.values() if one["ok"] is False] == []
    assert checks["Claude Code"]["text"].endswith("version 2.1.329")
    assert checks["fzf"]["text"] == "not installed"
    assert all(one["mend"] for one in checks.values() if one["ok"] is False)
    assert [one.name for one in home.iterdir()] == ["bin"]
    program(home, "fzf", "#!/bin/sh\necho 0.37.0\n")
    program(home, "claude", CLAUDE.format(version="3.0.1"))
    checks = found(run)
    assert "older than 0.38" in checks["fzf"]["text"]
    assert (checks["Claude Code"]["ok"], "show NAME" in checks["Claude Code"]["mend"]) == (
        None,
        True,
    )
    program(home, "fzf", "#!/bin/sh\necho 0.44.1\n")
    assert found(run, TZ="Mars/Phobos")["time zone"]["ok"] is None
    assert found(run)["fzf"]["ok"] is True


def test_our_files_and_the_database(run: Run, books: Books, state_dir: Path, home: Path) -> None:
    books.sessions.add(session("api", home, state=State.LOST))
    books.db.tidy()
    checks = found(run)
    assert checks["permissions"]["ok"] is True
    assert checks["database"]["text"].endswith("schema 1, 1 session")
    (state_dir / "open").touch(0o644)
    wide = found(run, 1)["permissions"]
    assert (wide["ok"], wide["mend"]) == (False, f"chmod 600 {state_dir / 'open'}")
    (state_dir / "open").chmod(0o600)
    books.events.note(time.time() + 7200, "", "paused", "by you")
    assert "2.0 h ahead" in found(run)["clock"]["text"]
    books.db.close()
    database = state_dir / "tmuxclaude.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    broken = found(run, 1)
    assert (broken["database"]["ok"], broken["clock"]["ok"]) == (False, None)
    assert "supervisor restart: it is put aside" in broken["database"]["mend"]
    assert broken["clock"]["text"] == "not known; see database"
    for words in (("list",), ("stats",), ("export", "-o", "copy")):
        unreadable = run(*words)
        assert (unreadable.code, "To mend it: tmuxclaude supervisor" in unreadable.err) == (5, True)
    with sqlite3.connect(state_dir / "fresh.db") as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    (state_dir / "fresh.db").replace(database)
    assert "no database of tmuxclaude" in found(run, 1)["database"]["text"]


NAMELESS = {"0f" * 16: b"\xff", "1e" * 16: "$(id)", "x'": b"\xfe"}
"""Names that no command takes, by the uids of their sessions."""


def test_what_nobody_can_type_is_given_a_name_first(
    run: Run, books: Books, home: Path, state_dir: Path
) -> None:
    for number, (uid, name) in enumerate(NAMELESS.items()):
        books.sessions.add(session(f"web-{number}", home, uid=uid, pane=None))
        with books.db.writing():
            books.db.update("sessions", {"name": name, "state": "flying"}, "uid = ?", uid)
    checks = run("doctor", "--json").json["checks"]
    mends = [one["mend"] for one in checks if one["name"] == "session"]
    assert len(mends) == 3
    assert not any("forget b" in mend or "forget $" in mend for mend in mends)
    assert "nothing can name it" in mends[2]
    for number, mend in enumerate(mends[:2]):
        stop, command, more = mend.partition("else: ")[2].split(", then ")
        assert stop == "tmuxclaude supervisor stop"
        sqlite, database, query = shlex.split(command)
        assert (sqlite, database) == ("sqlite3", str(state_dir / "tmuxclaude.db"))
        with sqlite3.connect(database) as connection:
            assert connection.execute(query).rowcount == 1
        assert f"forget nameless-{('0f', '1e')[number] * 4} and" in more
    again = [one["text"] for one in run("doctor", "--json").json["checks"]]
    assert sum("nameless-" in text and "left alone" in text for text in again) == 2


def test_what_is_named_but_can_hold_nothing(run: Run, home: Path) -> None:
    nothing = found(run, 1, TMUXCLAUDE_STATE_DIR="/proc/tmuxclaude")["directories"]
    assert (nothing["ok"], "/proc/tmuxclaude cannot be made" in nothing["text"]) == (False, True)
    assert "TMUXCLAUDE_STATE_DIR" in nothing["mend"]
    assert [one.name for one in home.iterdir()] == ["bin"]
    assert found(run)["service"]["text"] == "not installed; the supervisor does not run"


def test_hooks_are_written_and_arrive(run: Run, books: Books, state_dir: Path, home: Path) -> None:
    books.sessions.add(session("api", home))
    folder = state_dir / "hooks"
    folder.mkdir(0o700)
    assert "settings of api are gone" in found(run)["hooks"]["text"]
    for name, text in (("uid-api.json", "{}"), ("spool.sh", hooks.SPOOL_SCRIPT)):
        (folder / name).touch(0o600)
        (folder / name).write_text(text)
    assert found(run)["hooks"]["text"] == "written for 1 session, and they arrive"
    (home / "bin" / "mktemp").unlink()
    assert found(run, 1)["hooks"]["ok"] is False
    (folder / "spool.sh").write_text("exit 0\n")
    assert "not ours, or an older one" in found(run)["hooks"]["text"]


@pytest.fixture
def tmux(env: dict[str, str], home: Path) -> Iterator[Any]:
    def ask(*words: str) -> None:
        call = ["tmux", "-f", "/dev/null", "-L", "default", *words]
        subprocess.run(call, env=env, check=True, capture_output=True)

    ask("new-session", "-d", "--", shutil.which("sleep") or "sleep", "1000")
    yield ask
    subprocess.run(["tmux", "-L", "default", "kill-server"], env=env, check=False)


def test_the_key_in_a_tmux_server(run: Run, tmux: Any) -> None:
    assert "the plugin is not loaded" in found(run)["tmux server"]["text"]
    tmux("set-option", "-g", "@tmuxclaude-plugin", "/somewhere")
    tmux("bind-key", "C", "customize-mode")
    taken = found(run)["tmux server"]
    assert (taken["ok"], "customize-mode" in taken["text"]) == (None, True)
    tmux("bind-key", "C", "run-shell '#{@tmuxclaude-plugin}/pick'")
    assert found(run)["tmux server"]["ok"] is True


def test_a_segment_that_is_wanted_and_not_shown(run: Run, tmux: Any) -> None:
    tmux("set-option", "-g", "@tmuxclaude-plugin", "/somewhere")
    tmux("bind-key", "C", "run-shell '#{@tmuxclaude-plugin}/pick'")
    tmux("set-option", "-g", "@tmuxclaude-status", "on")
    missing = found(run)["tmux server"]
    assert (missing["ok"], "no status line shows" in missing["text"]) == (None, True)
    tmux("set-option", "-g", "status-format[1]", "#{T:@tmuxclaude-segment}")
    assert found(run)["tmux server"]["ok"] is True
    tmux("set-option", "-gu", "status-format[1]")
    tmux("set-option", "-ga", "status-right", "#{T:@tmuxclaude-segment}")
    assert found(run)["tmux server"]["ok"] is True


def test_another_user_who_may_enter_the_tmux_server(run: Run, tmux: Any) -> None:
    try:
        tmux("server-access", "-a", "nobody")
    except subprocess.CalledProcessError:
        pytest.skip("this tmux has no list of who may enter")
    server = found(run, 1)["tmux server"]
    assert (server["ok"], server["text"].startswith("nobody may enter")) == (False, True)


def test_the_service(run: Run, home: Path, state_dir: Path) -> None:
    assert "not installed" in found(run)["service"]["text"]
    unit = home / ".config" / "systemd" / "user" / "tmuxclaude.service"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    assert "another state directory" in found(run)["service"]["text"]
    unit.write_text(f'[Service]\nEnvironment="TMUXCLAUDE_STATE_DIR={state_dir}"\n')
    assert "not what would be installed now" in found(run)["service"]["text"]
