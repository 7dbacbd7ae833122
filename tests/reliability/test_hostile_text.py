"""Text that attacks, in every field that is stored or shown: it reaches no shell and no terminal.

A control-mode client stays attached all the while: tmux kills the jobs of a client that leaves at
once, so a one-shot client would hide most of what gets through.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateServer
from tests.reliability.fragile import Fragile
from tests.supervisor.house import OURS, TASK, Seat
from tests.waiting import until

MARK = "tcmark"
"""A program on the PATH of the tmux server and of every pane; it leaves a file when it is run."""

VECTORS = [
    f"#({MARK})",
    f"#{{E:#({MARK})}}#{{T:#({MARK})}}",
    f"$({MARK})`{MARK}`",
    f"';{MARK};'",
    f'";{MARK};"',
    f"a;{MARK};",
    f"x ; run-shell {MARK} ;",
    f"}} ; if-shell {MARK} {{",
    f"%(#({MARK}))%H#[fg=black,hidden]",
    f"##({MARK})###({MARK})",
]
BYTES = "\x1b]0;#(tcmark)\x07\x1b[2J\n%0:1:0\r\x9b\u241e\u202e\u2028"
EVERYTHING = " ".join(VECTORS)


class Trapped(Fragile):
    """A house in which running ``MARK`` anywhere leaves a file."""

    @property
    def mark(self) -> Path:
        return self.server.directory / "mark"

    def set_trap(self) -> None:
        program = self.programs / MARK
        program.write_text(f"#!/bin/sh\necho run >> {self.mark}\n")
        program.chmod(0o755)
        self.server.say("set-environment", "-g", "PATH", self.env()["PATH"])
        self.server.say("run-shell", MARK)
        until(self.mark.exists, what="the trap works")
        self.mark.unlink()

    def ticks(self, count: int = 6) -> None:
        """So many full rounds of the supervisor."""
        end = time.monotonic() + count * 0.2
        while time.monotonic() < end:
            assert not self.mark.exists()
            time.sleep(0.05)

    def said(self, *words: str) -> str:
        """What a command prints: nothing in it drives a terminal."""
        done = self.run(*words)
        text = done.stdout + done.stderr
        raw = [c for c in text if unicodedata.category(c) in ("Cc", "Cf") and c != "\n"]
        assert raw == [], (words, raw, text)
        return text


@pytest.fixture
def trapped(new_tmux_server: Callable[[], PrivateServer], tmp_path: Path) -> Iterator[Trapped]:
    house = Trapped(tmp_path, new_tmux_server().start(100, 30))
    house.set_trap()
    yield house
    house.stop()


def raw(text: str) -> str:
    """As an argument that tmux expands once."""
    return text.replace("#", "##")


def hostile_names(seat: Seat) -> None:
    """Its user, or a program, gives the window, the pane and the tmux session such names."""
    server = seat.server
    server.say("rename-window", "-t", seat.pane, "--", raw(EVERYTHING))
    server.say("select-pane", "-t", seat.pane, "-T", raw(EVERYTHING))
    server.say("rename-session", "-t", "$0", "--", raw(f"#({MARK})';{MARK};'$({MARK})"))
    assert f"#({MARK})" in seat.show("#{window_name}")
    assert f"#({MARK})" in seat.show("#{pane_title}")
    assert f"#({MARK})" in seat.show("#{session_name}")


def test_no_stored_text_reaches_a_shell(trapped: Trapped) -> None:
    folder = trapped.project / EVERYTHING.replace("/", "")[:120] / BYTES
    folder.mkdir(parents=True)
    account = trapped.home / f"acc #({MARK}) $({MARK}) ';{MARK};'"
    with trapped.server.control_client():
        trapped.start()
        seat = trapped.open(
            "hostile",
            directory=folder,
            account=account,
            environment={"VECTOR": EVERYTHING},
            arguments=("--name", VECTORS[0], "--append-system-prompt", EVERYTHING),
            limit={"resets_in": 3600, "lifts_in": 0, "after_turns": 1},
        ).idle()
        hostile_names(seat)
        trapped.ticks()
        sent = f"say {EVERYTHING}"
        assert trapped.run("send", "hostile", sent).returncode == 0
        until(lambda: seat.turns() == [sent], what=seat.story)
        [transcript] = [*(account / "projects").glob("*/*.jsonl")]
        with transcript.open("a") as file:
            title = {"type": "custom-title", "customTitle": EVERYTHING + BYTES}
            file.write(json.dumps(title) + "\n")
        seat.idle()
        seat.say(TASK)
        seat.is_("limited")
        trapped.ticks()
        for words in (("list",), ("list", "--all"), ("show", "hostile"), ("status",)):
            trapped.said(*words)
        trapped.let_it_be_due()
        until(lambda: seat.turns() == [sent, TASK, OURS], what=seat.story)
        until(lambda: seat.halts()[0]["ended_at"], what=seat.story)
        for words in (("list",), ("show", "hostile"), ("stop", "hostile"), ("list", "--all")):
            trapped.said(*words)
        trapped.ticks()
    assert not trapped.mark.exists()


def test_a_name_or_text_that_attacks_is_refused_in_words(trapped: Trapped) -> None:
    trapped.start()
    seat = trapped.open("plain").idle()
    with trapped.server.control_client():
        assert "no session" in trapped.said("show", "--", EVERYTHING + BYTES)
        for vector in (f"#({MARK})", f"!{MARK}", f"two\r{MARK}", f"\x1b[201~{MARK}"):
            assert "cannot be typed" in trapped.said("send", "plain", "--", vector)
        trapped.ticks(3)
    assert seat.keys() == ""
    assert not trapped.mark.exists()


def test_a_resume_text_that_attacks_starts_no_supervisor(trapped: Trapped) -> None:
    for vector in (f"continue $({MARK})", f"please; {MARK}"):
        trapped.configure(text=vector)
        done = trapped.run("supervisor", "run")
        assert done.returncode == 2
        assert "resume.text" in done.stderr
