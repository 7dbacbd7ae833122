"""Sessions that come into the registry, change their names and leave it, in a real tmux."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.supervisor.house import LIMIT, OURS, TASK, House
from tests.supervisor.seat import NBSP, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.core import errors
from tmuxclaude.edges import processes

REFUSED, NOT_FOUND, USAGE = 4, 3, 2


class ByHand:
    """A pane with a shell in which a user starts the stand-in, as ``claude`` on the PATH."""

    def __init__(self, house: House, name: str, window: str = "", **part: Any) -> None:
        self.house, self.name = house, name
        self.directory = house.server.directory / name
        self.directory.mkdir()
        program = house.program(name, **part)
        given = ("-n", window) if window else ()
        path = f"PATH={program.parent}:{house.env()['PATH']}"
        variables = (path, f"HOME={house.home}", "PS1=$ ", "TZ=Europe/Berlin")
        shell = ("--", "/usr/bin/env", *variables, "/bin/bash", "--norc", "--noprofile")
        where = ("-c", str(self.directory), "-P", "-F", "#{pane_id}")
        made = house.server.say("new-window", "-d", "-t", "user:", *given, *where, *shell)
        self.pane = made.strip()

    def run(self, words: str) -> None:
        self.house.server.say("send-keys", "-t", self.pane, f"{words}", "Enter")

    def up(self, flags: str = "") -> ByHand:
        self.run(f"claude {flags}")
        until(lambda: f"❯{NBSP}" in self.screen(), what=self.screen)
        until(self.entries, what="its registry file")
        return self

    def screen(self) -> str:
        return self.house.server.say("capture-pane", "-p", "-t", self.pane)

    def entries(self) -> list[Path]:
        """Claude Code's registry files of this pane."""
        found = (self.house.home / ".claude" / "sessions").glob("*.json")
        return [one for one in found if f".{self.pane}" in one.read_text()]

    def seat(self, name: str = "") -> Seat:
        """The session that it was registered as; its log is the stand-in's."""
        session = self.house.find_row(name or self.name)
        opened = wire.Opened(
            name=self.name,
            uid=session["uid"],
            socket=self.house.server.socket,
            pane=self.pane,
            directory=session["directory"],
            conversation=session["conversation"],
        )
        return Seat(self.house, opened)


def adopted(house: House, *words: str) -> list[dict[str, Any]]:
    done = house.run("adopt", *words, "--json", "-S", house.server.socket)
    found: list[dict[str, Any]] = json.loads(done.stdout)["sessions"]
    return found


def option(seat: Seat) -> str:
    return seat.show("#{@tmuxclaude-id}")


def test_what_was_started_by_hand_is_kept_and_continued_and_not_taken_for_its_shell(
    house: House,
) -> None:
    byhand = ByHand(house, "api", window="api", limit=LIMIT).up("--model opus")
    empty = ByHand(house, "empty")
    before = byhand.screen()
    [found] = adopted(house)
    assert (found["name"], found["done"]) == ("api", "adopted")
    assert house.run("list", "--json").stdout.count('"api"') == 0, "without a pane it only looks"
    done = house.run("adopt", empty.pane, "-S", house.server.socket)
    assert (done.returncode, "no Claude Code" in done.stderr + done.stdout) == (NOT_FOUND, True)
    done = house.run("adopt", "%999", "-S", house.server.socket)
    assert done.returncode == NOT_FOUND
    assert house.run("adopt", "user:api", "-S", house.server.socket).returncode == USAGE
    assert [one["done"] for one in adopted(house, "--all")] == ["adopted"]
    seat = byhand.seat().is_("idle")
    assert byhand.screen() == before
    [entry] = byhand.entries()
    assert seat.conversation == json.loads(entry.read_text())["sessionId"]
    assert seat.row()["zone"] == "Europe/Berlin"
    assert not seat.row()["opened_by_us"]
    assert adopted(house, "--all") == []
    done = house.run("adopt", byhand.pane, "-S", house.server.socket)
    assert (done.returncode, "already, as api" in done.stdout + done.stderr) == (REFUSED, True)
    seat.say(TASK)
    seat.is_("limited")
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
    _killed_it_is_lost_and_opened_in_a_window_of_its_own(house, byhand, seat)


def _killed_it_is_lost_and_opened_in_a_window_of_its_own(
    house: House, byhand: ByHand, seat: Seat
) -> None:
    os.kill(int(byhand.entries()[0].stem), signal.SIGKILL)
    seat.is_("lost")
    until(lambda: "Killed" in byhand.screen() or "$ " in byhand.screen()[-80:])
    left = byhand.screen()
    [verdict] = house.resume("api")
    assert verdict.done == "reopens", verdict
    seat.is_("idle")
    seat.pane = str(seat.row()["pane_id"])
    assert seat.pane != byhand.pane
    start = seat.log("start")[-1]["argv"]
    assert start[:2] == ["--resume", seat.conversation]
    assert start[start.index("--model") + 1] == "opus"
    assert byhand.screen() == left
    nonce = house.server.say("show-options", "-p", "-q", "-v", "-t", byhand.pane, "@tmuxclaude-id")
    assert nonce.strip() == ""
    assert option(seat) == seat.uid


