"""Whether a pane shows the conversation that was parked from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tmuxclaude.core import policy
from tmuxclaude.core.evidence import (
    Ending,
    Evidence,
    Life,
    PaneFacts,
    RegistryFacts,
    Status,
    Tail,
    UserTurn,
    explain,
    in_view,
    judge,
)
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Box,
    Dialog,
    Halt,
    Limit,
    LimitKind,
    Look,
    Outlook,
    Reading,
    Source,
    Step,
)
from tmuxclaude.core.parked import START_SECONDS, Parked, aside
from tmuxclaude.core.resume import Deed, next_move
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.states import Signal

NOW = 1_800_000_000.0
OURS = "Please continue."
PARKED = Parked("9f5c2a3a", NOW - 60, name="api", began_at=NOW - 59)
GONE = replace(PARKED, found=False)
VIEW = Reading(Look.DIALOG, Box.NONE, dialog=Dialog.AGENTS_VIEW)


def box(label: str) -> Reading:
    return Reading(Look.IDLE, Box.EMPTY, label=label)


def evidence(
    parked: Parked, reading: Reading | None, status: Status | None = Status.IDLE
) -> Evidence:
    registry = RegistryFacts("c", status if parked.found else None, parked=parked)
    return in_view(Evidence(NOW, Life.ALIVE, PaneFacts(unread=0), registry, None, reading))


@pytest.mark.parametrize(
    ("parked", "reading", "words"),
    [
        (PARKED, box("api"), ""),
        (PARKED, box(""), ""),
        (PARKED, None, ""),
        (PARKED, Reading(Look.QUESTION, Box.NONE), ""),
        (replace(PARKED, others=frozenset({"web"})), box("api"), ""),
        (replace(PARKED, others=frozenset({"web"})), box(""), "does not tell"),
        (replace(PARKED, others=frozenset({"api"})), box("api"), "does not tell"),
        (PARKED, box("web"), "another background session"),
        (PARKED, replace(box("ap…"), label_cut=True), ""),
        (PARKED, box("ap…"), "another background session"),
        (
            replace(PARKED, others=frozenset({"app"})),
            replace(box("ap…"), label_cut=True),
            "not tell",
        ),
        (PARKED, VIEW, "agents view is open"),
        (PARKED, Reading(Look.LIMIT, Box.NONE, dialog=Dialog.LIMIT_MENU), "limit menu is open"),
        (GONE, box("api"), "no process of it is found"),
        (GONE, None, "no process of it is found"),
        (replace(GONE, since=NOW - START_SECONDS / 2), box("api"), "is being moved"),
        (replace(GONE, since=NOW - START_SECONDS / 2), None, ""),
    ],
)
def test_only_its_own_prompt_box_counts(
    parked: Parked, reading: Reading | None, words: str
) -> None:
    why = aside(parked, reading, NOW)
    assert words in why
    assert bool(words) == bool(why)
    seen = evidence(parked, reading)
    assert (seen.aside, seen.reading) == (why, None if why else reading)


def test_the_state_is_that_of_the_background() -> None:
    assert judge(evidence(PARKED, VIEW)) is Signal.IDLE
    assert judge(evidence(PARKED, VIEW, Status.BUSY)) is Signal.WORK
    assert judge(evidence(GONE, box("api"))) is Signal.DIALOG
    assert judge(evidence(replace(GONE, since=NOW - 1), box("api"))) is None
    assert any("agents view is open" in line for line in explain(evidence(PARKED, VIEW)))


@pytest.mark.parametrize(
    ("reading", "deed"),
    [(box("api"), Deed.TYPE), (box("web"), Deed.WAIT), (VIEW, Deed.WAIT), (None, Deed.WAIT)],
)
def test_only_there_is_typed(reading: Reading | None, deed: Deed) -> None:
    move = next_move(attempt(Step.DUE), evidence(PARKED, reading), ResumeRules())
    assert (move.deed, move.yours) == (deed, deed is Deed.WAIT and reading is not None)


@pytest.mark.parametrize("label", ["api", "web"])
def test_enter_is_pressed_only_there(label: str) -> None:
    reading = Reading(Look.IDLE, Box.DRAFT, draft=OURS, label=label)
    move = next_move(attempt(Step.TYPED), evidence(PARKED, reading), ResumeRules())
    assert move.deed is (Deed.ENTER if label == "api" else Deed.WAIT)


@pytest.mark.parametrize("trying", [True, False])
def test_what_is_halted_waits_for_its_user_to_open_it(trying: bool) -> None:
    limit = Limit(LimitKind.FIVE_HOUR, "limit", Source.TRANSCRIPT, NOW - 50, NOW - 10)
    halt = Halt(1, "a" * 32, "c", limit, "r", NOW - 50)
    ours = attempt(Step.DUE) if trying else None
    rules = ResumeRules()
    seen = policy.outlook(halt, ours, [], evidence(PARKED, VIEW), rules)
    assert seen == Outlook(Actor.YOU, None, aside(PARKED, VIEW, NOW))
    assert policy.outlook(halt, ours, [], evidence(PARKED, box("api")), rules).actor is Actor.US


def test_a_copied_turn_proves_nothing() -> None:
    """The transcript in the background begins with all that was said before."""
    earlier, ours = (UserTurn(OURS, at, 100) for at in (NOW - 3600, NOW - 1))
    for turns, deed in (((earlier,), Deed.WAIT), ((earlier, ours), Deed.CONFIRM)):
        seen = replace(evidence(PARKED, box("api")), tail=Tail(Ending.PROMPTED, turns=turns))
        assert next_move(attempt(Step.ENTERING), seen, ResumeRules()).deed is deed


def attempt(step: Step) -> Attempt:
    return Attempt(
        id=1,
        session="a" * 32,
        number=1,
        text=OURS,
        step=step,
        opened_at=NOW - 3,
        halt=1,
        record="r",
        conversation="c",
        stepped_at=NOW - 2,
        keyed_at=NOW - 2,
    )
