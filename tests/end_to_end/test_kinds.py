"""Every other kind of stop, on the real Claude Code: which we end, and which we leave alone.

Claude Code itself tries a server in trouble again for some three minutes. Its own setting lets most
tests here shorten that; the ones marked ``long`` wait it out, as they wait for its own continue to
give up.
"""

from __future__ import annotations

import json
import math
import re
import time
from datetime import datetime
from typing import Any

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import NBSP, Session
from tests.end_to_end.wire import Answer, Cut, Error, Limit, Request, Text
from tests.waiting import never, until
from tmuxclaude.core.rules import DEFAULT_TEXT
from tmuxclaude.edges.paths import Paths

TASK = "do the work"
NATIVE_OFF: dict[str, Any] = {"native_continue": False}
FEW_TRIES = NATIVE_OFF | {"settings": {"env": {"CLAUDE_CODE_MAX_RETRIES": "1"}}}
PAUSE = 9.0
"""Seconds before our first try; the next ones wait that long and more."""
BACKOFF = (PAUSE / 60, 2 * PAUSE / 60)
API_TRIES_SECONDS = 400.0
"""Longer than Claude Code 2.1.329 tries by itself: some 180 s, and 270 s after a 429 that asks for
20 s each time."""

few_tries = pytest.mark.parametrize("home", [FEW_TRIES], indirect=True, ids=["few-tries"])
all_tries = pytest.mark.parametrize("home", [NATIVE_OFF], indirect=True, ids=["all-tries"])
native_on = pytest.mark.parametrize("home", [{}], indirect=True, ids=["native-on"])
screens = pytest.mark.parametrize("full", [False, True], ids=["young", "full"])

RETRIED: dict[str, tuple[Answer, str, str]] = {
    "rate": (Error(429), "API Error: Server is temporarily limiting requests", "rate"),
    "server": (Error(500), "API Error: 500 Internal server error", "server"),
    "overloaded": (Error(529), "API Error: 529 Overloaded", "overloaded"),
    "cut": (Cut(), "API Error: Connection lost mid-response", "server"),
}
"""By the session's name: the answer, what Claude Code says of it, and the kind that it is."""

YOU, NO_TIME = "only you can end this", "no reset time is known"
LEFT: dict[str, tuple[Answer, str, str, str]] = {
    "credit": (Error(400), "Credit balance too low", "credit", YOU),
    "login": (Error(401), "Please run /login · API Error: 401", "auth", YOU),
    "opus": (Limit("seven_day_opus"), "You've hit your Opus limit", "seven_day_opus", NO_TIME),
    "no-time": (Limit(), "You've hit your 5-hour limit", "five_hour", NO_TIME),
    "out": (Limit("", 0, "out_of_credits"), "You're out of usage credits", "credit", YOU),
    "spend": (Limit("overage", 0, "org_spend_cap_reached"), "limit", "spend", YOU),
    "seat": (Limit("", 0, "seat_tier_level_disabled"), "Your seat type doesn't", "seat", YOU),
    "admin": (Limit("", 0, "member_level_disabled"), "Your usage allocation has", "seat", YOU),
    "org": (Limit("", 0, "org_service_level_disabled"), "This service is disabled", "seat", YOU),
}
"""By the session's name: the answer, Claude Code's words, the kind, and why a person is needed."""
GROUPS = [["credit", "login"], ["opus", "no-time", "out", "spend"], ["seat", "admin", "org"]]
PLACEHOLDER = re.compile(rf"❯{NBSP}.*\x1b\[0;2m", re.MULTILINE)
"""A hint, dim, where a draft would stand."""


class Trouble:
    """How the API stops the work of one session: its first turn like this, its next like that."""

    def __init__(self, api: Api, session: Session, *answers: Answer) -> None:
        self._session = session
        self._answers = answers
        api.on("", self._give, only=self._fits)

    def said_at(self) -> list[float]:
        """When Claude Code wrote down each error that ended a turn (UTC epoch)."""
        records = self._session.home.transcript(self._session.conversation)
        errors = [r for r in records if r.get("isApiErrorMessage")]
        return [datetime.fromisoformat(r["timestamp"]).timestamp() for r in errors]

    def _fits(self, request: Request) -> bool:
        mine = request.conversation == self._session.conversation
        return mine and len(self.said_at()) < len(self._answers)

    def _give(self, _request: Request) -> Answer:
        stopped = len(self.said_at())
        return self._answers[stopped] if stopped < len(self._answers) else Text()