def test_it_ends_with_its_process_and_its_shell_stays(house: House) -> None:
    byhand = ByHand(house, "web").up()
    [found] = adopted(house, byhand.pane)
    assert found["name"] == "web", "an automatic name of a window is nobody's choice"
    seat = byhand.seat().is_("idle")
    seat.say("/exit")
    seat.is_("ended")
    assert seat.row()["reason"] == "it was ended at its prompt"
    byhand.run("echo still here")
    until(lambda: "\nstill here" in byhand.screen(), what=byhand.screen)
    byhand.up()
    [again] = adopted(house, byhand.pane)
    assert again["done"] == "adopted"


def test_of_background_agents_and_pickers_nothing_is_adopted(house: House) -> None:
    byhand = ByHand(house, "agent").up()
    [file] = byhand.entries()
    entry = json.loads(file.read_text())
    until(lambda: processes.identify(int(file.stem)))
    for change, words in (
        ({"kind": "background"}, "background agent"),
        ({"status": None}, "list of conversations"),
        ({"procStart": "1"}, "no Claude Code"),
    ):
        file.write_text(json.dumps({**entry, **change}))
        done = house.run("adopt", byhand.pane, "-S", house.server.socket)
        assert done.returncode in (REFUSED, NOT_FOUND)
        assert words in done.stdout + done.stderr, change
    file.write_text(json.dumps(entry))
    assert adopted(house, "--all", "--dry-run")[0]["done"] == "adopted"


def test_what_was_forgotten_is_never_touched_again(house: House) -> None:
    other = house.new("kept").idle()
    seat = house.limited("api")
    done = house.run("forget", "api")
    assert (done.returncode, done.stdout) == (0, "api: forgotten (its window is left alone)\n")
    before = seat.keys()
    assert option(seat) == ""
    assert seat.show("#{window_name}") == "api"
    house.let_it_be_due()
    other.never(lambda: seat.keys() != before, 1.2)
    seat.close_menu()
    seat.say("/exit")  # its hooks go on speaking, and nobody listens
    until(lambda: seat.pane not in seat.panes())
    assert house.run("show", "api").returncode == NOT_FOUND
    assert house.run("forget", "api").returncode == NOT_FOUND
    assert other.state == "idle"
    assert "api" not in house.run("list", "--all").stdout


def test_names_are_changed_from_both_sides(house: House) -> None:
    api, web = house.new("api").idle(), house.new("web").idle()
    done = house.run("rename", "api", "server")
    assert (done.returncode, done.stdout) == (
        0,
        "server: is its name now (it was api; its window was renamed too)\n",
    )
    assert (api.row()["name"], api.show("#{window_name}")) == ("server", "server")
    for name, code in (("web", REFUSED), ("no name", USAGE), ("-x", USAGE)):
        assert house.run("rename", "server", "--", name).returncode == code
    house.server.say("rename-window", "-t", api.pane, "core")
    until(lambda: api.row()["name"] == "core", what=api.story)
    assert ("renamed", "server → core, as its window was") in api.events()
    house.server.say("rename-window", "-t", api.pane, "web")
    until(lambda: [text for kind, text in api.events() if kind == "window"], what=api.story)
    house.server.say("rename-window", "-t", api.pane, "two words ⏳")
    until(lambda: len(_kept(api)) == 2, what=api.story)
    house.restart()
    api.never(lambda: len(_kept(api)) != 2 or api.row()["name"] != "core")
    assert house.run("rename", "core", "api").returncode == 0
    assert api.show("#{window_name}") == "two words ⏳", "its user called it so"
    house.kill()
    house.server.say("rename-window", "-t", web.pane, "later")
    house.start()
    until(lambda: web.row()["name"] == "later", what=web.story)
    _program_names_count_for_nothing(house, web)


def test_a_pane_that_is_moved_keeps_its_name(house: House) -> None:
    api, web = house.new("api").idle(), house.new("web").idle()
    for window in ("host", "cat", "dog"):
        house.server.say("new-window", "-d", "-t", "user:", "-n", window, "sleep", "1000")
    house.server.say("join-pane", "-d", "-s", api.pane, "-t", "user:host")
    house.server.say("swap-pane", "-d", "-s", web.pane, "-t", "user:cat")
    until(lambda: (_window(api)[0], _window(web)[0]) == ("host", "cat"), what=api.story)
    house.server.say("join-pane", "-d", "-s", web.pane, "-t", api.pane)
    until(lambda: web.row()["name"] == "web" and _window(web)[1] == _window(api)[1], what=web.story)
    api.say("/exit")  # the window is no more shared
    until(lambda: _window(web)[0] == "host", what=web.story)
    house.kill()
    house.server.say("swap-pane", "-d", "-s", web.pane, "-t", "user:dog")
    house.start()
    until(lambda: _window(web)[0] == "dog", what=web.story)
    assert (api.row()["name"], web.row()["name"]) == ("api", "web")
    house.server.say("rename-window", "-t", web.pane, "later")
    until(lambda: web.row()["name"] == "later", what=web.story)


