"""Who acts on a halt and when: the pause before each try, and the family that counts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core import policy
from tmuxclaude.core.evidence import Ending, Evidence, Life, Notice, Origin, Tail, UserTurn
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Box,
    Halt,
    Limit,
    LimitKind,
    Look,
    Outlook,
    Reading,
    Remedy,
    Source,
    Step,
)
from tmuxclaude.core.rules import ResumeRules

NOW = 1_795_000_000.0
RULES = ResumeRules(margin_seconds=30, jitter_seconds=0)
RETRY = [kind for kind, remedy in policy.REMEDY.items() if remedy is Remedy.RETRY]
HUMAN = [kind for kind, remedy in policy.REMEDY.items() if remedy is Remedy.HUMAN]
TIMED = [kind for kind, remedy in policy.REMEDY.items() if remedy is Remedy.RESET]


def said(kind: LimitKind, resets_at: float | None = None, said_at: float = NOW) -> Limit:
    return Limit(kind, "words", Source.TRANSCRIPT, said_at, resets_at)


def halted(limit: Limit, attempts: int = 0) -> Halt:
    return Halt(1, "s" * 32, "c", limit, "record", limit.said_at, attempts)


def test_every_kind_has_a_remedy_and_a_name() -> None:
    assert set(policy.REMEDY) == set(policy.PLAIN_WORDS) == set(LimitKind)
    assert {LimitKind.RATE, LimitKind.OVERLOADED, LimitKind.SERVER} == set(RETRY)
    assert {"spend", "credit", "seat", "auth", "other"} == set(HUMAN)


@pytest.mark.parametrize("kind", HUMAN)
def test_what_only_a_person_ends_is_never_due_for_us(kind: LimitKind) -> None:
    assert "only you" in policy.needs_human(said(kind, NOW + 60), NOW)


@pytest.mark.parametrize("kind", TIMED)
def test_a_limit_without_a_time_needs_a_person(kind: LimitKind) -> None:
    assert "no reset time" in policy.needs_human(said(kind), NOW)
    assert policy.needs_human(said(kind, NOW + 60), NOW) == ""
    assert policy.due_at(halted(said(kind)), [], None, RULES) is None
    shows = replace(said(kind), words="You've hit your limit · resets 9:42am (UTC)")
    assert policy.needs_human(shows, NOW).endswith("shows has passed, or is not understood")


@pytest.mark.parametrize("kind", RETRY)
def test_each_try_waits_longer(kind: LimitKind) -> None:
    waits = [policy.due_at(halted(said(kind), n), [], None, RULES) for n in range(7)]
    minutes = [(due - NOW) / 60 for due in waits if due is not None]
    assert minutes == [2, 5, 15, 30, 60, 60, 60]


@pytest.mark.parametrize("kind", RETRY)
def test_an_old_error_is_history(kind: LimitKind) -> None:
    assert "more than a day" in policy.needs_human(said(kind), NOW + policy.STALE_SECONDS + 1)
    assert policy.needs_human(said(kind), NOW + policy.STALE_SECONDS - 1) == ""


@pytest.mark.parametrize("first", RETRY)
@pytest.mark.parametrize("then", RETRY)
def test_the_errors_of_a_server_in_trouble_are_one_family(
    first: LimitKind, then: LimitKind
) -> None:
    assert policy.same_family(halted(said(first)), said(then))


@pytest.mark.parametrize("kind", RETRY)
def test_an_error_is_no_family_of_a_limit(kind: LimitKind) -> None:
    limit = said(LimitKind.FIVE_HOUR, NOW + 60)
    assert not policy.same_family(halted(limit), said(kind))
    assert not policy.same_family(halted(said(kind)), limit)


def test_a_limit_that_stands_after_its_reset_is_the_same() -> None:
    limit = said(LimitKind.FIVE_HOUR, NOW + 60)
    again = replace(limit, said_at=NOW + 100)
    assert policy.same_family(halted(limit), again)
    assert policy.same_family(halted(limit), replace(again, resets_at=NOW - 500))
    assert not policy.same_family(halted(limit), replace(again, resets_at=NOW + 5 * 3600))


def test_a_limit_of_the_whole_account_holds_its_other_halts_back() -> None:
    weekly = said(LimitKind.SEVEN_DAY, NOW + 9000, NOW + 1)
    opus = said(LimitKind.OPUS, NOW + 8000, NOW + 1)
    halt = halted(said(LimitKind.FIVE_HOUR, NOW + 60))
    assert policy.due_at(halt, [], None, RULES) == NOW + 90
    assert policy.due_at(halt, [weekly], None, RULES) == NOW + 9030
    assert policy.due_at(halt, [opus], None, RULES) == NOW + 90


def test_a_limit_that_was_said_before_ours_is_over() -> None:
    weekly = said(LimitKind.SEVEN_DAY, NOW + 9000, NOW - 1)
    assert policy.due_at(halted(said(LimitKind.FIVE_HOUR, NOW + 60)), [weekly], None, RULES) == (
        NOW + 90
    )


def test_a_back_off_is_kept_also_after_the_reset() -> None:
    waits = replace(halted(said(LimitKind.FIVE_HOUR, NOW + 60), 1), not_before=NOW + 700)
    assert policy.due_at(waits, [], None, RULES) == NOW + 700


def test_a_reset_of_long_ago_is_history() -> None:
    limit = said(LimitKind.FIVE_HOUR, NOW)
    assert policy.needs_human(limit, NOW + policy.STALE_SECONDS - 1) == ""
    assert "more than a day" in policy.needs_human(limit, NOW + policy.STALE_SECONDS + 1)


@pytest.mark.parametrize("kind", TIMED)
def test_a_reset_that_no_limit_has_is_a_persons(kind: LimitKind) -> None:
    assert policy.needs_human(said(kind, NOW + 8 * 86400), NOW) == ""
    for days in (9, 300, 40_000):
        assert "too far ahead" in policy.needs_human(said(kind, NOW + days * 86400.0), NOW)


@given(st.text(), st.floats(0, 3600))
def test_a_sessions_jitter_is_its_own_for_ever(uid: str, most: float) -> None:
    rules = ResumeRules(jitter_seconds=most)
    assert policy.jitter(uid, rules) == policy.jitter(uid, rules)
    assert 0 <= policy.jitter(uid, rules) <= most


def test_sessions_are_spread_and_stay_where_they_are() -> None:
    rules = ResumeRules(margin_seconds=5, jitter_seconds=30)
    shares = [policy.jitter(f"{n:032x}", rules) for n in range(100)]
    assert len(set(shares)) == 100
    assert min(shares) < 5
    assert max(shares) > 25
    assert policy.jitter("0" * 32, rules) == pytest.approx(26.2991, abs=1e-4)
    halt = halted(said(LimitKind.FIVE_HOUR, NOW))
    assert policy.due_at(halt, [], None, rules) == NOW + 5 + policy.jitter(halt.session, rules)


RESETS = NOW + 600
NATIVE = halted(said(LimitKind.FIVE_HOUR, RESETS))


def armed(at: float = NOW, **changes: object) -> Evidence:
    """Claude Code's own continue stands in the footer; its notice was recorded ``at``."""
    tail = Tail(ending=Ending.ERROR, limit=NATIVE.limit, notice=Notice.ARMED, notice_at=at)
    footer = Reading(Look.LIMIT, Box.EMPTY, native_pending=True)
    world = Evidence(at=NOW, life=Life.ALIVE, tail=tail, reading=footer)
    return replace(world, **changes)  # type: ignore[arg-type]


