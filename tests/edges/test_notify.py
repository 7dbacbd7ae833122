"""News reaches whom it is for, runs nothing, and no notifier holds up who sends it."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.conftest import PrivateServer
from tests.edges.onlooker import attached
from tests.waiting import until
from tmuxclaude.core.model import LimitKind, Topic
from tmuxclaude.core.notices import News
from tmuxclaude.core.rules import NotifyRules
from tmuxclaude.edges.notify import Notifier, Program
from tmuxclaude.edges.tmux import messages
from tmuxclaude.edges.tmux.call import Door

NOWHERE = NotifyRules(tmux=False)

LIMIT = News(
    topic=Topic.LIMIT,
    at=1791000000.5,
    words="5-hour limit, resets Sat 15:00 (UTC)",
    session="api",
    directory="/srv/#(touch x) %H\n\x1b]0;x\x07\udce9",
    limit=LimitKind.FIVE_HOUR,
    resets_at=1791003600.0,
)
LOST = News(Topic.LOST, 1791000001.0, "lost: it was killed by KILL", "web", "/srv")

HOSTILE = [
    "#(touch {marker})",
    "##(touch {marker})",
    "###(touch {marker})",
    "#{{E:window_name}} #(touch {marker})",
    "%H:%M #[fg=black,bg=black,hidden] #(touch {marker})",
    "'; touch {marker}; '",
    '"; run-shell "touch {marker}',
    "; run-shell 'touch {marker}'",
    "$(touch {marker}) `touch {marker}`",
    "\nrun-shell 'touch {marker}'\n",
    "\x1b]0;#(touch {marker})\x07 \x9b2J \u202e}}",
    "-c /dev/null #(touch {marker});",
]


@pytest.fixture
def notifiers() -> Iterator[Callable[..., Notifier]]:
    """Makes notifiers that are closed after the test."""
    made: list[Notifier] = []

    def make(rules: NotifyRules, **given: object) -> Notifier:
        made.append(Notifier(rules, **given))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for notifier in made:
        notifier.close()


def program(path: Path, body: str) -> str:
    """A program that is this piece of shell."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


def taker(folder: Path) -> str:
    """A program that keeps what it was given: one file for each run, whole when it is there."""
    body = f'cd {folder}; cat > part.$$; echo "$# $*" >> argv; mv part.$$ given.$$'
    return program(folder / "taker", body)


def given(folder: Path) -> list[str]:
    """The lines that the taker got, in the order of its runs."""
    files = sorted(folder.glob("given.*"), key=lambda path: path.stat().st_mtime_ns)
    return [line for file in files for line in file.read_text().splitlines()]


def wanting(command: str, *arguments: str) -> NotifyRules:
    return NotifyRules(tmux=False, command=(command, *arguments))