def open_all(api: Api, product: Product, names: list[str], full: bool = False) -> list[Session]:
    """Idle sessions side by side, each on a screen with one or with very many lines."""
    api.on("fill", Text("\n\n".join(f"Line {n} of a long reply." for n in range(60))))
    sessions = [product.new(name) for name in names]
    for session in sessions:
        session.wait_until("idle")
        if full:
            session.ask("fill the screen")
            session.pane.wait_for("Line 59")
            session.wait_until("idle")
    return sessions


def configure(product: Product, **resume: Any) -> None:
    product.stop()
    product.configure(**resume)
    product.start()


def halt_of(product: Product, name: str) -> dict[str, Any]:
    """The one halt of a session, once there is one."""
    [halt] = until(
        lambda: product.json("show", name)["halts"],
        lambda: f"a halt of {name}: {product.session(name)}\n{product.log()[-2000:]}",
    )
    assert isinstance(halt, dict)
    return halt


def limits_told(product: Product, name: str) -> int:
    """How many events of a session tell of a limit."""
    return [event["kind"] for event in product.json("show", name)["events"]].count("limit")


@screens
@few_tries
def test_s11_a_server_in_trouble_is_tried_again(api: Api, product: Product, full: bool) -> None:
    _resumed_after_a_pause(api, product, full, 60.0)


@screens
@all_tries
@pytest.mark.long
@pytest.mark.timeout(900)
def test_s11_after_all_of_its_own_tries(api: Api, product: Product, full: bool) -> None:
    _resumed_after_a_pause(api, product, full, API_TRIES_SECONDS)


def _resumed_after_a_pause(api: Api, product: Product, full: bool, patience: float) -> None:
    """Each session meets its own error, is asked to continue after a pause, and goes on."""
    configure(product, backoff_minutes=BACKOFF)
    sessions = dict(zip(RETRIED, open_all(api, product, list(RETRIED), full), strict=True))
    troubles = {name: Trouble(api, s, RETRIED[name][0]) for name, s in sessions.items()}
    for session in sessions.values():
        session.ask(TASK)
    hinted: set[str] = set()

    def all_hinted() -> bool:
        screens = {name: session.pane.screen(colours=True) for name, session in sessions.items()}
        hinted.update(name for name, screen in screens.items() if PLACEHOLDER.search(screen))
        return len(hinted) == len(sessions)

    until(all_hinted, lambda: f"only {hinted}: {product.story()}", timeout=patience)
    for name, session in sessions.items():
        _, words, kind = RETRIED[name]
        turns = [*["fill the screen"] * full, TASK, DEFAULT_TEXT]
        product.wait_for_turns(session, len(turns))
        [said_at] = troubles[name].said_at()
        assert session.home.typed(session.conversation)[-1] - said_at >= PAUSE, "never too soon"
        session.pane.wait_for("All done.")
        product.wait_until(name, "idle")
        halt = product.halt_over(name)
        assert (halt["limit_kind"], halt["ended_by"]) == (kind, "tmuxclaude")
        assert halt["limit_words"].startswith(words)
        assert session.home.turns(session.conversation) == turns
        assert len(api.turns(session.conversation, 200)) == len(turns) - 1 + (name == "cut")


@few_tries
def test_each_try_waits_longer_and_then_a_person_is_asked(api: Api, product: Product) -> None:
    configure(product, backoff_minutes=BACKOFF, max_attempts=2)
    [session] = open_all(api, product, ["always"])
    trouble = Trouble(api, session, Error(529), Error(500), Cut(), Error(529))
    session.ask(TASK)
    until(lambda: "gave up" in halt_of(product, "always")["needs_human"], product.story)
    typed, said_at = session.home.typed(session.conversation), trouble.said_at()
    assert [typed[1] - said_at[0] >= PAUSE, typed[2] - said_at[1] >= 2 * PAUSE] == [True, True]
    never(lambda: len(session.home.turns(session.conversation)) > 3, 2 * PAUSE + 3)
    halt = halt_of(product, "always")
    assert halt["limit_kind"] == "server"
    assert [attempt["step"] for attempt in halt["attempts"]] == ["confirmed", "confirmed"]
    assert product.session("always")["outlook"]["actor"] == "you"