def _window(seat: Seat) -> tuple[str, int]:
    """What is remembered of its window: the name and the number."""
    with sqlite3.connect(f"file:{seat.house.paths.database}?mode=ro", uri=True) as db:
        asked = "SELECT window_name, window_index FROM sessions WHERE uid = ?"
        [(name, number)] = db.execute(asked, [seat.uid])
    return str(name), int(number)


def _program_names_count_for_nothing(house: House, seat: Seat) -> None:
    """A program may name a window only where its user lets it; then it is no user's name."""
    for setting in ("automatic-rename", "allow-rename"):
        house.server.say("set-option", "-w", "-t", seat.pane, setting, "on")
    house.server.say("rename-window", "-t", seat.pane, "hostile")
    house.server.say("set-option", "-w", "-t", seat.pane, "automatic-rename", "on")
    seat.never(lambda: seat.row()["name"] != "later")


def _kept(seat: Seat) -> list[str]:
    """What was said of names that its window got and it did not."""
    return [text for kind, text in seat.events() if kind == "window"]


def test_a_socket_where_nobody_answers_holds_up_nobody_for_long(house: House) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        path = house.home / "silent"
        silent.bind(str(path))
        silent.listen()
        began = time.monotonic()
        with pytest.raises(errors.UnreachableError):
            house.ask(wire.Adopt(socket=str(path), every=True), wire.Verdicts)
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("path", ["", "relative", "/nul\0", "/" + "x" * 200])
def test_what_can_be_no_socket_is_a_mistake_of_the_caller(house: House, path: str) -> None:
    with pytest.raises(errors.UsageError, match="no tmux socket"):
        house.ask(wire.Adopt(socket=path), wire.Verdicts)
    place = {"pid": os.getpid(), "directory": str(house.project), "socket": path, "pane": "%0"}
    order = wire.Run(command=["/bin/true"], **place)  # type: ignore[arg-type]
    with pytest.raises(errors.UsageError, match="no tmux socket"):
        house.ask(order, wire.Admitted)


def test_the_supervisors_own_socket_is_no_tmux_server(house: House) -> None:
    link = house.home / "link"
    link.symlink_to(house.paths.runtime_dir)
    for path in (house.paths.socket, link / house.paths.socket.name):
        with pytest.raises(errors.RefusedError, match="tmuxclaude listens"):
            house.ask(wire.Adopt(socket=str(path), every=True), wire.Verdicts)


def test_a_program_that_is_not_there_is_not_opened(house: House) -> None:
    order = wire.New(
        directory=str(house.project), command=["/nonexistent/claude"], socket=house.server.socket
    )
    with pytest.raises(errors.NotFoundError, match="no program"):
        house.ask(order, wire.Opened)
    assert house.ask(wire.List(), wire.Listed).sessions == []


def test_what_we_started_ourselves_and_forgot_is_taken_back_with_its_hooks(house: House) -> None:
    seat = house.new("api", arguments=("--settings", '{"model": "opus"}')).idle()
    file = house.paths.hooks / f"{seat.uid}.json"
    left = house.paths.hooks / f"{'0' * 32}.json"
    left.touch()
    for one in (file, left):
        os.utime(one, (1, 1))
    assert house.run("forget", "api").returncode == 0
    assert house.run("cleanup", "--older-than", "1h").returncode == 0
    assert (file.exists(), left.exists()) == (True, False), "its process may look at it still"
    assert [one["done"] for one in adopted(house)] == ["adopted"]
    assert [one["done"] for one in adopted(house, seat.pane)] == ["adopted"]
    seat.is_("idle")
    assert json.loads(file.read_text())["model"] == "opus"
    seat.say("/exit")
    seat.is_("ended")
    assert house.run("forget", "api").returncode == 0
    assert not file.exists()


def test_settings_that_are_gone_are_told_of_before_anything_is_done(house: House) -> None:
    byhand = ByHand(house, "api")
    settings = byhand.directory / "mine.json"
    settings.write_text("{}")
    byhand.up(f"--settings {settings}")
    assert adopted(house)[0]["done"] == "adopted"
    settings.unlink()
    would, [done] = adopted(house), adopted(house, byhand.pane)
    assert would == [done]
    assert (done["done"], done["code"]) == ("refused", "refused")
    assert f"{settings} cannot be read" in done["why"]
