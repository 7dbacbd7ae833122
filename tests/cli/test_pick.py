"""The built-in picker in a real tmux pane: keys go in, and its screen is read."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run, session
from tests.cli.test_pick_parts import places as places
from tests.cli.test_pick_parts import publish
from tests.conftest import PrivateServer
from tests.supervisor.house import House
from tests.waiting import until
from tmuxclaude.cli.picker.view import HELP
from tmuxclaude.cli.places import Places
from tmuxclaude.core import rows
from tmuxclaude.core.drawn import columns
from tmuxclaude.core.model import Pane, Server, State
from tmuxclaude.core.symbols import UNICODE
from tmuxclaude.store.books import Books
from tmuxclaude.store.reader import SESSION_COLUMNS

NARROW, WIDE = (80, 24), (200, 60)


class Picker:
    """A picker in a window of its own, as the user at its keys sees it."""

    def __init__(
        self,
        server: PrivateServer,
        env: dict[str, str],
        size: tuple[int, int] = NARROW,
        after: str = "",
    ) -> None:
        self._server = server
        given = [f"{key}={value}" for key, value in env.items()]
        command = ["env", *given, sys.executable, "-m", "tmuxclaude", "pick", "--builtin"]
        # A shell first, so that the size is the picker's from the beginning.
        shell = ["sh", "-c", 'read -r go; exec "$@"', "sh", *command]
        place = ("-c", str(server.directory / "proj"), "-t", "user:", "-n", "picker")
        asked = ("-d", "-P", "-F", "#{pane_id}", *place)
        self.pane = server.say("new-window", *asked, "--", *shell).strip()
        self.resize(*size)
        self.press("Enter")

    def press(self, *keys: str) -> Picker:
        self._server.say("send-keys", "-t", self.pane, *keys)
        return self

    def type(self, text: str) -> Picker:
        self._server.say("send-keys", "-t", self.pane, "-l", text)
        return self

    def resize(self, width: int, height: int) -> Picker:
        self._server.say("resize-window", "-t", self.pane, "-x", str(width), "-y", str(height))
        return self

    def screen(self) -> str:
        return self._server.say("capture-pane", "-p", "-t", self.pane)

    def colours(self) -> str:
        return self._server.say("capture-pane", "-ep", "-t", self.pane)

    def shows(self, *texts: str) -> Picker:
        until(lambda: all(text in self.screen() for text in texts), what=self.story(texts))
        return self

    def hides(self, text: str) -> Picker:
        until(lambda: text not in self.screen(), what=self.story((f"not {text}",)))
        return self

    def closed(self) -> None:
        panes = ("list-panes", "-a", "-F", "#{pane_id}")
        until(lambda: self.pane not in self._server.say(*panes).split(), what=self.story(()))

    def story(self, texts: tuple[str, ...]) -> Callable[[], str]:
        return lambda: f"{texts} in:\n{self.screen()}"


Open = Callable[..., Picker]


@pytest.fixture
def open_picker(tmux_server: PrivateServer, env: dict[str, str], places: Places) -> Open:
    def open_picker(size: tuple[int, int] = NARROW, **more: str) -> Picker:
        return Picker(tmux_server, env | more, size)

    return open_picker


def listed(name: str, **more: object) -> dict[str, object]:
    plain: dict[str, object] = dict.fromkeys(SESSION_COLUMNS)
    plain |= {"name": name, "state": "idle", "want": "up", "since": 0.0, "created_at": 0.0}
    plain |= {"directory": f"/srv/{name}", "reason": "", "outlook_why": "", "outlook_actor": ""}
    return plain | more


def page(*sessions: dict[str, object]) -> str:
    """As a supervisor that runs would publish it."""
    now = time.time()
    return rows.text(sessions, [], None, [], now, time.gmtime, "/home/ann", os.getpid(), UNICODE)


def test_choosing_at_every_size(open_picker: Open, places: Places) -> None:
    asks = listed("asks", state="waiting", reason="permission")
    publish(places, page(listed("api"), listed("web"), asks, listed("old", state="ended")))
    picker = open_picker().shows("NAME", "3/4")
    lines = picker.screen().split("\n")
    assert lines[0].startswith("> ")
    assert lines[4].split()[:4] == ["▌", "asks", "?", "waiting"]
    assert [line.split()[0] for line in lines[5:7]] == ["api", "web"]
    assert "│" not in picker.screen()
    picker.type("we").shows("1/4", "▌ web").hides("asks")
    picker.press("C-u").shows("3/4", "▌ asks").press("Down").shows("▌ api")
    picker.press("C-n").shows("▌ web").press("C-p").shows("▌ api").press("Up").shows("▌ asks")
    picker.press("C-j").shows("▌ api")
    picker.press("C-l").shows("■ ended", "4/4").press("C-l").hides("ended")
    picker.press("?").shows("ctrl-r     resume now").press("x").hides("resume now")
    picker.resize(*WIDE).shows("│", "▌ api")
    assert {line[100] for line in picker.screen().split("\n")[:60]} == {"│"}
    for width, height in ((30, 6), (20, 3), (7, 2), (1, 1)):
        picker.resize(width, height)
        until(lambda: picker.screen().startswith(">"), what=picker.story(()))
    picker.resize(60, 7).shows("NAME", "▌ api").hides("no limit")
    picker.resize(40, 3).shows("▌ api")
    picker.resize(*NARROW).shows("3/4", "NAME", "▌ api").press("Escape").closed()


def test_help_and_answers_are_whole_on_a_small_terminal(open_picker: Open, places: Places) -> None:
    publish(places, page(listed("api")))
    picker = open_picker((40, 14)).shows("▌ api").press("?")
    seen = ""
    for ends in ("ctrl-e", "ctrl-w", "goes on"):
        seen += picker.shows(ends).screen() + "\n"
        picker.press("Down")
    picker.shows("▌ api")
    words = [word for line in HELP for word in line.split()]
    assert [word for word in words if word not in seen.split()] == []
    picker.press("?").shows("or bring back").press("Escape").shows("▌ api")
    picker.press("C-r").shows("no supervisor is running", "tmuxclaude supervisor start")
    picker.press("C-e").shows("New name of api:").type("a" * 60)
    until(lambda: picker.screen().count("a") >= 60, what=picker.story(()))
    picker.press("Escape").hides("New name of").press("Escape").closed()


def test_what_changes_is_shown_while_it_is_open(
    open_picker: Open, places: Places, books: Books, home: Path
) -> None:
    books.sessions.add(session("kept", home))
    publish(places, page(listed("api"), listed("web")))
    picker = open_picker().shows("▌ api").press("C-n").shows("▌ web")
    publish(places, page(listed("api"), listed("more"), listed("web")))
    picker.shows("more", "▌ web", "3/3")
    Path(places.rows).unlink()
    picker.shows("kept", "supervisor is not running").hides("web")
    publish(places, page())
    picker.shows("No sessions yet", "0/0").press("C-x").press("Enter").press("C-e")
    publish(places, page(listed("again")))
    picker.shows("▌ again").press("C-c").closed()


def test_three_hundred_names_of_every_width(open_picker: Open, places: Places) -> None:
    kinds = ("/srv/データ/東京", "/srv/cafe\u0301", "/srv/\u202e\u200b", "/srv/plain")
    many = [listed(f"s{i:03}", directory=kinds[i % 4], reason="because") for i in range(300)]
    publish(places, page(*many))
    picker = open_picker((120, 24)).shows("▌ s000", "300/300")
    picker.press("End").shows("▌ s299").press("PageUp").shows("▌ s279").press("Home").shows("▌ s0")
    picker.resize(*NARROW)
    lines = until(lambda: _drawn(picker), what=picker.story(()))
    assert len(lines) == 20
    assert {columns(line[: line.index("because")]) for line in lines} == {22}
    picker.type("東京").shows("75/300").press("Enter").shows("there is no session s000 any more")


def _drawn(picker: Picker) -> list[str]:
    return [line for line in picker.screen().split("\n") if "because" in line and "│" not in line]


@pytest.mark.parametrize(
    ("prefix", "key", "keys"),
    [("C-b", "C", "C-b C"), ("", "M-c", "M-c"), ("C-b", "C-b", "C-b C-b")],
)
def test_the_key_that_opened_it_closes_it(
    prefix: str, key: str, keys: str, open_picker: Open, places: Places
) -> None:
    publish(places, page(listed("api"), listed("Cab")))
    picker = open_picker(TMUXCLAUDE_PREFIX=prefix, TMUXCLAUDE_KEY=key).shows("api")
    picker.type("C").shows("1/2").press("C-u").shows("2/2")
    picker.press(*keys.split()).closed()


def test_its_deeds_are_those_of_the_verbs(run: Run, home: Path, books: Books) -> None:
    socket = str(home / "no-such")
    pane = Pane(Server(socket, 4711, 1), "%1", 4712, "0f" * 16)
    books.sessions.add(session("api", home, pane=pane, socket=socket))
    assert "no session web" in run("pick", "--do", "go", "web").err
    assert run("pick", "--do", "go", "web").code == 3
    assert run("pick", "--do", "go").code == 2
    assert run("pick", "--do", "leap", "api").code == 2
    assert run("pick", "--do", "hold", "api").code == 5
    assert run("pick", "api").code == 2
    away = run("pick", "--do", "go", "api")
    assert away.code == 5
    assert "no tmux server" in away.err
    assert run("pick", "--rows").out.splitlines()[-1].startswith("live\tapi\t")
    refused = run("pick")
    assert refused.code == 2
    assert "needs a terminal" in refused.err


def test_a_session_without_a_window_is_not_gone_to(run: Run, home: Path, books: Books) -> None:
    other = str(home / "my other")
    books.sessions.add(session("out", home, pane=None, socket="", account=other))
    assert "out runs outside tmux" in run("pick", "--do", "go", "out").err
    lost = session("lost", home, pane=None, socket="", account=other, state=State.LOST)
    books.sessions.add(lost)
    said = run("pick", "--do", "go", "lost").err
    assert f"&& CLAUDE_CONFIG_DIR='{other}' claude --resume {lost.conversation}" in said
    assert "tmuxclaude resume" not in said


# -- with a supervisor -----------------------------------------------------------------------------


@pytest.fixture
def house(tmux_server: PrivateServer, tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, tmux_server)
    yield made.start()
    made.stop()


@contextmanager
def client(house: House) -> Iterator[str]:
    """Somebody who is attached to the tmux session ``user``; gives tmux's name of the client."""
    leader, follower = pty.openpty()
    call = ["tmux", "-S", house.server.socket, "attach-session", "-t", "user"]
    env = house.env() | {"TERM": "xterm-256color"}
    attached = subprocess.Popen(call, stdin=follower, stdout=follower, stderr=follower, env=env)
    try:
        yield until(lambda: house.server.say("list-clients", "-F", "#{client_name}").strip())
    finally:
        attached.kill()
        attached.wait()
        os.close(leader)
        os.close(follower)