class TestTmux:
    def test_everybody_attached_sees_it_and_a_key_ends_it(
        self, tmux_server: PrivateServer, notifiers: Callable[..., Notifier]
    ) -> None:
        tmux_server.say("new-session", "-d", "-s", "other", "sleep", "1000000")
        told = replace(LIMIT, sockets=(tmux_server.socket,))
        with (
            attached(tmux_server) as one,
            attached(tmux_server, "other") as two,
            tmux_server.control_client(),
        ):
            notifiers(NotifyRules()).send([told])
            for person in (one, two):
                person.sees("api: 5-hour limit, resets Sat 15:00 (UTC)")
            drawn = two.text().count("[other]")
            two.press(b"x")  # long before its time is over
            until(lambda: two.text().count("[other]") > drawn)

    def test_a_control_client_and_nobody_are_not_told(self, tmux_server: PrivateServer) -> None:
        door = Door(tmux_server.socket, "tmux", 5)
        assert messages.show(door, "nobody") == 0
        with tmux_server.control_client(), attached(tmux_server, control=True):
            assert messages.show(door, "a program") == 0
            with attached(tmux_server) as person:
                assert messages.show(door, "a person") == 1
                person.sees("a person")

    def test_a_server_without_a_session_has_nobody_to_tell(
        self, tmux_server: PrivateServer
    ) -> None:
        tmux_server.say("set-option", "-g", "exit-empty", "off")
        tmux_server.say("kill-session", "-t", "user")
        assert messages.show(Door(tmux_server.socket, "tmux", 5), "nobody") == 0

    @pytest.mark.parametrize("text", HOSTILE)
    def test_text_is_shown_and_nothing_runs(
        self, tmux_server: PrivateServer, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        marker = tmux_server.directory / "X"
        door = Door(tmux_server.socket, "tmux", 5)
        with tmux_server.control_client(), attached(tmux_server) as person:
            for _ in range(10):
                messages.show(door, text.format(marker=marker))
            messages.show(door, "the end")
            person.sees("the end")
        assert not marker.exists()
        assert tmux_server.say("list-sessions", "-F", "#{session_name}") == "user"

    def test_no_time_and_no_format_is_filled_in(self, tmux_server: PrivateServer) -> None:
        door = Door(tmux_server.socket, "tmux", 5)
        with attached(tmux_server) as person:
            messages.show(door, "at %H:%M %Y #S #{pid} #{session_name}.")
            person.sees("at %H:%M %Y #S #{pid} #{session_name}.")
            messages.show(door, "black #[fg=black]words")
            person.sees("[fg=black]words")

    def test_a_server_that_is_gone_is_no_fault(
        self, tmp_path: Path, notifiers: Callable[..., Notifier], caplog: pytest.LogCaptureFixture
    ) -> None:
        told = News(Topic.LOST, 0.0, "lost", "api", sockets=(str(tmp_path / "gone"),))
        notifier = notifiers(NotifyRules())
        notifier.send([told])
        notifier.close()
        assert not caplog.records

    def test_a_tmux_that_fails_is_logged_once(
        self, tmp_path: Path, notifiers: Callable[..., Notifier], caplog: pytest.LogCaptureFixture
    ) -> None:
        tried = tmp_path / "tried"
        shim = program(tmp_path / "tmux", f"echo >> {tried}; echo trouble >&2; exit 3")
        notifier = notifiers(NotifyRules(), tmux=shim)
        for count in range(1, 4):
            notifier.send([News(Topic.LOST, 0.0, "lost", "api", sockets=("/none",))])
            until(lambda n=count: tried.exists() and len(tried.read_text()) >= n)
        notifier.close()
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert "tmux do not arrive" in caplog.text
        assert "trouble" in caplog.text


class TestCommand:
    def test_it_gets_one_object_a_line_and_its_own_arguments(
        self, tmp_path: Path, notifiers: Callable[..., Notifier]
    ) -> None:
        notifiers(wanting(taker(tmp_path), "-x", "$(touch y) #(z)")).send([LIMIT, LOST])
        until(lambda: len(given(tmp_path)) == 2)
        assert (tmp_path / "argv").read_text() == "2 -x $(touch y) #(z)\n"
        raw = next(tmp_path.glob("given.*")).read_bytes()
        assert raw.isascii()
        assert raw.count(b"\n") == 2
        first, second = map(json.loads, raw.splitlines())
        assert first == {
            "event": "limit",
            "at": 1791000000.5,
            "session": "api",
            "directory": LIMIT.directory,
            "text": "api: 5-hour limit, resets Sat 15:00 (UTC)",
            "limit": "five_hour",
            "resets_at": 1791003600.0,
            "by": None,
        }
        assert (second["event"], second["session"], second["limit"]) == ("lost", "web", None)

    def test_only_what_is_wanted_is_told(
        self, tmp_path: Path, notifiers: Callable[..., Notifier]
    ) -> None:
        rules = NotifyRules(tmux=False, command=(taker(tmp_path),), events=("lost",))
        notifier = notifiers(rules)
        notifier.send([LIMIT])
        notifier.send([LIMIT, LOST])
        until(lambda: given(tmp_path))
        notifier.close()
        assert [json.loads(line)["event"] for line in given(tmp_path)] == ["lost"]
        assert len((tmp_path / "argv").read_text().splitlines()) == 1

    def test_one_that_hangs_holds_up_nobody_and_is_ended_with_its_children(
        self, tmp_path: Path, notifiers: Callable[..., Notifier], caplog: pytest.LogCaptureFixture
    ) -> None:
        # It does not even read; and its child would outlive it.
        pids = tmp_path / "pids"
        hang = program(tmp_path / "hang", f"sleep 1000 & echo $$ $! >> {pids}; wait")
        notifier = notifiers(wanting(hang), timeout=0.5)
        began = time.monotonic()
        for _ in range(50):
            notifier.send([LIMIT] * 4)
        assert time.monotonic() - began < 10
        until(lambda: len(pids.read_text().split()) == 4 if pids.exists() else None)
        until(lambda: not any(map(psutil.pid_exists, map(int, pids.read_text().split()[:2]))))
        until(lambda: caplog.records)
        notifier.send([LOST])
        until(lambda: len(pids.read_text().split()) >= 6)
        notifier.close()
        until(lambda: not any(map(psutil.pid_exists, map(int, pids.read_text().split()))))
        assert len(caplog.records) == 1
        assert "did not end in 0.5 s" in caplog.text

    def test_what_comes_while_one_runs_goes_together_and_is_bounded(
        self, tmp_path: Path, notifiers: Callable[..., Notifier]
    ) -> None:
        gate = tmp_path / "gate"
        slow = program(
            tmp_path / "slow",
            f"cd {tmp_path}; cat > part.$$; : > runs.$$;"
            f" while [ ! -e {gate} ]; do sleep 0.02; done; mv part.$$ given.$$",
        )
        notifier = notifiers(wanting(slow))
        notifier.send([LIMIT])
        until(lambda: list(tmp_path.glob("runs.*")))
        for number in range(500):
            notifier.send([News(Topic.LOST, float(number), "lost", "web")])
        gate.touch()
        until(lambda: len(given(tmp_path)) == 201, what=lambda: str(len(given(tmp_path))))
        assert [json.loads(line)["at"] for line in given(tmp_path)][1:] == [*range(300, 500)]
        assert len(list(tmp_path.glob("runs.*"))) == 2

    @pytest.mark.parametrize(
        ("body", "words"),
        [(None, "cannot be run"), ("exit 7", "ended with status 7")],
        ids=["missing", "failing"],
    )
    def test_one_that_is_missing_or_fails_is_logged_once(
        self,
        tmp_path: Path,
        notifiers: Callable[..., Notifier],
        caplog: pytest.LogCaptureFixture,
        body: str | None,
        words: str,
    ) -> None:
        file = tmp_path / "it"
        tries = tmp_path / "tries"
        if body is not None:
            program(file, f"echo >> {tries}; {body}")
        notifier = notifiers(wanting(str(file)))
        for count in range(1, 4):
            notifier.send([LIMIT])
            until(lambda n=count: body is None or (tries.exists() and len(tries.read_text()) >= n))
        until(lambda: caplog.records)
        program(file, f"cat > {tmp_path}/got")
        notifier.send([LIMIT])
        until(lambda: (tmp_path / "got").exists())
        assert len(caplog.records) == 1
        assert words in caplog.text

    def test_closing_lets_the_last_news_out_and_waits_for_no_more(
        self, tmp_path: Path, notifiers: Callable[..., Notifier]
    ) -> None:
        notifier = notifiers(wanting(taker(tmp_path)))
        notifier.send([LIMIT])
        notifier.close()
        assert len(given(tmp_path)) == 1
        pid = tmp_path / "pid"
        hangs = program(tmp_path / "hang", f"echo $$ > {pid}; exec sleep 1000")
        notifier = notifiers(wanting(hangs))
        notifier.send([LIMIT])
        until(lambda: pid.exists() and pid.read_text().strip())
        began = time.monotonic()
        notifier.close()
        assert time.monotonic() - began < 15
        until(lambda: not psutil.pid_exists(int(pid.read_text())))


class TestDesktop:
    @pytest.mark.parametrize(
        ("platform", "name"), [("linux", "notify-send"), ("darwin", "osascript")]
    )
    def test_the_text_is_one_argument_and_never_script(
        self,
        tmp_path: Path,
        notifiers: Callable[..., Notifier],
        monkeypatch: pytest.MonkeyPatch,
        platform: str,
        name: str,
    ) -> None:
        body = f'cd {tmp_path}; for word; do printf "%s\\0" "$word"; done > part; mv part argv'
        program(tmp_path / name, body)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        hostile = News(Topic.LOST, 0.0, 'a" & <b>$(touch x)</b> "', "api")
        rules = NotifyRules(tmux=False, desktop=True)
        notifiers(rules, platform=platform).send([hostile])
        until((tmp_path / "argv").exists)
        words = (tmp_path / "argv").read_text().split("\0")[:-1]
        if platform == "darwin":
            assert words[-1] == 'api: a" & <b>$(touch x)</b> "'
            assert words[:-1] == [
                *("-e", "on run argv"),
                *("-e", 'display notification (item 1 of argv) with title "tmuxclaude"'),
                *("-e", "end run"),
            ]
        else:
            assert words[-3:] == [
                *("--", "tmuxclaude"),
                'api: a" &amp; &lt;b&gt;$(touch x)&lt;/b&gt; "',
            ]
        assert not any("touch" in word for word in words[:-1])


def test_descriptors_threads_and_children_stay_flat(
    tmux_server: PrivateServer, tmp_path: Path, notifiers: Callable[..., Notifier]
) -> None:
    runs = tmp_path / "runs"
    command = program(tmp_path / "count", f"cat > /dev/null; echo >> {runs}")
    rules = NotifyRules(tmux=True, desktop=True, command=(command,))
    notifier = notifiers(rules, platform="linux")
    told = News(Topic.LOST, 0.0, "lost", "api", sockets=(tmux_server.socket,))
    process = psutil.Process()

    def figures() -> tuple[int, int, int]:
        running = psutil.process_iter(["ppid", "name"])  # leaves out who ends meanwhile
        ours = [one for one in running if one.info["ppid"] == process.pid]
        children = [one for one in ours if one.info["name"] in {"count", "sh", "tmux"}]
        return process.num_fds(), process.num_threads(), len(children)

    def send(count: int, so_far: int) -> None:
        for number in range(so_far + 1, so_far + count + 1):
            notifier.send([told])
            until(lambda n=number: runs.exists() and len(runs.read_text()) >= n, every=0.002)

    send(5, 0)
    until(lambda: figures()[2] == 0)
    before = figures()
    send(200, 5)
    until(
        lambda: all(now <= then for now, then in zip(figures(), before, strict=True)),
        what=lambda: f"{before} {figures()}",
    )


def test_nothing_is_imported_or_started_before_there_is_news() -> None:
    code = (
        "import threading; from tmuxclaude.core.rules import NotifyRules;"
        "from tmuxclaude.edges.notify import Notifier;"
        "n = Notifier(NotifyRules(desktop=True, command=('x',))); n.send([]);"
        "print(threading.active_count()); n.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_nothing_stays_of_rules_that_are_no_longer_followed(
    notifiers: Callable[..., Notifier],
) -> None:
    rules = NotifyRules(tmux=False, desktop=False, command=("true",))
    notifier = notifiers(rules)
    gc.collect()
    before = sum(isinstance(one, Program) for one in gc.get_objects())
    for number in range(20):
        notifier.follow(replace(rules, command=("true", str(number))))
    gc.collect()
    assert sum(isinstance(one, Program) for one in gc.get_objects()) == before


def test_other_rules_are_followed_and_what_was_sent_still_goes_out(
    tmp_path: Path, notifiers: Callable[..., Notifier]
) -> None:
    folders = [tmp_path / "old", tmp_path / "new"]
    for folder in folders:
        folder.mkdir()
    old, new = (wanting(taker(folder)) for folder in folders)
    notifier = notifiers(old)
    notifier.send([replace(LIMIT, session="first")])
    notifier.follow(new)
    notifier.send([replace(LIMIT, session="second")])
    for folder, name in zip(folders, ("first", "second"), strict=True):
        until(lambda folder=folder: given(folder))
        assert [name in line for line in given(folder)] == [True]
    notifier.follow(replace(new, events=("reset",)))
    notifier.send([LIMIT])
    notifier.close()
    assert len(given(folders[1])) == 1
