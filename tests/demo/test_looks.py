"""The actor beside the recorded screens, cell by cell, colours included.

What differs from the recording of the real program must be named here as a changing place.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.demo.cells import recorded
from tests.demo.conftest import Actor, Plays
from tests.demo.parts import (
    ARMED,
    DAYS,
    FAR,
    FIRED,
    MENU_OPEN,
    REARMED,
    RESUME,
    UUID,
    fired,
    limited,
    menu,
)
from tests.waiting import until

RESET = re.compile(r"(?:[A-Z][a-z]{2} \d+, )?\d+(?::\d\d)?[ap]m\b")
CHANGING = [
    (RESET, "RESET"),
    (re.compile(r"\d+:\d\d [AP]M"), "CLOCK"),
    (re.compile(r"(Churned|Baked|Brewed) for \d+s"), "VERB"),
    (re.compile(r" · ← for agents"), ""),
]
HINTS = re.compile(r"^ {10,}<38:246>")


def _same_places(rows: list[str], directory: str) -> list[str]:
    """The rows with their changing places marked; the hint over the box comes and goes."""
    marked = []
    for row in rows:
        for pattern, name in CHANGING:
            row = pattern.sub(name, row)
        row = re.sub(r" +<38:246>◐.*", "", row)
        marked.append("" if HINTS.match(row) else row.replace(directory, "/home/me/proj"))
    return marked


def _armed(actor: Actor) -> None:
    limited(actor, "do a task")


def _menu_escaped(actor: Actor) -> None:
    limited(actor, "do a weekly task").press("Escape")


def _resumed(actor: Actor) -> None:
    actor.start("--session-id", UUID).ready().enter("task acresume")
    actor.shows("Continuing automatically at")
    os.kill(int(actor.show("#{pane_pid}")), signal.SIGKILL)
    actor.wait(actor.dead)
    actor.start("--resume", UUID).ready()


def _cancelled(actor: Actor) -> None:
    limited(actor, "do a task").press("Escape")


def _asks(task: str) -> Any:
    return lambda actor: actor.start().ready().enter(task)


def _pasted(actor: Actor) -> None:
    limited(actor, "task m5").press("Escape")
    actor.ready().paste('continue line one\nline two "quoted" $HOME `x`\nline three')


def _rearmed(actor: Actor) -> None:
    limited(actor, "task acmulti")
    actor.wait(lambda: len(actor.log("limit")) == 3)


def _sent_while_armed(actor: Actor) -> None:
    limited(actor, "do a task").enter("continue now")


def _stash_restored(actor: Actor) -> None:
    limited(actor, "task m3").press("Escape")
    actor.ready().type("user draft B line")
    actor.press("C-s")
    actor.box_holds("")
    actor.enter("continue with stash")
    actor.shows("✻")


STASHED = {"limit": {**FAR, "lifts_in": 0}, "native": False, "reply": "ok3."}
ASKED = {"permission": {"command": "touch /home/me/proj/permtest"}}


@pytest.mark.parametrize(
    ("stem", "part", "does"),
    [
        ("sub-limit-5h-120x40", ARMED, _armed),
        ("sub-limit-5h-80x24", ARMED, _armed),
        ("sub-limit-5h-menu-autocontinue-off-120x40", MENU_OPEN, _asks("task acoff")),
        ("sub-limit-weekly-80x24", {"limit": {"claim": "seven_day", **DAYS}}, menu),
        ("sub-limit-opus-80x24", {"limit": {"claim": "seven_day_opus", **DAYS}}, menu),
        (
            "sub-limit-weekly-after-esc-120x40",
            {"limit": {"claim": "seven_day", **DAYS}},
            _menu_escaped,
        ),
        ("sub-autocontinue-fired-120x40", FIRED, fired),
        ("sub-limit-resumed-after-kill9-120x40", ARMED, _resumed),
        ("sub-autocontinue-cancelled-by-esc-120x40", ARMED, _cancelled),
        ("sub-limit-rearmed-120x40", REARMED, _rearmed),
        ("sub-limit-send-while-armed-80x24", ARMED, _sent_while_armed),
        ("permission-prompt-bash-120x40", ASKED, _asks("go perm")),
        ("ask-user-question-120x40", {"question": True}, _asks("go ask")),
        ("trust-dialog-120x40", {"trust": True}, lambda actor: actor.start()),
        ("paste-multiline-draft-120x40", MENU_OPEN, _pasted),
        ("draft-stash-restored-120x40", STASHED, _stash_restored),
        ("idle-auto-mode-80x24", {"classic": True}, lambda actor: actor.start().ready()),
    ],
)
def test_a_part_looks_as_it_was_recorded(play: Plays, stem: str, part: Any, does: Any) -> None:
    width, height = (int(number) for number in stem.rsplit("-", 1)[1].split("x"))
    actor = play(width, height, **part)
    expected = _same_places(recorded(stem), "/home/me/proj2")
    expected = [row.replace("/home/me/proj3", "/home/me/proj") for row in expected]

    def differences() -> list[tuple[str, str]]:
        shown = _same_places(actor.looks(), str(actor.directory))
        pairs = zip_longest(expected, shown, fillvalue="")
        return [pair for pair in pairs if pair[0] != pair[1]]

    does(actor)
    until(lambda: not differences(), what=lambda: f"{differences()}\n{actor.screen()}")


def test_a_full_screen_shows_the_end_of_a_long_history(play: Plays) -> None:
    actor = play(full=True, **MENU_OPEN)
    menu(actor)
    lines = actor.screen().split("\n")
    assert lines[0] != ""
    assert lines[29:32] == ["", "❯ do a task", lines[31]]
    assert lines[31].startswith("  ⎿ \u00a0You've hit your 5-hour limit · resets")
    assert lines[32] == "▔" * 120


def test_the_classic_renderer_leaves_its_history_in_the_scrollback(play: Plays) -> None:
    actor = play(height=24, full=True, classic=True, **MENU_OPEN)
    menu(actor)
    assert actor.show("#{alternate_on}") == "0"
    everything = actor.server.say("capture-pane", "-p", "-S", "-", "-t", actor.pane)
    told = re.findall(r"^❯ (.*)$", everything, re.MULTILINE)
    tasks = [f"earlier task {number}" for number in range(1, 41)]
    assert told == [*tasks, "do a task", "/rate-limit-options"]


@pytest.mark.parametrize("classic", [False, True])
def test_it_follows_the_size_of_its_pane(play: Plays, classic: bool) -> None:
    actor = play(classic=classic).start().ready()
    actor.type(RESUME)
    actor.box_holds(RESUME.replace("repeat finished", "repeat\nfinished"))
    actor.server.say("resize-window", "-t", actor.pane, "-x", "70", "-y", "24")
    actor.wait(lambda: "─" * 70 in actor.screen().split("\n"))
    actor.wait(lambda: actor.box().replace("\n", " ") == RESUME and actor.box().count("\n") == 1)
    assert actor.screen().count("❯\u00a0") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process rename itself")
def test_tmux_shows_it_under_the_name_of_the_real_program(play: Plays) -> None:
    actor = play().start("--name", "a b").ready()
    actor.wait(lambda: actor.show("#{pane_current_command} #{pane_title}") == "claude ✳ a b")
    assert "─ a b ─" in actor.screen()


def test_it_imports_nothing_of_the_house_and_nothing_slow() -> None:
    code = (
        f"import sys; sys.path.append({str(Path(__file__).parents[2])!r})\n"
        "import tmuxclaude.demo.play\nprint(*sorted(sys.modules))"
    )
    asked = [sys.executable, "-IS", "-c", code]
    loaded = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.startswith("tmuxclaude.")}
    assert ours
    assert all(f"{name}.".startswith("tmuxclaude.demo.") for name in ours)
    assert not {"dataclasses", "pathlib", "typing", "subprocess", "inspect"} & set(loaded)