@few_tries
@pytest.mark.parametrize("names", GROUPS, ids=["errors", "limits", "seats"])
def test_what_only_a_person_ends_is_left_alone(
    api: Api, product: Product, names: list[str]
) -> None:
    configure(product, backoff_minutes=[0.0])
    sessions = dict(zip(names, open_all(api, product, names), strict=True))
    for name, session in sessions.items():
        Trouble(api, session, LEFT[name][0])
        session.ask(TASK)
    before = {}
    for name, session in sessions.items():
        _, words, kind, why = LEFT[name]
        session.pane.wait_for(words)
        halt = halt_of(product, name)
        assert halt["limit_kind"] == kind, session.pane.screen()
        assert why in halt["needs_human"]
        outlook = until(lambda: product.session(name)["outlook"], what="an outlook")  # noqa: B023
        assert (outlook["actor"], outlook["why"]) == ("you", halt["needs_human"])
        before[name] = session.pane.screen()
    product.shift(23 * 3600)
    never(
        lambda: any(s.home.turns(s.conversation) != [TASK] for s in sessions.values()),
        5,
        "somebody typed",
    )
    for name, session in sessions.items():
        assert halt_of(product, name)["attempts"] == []
        assert limits_told(product, name) == 1
        assert below_hints(session.pane.screen()) == below_hints(before[name]), "a key was sent"


@few_tries
def test_what_a_person_ended_is_over(api: Api, product: Product) -> None:
    [session] = open_all(api, product, ["login"])
    Trouble(api, session, Error(401))
    session.ask(TASK)
    assert halt_of(product, "login")["ended_at"] is None
    session.ask("once more")
    product.wait_until("login", "idle")
    halt = product.halt_over("login")
    assert (halt["ended_by"], halt["attempts"]) == ("you", [])


@native_on
def test_a_hook_alone_is_nothing(api: Api, product: Product) -> None:
    """What a hook says of a limit is believed only of a transcript: it wakes, and decides none."""
    [session] = open_all(api, product, ["hook"])
    session.ask(TASK)
    session.pane.wait_for("All done.")
    product.wait_until("hook", "idle")
    told = {
        "session_id": session.conversation,
        "hook_event_name": "StopFailure",
        "error": "rate_limit",
        "last_assistant_message": "You've hit your 5-hour limit · resets 12:01am (UTC)",
    }
    spool = Paths.from_environment(product.env()).spool
    dropped = spool / f"{product.session('hook')['uid']}.{'0' * 8}.json"
    dropped.write_text(json.dumps(told))
    until(lambda: not dropped.exists(), what="the supervisor took it in")
    product.shift(23 * 3600)
    never(lambda: product.session("hook")["state"] != "idle", 4)
    assert product.json("show", "hook")["halts"] == []
    assert session.home.turns(session.conversation) == [TASK]


@native_on
@pytest.mark.long
@pytest.mark.timeout(1200)
def test_after_its_own_continue_gave_up_we_continue(api: Api, product: Product) -> None:
    """Claude Code 2.1.329 tries itself some 67, 127 and 427 s after the reset, then never again."""
    [session] = open_all(api, product, ["stuck"])
    limit = api.limit("five_hour", time.time() + 20, until=math.inf)
    session.ask(TASK)
    session.pane.wait_for("Continuing automatically at")
    gave_up = "Automatic continue stopped after repeated usage limit hits"
    seen = until(
        lambda: [n for n in session.home.notices(session.conversation) if gave_up in n],
        product.story,
        timeout=900,
        every=0.5,
    )
    assert len(seen) == 1
    assert session.home.turns(session.conversation) == [TASK], "second, never first"
    assert len(session.home.continuations(session.conversation)) == 3
    api.lift()
    product.wait_for_turns(session, 2)
    product.latency("gave up", False, None, time.time() - limit.resets_at)
    product.wait_until("stuck", "idle")
    never(lambda: len(session.home.turns(session.conversation)) > 2, 5)
    assert session.home.turns(session.conversation) == [TASK, DEFAULT_TEXT]
    halt = product.halt_over("stuck")
    assert halt["ended_by"] == "tmuxclaude"


def below_hints(screen: str) -> str:
    """The screen from the prompt's line down, where a key would show, without passing hints."""
    lines = [line for line in screen.splitlines() if line.startswith((f"❯{NBSP}", "  ❯", "❯ "))]
    return "\n".join(lines)
