"""The next move of a delivery: a story for each promise, no tmux and no clock."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmuxclaude.core.evidence import (
    Ending,
    Evidence,
    Life,
    Origin,
    PaneFacts,
    RegistryFacts,
    Status,
    Tail,
    UserTurn,
)
from tmuxclaude.core.model import (
    ENDED_STEPS,
    Actor,
    Attempt,
    Box,
    Dialog,
    Limit,
    LimitKind,
    Look,
    Reading,
    Source,
    Step,
)
from tmuxclaude.core.resume import MAX_ESCAPES, MAX_LAUNCHES, Deed, Move, next_move
from tmuxclaude.core.rules import ResumeRules
from tmuxclaude.core.texts import digest

NOW = 1_800_000_000.0
TEXT = "Please continue the interrupted task."
RULES = ResumeRules()
LIMIT = Limit(LimitKind.FIVE_HOUR, "You've hit it", Source.TRANSCRIPT, NOW - 600, NOW - 60)
HALTED = Tail(ending=Ending.ERROR, limit=LIMIT, record="r1", size=1000)
EMPTY_BOX = Reading(look=Look.LIMIT, box=Box.EMPTY, limit_kind=LimitKind.FIVE_HOUR)
MENU = Reading(look=Look.LIMIT, box=Box.NONE, dialog=Dialog.LIMIT_MENU)
OURS_IN_BOX = Reading(look=Look.LIMIT, box=Box.DRAFT, draft=TEXT)


def world(**changes: object) -> Evidence:
    quiet = Evidence(
        at=NOW,
        life=Life.ALIVE,
        pane=PaneFacts(unread=0),
        registry=RegistryFacts("c1", Status.IDLE),
        tail=HALTED,
        reading=EMPTY_BOX,
    )
    return replace(quiet, **changes)  # type: ignore[arg-type]


def attempt(step: Step = Step.DUE, **changes: object) -> Attempt:
    fresh = Attempt(
        id=1,
        session="s",
        number=1,
        text=TEXT,
        step=step,
        opened_at=NOW - 1,
        halt=1,
        record="r1",
        conversation="c1",
        offset=1000,
        stepped_at=NOW - 1,
    )
    return replace(fresh, **changes)  # type: ignore[arg-type]


def move(a: Attempt, e: Evidence, rules: ResumeRules = RULES) -> Move:
    return next_move(a, e, rules)


def turn(text: str, offset: int, origin: Origin = Origin.TYPED) -> UserTurn:
    return UserTurn(text=text, at=NOW, offset=offset, origin=origin)


def test_an_empty_prompt_is_typed_into() -> None:
    assert move(attempt(), world()).deed is Deed.TYPE


def test_a_placeholder_is_an_empty_prompt() -> None:
    reading = Reading(look=Look.IDLE, box=Box.PLACEHOLDER)
    assert move(attempt(), world(reading=reading)).deed is Deed.TYPE


@pytest.mark.parametrize(
    "change",
    [
        {"life": Life.STOPPED},
        {"life": None},
        {"pane": None},
        {"reading": None},
        {"pane": PaneFacts(in_mode=True)},
        {"pane": PaneFacts(synchronized=True)},
        {"pane": PaneFacts(input_off=True)},
        {"pane": PaneFacts(unread=3)},
        {"pane": PaneFacts(human_at=NOW - 10)},
        {"registry": RegistryFacts("c1", Status.BUSY)},
        {"registry": RegistryFacts("c1", Status.WAITING, "permission prompt")},
        {"reading": Reading(look=Look.QUESTION, box=Box.NONE)},
        {"reading": Reading(look=Look.WORK, box=Box.EMPTY)},
        {"reading": Reading(look=Look.DIALOG, box=Box.NONE, dialog=Dialog.TRUST)},
        {"reading": Reading(look=Look.DIALOG, box=Box.NONE, dialog=Dialog.OTHER)},
        {"reading": Reading(look=Look.LIMIT, box=Box.NONE)},
        {"reading": Reading(look=Look.LIMIT, box=Box.DRAFT, draft="half a thought")},
        {"open_elsewhere": True},
    ],
)
@pytest.mark.parametrize("step", [Step.DUE])
def test_anything_but_a_free_prompt_only_waits(change: dict[str, object], step: Step) -> None:
    assert move(attempt(step), world(**change)).deed is Deed.WAIT


def test_a_shell_in_the_background_is_no_hindrance() -> None:
    beside = world(registry=RegistryFacts("c1", Status.SHELL))
    assert move(attempt(), beside).deed is Deed.TYPE


@pytest.mark.parametrize("waiting_for", ["dialog open", "usage limit", ""])
def test_a_dialog_that_we_know_says_more_than_the_registrys_word(waiting_for: str) -> None:
    waits = RegistryFacts("c1", Status.WAITING, waiting_for)
    menu = Reading(look=Look.DIALOG, box=Box.NONE, dialog=Dialog.LIMIT_MENU)
    assert move(attempt(), world(registry=waits, reading=menu)).deed is Deed.ESCAPE


def test_where_only_the_screen_told_of_the_limit_it_must_still_show_it() -> None:
    by_screen = attempt(record="screen:9pm")
    at_prompt = Reading(look=Look.IDLE, box=Box.EMPTY)
    gone, there = world(reading=at_prompt), world(reading=replace(at_prompt, look=Look.LIMIT))
    assert move(by_screen, gone).deed is Deed.ASK_HUMAN
    assert move(by_screen, there).deed is Deed.TYPE
    assert move(replace(by_screen, by_hand=True), gone).deed is Deed.TYPE
    assert move(attempt(), gone).deed is Deed.TYPE, "a record tells that nobody went on"


def test_a_person_who_asks_by_hand_need_not_be_quiet() -> None:
    near = world(pane=PaneFacts(unread=0, human_at=NOW - 1))
    assert move(attempt(by_hand=True), near).deed is Deed.TYPE


def test_a_person_of_hours_ahead_was_there_before_the_clock_was_set_back() -> None:
    for ahead, deed in ((10, Deed.WAIT), (7200, Deed.TYPE)):
        near = world(pane=PaneFacts(unread=0, human_at=NOW + ahead))
        assert move(attempt(), near).deed is deed


def test_what_is_open_is_named() -> None:
    view = Reading(look=Look.DIALOG, box=Box.NONE, dialog=Dialog.AGENTS_VIEW)
    assert move(attempt(), world(reading=view)) == Move(
        Deed.WAIT, "the agents view is open; open the session there", yours=True
    )


def test_the_menu_is_closed_by_escape_and_text_waits_until_it_settled() -> None:
    assert move(attempt(), world(reading=MENU)) == Move(
        Deed.ESCAPE, "closing the limit menu", dialog=Dialog.LIMIT_MENU
    )
    just_closed = attempt(keyed_at=NOW - 0.1, escapes=1)
    assert move(just_closed, world()).deed is Deed.WAIT
    assert move(replace(just_closed, keyed_at=NOW - 0.6), world()).deed is Deed.TYPE


def test_a_second_escape_waits_until_the_first_must_have_been_drawn() -> None:
    once = attempt(escapes=1, keyed_at=NOW - 1)
    assert move(once, world(reading=MENU)).deed is Deed.WAIT
    assert move(replace(once, keyed_at=NOW - 3), world(reading=MENU)).deed is Deed.ESCAPE


def test_a_menu_that_does_not_close_is_a_persons() -> None:
    assert move(attempt(escapes=MAX_ESCAPES), world(reading=MENU)).deed is Deed.ASK_HUMAN


def test_a_draft_is_put_aside_only_when_the_user_chose_so() -> None:
    draft = world(reading=Reading(look=Look.LIMIT, box=Box.DRAFT, draft="mine"))
    stash = ResumeRules(draft="stash")
    assert move(attempt(), draft).deed is Deed.WAIT
    assert move(attempt(), draft, stash).deed is Deed.STASH
    assert move(attempt(stashed=True), draft, stash).deed is Deed.WAIT
    blanks = world(reading=Reading(look=Look.LIMIT, box=Box.DRAFT, draft="   "))
    assert move(attempt(), blanks, stash).deed is Deed.WAIT


def test_enter_needs_exactly_our_text_read_by_the_application() -> None:
    typed = attempt(Step.TYPED, keyed_at=NOW - 1)
    assert move(typed, world(reading=OURS_IN_BOX)).deed is Deed.ENTER
    assert move(typed, world(reading=OURS_IN_BOX, pane=PaneFacts(unread=1))).deed is Deed.WAIT
    more = replace(OURS_IN_BOX, draft=TEXT + " and rm")
    assert move(typed, world(reading=more)).deed is Deed.ASK_HUMAN
    twice = replace(OURS_IN_BOX, draft=TEXT + TEXT)
    assert move(typed, world(reading=twice)).deed is Deed.ASK_HUMAN


def test_text_wrapped_by_the_terminal_is_still_ours() -> None:
    wrapped = replace(OURS_IN_BOX, draft=TEXT.replace(" ", "\n  "))
    typed = attempt(Step.TYPED, keyed_at=NOW - 1)
    assert move(typed, world(reading=wrapped)).deed is Deed.ENTER


def test_after_a_crash_while_typing_the_world_decides() -> None:
    crashed = attempt(Step.TYPING, stepped_at=NOW - 10)
    assert move(crashed, world()).deed is Deed.TYPE
    assert move(crashed, world(reading=OURS_IN_BOX)).deed is Deed.ENTER
    assert move(crashed, world(pane=PaneFacts(unread=5))).deed is Deed.WAIT
    assert move(replace(crashed, stepped_at=NOW - 1), world()).deed is Deed.WAIT


def test_text_known_to_be_sent_is_never_typed_again() -> None:
    sent = attempt(Step.TYPED, stepped_at=NOW - 60, keyed_at=NOW - 60)
    assert move(sent, world()).deed is Deed.ASK_HUMAN


def test_after_a_crash_while_entering_enter_is_pressed_only_if_it_never_was() -> None:
    never = attempt(Step.ENTERING, stepped_at=NOW - 3, keyed_at=NOW - 5)
    assert move(never, world(reading=OURS_IN_BOX)).deed is Deed.ENTER
    pressed = replace(never, keyed_at=NOW - 3)
    assert move(pressed, world(reading=OURS_IN_BOX)).deed is Deed.WAIT
    long_ago = replace(pressed, stepped_at=NOW - 9, keyed_at=NOW - 9)
    assert move(long_ago, world(reading=OURS_IN_BOX)).deed is Deed.ASK_HUMAN


def test_only_our_turn_after_the_offset_confirms() -> None:
    entered = attempt(Step.ENTERING, keyed_at=NOW)
    old = replace(HALTED, turns=(turn(TEXT, 10),))
    new = replace(HALTED, ending=Ending.PROMPTED, turns=(turn(TEXT, 10), turn(TEXT, 1000)))
    assert move(entered, world(tail=old)).deed is Deed.WAIT
    assert move(entered, world(tail=new)).deed is Deed.CONFIRM
    assert move(attempt(Step.LAUNCHING), world(tail=new)).deed is Deed.CONFIRM


def test_an_entered_text_without_a_turn_is_a_persons() -> None:
    entered = attempt(Step.ENTERING, stepped_at=NOW - 31, keyed_at=NOW - 31)
    assert move(entered, world()).deed is Deed.ASK_HUMAN


@pytest.mark.parametrize(
    ("origin", "by"),
    [(Origin.NATIVE, Actor.CLAUDE), (Origin.OTHER, Actor.CLAUDE), (Origin.TYPED, Actor.YOU)],
)
def test_a_session_that_moved_by_itself_is_left_alone(origin: Origin, by: Actor) -> None:
    moved = Tail(ending=Ending.PROMPTED, turns=(turn("go on", 1100, origin),), size=1200)
    assert move(attempt(), world(tail=moved)) == Move(Deed.SKIP, "it continued by itself", by=by)


@pytest.mark.parametrize("step", [Step.ENTERING, Step.LAUNCHING])
def test_the_question_that_follows_our_text_is_closed_once(step: Step) -> None:
    question = Reading(look=Look.DIALOG, box=Box.NONE, dialog=Dialog.RESUME_QUESTION)
    asked = world(reading=question)
    assert move(attempt(step, keyed_at=NOW - 1), asked).deed is Deed.ESCAPE
    assert move(attempt(step, keyed_at=NOW - 1, escapes=1), asked).deed is Deed.WAIT


def test_a_dead_process_is_started_again_with_pauses_and_an_end() -> None:
    dead = world(life=Life.DIED, pane=None, registry=None, reading=None)
    assert move(attempt(), dead).deed is Deed.RELAUNCH
    assert move(attempt(Step.TYPED), dead).deed is Deed.RELAUNCH
    again = attempt(Step.LAUNCHING, launches=1, stepped_at=NOW - 1)
    assert move(again, dead).deed is Deed.WAIT
    assert move(replace(again, stepped_at=NOW - 5), dead).deed is Deed.RELAUNCH
    assert move(replace(again, launches=MAX_LAUNCHES), dead).deed is Deed.GIVE_UP
    assert move(attempt(), replace(dead, open_elsewhere=True)).deed is Deed.WAIT


def test_five_starts_are_more_than_a_second_apart_and_there_is_no_sixth() -> None:
    dead = world(life=Life.DIED, pane=None, registry=None, reading=None)
    starts, at, launching = [0.0], 0.0, attempt(Step.LAUNCHING, launches=1, stepped_at=NOW)
    while (found := move(launching, replace(dead, at=NOW + at))).deed is not Deed.GIVE_UP:
        if found.deed is Deed.RELAUNCH:
            starts.append(at)
            launching = replace(launching, launches=launching.launches + 1, stepped_at=NOW + at)
        at += 0.5
        assert at < 600
    assert starts == [0, 2, 6, 14, 30]


def test_a_message_never_starts_a_process() -> None:
    dead = world(life=Life.DIED, pane=None)
    assert move(attempt(halt=None, record=""), dead).deed is Deed.ASK_HUMAN


def test_without_a_transcript_a_working_session_confirms() -> None:
    entered = attempt(Step.ENTERING, keyed_at=NOW)
    busy = world(tail=None, registry=RegistryFacts("c1", Status.BUSY))
    assert move(entered, busy).deed is Deed.CONFIRM
    assert move(entered, world(tail=None)).deed is Deed.WAIT


readings = st.builds(
    Reading,
    look=st.sampled_from(Look),
    box=st.sampled_from(Box),
    draft=st.sampled_from(["", TEXT, TEXT[:5], "mine", TEXT + "x"]),
    dialog=st.sampled_from([None, *Dialog]),
    native_pending=st.booleans(),
)
worlds = st.builds(
    Evidence,
    at=st.floats(NOW - 100, NOW + 100),
    life=st.sampled_from([None, *Life]),
    pane=st.none()
    | st.builds(
        PaneFacts,
        in_mode=st.booleans(),
        synchronized=st.booleans(),
        input_off=st.booleans(),
        unread=st.none() | st.integers(0, 3),
        human_at=st.none() | st.floats(NOW - 200, NOW),
    ),
    registry=st.none()
    | st.builds(
        RegistryFacts,
        conversation=st.just("c1"),
        status=st.sampled_from([None, *Status]),
        waiting_for=st.sampled_from(["", "dialog open", "permission prompt"]),
    ),
    tail=st.sampled_from(
        [None, HALTED, replace(HALTED, ending=Ending.DONE, limit=None, record="")]
    ),
    reading=st.none() | readings,
    open_elsewhere=st.booleans(),
)
steps = st.sampled_from([step for step in Step if step not in ENDED_STEPS])


@settings(max_examples=500)
@given(worlds, steps, st.floats(0, 100))
def test_no_key_goes_anywhere_but_into_our_own_free_prompt(
    evidence: Evidence, step: Step, age: float
) -> None:
    then = evidence.at - age
    found = move(attempt(step, stepped_at=then, keyed_at=then), evidence)
    if found.deed not in (Deed.TYPE, Deed.ENTER, Deed.ESCAPE, Deed.STASH):
        return
    pane, reading = evidence.pane, evidence.reading
    assert evidence.life is Life.ALIVE or step is not Step.DUE
    assert evidence.life not in (None, Life.EXITED, Life.DIED)
    assert pane is not None
    assert reading is not None
    obstacles = (pane.in_mode, pane.synchronized, pane.input_off, pane.unread)
    assert not any(obstacles)
    if found.deed is Deed.TYPE:
        assert reading.box in (Box.EMPTY, Box.PLACEHOLDER)
        assert reading.look is not Look.QUESTION
    if found.deed is Deed.ENTER:
        assert "".join(reading.draft.split()) == "".join(TEXT.split())
        assert reading.box is Box.DRAFT
    if found.deed is Deed.ESCAPE:
        assert found.dialog in (Dialog.LIMIT_MENU, Dialog.RESUME_QUESTION)


LINES = "one\ntwo\nthree\nfour"


@pytest.mark.parametrize(("folded", "deed"), [(3, Deed.ENTER), (2, Deed.ASK_HUMAN)])
def test_the_mark_of_a_long_paste_is_ours_by_its_lines(folded: int, deed: Deed) -> None:
    box = Reading(Look.IDLE, Box.DRAFT, draft="[Pasted text #1 +3 lines]", folded=folded)
    assert move(attempt(Step.TYPED, text=LINES), world(reading=box)).deed is deed


def test_a_mark_with_rows_hidden_above_it_is_not_ours() -> None:
    mark = "[Pasted text #1 +3 lines]"
    box = Reading(Look.IDLE, Box.DRAFT, draft=mark, folded=3, hidden=1, area=76)
    assert move(attempt(Step.TYPED, text=LINES), world(reading=box)).deed is not Deed.ENTER


def test_a_mark_with_more_behind_it_is_not_ours() -> None:
    box = Reading(Look.IDLE, Box.DRAFT, draft="[Pasted text #1 +3 lines] and more")
    assert move(attempt(Step.TYPED, text=LINES), world(reading=box)).deed is Deed.ASK_HUMAN


def test_a_turn_too_long_to_keep_is_known_by_its_digest() -> None:
    text = "word " * 2000
    for whole, deed in ((text, Deed.CONFIRM), (f"{text}more", Deed.WAIT)):
        long = replace(turn(text[:4096], 1000), digest=digest(whole))
        evidence = world(tail=replace(HALTED, turns=(long,)))
        assert move(attempt(Step.ENTERING, text=text, stepped_at=NOW), evidence).deed is deed


DEAD = world(life=Life.DIED, pane=None, registry=None, reading=None)
STARTED = attempt(Step.LAUNCHING, launches=1, stepped_at=NOW - 5)
UNSEEN = {
    "read from further on": replace(HALTED, begins=1001, size=2000),
    "shorter than it was": replace(HALTED, size=999),
    "more turns than are kept": replace(HALTED, turns=(turn("mine", 1500),), prompts=2, size=2000),
    "no transcript": None,
}


@pytest.mark.parametrize("tail", UNSEEN.values(), ids=UNSEEN.keys())
def test_where_our_turn_could_be_unseen_no_text_goes_a_second_time(tail: Tail | None) -> None:
    assert move(STARTED, DEAD).deed is Deed.RELAUNCH
    assert move(STARTED, replace(DEAD, tail=tail)).deed is Deed.ASK_HUMAN
    assert move(attempt(), replace(DEAD, tail=tail)).deed is Deed.RELAUNCH, "nothing was sent yet"
    if tail is not None:
        retyped = attempt(Step.TYPING, stepped_at=NOW - 5)
        assert move(retyped, world()).deed is Deed.TYPE
        assert move(retyped, world(tail=tail)).deed is Deed.ASK_HUMAN


@pytest.mark.parametrize("step", [Step.DUE, Step.TYPED, Step.ENTERING, Step.LAUNCHING])
def test_nothing_is_done_before_the_end_of_the_transcript_is_reached(step: Step) -> None:
    for there in (world(), DEAD):
        assert move(attempt(step), replace(there, tail=None, reading_on=True)).deed is Deed.WAIT


def test_an_end_whose_turn_is_not_known_shows_nobody_who_went_on() -> None:
    ended = Tail(ending=Ending.DONE, begins=500, size=1000)
    assert move(attempt(), world(tail=ended)).deed is Deed.TYPE
    known = replace(ended, turns=(turn("mine", 900),), prompts=1)
    assert move(attempt(), world(tail=known)).deed is Deed.SKIP


def in_the_box(**more: object) -> Evidence:
    return world(reading=replace(OURS_IN_BOX, **more))  # type: ignore[arg-type]


def test_the_end_of_our_text_is_entered_where_the_box_is_too_low_for_all_of_it() -> None:
    typed, end = attempt(Step.TYPED), TEXT.removeprefix("Please continue ")
    cut = {"draft": end, "hidden": 1, "area": 22}
    assert move(typed, in_the_box(**cut)).deed is Deed.ENTER
    assert move(typed, in_the_box(**cut, unended=True)).deed is Deed.WAIT
    assert move(typed, in_the_box(**cut | {"hidden": 2})).deed is Deed.WAIT
    late = replace(typed, stepped_at=NOW - 20)
    asked = move(late, in_the_box(**cut, unended=True))
    assert (asked.deed, "too small" in asked.why) == (Deed.ASK_HUMAN, True)


def test_nothing_is_typed_into_a_pane_that_could_not_show_it() -> None:
    low = replace(EMPTY_BOX, area=10, room=2)
    found = move(attempt(), world(reading=low))
    assert (found.deed, found.yours, "too small" in found.why) == (Deed.WAIT, True, True)
    assert move(attempt(text="Go on."), world(reading=low)).deed is Deed.TYPE


def test_a_draft_whose_beginning_is_hidden_is_put_aside_like_any_other() -> None:
    long = world(reading=replace(EMPTY_BOX, box=Box.DRAFT, draft="", hidden=28))
    assert move(attempt(), long, replace(RULES, draft="stash")).deed is Deed.STASH
    assert "draft" in move(attempt(), long).why


@pytest.mark.parametrize("box", [EMPTY_BOX, OURS_IN_BOX])
def test_vims_visual_mode_is_waited_for(box: Reading) -> None:
    step = Step.TYPED if box is OURS_IN_BOX else Step.DUE
    found = move(attempt(step), world(reading=replace(box, selects=True)))
    assert (found.deed, found.yours, "visual mode" in found.why) == (Deed.WAIT, True, True)


def test_where_no_dialog_is_known_to_be_open_only_the_box_is_missed() -> None:
    other = Reading(Look.DIALOG, Box.NONE, dialog=Dialog.OTHER)
    waits = RegistryFacts("c1", Status.WAITING, "dialog open")
    assert "no prompt box" in move(attempt(), world(reading=other)).why
    for registry in (waits, None):
        assert "a dialog is open" in move(attempt(), world(reading=other, registry=registry)).why
