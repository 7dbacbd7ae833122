"""The scenarios of docs/internals/scenarios.md, each on a nearly empty and on a full screen.

Each reports the seconds from the reset to our first deed and to the turn, for that table.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.home import CREDITS_FIRST, TOOLS_RUN
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import NBSP, Session
from tests.end_to_end.wire import Request, Text, Tool
from tests.waiting import never, until
from tmuxclaude.core.rules import DEFAULT_TEXT

NATIVE_OFF = {"native_continue": False}
SOON = 20.0
"""Seconds until a limit resets: enough to get everything into place on a busy machine."""

native_off = pytest.mark.parametrize("home", [NATIVE_OFF], indirect=True, ids=["native-off"])
native_on = pytest.mark.parametrize("home", [{}], indirect=True, ids=["native-on"])
credits_first = pytest.mark.parametrize(
    "home", [NATIVE_OFF | {"flags": CREDITS_FIRST}], indirect=True, ids=["credits-first"]
)
screens = pytest.mark.parametrize("full", [False, True], ids=["young", "full"])

LIMIT_TEXTS = (Path(__file__).parent / "limit_texts.txt").read_text().splitlines()
QUOTES = "\n".join(LIMIT_TEXTS)


def begin(api: Api, product: Product, name: str, full: bool, *args: str) -> Session:
    """An idle session, on a screen with one or with very many lines of history."""
    api.on("fill", Text("\n\n".join(f"Line {n} of a long reply." for n in range(60))))
    session = product.new(name, None, *args)
    session.wait_until("idle")
    if full:
        session.ask("fill the screen")
        session.pane.wait_for("Line 59")
        session.wait_until("idle")
    return session


def asked(full: bool) -> list[str]:
    return ["fill the screen"] if full else []


def ours(api: Api, session: Session) -> Request:
    """The turn of ours that was answered; the transcript has it a moment before the API."""

    def answered() -> Request | None:
        turns = api.turns(session.conversation, 200)
        return next((turn for turn in turns if turn.text == DEFAULT_TEXT), None)

    return until(answered, what="our turn is answered")


def resumed_once(
    api: Api, product: Product, name: str, session: Session, resets_at: float, full: bool
) -> None:
    """Exactly one turn, ours, after the reset, answered; and no other one after it."""
    turns = [*asked(full), "do the work", DEFAULT_TEXT]
    product.wait_for_turns(session, len(turns))
    product.report(name, session, resets_at, full)
    assert ours(api, session).time >= resets_at + 2, "never before the margin"
    product.wait_until(name, "idle")
    never(lambda: len(session.home.turns(session.conversation)) > len(turns), 3)
    assert session.home.turns(session.conversation) == turns
    assert len(api.turns(session.conversation, 200)) == len(turns) - 1
    halt = product.halt_over(name)
    assert halt["ended_by"] == "tmuxclaude"


@native_on
@screens
@pytest.mark.timeout(420)
def test_s1_native_continues_and_we_send_nothing(api: Api, product: Product, full: bool) -> None:
    session = begin(api, product, "s1", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("Continuing automatically at")
    until(lambda: product.session("s1")["outlook"]["actor"] == "claude", what="who is next")
    until(lambda: session.home.continuations(session.conversation), "the native turn", timeout=200)
    product.latency("s1, native", full, None, time.time() - limit.resets_at)
    product.wait_until("s1", "idle")
    never(lambda: DEFAULT_TEXT in session.home.turns(session.conversation), 5)
    halt = product.halt_over("s1")
    assert (halt["ended_by"], halt["attempts"]) == ("claude", [])
    assert session.home.turns(session.conversation) == [*asked(full), "do the work"]


@native_off
@screens
def test_s2_limit_menu(api: Api, product: Product, full: bool) -> None:
    session = begin(api, product, "s2", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    resumed_once(api, product, "s2", session, limit.resets_at, full)


@credits_first
@screens
def test_s3_menu_with_credits_first(api: Api, product: Product, full: bool) -> None:
    session = begin(api, product, "s3", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("❯ 1. Switch to usage credits")
    resumed_once(api, product, "s3", session, limit.resets_at, full)
    assert "credits" not in "".join(session.home.notices(session.conversation))


@native_off
@screens
def test_s4_weekly(api: Api, product: Product, full: bool) -> None:
    session = begin(api, product, "s4", full)
    limit = api.limit("seven_day", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("You've hit your weekly limit")
    resumed_once(api, product, "s4", session, limit.resets_at, full)


@pytest.mark.parametrize("home", [NATIVE_OFF | {"settings": TOOLS_RUN}], indirect=True)
def test_a_shell_in_the_background_stops_no_resume(api: Api, product: Product) -> None:
    command = {"command": "sleep 1000", "description": "Serve", "run_in_background": True}
    api.on("start the server", Tool("Bash", command, then=Text("It runs.")))
    session = begin(api, product, "server", False)
    session.ask("start the server")
    session.wait_until("shell")
    product.wait_until("server", "idle")
    limit = api.limit("seven_day", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("You've hit your weekly limit")
    product.wait_for_turns(session, 3)
    assert ours(api, session).time >= limit.resets_at + 2, "never before the margin"
    session.wait_until("shell")
    assert session.home.turns(session.conversation) == [
        "start the server",
        "do the work",
        DEFAULT_TEXT,
    ]
    product.wait_until("server", "idle")


@native_on
def test_s4_weekly_more_than_a_day_ahead(api: Api, product: Product) -> None:
    ahead = 26 * 3600.0
    session = begin(api, product, "s4", False)
    limit = api.limit("seven_day", time.time() + ahead)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    row = product.wait_until("s4", "limited")
    assert row["halt"]["limit"]["resets_at"] == limit.resets_at
    product.shift(ahead - 3600)
    never(lambda: len(session.home.turns(session.conversation)) > 1, 4, "an hour too early")
    api.lift()
    product.shift(limit.resets_at - time.time() + 1)
    product.wait_for_turns(session, 2)
    session.pane.wait_for("All done.")
    assert session.home.turns(session.conversation) == ["do the work", DEFAULT_TEXT]


@native_off
@screens
def test_s5_killed_while_limited(api: Api, product: Product, full: bool) -> None:
    folder = product.home.project("deep/work")
    session = begin(api, product, "s5", full, "-c", str(folder))
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    product.wait_until("s5", "limited")
    session.pane.kill()
    product.wait_until("s5", "lost")
    resumed_once(api, product, "s5", session, limit.resets_at, full)
    assert session.home.session(session.conversation)["cwd"] == str(folder)


@native_off
def test_s5_never_while_it_is_open_elsewhere(api: Api, product: Product) -> None:
    session = begin(api, product, "s5", False)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    product.wait_until("s5", "limited")
    session.pane.kill()
    product.wait_until("s5", "lost")
    other = product.server.claude(
        "--resume", session.conversation, conversation=session.conversation
    )
    other.wait_until("idle")
    until(lambda: time.time() > limit.resets_at + 3, "the reset")
    never(lambda: len(session.home.turns(session.conversation)) > 1, 4, "two would write")
    row = product.session("s5")
    assert "another process" in row["outlook"]["why"]
    other.pane.kill()
    product.wait_for_turns(session, 2)
    assert session.home.turns(session.conversation) == ["do the work", DEFAULT_TEXT]


@native_off
@screens
def test_s6_a_draft_is_kept(api: Api, product: Product, full: bool) -> None:
    draft = "half a thought, not yet said"
    session = begin(api, product, "s6", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    session.pane.press("Escape")
    session.pane.wait_for(f"❯{NBSP}")
    time_left = limit.resets_at - time.time()
    assert time_left > 1, "the machine is too slow for this test"
    session.pane.type(draft)
    session.pane.wait_for(draft)
    until(lambda: time.time() > limit.resets_at + 3, "the reset")
    never(lambda: f"❯{NBSP}{draft}" not in session.pane.screen(), 4, "the draft was touched")
    assert session.home.turns(session.conversation) == [*asked(full), "do the work"]
    assert "draft" in product.session("s6")["outlook"]["why"]
    session.pane.press("C-u")
    product.wait_for_turns(session, 2 + full)
    assert session.home.turns(session.conversation)[-1] == DEFAULT_TEXT


@native_off
@screens
def test_s6_a_draft_is_stashed_and_given_back(api: Api, product: Product, full: bool) -> None:
    draft = "half a thought, not yet said"
    product.stop()
    product.configure(draft="stash")
    product.start()
    api.on("do the work", Text("working\n\n" * 3, every=1.0))
    session = begin(api, product, "s6", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    session.pane.press("Escape")
    session.pane.wait_for(f"❯{NBSP}")
    session.pane.type(draft)
    resumed_once(api, product, "s6", session, limit.resets_at, full)
    session.pane.wait_for(f"❯{NBSP}{draft}")


@screens
@pytest.mark.parametrize("home", [NATIVE_OFF | {"settings": TOOLS_RUN}], indirect=True)
@pytest.mark.parametrize("way", ["reply", "tool"])
def test_s7_quoted_limits_are_nothing(api: Api, product: Product, full: bool, way: str) -> None:
    session = begin(api, product, "s7", full)
    (product.home.project() / "quotes.txt").write_text(QUOTES)
    command = {"command": "cat quotes.txt", "description": "Read it"}
    answer = Text(QUOTES) if way == "reply" else Tool("Bash", command, then=Text("I read it."))
    api.on("quote", answer)
    session.ask("quote every limit")
    session.pane.wait_for(LIMIT_TEXTS[-1] if way == "reply" else "I read it.")
    session.wait_until("idle")
    product.wait_until("s7", "idle")
    never(lambda: product.session("s7")["state"] != "idle", 4)
    assert product.json("show", "s7")["halts"] == []
    assert len(session.home.turns(session.conversation)) == 1 + full


@native_off
@screens
def test_s8_exit_is_an_answer(api: Api, product: Product, full: bool) -> None:
    session = begin(api, product, "s8", full)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    session.pane.press("Escape")
    session.pane.wait_for(f"❯{NBSP}")
    session.pane.enter("/exit")
    product.wait_until("s8", "ended")
    assert session.pane.id not in [pane.id for pane in product.server.panes()]
    until(lambda: time.time() > limit.resets_at + 3, "the reset")
    never(lambda: product.session("s8")["state"] != "ended", 4)
    assert session.home.turns(session.conversation) == [*asked(full), "do the work"]


@native_off
@screens
def test_s9_a_permission_prompt_is_the_users(api: Api, product: Product, full: bool) -> None:
    command = {"command": "touch approved", "description": "Make a file"}
    api.on("make it", Tool("Bash", command, then=Text("It is made.")))
    session = begin(api, product, "s9", full, "--", "--permission-mode", "default")
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    session.pane.wait_for("What do you want to do?")
    session.pane.press("Escape")
    session.pane.wait_for(f"❯{NBSP}")
    api.lift()
    session.ask("make it")
    session.pane.wait_for("Do you want to proceed?")
    product.wait_until("s9", "waiting")
    until(lambda: time.time() > limit.resets_at + 3, "the reset")
    never(lambda: not session.pane.shows("Do you want to proceed?"), 4, "it was answered")
    assert not (product.home.project() / "approved").exists()
    assert session.home.turns(session.conversation) == [*asked(full), "do the work", "make it"]


@native_off
@screens
def test_s10_two_sessions_in_one_directory(api: Api, product: Product, full: bool) -> None:
    sessions = {name: begin(api, product, name, full) for name in ("s10", "s10-b")}
    limit = api.limit("five_hour", time.time() + SOON)
    for session in sessions.values():
        session.ask("do the work")
    for name, session in sessions.items():
        resumed_once(api, product, name, session, limit.resets_at, full)
    conversations = {session.conversation for session in sessions.values()}
    assert len(conversations) == 2
    living = [e for e in product.home.registry() if e["sessionId"] in conversations]
    assert len(living) == 2, "one process each"


@native_off
def test_clear_adds_a_link_and_the_session_is_still_ours(api: Api, product: Product) -> None:
    session = begin(api, product, "clear", False)
    session.ask("say something")
    session.pane.wait_for("All done.")
    session.wait_until("idle")
    session.pane.enter("/clear")
    until(
        lambda: product.session("clear")["conversation"] != session.conversation,
        what=lambda: json.dumps(product.session("clear")),
    )
    shown = product.json("show", "clear")
    assert [link["why"] for link in shown["chain"]] == ["start", "clear"]
    later = Session(session.pane, session.home, product.session("clear")["conversation"])
    limit = api.limit("five_hour", time.time() + SOON)
    later.ask("do the work")
    resumed_once(api, product, "clear", later, limit.resets_at, False)
