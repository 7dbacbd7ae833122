"""When a lifetime ends, when that is said, and what keeps a session from being ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmuxclaude.core import lifetimes, parting
from tmuxclaude.core.evidence import (
    Evidence,
    Life,
    PaneFacts,
    RegistryFacts,
    Status,
    Tail,
    UserTurn,
)
from tmuxclaude.core.lifetimes import GRACE_SECONDS, HOUR, Lifetime
from tmuxclaude.core.model import (
    Attempt,
    Box,
    Dialog,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Look,
    Reading,
    Session,
    Source,
    State,
    Step,
    Want,
)
from tmuxclaude.core.rules import LifetimeRules

NOW = 1_800_000_000.0
SESSION = Session(
    "u", "api", "/home/ann", "/a", Launch(("claude",)), State.IDLE, NOW, socket="/tmp/s"
)
HALT = Halt(1, "u", "c", Limit(LimitKind.FIVE_HOUR, "", Source.TRANSCRIPT, NOW), "r", NOW)
ATTEMPT = Attempt(1, "u", 1, "go on", Step.DUE, NOW)
QUIET = Evidence(NOW, Life.ALIVE, pane=PaneFacts(unread=0), reading=Reading(Look.IDLE, Box.EMPTY))


@pytest.mark.parametrize(
    ("rules", "extended", "expected"),
    [
        (LifetimeRules(), None, Lifetime(NOW + 24 * HOUR, NOW + 20 * HOUR, NOW + HOUR)),
        (LifetimeRules(), NOW + 30 * HOUR, Lifetime(NOW + 30 * HOUR, NOW + 26 * HOUR, NOW + HOUR)),
        (LifetimeRules(), NOW + HOUR, Lifetime(NOW + 24 * HOUR, NOW + 20 * HOUR, NOW + HOUR)),
        (LifetimeRules(hours=2, warn_hours=3), None, Lifetime(NOW + 2 * HOUR, None, NOW + HOUR)),
        (LifetimeRules(warn_hours=0), None, Lifetime(NOW + 24 * HOUR, None, NOW + HOUR)),
        (LifetimeRules(idle_minutes=0), None, Lifetime(NOW + 24 * HOUR, NOW + 20 * HOUR, None)),
        (LifetimeRules(hours=0), NOW + HOUR, Lifetime()),
    ],
)
def test_a_lifetime_counts_from_the_last_activity(
    rules: LifetimeRules, extended: float | None, expected: Lifetime
) -> None:
    assert lifetimes.lifetime(NOW, extended, rules) == expected


@pytest.mark.parametrize(
    ("after", "warned", "over"),
    [
        (24 * HOUR - 1, 20 * HOUR, False),
        (24 * HOUR, 20 * HOUR, True),
        (50 * HOUR, None, False),
        (50 * HOUR, 50 * HOUR - GRACE_SECONDS + 1, False),
        (50 * HOUR, 50 * HOUR - GRACE_SECONDS, True),
    ],
)
def test_nothing_ends_without_a_warning_before(
    after: float, warned: float | None, over: bool
) -> None:
    life = lifetimes.lifetime(NOW, None, LifetimeRules())
    warned_at = None if warned is None else NOW + warned
    assert lifetimes.is_over(life, warned_at, NOW + after) is over
    unwarned = replace(life, warns_at=None)
    assert lifetimes.is_over(unwarned, None, NOW + after) is (after >= 24 * HOUR)
    assert not lifetimes.is_over(Lifetime(), warned_at, NOW + after)


BUSY = [state for state in State if state is not State.IDLE]


@pytest.mark.parametrize(
    ("session", "halt", "attempt", "words"),
    [
        (SESSION, None, None, ""),
        (SESSION, replace(HALT, ended_at=NOW), replace(ATTEMPT, step=Step.CONFIRMED), ""),
        *((replace(SESSION, state=one), None, None, str(one)) for one in BUSY),
        (replace(SESSION, want=Want.HOLD), None, None, "held"),
        (replace(SESSION, want=Want.DOWN), None, None, "ending"),
        (replace(SESSION, socket=""), None, None, "outside tmux"),
        (SESSION, HALT, None, "resumed"),
        (SESSION, None, ATTEMPT, "delivered"),
        (SESSION, None, replace(ATTEMPT, step=Step.DUE, reason="your draft"), "your draft"),
    ],
)  # fmt: skip
def test_what_is_in_the_middle_of_something_is_kept(
    session: Session, halt: Halt | None, attempt: Attempt | None, words: str
) -> None:
    why = parting.occupied(session, halt, attempt)
    assert (words in why, bool(words)) == (True, bool(why))
    assert parting.occupied(SESSION, None, None, message=True) == "a message waits for it"


@pytest.mark.parametrize(
    ("session", "prompted_at", "words"),
    [
        (SESSION, NOW - 1, ""),
        (SESSION, NOW + 1, "it was used again"),
        (replace(SESSION, since=NOW + 1), NOW - 1, "it was used again"),
        (replace(SESSION, state=State.LIMITED), NOW - 1, "it is limited"),
    ],
)
def test_whoever_goes_on_after_it_was_asked_to_end_is_in_use(
    session: Session, prompted_at: float, words: str
) -> None:
    tail = Tail(turns=(UserTurn("go on", prompted_at, 0),))
    assert parting.used_since(session, replace(QUIET, tail=tail), NOW) == words
    assert parting.used_since(SESSION, None, NOW) == ""


def reading(**changes: object) -> Evidence:
    return replace(QUIET, reading=replace(Reading(Look.IDLE, Box.EMPTY), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (QUIET, ""),
        (reading(box=Box.PLACEHOLDER), ""),
        (replace(QUIET, life=Life.STOPPED), "not known"),
        (replace(QUIET, life=None), "not known"),
        (replace(QUIET, reading=None), "not known"),
        (replace(QUIET, pane=None), "not known"),
        (reading(box=Box.DRAFT, draft="half"), "your draft"),
        (reading(box=Box.NONE), "its screen shows"),
        (reading(look=Look.WORK), "its screen shows: work"),
        (reading(look=Look.DIALOG, dialog=Dialog.TRUST), "trust dialog"),
        (reading(native_pending=True), "its own continue"),
        (replace(QUIET, registry=RegistryFacts("c1", Status.SHELL)), "in the background"),
        (replace(QUIET, pane=PaneFacts(unread=3)), "not read yet"),
        (replace(QUIET, pane=PaneFacts(unread=0, human_at=NOW - 59)), "somebody types"),
        (replace(QUIET, pane=PaneFacts(unread=None, human_at=NOW - 60)), ""),
    ],
)
def test_the_last_look_before_the_end(evidence: Evidence, words: str) -> None:
    why = parting.hindrance(evidence, 60)
    assert (words in why, bool(words)) == (True, bool(why))


def test_only_a_fresh_and_close_look_counts() -> None:
    assert parting.seen(QUIET, NOW + 4)
    assert not parting.seen(QUIET, NOW + 6)
    assert not parting.seen(None, NOW)
    assert not parting.seen(replace(QUIET, pane=None), NOW)
    assert not parting.seen(replace(QUIET, reading=None), NOW)