def test_claude_codes_own_continue_has_its_time_first() -> None:
    assert policy.due_at(NATIVE, [], armed(), RULES) == RESETS + RULES.native_grace_seconds
    shown = policy.outlook(NATIVE, None, [], armed(), RULES)
    assert (shown.actor, shown.at) == (Actor.CLAUDE, RESETS)


def test_when_it_is_armed_again_it_has_its_longest_pause_more() -> None:
    again = RESETS + 50
    assert policy.due_at(NATIVE, [], armed(at=again), RULES) == again + 300 + 180


@pytest.mark.parametrize(
    "world",
    [
        armed(reading=Reading(Look.LIMIT, Box.EMPTY)),
        armed(life=Life.DIED),
        armed(life=None),
    ],
    ids=["cancelled", "died", "unknown"],
)
def test_without_its_own_continue_it_is_our_turn(world: Evidence) -> None:
    assert policy.due_at(NATIVE, [], world, RULES) == RESETS + 30
    assert policy.outlook(NATIVE, None, [], world, RULES).actor is Actor.US


def test_a_person_comes_before_everybody_else() -> None:
    halt = replace(NATIVE, needs_human="gave up after 6 attempts")
    told = Outlook(Actor.YOU, None, "gave up after 6 attempts")
    assert policy.outlook(halt, None, [], armed(), RULES) == told