def window(house: House) -> str:
    """What the attached client looks at."""
    return house.server.say("list-clients", "-F", "#{session_name} #{window_name}").strip()


def test_everything_that_can_be_done(house: House) -> None:
    seat = house.new("api").idle()
    house.new("web", tmux_session="other").idle()
    picker = Picker(house.server, house.env(), WIDE).shows("▌ api", "web", "Claude Code v2.1")
    assert "\x1b[" in picker.colours()
    seat.type("a draft")
    picker.shows("a draft")
    seat.press("C-u")

    picker.press("C-o").shows("api: held", "held, never touched")
    assert seat.row()["want"] == "hold"
    picker.press("C-o").shows("api: released").hides("never touched")
    picker.press("C-t").shows("Type into api:").type("hello there").press("Enter")
    until(lambda: seat.turns() == ["hello there"], what=seat.story)
    picker.hides("typing into api")
    picker.press("M-p").shows("resumes are paused").press("M-p").hides("resumes are paused")
    picker.press("C-x").shows("Stop api?").press("n").hides("Stop api?")
    picker.press("C-r").shows("nothing stopped api")
    picker.press("C-x").shows("Stop api?").press("y").shows("api: has ended").hides("▌ api")
    with client(house) as tty:
        picker.press("C-l").shows("■ ended").type("api").shows("▌ api").press("Enter")
        picker.shows("bringing back api").closed()
        until(lambda: window(house) == "user api", what=lambda: window(house))
        picker = Picker(house.server, house.env()).shows("▌ api", "○ idle")
        assert window(house) != "other web"
        picker.type("web").shows("▌ web").press("Enter").closed()
        until(lambda: window(house) == "other web", what=lambda: window(house))
        popup = house.env() | {"TMUXCLAUDE_CLIENT": tty, "TMUX_PANE": "%999"}
        picker = Picker(house.server, popup).shows("api")
        picker.press("C-e").shows("New name of").type("shop").press("Enter").shows("▌ shop")
        picker.type("shop").press("Enter").closed()
        until(lambda: window(house) == "user shop", what=lambda: window(house))

        (house.programs / "claude").symlink_to(house.program("proj"))
        Picker(house.server, popup).shows("shop").press("M-n").closed()
        until(lambda: window(house) == "user proj", what=lambda: window(house))


def test_a_pane_that_is_another_one_now_is_not_gone_to(house: House) -> None:
    seat = house.new("api").idle()
    house.stop()
    house.server.say("set-option", "-p", "-t", seat.pane, "@tmuxclaude-id", "f" * 32)
    house.server.say("select-window", "-t", "user:first")
    picker = Picker(house.server, house.env(), WIDE).shows("▌ api", "(its pane cannot be seen)")
    picker.press("Enter").shows("another process, session or tmux server")
    assert house.server.say("display-message", "-p", "-t", "user:", "#{window_name}") == "first"
    picker.press("Escape").closed()
