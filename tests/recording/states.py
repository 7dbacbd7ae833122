"""The states that the loopback API can bring about, each as a short play with one or more takes.

A new state is one more play here, and after a run one more row in ``expected.csv``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.end_to_end.home import CREDITS_FIRST, TOOLS_RUN
from tests.end_to_end.terminal import NBSP
from tests.end_to_end.wire import Answer, Cut, Error, Limit, Text, Tool
from tests.recording.stage import Stage
from tests.waiting import until

Play = Callable[[Stage], None]
TASK = "do the work"
MENU = "What do you want to do?"
ARMED = "Continuing automatically at"
HOUR, WEEK = 3600.0, 3 * 24 * 3600.0
NATIVE_OFF: dict[str, Any] = {"native_continue": False}
FEW_TRIES = NATIVE_OFF | {"settings": {"env": {"CLAUDE_CODE_MAX_RETRIES": "4"}}}
WIDE, NARROW = "120x40", "60x24"
CLAIMS = ("seven_day_opus", "seven_day_sonnet", "seven_day_overage_included", "overage")
NO_CREDITS = (
    "out_of_credits",
    "org_spend_cap_reached",
    "seat_tier_level_disabled",
    "member_level_disabled",
    "group_zero_credit_limit",
    "org_service_level_disabled",
)
ERRORS: dict[str, Answer] = {str(status): Error(status) for status in (400, 401, 429, 500, 529)}
ERRORS["cut"] = Cut()
RETRYING = {"429": "attempt 1/", "500": "attempt 3/", "529": "attempt 3/"}
"""The try of Claude Code's own that is long enough for a look at it."""


@dataclass(frozen=True)
class State:
    """A play, and the stage that it needs. ``long``: it takes minutes, and is played on request."""

    name: str
    play: Play
    home: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    size: str = WIDE
    long: bool = False


def prompt(stage: Stage) -> None:
    stage.idle()
    stage.take("idle")
    stage.session.pane.type("half a thought")
    stage.shows("half a thought")
    stage.take("draft")
    stage.press("C-s")
    stage.shows("stashed")
    stage.take("draft-stashed")
    stage.api.on("slowly", Text("word " * 60, every=0.5))
    stage.session.pane.enter("tell it slowly")
    stage.status("busy")
    stage.shows("word word")
    stage.take("working")
    stage.press("Escape")
    stage.status("idle")
    stage.take("interrupted")


def fullscreen(stage: Stage) -> None:
    stage.api.on("fill", Text("\n\n".join(f"Line {n} of a long reply." for n in range(60))))
    stage.idle()
    stage.ask("fill the screen")
    stage.shows("Line 59")
    stage.idle()
    stage.take("done-full")
    _limited(stage, "five_hour", HOUR)
    stage.shows(MENU)
    stage.take("limit-menu-full")
    stage.press("Escape")
    stage.shows(f"❯{NBSP}")
    stage.take("limit-menu-closed-full")


def menu(stage: Stage) -> None:
    stage.idle()
    _limited(stage, "five_hour", HOUR)
    stage.shows(MENU)
    stage.status("waiting")
    stage.take("limit-menu")
    stage.press("Escape")
    stage.shows(f"❯{NBSP}")
    stage.take("limit-menu-closed")
    stage.session.pane.type("half a thought")
    stage.shows("half a thought")
    stage.take("limit-draft")


def armed(stage: Stage) -> None:
    stage.idle()
    _limited(stage, "five_hour", HOUR)
    stage.shows(ARMED)
    stage.take("limit-armed")
    stage.press("Escape")
    stage.shows("Automatic continue cancelled")
    stage.take("limit-armed-cancelled")
    stage.session.pane.kill()
    stage.take("killed")
    stage.again()
    stage.idle()
    stage.take("limit-resumed")


def weekly(stage: Stage) -> None:
    stage.idle()
    _limited(stage, "seven_day", WEEK)
    stage.shows(MENU)
    stage.take("weekly-menu")


def credits_first(stage: Stage) -> None:
    stage.idle()
    _limited(stage, "five_hour", HOUR)
    stage.shows("Switch to usage credits")
    stage.take("limit-menu-credits-first")


def fires(stage: Stage) -> None:
    stage.idle()
    _limited(stage, "five_hour", 20)
    stage.shows(ARMED)
    until(lambda: stage.home.continuations(stage.session.conversation), "its continue", timeout=200)
    stage.idle()
    stage.take("limit-fired")


def gives_up(stage: Stage) -> None:
    stage.idle()
    stage.resets_at = int(time.time() + 20)
    stage.api.limit("five_hour", stage.resets_at, until=time.time() + 3600)
    stage.ask(TASK)
    stage.shows("Automatic continue stopped after repeated usage limit hits", 900)
    stage.take("limit-gave-up")


