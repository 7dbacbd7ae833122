"""The picker in a popup: the key is pressed at a real client, and the rows are on its screen."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.plugin.desk import ENTRY, NARROW, WIDE, Desk, listed, load, publish, running
from tests.waiting import until

Calls = Callable[[], list[str]]


@pytest.fixture
def open_popup(
    fzf: None, tmux_server: PrivateServer, desk: Desk, runtime: Path, calls: Calls
) -> Callable[..., Desk]:
    """Publishes these sessions and presses the key."""
    load(tmux_server)

    def open_popup(*sessions: dict[str, object]) -> Desk:
        publish(runtime, *sessions)
        until(lambda: not running(tmux_server, "pick"), what="the popup before is gone")
        return desk.press("C-b", "C")

    return open_popup


Open = Callable[..., Desk]


def test_choosing_and_what_the_keys_do(
    open_popup: Open, calls: Calls, runtime: Path, tmux_server: PrivateServer
) -> None:
    asks = listed("asks", state="waiting", reason="permission")
    ended = listed("over", state="ended")
    lost = listed("gone", state="lost")
    all_of_them = (listed("api"), listed("stubborn"), asks, lost, ended)
    desk = open_popup(*all_of_them).shows("> asks", "4/4")
    desk.hides("over").press("C-l").shows("over", "5/5").press("C-l").hides("over")
    desk.type("ap /SRV").shows("> api", "1/4").press("C-u").shows("> asks", "4/4")
    desk.type("api").shows("1/4", "> api").press("C-o").shows("so be it: pick --do hold api")
    desk.press("C-r").shows("so be it: pick --do resume api")
    desk.press("M-p").shows("so be it: pick --do pause")
    desk.press("C-e").shows("New name for api:").type("web 2").press("Enter")
    desk.shows("so be it: pick --do rename api web 2").press("C-t").shows("Text for api:")
    hostile = "x'; touch $(touch pwned) `touch pwned` \\"
    desk.type(hostile).press("Enter").shows("send api x'; touch $(touch", "Any key goes on")
    desk.press("Down").shows("1/4")
    desk.press("C-t").shows("Text for api:").press("C-c").shows("1/4")
    desk.press("C-x").shows("Stop api?").press("Enter").shows("1/4")
    desk.press("C-u").shows("4/4").type("stub").shows("1/4", "> stubborn").press("C-x").shows(
        "Stop stubborn?"
    )
    desk.type("y").press("Enter").shows("all the same?").type("y").press("Enter")
    desk.shows("stubborn works").press("?").shows("go to the window").press("Down").shows("1/4")
    assert [call.partition(" --do ")[2] for call in calls()[-3:]] == [
        f"send api {hostile}",
        "stop stubborn",
        "stop-now stubborn",
    ]
    desk.press("C-u").shows("4/4").type("gone").shows("1/4", "> gone").press("Enter").hides(
        "> gone", "1/4"
    )
    until(lambda: calls()[-1] == f"{desk.name} pick --do back gone")
    open_popup(*all_of_them).shows("4/4").press("M-n").hides("4/4")
    until(lambda: calls()[-1] == f"{desk.name} pick --do new")
    open_popup(*all_of_them).shows("> asks", "4/4").press("Enter").hides("4/4")
    until(lambda: calls()[-1] == f"{desk.name} pick --do go asks")
    until(lambda: [file.name for file in runtime.iterdir()] == ["rows"])
    assert not list(tmux_server.directory.rglob("pwned"))


def test_a_deed_that_failed_is_told_before_the_popup_closes(open_popup: Open) -> None:
    for state in ("idle", "lost"):
        desk = open_popup(listed("stubborn", state=state)).shows("> stubborn").press("Enter")
        desk.shows("tmuxclaude: stubborn works", "Any key goes on").press("x").hides("Any key")


def test_a_deed_that_failed_has_its_exit_code(tmux_server: PrivateServer, calls: Calls) -> None:
    deed = str(Path(__file__).parents[2] / "tmuxclaude/plugin/deed")
    program = str(tmux_server.directory / "tmuxclaude")
    env = {"PATH": os.environ["PATH"], "TMUXCLAUDE_BIN": program, "TMUX": "inside"}
    for name, code in (("stubborn", 4), ("api", 0)):
        call = ["/bin/sh", deed, "enter", "live", name]
        assert subprocess.run(call, env=env, capture_output=True, check=False).returncode == code


@pytest.mark.parametrize(
    ("prefix", "key"), [("C-b", "C"), ("C-a", "M-c"), ("C-Space", "C"), ("C-o", "C-o")]
)
def test_the_same_key_closes_it(
    prefix: str, key: str, open_popup: Open, tmux_server: PrivateServer, desk: Desk, calls: Calls
) -> None:
    tmux_server.say("set-option", "-g", "prefix", prefix)
    load(tmux_server, key=key)
    publish(tmux_server.directory / "run", listed("Cab"), listed("api"))
    desk.press(prefix, key).shows("2/2", "> Cab").type("C").shows("1/2")
    desk.press("BSpace").shows("2/2").press(prefix).press(key).hides("2/2", "> Cab")
    assert calls() == []


def test_nothing_moves_under_the_cursor(open_popup: Open, runtime: Path) -> None:
    desk = open_popup(listed("api"), listed("two"), listed("web")).shows("> api")
    desk.press("Down").shows("> two")
    publish(runtime, listed("aaa"), listed("two", state="working"), listed("web"))
    desk.shows("> two", "working", "api  is no more", "aaa", "4/4")
    names = [line.split()[1:3] for line in desk.screen().splitlines() if "│" in line]
    shown = [name for words in names for name in words]
    assert [name for name in shown if name in ("aaa", "api", "two", "web")] == [
        "api",
        "two",
        "web",
        "aaa",
    ]
    ended = listed("two", state="ended")
    publish(runtime, listed("aaa"), ended, listed("web"))
    desk.shows("> two", "ended", "4/4")
    publish(runtime)
    desk.shows("two  is no more", "No sessions yet")


def test_a_supervisor_that_ends_is_told_of(open_popup: Open, runtime: Path, desk: Desk) -> None:
    desk = open_popup(listed("api")).shows("> api")
    done = subprocess.Popen(["true"])
    done.wait()
    publish(runtime, listed("api"), pid=done.pid)
    desk.shows("supervisor is not running", "> api")
    publish(runtime, listed("api"))
    desk.hides("supervisor is not running")
    old = (runtime / "rows").read_text().splitlines(keepends=True)
    first = f"tmuxclaude-rows\t2\t{os.getpid()}\t1\t0\n"
    (runtime / "rows.new").write_text(first + "".join(old[1:]))
    (runtime / "rows.new").replace(runtime / "rows")
    desk.shows("supervisor does not answer")
    (runtime / "rows").unlink()
    desk.shows("supervisor is not running", "> api")


def test_the_preview_is_the_pane_in_its_colours(
    open_popup: Open, tmux_server: PrivateServer, desk: Desk
) -> None:
    pid = tmux_server.process().pid
    script = "printf '\\033[31mRED %s\\033[m\\n' LINE; exec sleep 1000000"
    asked = ("-d", "-P", "-F", "#{pane_id}", "-t", "user:", "--", "sh", "-c", script)
    pane = tmux_server.say("new-window", *asked)
    tmux_server.say("set-option", "-p", "-t", pane, "@tmuxclaude-id", "ab" * 16)
    place = {"socket": tmux_server.socket, "server_pid": pid, "pane_id": pane}
    other = listed("zoe", nonce="cd" * 16, **place)
    open_popup(listed("api", nonce="ab" * 16, **place), other).shows("> api", "RED LINE")
    coloured = desk.screen(colours=True)
    assert "\x1b[31mRED LINE" in coloured
    desk.press("Down").shows("> zoe", "no window any more").hides("RED LINE")


KINDS = ("/srv/データ/東京", "/srv/cafe\u0301", "/srv/\u202e\u200b", "/srv/$(touch pwned)'\"`{}")


def test_sizes_and_numbers(open_popup: Open, runtime: Path, desk: Desk) -> None:
    many = [listed(f"s{i:03}", directory=KINDS[i % 4], reason="because") for i in range(300)]
    for size in (NARROW, WIDE):
        desk.resize(*size)
        open_popup().shows("0/0", "No sessions yet").press("Enter", "C-x", "C-c").hides("0/0")
        open_popup(listed("api")).shows("1/1", "> api").press("Escape").hides("1/1")
        open_popup(*many).shows("300/300", "> s000", "データ/東京", "\\u202e\\u200b", "`{}")
        desk.type("東京 s29").shows("2/300", "> s292").press("C-c").hides("2/300")
    for size in ((30, 12), (20, 9)):
        desk.resize(*size)
        open_popup(listed("api")).shows("> api").press("C-c")
        desk.hides("> ")
    desk.resize(19, 9)
    open_popup(listed("api")).shows("This terminal")
    desk.resize(*NARROW).press("C-b", "C").shows("1/1", "> api").press("C-c").hides("1/1")
    until(lambda: [file.name for file in runtime.iterdir()] == ["rows"])


OLD_FZF = "#!/bin/sh\necho 'unknown action: become' >&2\nexit 2\n"


@pytest.fixture
def old_fzf(tmux_server: PrivateServer) -> Path:
    """An fzf that comes before the real one, and is too old."""
    folder = tmux_server.directory / "old"
    folder.mkdir()
    (folder / "fzf").write_text(OLD_FZF)
    (folder / "fzf").chmod(0o755)
    tmux_server.say("set-environment", "-g", "PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize("why", ["no rows", "stale rows", "an old fzf"])
def test_the_built_in_form_comes_where_the_other_cannot(
    why: str,
    tmux_server: PrivateServer,
    desk: Desk,
    runtime: Path,
    calls: Calls,
    old_fzf: Path,
) -> None:
    if why != "an old fzf":
        (old_fzf / "fzf").unlink()
    done = subprocess.Popen(["true"])
    done.wait()
    if why != "no rows":
        publish(runtime, listed("api"), pid=done.pid if why == "stale rows" else 0)
    load(tmux_server)
    desk.press("C-b", "C").shows("THE BUILT-IN FORM")
    assert calls() == [f"{desk.name} pick --builtin"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_with_what_it_started(
    name: str, open_popup: Open, tmux_server: PrivateServer, runtime: Path
) -> None:
    desk = open_popup(listed("api")).shows("> api")
    until(lambda: any(runtime.glob("picker.*/order")))
    [script] = [
        one for one in running(tmux_server, "/pick") if one.ppid() == tmux_server.process().pid
    ]
    script.send_signal(getattr(signal, name))
    desk.hides("> api")
    until(lambda: not running(tmux_server, "fzf"), what="fzf is gone")
    until(lambda: [file.name for file in runtime.iterdir()] == ["rows"])


def test_in_a_small_popup_reason_and_help_are_seen(open_popup: Open, desk: Desk) -> None:
    held = listed("データ", want="hold", outlook_why="held, never touched")
    old = listed("a-long-name-that-has-ended", state="ended", reason="its user ended it")
    for width in (60, 70, 80, 100, 140):
        desk.resize(width, 24)
        open_popup(listed("api", reason="because of this"), held, old).shows("> api", "? help")
        desk.shows("because of this", "○ idle ‖", "held, never").press("Escape").hides("? help")


def test_a_picker_that_was_killed_leaves_nothing(
    open_popup: Open, tmux_server: PrivateServer, runtime: Path
) -> None:
    desk = open_popup(listed("api")).shows("> api")
    until(lambda: any(runtime.glob("picker.*/order")))
    scripts = running(tmux_server, "/pick")
    assert scripts
    for one in (*scripts, *running(tmux_server, "fzf")):
        one.kill()
    desk.hides("> api")
    until(lambda: [file.name for file in runtime.iterdir()] == ["rows"])


def test_help_and_answers_are_whole_in_a_small_popup(open_popup: Open, desk: Desk) -> None:
    desk.resize(40, 16)
    open_popup(listed("api")).shows("> api").press("?")
    seen = ""
    for begins in ("Enter ", "ctrl-x", "alt-p"):
        seen += desk.shows(begins, "Any key goes on").screen()
        desk.press("Down")
    desk.shows("> api")
    page = (ENTRY.parent / "tmuxclaude" / "plugin" / "keys.txt").read_text()
    assert [word for word in page.split() if word not in seen.replace("│", " ").split()] == []
    desk.press("C-e").shows("New name for api:").type("a-rather-long-name").press("Enter")
    desk.shows("so be it: pick --do rename", "a-rather-long-name", "Any key goes on")
    desk.press("Down").shows("> api").press("C-t").shows("Text for api:").hides("New name for")
    desk.press("C-c").shows("> api").press("C-o").shows("so be it: pick --do hold").press("Down")
    desk.shows("> api").press("C-c").hides("> api")


def test_colours_can_be_refused(open_popup: Open, desk: Desk, tmux_server: PrivateServer) -> None:
    def coloured() -> bool:
        [line] = [line for line in desk.screen(colours=True).splitlines() if "idle" in line]
        return bool(re.search(r"\x1b\[([34][0-8]|9\d)[;m]", line))

    idle = listed("api", state="waiting", reason="it is no longer idle")
    open_popup(idle).shows("> api")
    until(coloured)
    desk.press("C-c").hides("> api")
    tmux_server.say("set-environment", "-g", "NO_COLOR", "1")
    open_popup(idle).shows("> api")
    assert not coloured()


def test_a_new_session_may_wait_for_what_keeps_it_away(
    open_popup: Open, calls: Calls, tmux_server: PrivateServer
) -> None:
    program = tmux_server.directory / "tmuxclaude"
    written = program.read_text()
    program.write_text(
        written.replace("*stubborn*", "*new) echo it is limited; exit 4 ;;\n*stubborn*")
    )
    open_popup(listed("api")).shows("> api").press("M-n").shows("it is limited").type("y").press(
        "Enter"
    )
    until(lambda: calls()[-1].endswith("pick --do new-wait"))
