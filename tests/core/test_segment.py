"""The status line's segment and the marks of windows: what is counted, which time, which signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tmuxclaude.core.model import (
    Actor,
    Halt,
    Launch,
    Limit,
    LimitKind,
    Outlook,
    Session,
    Source,
    State,
    Want,
)
from tmuxclaude.core.segment import mark, text
from tmuxclaude.core.symbols import ASCII, NAMES, UNICODE, chosen, problem

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
Known = tuple[Session, Halt | None]


def seat(state: State, **more: object) -> Known:
    session = Session(
        uid="0" * 32,
        name="#[fg=red]",  # no name can be this; nothing of it may be shown anyhow
        directory="/#(reboot)",
        account="/a",
        launch=Launch(("claude",)),
        state=state,
        since=NOW,
        reason="#{pid}",
    )
    return replace(session, **more), None  # type: ignore[arg-type]


def limited(
    resets_in: float | None, state: State = State.LIMITED, zone: str = "UTC", **more: object
) -> Known:
    resets_at = None if resets_in is None else NOW + resets_in
    limit = Limit(LimitKind.FIVE_HOUR, "#[bg=red]", Source.TRANSCRIPT, NOW, resets_at)
    session, _ = seat(state, zone=zone, **more)
    return session, Halt(1, session.uid, "c", limit, "r", NOW)


def shown(*known: Known, paused: bool = False) -> str:
    return text(known, paused, NOW, UNICODE)


def test_everything_at_once_in_its_order() -> None:
    known = [
        seat(State.WAITING),
        *[seat(State.WORKING)] * 2,
        seat(State.RESUMING),
        limited(3 * HOUR),
        limited(2.5 * HOUR),
        seat(State.LOST),
        seat(State.IDLE),
        seat(State.ENDED),
    ]
    known += [seat(State.IDLE, want=Want.HOLD), seat(State.ENDED, want=Want.HOLD)]
    assert text(known, True, NOW, UNICODE) == "⏸ ⏳2 ▶3 ?1 ↺1 ‖1 · 22:30"
    assert text(known, True, NOW, ASCII) == "paused ~2 >3 ?1 !1 =1 - 22:30"
    assert text(known, True, NOW, ASCII).isascii()


@pytest.mark.parametrize(
    "known",
    [
        [],
        [seat(State.IDLE)],
        [seat(State.STARTING), seat(State.QUEUED)],
        [seat(State.ENDED)],
        [seat(State.LOST, want=Want.DOWN)],
    ],
)
def test_nothing_to_say(known: list[Known]) -> None:
    assert shown(*known) == ""


def test_what_only_its_user_can_move_waits_for_him() -> None:
    assert shown(limited(HOUR, outlook=Outlook(Actor.YOU, None, "a draft"))) == "?1"
    assert shown(seat(State.IDLE, outlook=Outlook(Actor.YOU))) == "?1"


def test_what_its_user_has_braked_does_not() -> None:
    yours = Outlook(Actor.YOU, None, "paused")
    assert shown(limited(HOUR, outlook=yours), paused=True) == "⏸ ⏳1 · 21:00"
    assert shown(limited(HOUR, outlook=yours, want=Want.HOLD)) == "⏳1 ‖1 · 21:00"
    assert mark(*limited(HOUR, outlook=yours), NOW, UNICODE) == " ⏳21:00"
    session, halt = limited(HOUR)
    assert halt is not None
    needs = (session, replace(halt, needs_human="it needs you"))
    assert shown(needs, paused=True) == "⏸ ?1"
    assert mark(*needs, NOW, UNICODE) == ""


def test_a_limit_whose_menu_was_closed_still_counts() -> None:
    assert shown(limited(HOUR, State.IDLE)) == "⏳1 · 21:00"


def test_a_limit_that_is_over_does_not() -> None:
    session, halt = limited(HOUR, State.IDLE)
    assert halt is not None
    assert shown((session, replace(halt, ended_at=NOW))) == ""


@pytest.mark.parametrize(
    ("resets_in", "at", "expected"),
    [
        (HOUR, 2 * HOUR, " · 21:00"),
        (-HOUR, 2 * HOUR, " · 22:00"),
        (None, 2 * HOUR, " · 22:00"),
        (-HOUR, -1.0, ""),
        (None, None, ""),
        (4 * HOUR, None, " · Sun 00:00"),
        (6 * 24 * HOUR, None, " · Fri 20:00"),
        (7 * 24 * HOUR, None, " · 28 Nov"),
    ],
)
def test_the_soonest_reset(resets_in: float | None, at: float | None, expected: str) -> None:
    outlook = Outlook(Actor.US, None if at is None else NOW + at)
    assert shown(limited(resets_in, outlook=outlook)) == f"⏳1{expected}"


def test_times_are_on_the_users_clock() -> None:
    assert shown(limited(HOUR, zone="Asia/Kolkata")) == "⏳1 · 02:30"
    assert shown(limited(HOUR, zone="../etc/passwd")) == "⏳1 · 21:00"


def test_a_mark_is_for_what_waits_for_a_reset() -> None:
    assert mark(*limited(HOUR), NOW, UNICODE) == " ⏳21:00"
    assert mark(*limited(None), NOW, ASCII) == " ~"
    for known in (seat(State.LIMITED), seat(State.WAITING), limited(HOUR, State.WORKING)):
        assert mark(*known, NOW, UNICODE) == ""
    assert mark(*limited(HOUR, State.LOST), NOW, UNICODE) == ""


def test_symbols_of_ones_own() -> None:
    own = ("L", "W", "Q", "X", "H", "P", "no supervisor")
    assert text([limited(HOUR)], True, NOW, chosen(own)) == "P L1 · 21:00"
    assert (chosen("ascii"), chosen("unicode")) == (ASCII, UNICODE)
    assert len(own) == len(NAMES)
    for symbols in (ASCII, UNICODE):
        assert [problem(getattr(symbols, name)) for name in NAMES] == [None] * len(NAMES)


@pytest.mark.parametrize(
    "symbol",
    ["", " ", "#[fg=red]", "#(date)", "a,b", "{", "}", "%H", "$x", "\\", "\x1b", "\u202e", "'"],
)
def test_symbols_that_mean_something_to_tmux_are_refused(symbol: str) -> None:
    assert problem(symbol)
    assert problem("x" * 21)