def after_a_tool(stage: Stage) -> None:
    stage.resets_at = int(time.time() + HOUR)
    command = {"command": "echo hello", "description": "Say hello"}
    stage.api.on(TASK, Tool("Bash", command, then=Limit("five_hour", int(stage.resets_at))))
    stage.idle()
    stage.ask(TASK)
    stage.shows(MENU)
    stage.take("limit-after-tool")


def question(stage: Stage) -> None:
    choices = [{"label": word, "description": f"It is {word}."} for word in ("red", "blue")]
    asked = {"question": "Which colour?", "header": "Colour", "multiSelect": False}
    asked |= {"options": choices}
    stage.api.on("ask me", Tool("AskUserQuestion", {"questions": [asked]}))
    stage.idle()
    stage.ask("ask me")
    stage.shows("Which colour?")
    stage.status("waiting")
    stage.take("question")


def permission(stage: Stage) -> None:
    stage.api.on("make it", Tool("Bash", {"command": "touch it", "description": "Make a file"}))
    stage.idle()
    stage.ask("make it")
    stage.shows("Do you want to proceed?")
    stage.status("waiting")
    stage.take("permission")


def goodbyes(stage: Stage) -> None:
    stage.idle()
    stage.ask(TASK)
    stage.shows("All done.")
    stage.idle()
    stage.take("done")
    stage.session.pane.enter("/exit")
    until(lambda: stage.session.pane.show("#{pane_dead}") == "1", what="a dead pane")
    stage.take("exited")


def trust(stage: Stage) -> None:
    stage.shows("trust this folder")
    stage.take("trust")


def refused(name: str, claim: str, no_credits: str, ahead: float) -> Play:
    """The play of a limit with this claim; without a time when it is not ``ahead``."""

    def play(stage: Stage) -> None:
        stage.resets_at = int(time.time() + ahead) if ahead else 0
        stage.api.on(TASK, Limit(claim, int(stage.resets_at), no_credits))
        stage.idle()
        stage.ask(TASK)
        if ahead:
            stage.shows(MENU)
            stage.status("waiting")
        _until_an_error(stage, name)

    return play


def failing(name: str, answer: Answer) -> Play:
    def play(stage: Stage) -> None:
        stage.api.on(TASK, answer)
        stage.idle()
        stage.ask(TASK)
        if name in RETRYING:
            stage.shows(RETRYING[name])
            stage.take(f"error-{name}-retrying", still=False)
        _until_an_error(stage, f"error-{name}")

    return play


def _limited(stage: Stage, claim: str, ahead: float) -> None:
    stage.resets_at = stage.api.limit(claim, time.time() + ahead).resets_at
    stage.ask(TASK)


def _until_an_error(stage: Stage, name: str) -> None:
    conversation = stage.session.conversation
    until(
        lambda: any(r.get("isApiErrorMessage") for r in stage.home.transcript(conversation)),
        stage.session.pane.screen,
        timeout=240,
    )
    until(lambda: stage.session.status != "busy", what=stage.session.pane.screen)
    stage.take(name)


STATES = [
    State("prompt", prompt, NATIVE_OFF),
    State("fullscreen", fullscreen, NATIVE_OFF),
    State("menu", menu, NATIVE_OFF),
    State("menu-narrow", menu, NATIVE_OFF, size=NARROW),
    State("armed", armed),
    State("armed-narrow", armed, size=NARROW),
    State("weekly", weekly),
    State("credits-first", credits_first, NATIVE_OFF | {"flags": CREDITS_FIRST}),
    State("fires", fires),
    State("gives-up", gives_up, long=True),
    State("after-a-tool", after_a_tool, NATIVE_OFF | {"settings": TOOLS_RUN}),
    State("question", question, NATIVE_OFF, ("--permission-mode", "default")),
    State("permission", permission, NATIVE_OFF, ("--permission-mode", "default")),
    State("goodbyes", goodbyes, NATIVE_OFF),
    State("trust", trust, {"trusted": False}),
    State("api-key", failing("429-api-key", Error(429)), FEW_TRIES | {"login": "api_key"}),
    State("no-time", refused("limit-no-time", "five_hour", "org_level_disabled", 0), NATIVE_OFF),
    *(State(f"error-{n}", failing(n, answer), FEW_TRIES) for n, answer in ERRORS.items()),
    *(
        State(claim, refused(f"limit-{claim}", claim, "org_level_disabled", HOUR), NATIVE_OFF)
        for claim in CLAIMS
    ),
    *(State(why, refused(f"stopped-{why}", "", why, 0), NATIVE_OFF) for why in NO_CREDITS),
]
