"""What the witnesses say together: the stronger one speaks, and silence changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmuxclaude.core.evidence import (
    AT_PROMPT,
    Ending,
    Evidence,
    Life,
    Notice,
    PaneFacts,
    RegistryFacts,
    Status,
    Tail,
    explain,
    judge,
    limit_of,
)
from tmuxclaude.core.model import Box, Dialog, Limit, LimitKind, Look, Reading, Source
from tmuxclaude.core.states import Signal

NOW = 1_800_000_000.0
LIMIT = Limit(LimitKind.OPUS, "You've hit your Opus limit", Source.TRANSCRIPT, NOW - 60, NOW + 600)
HALTED = Tail(ending=Ending.ERROR, limit=LIMIT, record="r1")
GONE_ON = Tail(ending=Ending.DONE)
LIMIT_SHOWN = Reading(
    Look.LIMIT,
    Box.EMPTY,
    limit_kind=LimitKind.FIVE_HOUR,
    limit_words="You've hit your 5-hour limit",
    reset_text="9pm (UTC)",
)
MENU = replace(LIMIT_SHOWN, box=Box.NONE, dialog=Dialog.LIMIT_MENU)


def seen(**facts: Any) -> Evidence:
    return replace(Evidence(at=NOW, life=Life.ALIVE), **facts)


def registry(status: Status | None, waiting_for: str = "") -> RegistryFacts:
    return RegistryFacts("c1", status, waiting_for)


def reading(look: Look, dialog: Dialog | None = None) -> Reading:
    return Reading(look, Box.NONE if dialog else Box.EMPTY, dialog=dialog)


lives = st.sampled_from([None, *Life])
registries = st.none() | st.builds(
    RegistryFacts,
    st.just("c1"),
    st.none() | st.sampled_from(Status),
    st.sampled_from(["", "dialog open", "permission prompt"]),
)
tails = st.sampled_from([None, Tail(), HALTED, GONE_ON])
readings = st.none() | st.builds(
    Reading,
    st.sampled_from(Look),
    st.sampled_from(Box),
    dialog=st.none() | st.sampled_from(Dialog),
    limit_kind=st.none() | st.sampled_from(LimitKind),
)
worlds = st.builds(
    Evidence, at=st.just(NOW), life=lives, registry=registries, tail=tails, reading=readings
)


@given(worlds, st.sampled_from([(Life.EXITED, Signal.GOODBYE), (Life.DIED, Signal.GONE)]))
def test_a_dead_process_beats_every_other_witness(
    world: Evidence, death: tuple[Life, Signal]
) -> None:
    life, signal = death
    assert judge(replace(world, life=life)) is signal


@given(worlds, readings)
def test_a_screen_does_not_overrule_a_busy_or_idle_registry(
    world: Evidence, other: Reading | None
) -> None:
    for status in (Status.BUSY, Status.SHELL, Status.IDLE):
        known = replace(world, life=Life.ALIVE, registry=registry(status), tail=GONE_ON)
        assert judge(known) is judge(replace(known, reading=other))


@given(worlds, readings)
def test_a_screen_does_not_overrule_a_transcript_about_limits(
    world: Evidence, other: Reading | None
) -> None:
    for tail in (HALTED, GONE_ON):
        known = replace(world, tail=tail)
        assert limit_of(known) == limit_of(replace(known, reading=other))


def test_without_any_witness_nothing_is_said() -> None:
    assert judge(Evidence(at=NOW)) is None
    assert judge(seen()) is None
    assert judge(seen(tail=HALTED)) is None, "a transcript alone does not say what goes on now"
    assert limit_of(Evidence(at=NOW)) is None


@pytest.mark.parametrize(
    ("facts", "signal"),
    [
        (registry(Status.BUSY), Signal.WORK),
        (registry(Status.SHELL), Signal.LIMIT),
        (registry(Status.IDLE), Signal.LIMIT),
        (registry(Status.WAITING, "dialog open"), Signal.LIMIT),
        (registry(Status.WAITING, "permission prompt"), Signal.QUESTION),
        (registry(Status.WAITING, "input needed"), Signal.QUESTION),
    ],
)
def test_the_registry_speaks_first_and_the_transcript_tells_of_the_limit(
    facts: RegistryFacts, signal: Signal
) -> None:
    contradiction = reading(Look.WORK) if facts.status in AT_PROMPT else reading(Look.IDLE)
    assert judge(seen(registry=facts, tail=HALTED, reading=contradiction)) is signal
    assert judge(seen(registry=facts, tail=HALTED)) is signal


def test_a_registry_without_a_status_says_nothing() -> None:
    silent = registry(None)
    assert judge(seen(registry=silent)) is None
    assert judge(seen(registry=silent, reading=reading(Look.WORK))) is Signal.WORK


def test_a_dialog_that_is_not_about_the_limit_is_a_dialog() -> None:
    open_dialog = registry(Status.WAITING, "dialog open")
    other = reading(Look.DIALOG, Dialog.OTHER)
    assert judge(seen(registry=open_dialog, tail=HALTED, reading=other)) is Signal.DIALOG
    assert judge(seen(registry=open_dialog, tail=HALTED, reading=MENU)) is Signal.LIMIT
    assert judge(seen(registry=open_dialog, tail=GONE_ON, reading=other)) is Signal.DIALOG
    for words in ("usage limit", ""):
        renamed = registry(Status.WAITING, words)
        assert judge(seen(registry=renamed, tail=HALTED, reading=MENU)) is Signal.LIMIT
        assert judge(seen(registry=renamed, tail=HALTED, reading=other)) is Signal.QUESTION
    question = reading(Look.DIALOG, Dialog.RESUME_QUESTION)
    assert judge(seen(registry=open_dialog, tail=HALTED, reading=question)) is Signal.LIMIT


@pytest.mark.parametrize(
    ("shown", "tail", "signal"),
    [
        (reading(Look.WORK), HALTED, Signal.WORK),
        (reading(Look.QUESTION), HALTED, Signal.QUESTION),
        (reading(Look.IDLE), HALTED, Signal.LIMIT),
        (reading(Look.IDLE), GONE_ON, Signal.IDLE),
        (LIMIT_SHOWN, GONE_ON, Signal.IDLE),
        (LIMIT_SHOWN, None, Signal.LIMIT),
        (MENU, None, Signal.LIMIT),
        (reading(Look.IDLE), None, Signal.IDLE),
        (reading(Look.DIALOG, Dialog.TRUST), None, Signal.DIALOG),
    ],
)
def test_without_a_registry_the_screen_speaks_but_the_transcript_knows_of_limits(
    shown: Reading, tail: Tail | None, signal: Signal
) -> None:
    assert judge(seen(reading=shown, tail=tail)) is signal


def test_the_screen_names_a_limit_only_where_there_is_no_transcript() -> None:
    assert limit_of(seen(tail=HALTED, reading=LIMIT_SHOWN)) == (LIMIT, "r1")
    assert limit_of(seen(tail=GONE_ON, reading=LIMIT_SHOWN)) is None
    found = limit_of(seen(reading=LIMIT_SHOWN))
    assert found is not None
    limit, record = found
    assert (limit.kind, limit.source, limit.resets_at) == (LimitKind.FIVE_HOUR, Source.SCREEN, None)
    later = limit_of(replace(seen(reading=LIMIT_SHOWN), at=NOW + 500))
    assert later is not None
    assert later[1] == record, "the same words seen later are the same limit"
    cut = limit_of(seen(reading=replace(LIMIT_SHOWN, limit_kind=LimitKind.OTHER)))
    assert cut is not None
    assert cut[1] == record, "so are they when what names the kind has scrolled away"


def test_a_fork_is_not_halted_by_what_it_was_forked_from() -> None:
    own = replace(HALTED, limit=replace(LIMIT, said_at=NOW + 1))
    idle = registry(Status.IDLE)
    for facts in ({"tail": HALTED, "reading": LIMIT_SHOWN}, {"reading": LIMIT_SHOWN}):
        assert judge(seen(registry=idle, **facts)) is Signal.LIMIT
        assert judge(seen(registry=idle, forked_at=NOW, **facts)) is Signal.IDLE
    assert limit_of(seen(tail=own, forked_at=NOW)) == (own.limit, "r1")


def test_a_notice_of_the_own_continue_counts_if_this_very_process_said_it() -> None:
    armed = replace(HALTED, notice=Notice.ARMED, notice_at=NOW)
    for began_at, counts in ((NOW - 1, True), (NOW, True), (NOW + 1, False)):
        facts = replace(registry(Status.IDLE), began_at=began_at)
        assert seen(tail=armed, registry=facts).native_pending is counts
        assert seen(tail=armed, registry=facts, reading=LIMIT_SHOWN).native_pending is counts


def test_a_footer_that_is_gone_beats_a_notice_of_nobody_knows_whom() -> None:
    armed = replace(HALTED, notice=Notice.ARMED, notice_at=NOW)
    assert seen(tail=armed).native_pending
    assert not seen(tail=armed, reading=LIMIT_SHOWN).native_pending
    assert seen(tail=HALTED, reading=replace(LIMIT_SHOWN, native_pending=True)).native_pending
    assert not seen(tail=replace(HALTED, notice=Notice.ENDED)).native_pending
    dialog = reading(Look.DIALOG, Dialog.OTHER)
    assert seen(tail=armed, reading=dialog).native_pending, "a dialog covers the footer"


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (Reading(Look.IDLE, Box.EMPTY), "screen: idle, the prompt box is empty"),
        (Reading(Look.IDLE, Box.DRAFT), "screen: idle, your draft is in the prompt box"),
        (
            Reading(Look.DIALOG, Box.NONE, dialog=Dialog.TRUST),
            "screen: trust dialog, no prompt box",
        ),
        (reading(Look.DIALOG, Dialog.OTHER), "screen: dialog, no prompt box"),
        (MENU, "screen: limit menu, no prompt box"),
    ],
)
def test_a_screen_is_explained_in_words(shown: Reading, line: str) -> None:
    assert line in explain(seen(reading=shown))


@given(worlds)
def test_every_witness_has_one_line(world: Evidence) -> None:
    lines = explain(world)
    assert [line.split(":")[0] for line in lines[:4]] == [
        "process",
        "registry file",
        "transcript",
        "screen",
    ]
    assert len(explain(replace(world, pane=PaneFacts(), open_elsewhere=True))) == 6