def test_switched_off_it_says_so_and_names_the_reset() -> None:
    off = replace(RULES, enabled=False)
    shown = policy.outlook(NATIVE, None, [], None, off)
    assert (shown.actor, shown.at, shown.why) == (Actor.YOU, RESETS, "resume.enabled is false")


def test_an_attempt_that_waits_tells_why() -> None:
    waits = Attempt(1, NATIVE.session, 1, "text", Step.DUE, NOW, reason="your draft is in the way")
    shown = policy.outlook(NATIVE, waits, [], None, RULES)
    assert (shown.actor, shown.why) == (Actor.US, "your draft is in the way")
    met = replace(waits, step=Step.CONFIRMED)
    again = policy.outlook(replace(NATIVE, attempts=1), met, [], None, RULES)
    assert (again.at, again.why) == (RESETS + 30, "5-hour limit, attempt 1 met it again")


# Second, never first

GRACE = 180.0
RESET = NOW + 60
BEFORE = said(LimitKind.FIVE_HOUR, RESET)
AGAIN = said(LimitKind.FIVE_HOUR, RESET, RESET + 67)
"""Met again when its own continue fired after the reset."""


def seen(
    limit: Limit,
    origin: Origin = Origin.TYPED,
    *,
    footer: bool = False,
    notice: Notice | None = None,
    notice_at: float | None = None,
) -> Evidence:
    """A session that a limit stopped; ``footer`` says that its own continue is armed."""
    return Evidence(
        at=limit.said_at,
        life=Life.ALIVE,
        reading=Reading(Look.LIMIT, Box.EMPTY, native_pending=footer),
        tail=Tail(
            ending=Ending.ERROR,
            limit=limit,
            record="record",
            notice=notice,
            notice_at=notice_at,
            turns=(UserTurn("go on", NOW, 0, origin),),
        ),
    )


def due(limit: Limit, evidence: Evidence) -> float | None:
    return policy.due_at(halted(limit), [], evidence, RULES)


def test_its_own_continue_goes_first() -> None:
    assert due(BEFORE, seen(BEFORE, footer=True)) == RESET + GRACE
    assert due(BEFORE, seen(BEFORE)) == RESET + 30


def test_armed_anew_by_its_own_continue_shows_only_in_the_footer() -> None:
    later = AGAIN.said_at + policy.NATIVE_REARM_SECONDS + GRACE
    assert due(AGAIN, seen(AGAIN, Origin.NATIVE, footer=True)) == later
    assert due(AGAIN, seen(AGAIN, Origin.NATIVE)) == later, "the footer is not drawn yet"


def test_armed_anew_by_a_prompt_shows_in_a_notice_too() -> None:
    evidence = seen(AGAIN, footer=True, notice=Notice.ARMED, notice_at=AGAIN.said_at + 1)
    assert due(AGAIN, evidence) == AGAIN.said_at + 1 + policy.NATIVE_REARM_SECONDS + GRACE


def test_it_gave_up_and_it_is_our_turn() -> None:
    evidence = seen(AGAIN, Origin.NATIVE, notice=Notice.ENDED, notice_at=AGAIN.said_at)
    assert due(AGAIN, evidence) == AGAIN.said_at + 30


def test_a_dead_process_arms_nothing() -> None:
    evidence = replace(seen(AGAIN, Origin.NATIVE, footer=True), life=Life.DIED)
    assert due(AGAIN, evidence) == AGAIN.said_at + 30


def test_an_error_that_its_own_continue_met_is_tried_again() -> None:
    error = said(LimitKind.OVERLOADED, None, RESET + 67)
    assert due(error, seen(error, Origin.NATIVE)) == error.said_at + 120
