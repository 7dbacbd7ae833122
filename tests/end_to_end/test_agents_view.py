"""A session that its user parks in the background, by way of Claude Code's agents view."""

from __future__ import annotations

import contextlib
import time

import psutil
import pytest

from tests.end_to_end.api import Api
from tests.end_to_end.product import Product
from tests.end_to_end.terminal import Session, processes_of
from tests.waiting import never, until
from tmuxclaude.core.rules import DEFAULT_TEXT

pytestmark = pytest.mark.filterwarnings("ignore:processes outlived")
"""Claude Code's daemon of background sessions lives a little longer than its last terminal."""

native_off = pytest.mark.parametrize("home", [{"native_continue": False}], indirect=True)

VIEW = "describe a task for a new session"
SOON = 20.0


def greeted(product: Product) -> Session:
    session = product.new("parked")
    session.wait_until("idle")
    session.ask("hello")
    session.pane.wait_for("All done.")
    session.wait_until("idle")
    product.wait_until("parked", "idle")
    return session


def park(product: Product, session: Session) -> Session:
    """Left in the empty prompt box, until the agents view is there."""

    def viewed() -> bool:
        if not session.pane.shows(VIEW):
            session.pane.press("Left")
        return session.pane.shows(VIEW)

    until(viewed, what=session.pane.screen, every=1.0)

    def job() -> str:
        entries = session.home.registry()
        jobs = [e["parkedJobId"] for e in entries if e.get("parkedJobId")]
        found = (e for e in entries if jobs and e.get("jobId") == jobs[0])
        return str(next(found, {}).get("sessionId", ""))

    conversation = until(job, what="a process in the background")
    until(
        lambda: product.session("parked")["conversation"] == conversation,
        what=lambda: product.story(),
    )
    return Session(session.pane, session.home, conversation)


def open_again(session: Session) -> None:
    session.pane.press("Enter")
    until(lambda: not session.pane.shows(VIEW), what=session.pane.screen)
    session.pane.wait_for("for agents")


def needs(product: Product) -> str:
    row = product.session("parked")
    return str(row["outlook"]["why"]) if row["outlook"]["actor"] == "you" else ""


def chain(product: Product) -> list[str]:
    return [link["why"] for link in product.json("chain", "parked")["chain"]]


def continued_once(product: Product, session: Session, turns: list[str]) -> None:
    """Our text is one turn of the conversation in the background, and its halt is over by us."""
    product.wait_for_turns(session, len(turns))
    assert session.home.turns(session.conversation) == turns
    product.wait_until("parked", "idle")
    halt = product.halt_over("parked")
    assert halt["ended_by"] == "tmuxclaude"
    assert [attempt["step"] for attempt in halt["attempts"]] == ["confirmed"]
    never(lambda: len(session.home.turns(session.conversation)) > len(turns), 4)
    assert chain(product) == ["start", "background"]


@native_off
def test_a_limit_in_the_background_is_resumed_in_its_pane(api: Api, product: Product) -> None:
    parked = park(product, greeted(product))
    until(lambda: "agents view" in needs(product), what=product.story)
    open_again(parked)
    until(lambda: not needs(product), what=product.story)
    limit = api.limit("five_hour", time.time() + SOON)
    parked.ask("do the work")
    row = product.wait_until("parked", "limited")
    assert row["halt"]["limit"]["resets_at"] == limit.resets_at
    continued_once(product, parked, ["hello", "do the work", DEFAULT_TEXT])


@native_off
def test_what_is_parked_while_limited_is_resumed_when_it_is_opened(
    api: Api, product: Product
) -> None:
    session = greeted(product)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    product.wait_until("parked", "limited")
    session.choose("Escape")
    parked = park(product, session)
    until(lambda: "agents view" in needs(product), what=product.story)
    until(lambda: time.time() > limit.resets_at + 3, what="the reset")
    never(lambda: DEFAULT_TEXT[:20] in session.pane.screen(), 4)
    assert "agents view" in needs(product)
    assert product.session("parked")["state"] == "limited"
    open_again(parked)
    continued_once(product, parked, ["hello", "do the work", DEFAULT_TEXT])


@native_off
def test_another_conversation_in_the_pane_is_left_alone(api: Api, product: Product) -> None:
    session = greeted(product)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    product.wait_until("parked", "limited")
    session.choose("Escape")
    park(product, session)
    until(lambda: time.time() > limit.resets_at + 3, what="the reset")
    session.pane.enter("another task")
    session.pane.wait_for("1 working")
    session.pane.press("Enter")
    until(lambda: not session.pane.shows(VIEW), what=session.pane.screen)
    until(lambda: "another" in needs(product), what=product.story)
    never(lambda: DEFAULT_TEXT[:20] in session.pane.screen(), 6)
    assert chain(product) == ["start", "background"]


@native_off
def test_what_was_parked_and_died_goes_on_where_it_was_parked(api: Api, product: Product) -> None:
    """Nothing was said in the background, so Claude Code has kept nothing of it."""
    session = greeted(product)
    limit = api.limit("five_hour", time.time() + SOON)
    session.ask("do the work")
    product.wait_until("parked", "limited")
    session.choose("Escape")
    parked = park(product, session)
    for process in processes_of(product.home):
        with contextlib.suppress(psutil.Error):
            if "claude" in process.cmdline()[0]:
                process.kill()
    product.wait_until("parked", "lost")
    product.wait_for_turns(session, 3)
    assert time.time() >= limit.resets_at + 2
    assert session.home.turns(session.conversation) == ["hello", "do the work", DEFAULT_TEXT]
    assert session.home.turns(parked.conversation) == []
    product.wait_until("parked", "idle")
    assert chain(product) == ["start", "background", "resume"]
