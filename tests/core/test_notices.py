"""What a user is told: which event is news, in which words, and that each occasion is told once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tmuxclaude.core import notices
from tmuxclaude.core.evidence import Evidence, Life, PaneFacts, RegistryFacts, Status
from tmuxclaude.core.model import (
    Actor,
    Attempt,
    Box,
    Dialog,
    Event,
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
    Topic,
    Want,
)
from tmuxclaude.core.notices import BLOCKED_SECONDS, News, Past, news, occasions, plain, summary
from tmuxclaude.core.refusals import Refusal
from tmuxclaude.core.rules import ResumeRules

NOW = 1_800_000_000.0
RESET = NOW - 60
RULES = ResumeRules()
SECRET = "SECRET of a screen #(touch x)"

SESSION = Session(
    uid="u" * 32,
    name="api",
    directory="/srv/api",
    account="/home/ann/.claude",
    launch=Launch(("/usr/bin/claude",)),
    state=State.LIMITED,
    since=NOW - 600,
    socket="/tmp/tmux-1/default",
    zone="Europe/Berlin",
)
LIMIT = Limit(LimitKind.FIVE_HOUR, SECRET, Source.TRANSCRIPT, NOW - 600, RESET)
HALT = Halt(7, SESSION.uid, "c1", LIMIT, "r1", NOW - 599)
ATTEMPT = Attempt(
    id=3,
    session=SESSION.uid,
    number=1,
    text="Please continue.",
    step=Step.DUE,
    opened_at=NOW - BLOCKED_SECONDS,
    halt=HALT.id,
    record="r1",
)
IDLE = Reading(look=Look.LIMIT, box=Box.EMPTY, limit_kind=LimitKind.FIVE_HOUR)
DRAFT = replace(IDLE, box=Box.DRAFT, draft=SECRET)


def told(
    kind: str,
    text: str = SECRET,
    halt: Halt | None = HALT,
    attempt: Attempt | None = None,
    session: Session = SESSION,
    rules: ResumeRules = RULES,
) -> tuple[str, str] | None:
    """The topic and the words of an event's news."""
    event = Event(NOW, SESSION.uid, kind, text, {"witnesses": [SECRET]})
    one = news(event, Past(session, halt, attempt), rules)
    if one is None:
        return None
    assert "SECRET" not in notices.as_json(one) + summary([one])
    assert (one.session, one.sockets, one.at) == ("api", (SESSION.socket,), NOW)
    return one.topic, one.words


def world(at: float = NOW, **changes: object) -> Evidence:
    quiet = Evidence(
        at=at,
        life=Life.ALIVE,
        pane=PaneFacts(unread=0),
        registry=RegistryFacts("c1", Status.IDLE),
        reading=IDLE,
    )
    return replace(quiet, **changes)  # type: ignore[arg-type]


def kinds(
    evidence: Evidence,
    halt: Halt = HALT,
    attempt: Attempt | None = None,
    session: Session = SESSION,
    rules: ResumeRules = RULES,
) -> list[str]:
    return [event.kind for event in occasions(Past(session, halt, attempt), evidence, rules)]


# -- limits ----------------------------------------------------------------------------------------


def of(kind: LimitKind, resets_at: float | None = None) -> Halt:
    return replace(HALT, limit=replace(LIMIT, kind=kind, resets_at=resets_at))


def test_a_limit_is_told_with_its_time_on_the_users_clock() -> None:
    assert told("limit") == ("limit", "5-hour limit, resets Fri 08:59 (CET)")
    assert told("limit", session=replace(SESSION, zone="Nowhere/None")) == (
        "limit",
        "5-hour limit, resets Fri 07:59 (UTC)",
    )


def test_an_error_that_ends_by_another_try_says_so() -> None:
    assert told("limit", halt=of(LimitKind.OVERLOADED)) == (
        "limit",
        "overloaded (529), will be tried again",
    )


def test_why_it_will_not_be_resumed_is_told_with_the_limit() -> None:
    off = told("limit", rules=ResumeRules(enabled=False))
    assert off == ("limit", "5-hour limit, resets Fri 08:59 (CET); resume.enabled is false")
    held = told("limit", session=replace(SESSION, want=Want.HOLD))
    assert held == ("limit", "5-hour limit, resets Fri 08:59 (CET); held")


def test_a_limit_that_only_a_person_ends_needs_that_person_at_once() -> None:
    spend = replace(of(LimitKind.SPEND), needs_human="spend limit: only you can end this")
    assert told("limit", halt=spend) == ("needs-you", "spend limit: only you can end this")


def test_a_limit_that_stands_after_an_attempt() -> None:
    again = replace(HALT, attempts=2)
    assert told("limit", halt=again) == (
        "limit",
        "5-hour limit, still there after attempt 2, resets Fri 08:59 (CET)",
    )
    last = replace(again, needs_human="gave up after 2 attempts")
    assert told("limit", halt=last) == ("gave-up", "gave up after 2 attempts")


# -- how a halt goes on ----------------------------------------------------------------------------


def test_a_reset() -> None:
    assert told("reset") == ("reset", "5-hour limit has reset")


def test_who_resumed_is_told() -> None:
    assert told("resumed") == ("resumed", "resumed by tmuxclaude")
    by_claude = replace(HALT, ended_at=NOW, ended_by=Actor.CLAUDE, outcome="it went on")
    by_you = replace(by_claude, ended_by=Actor.YOU)
    for kind in ("halt over", "skipped"):
        assert told(kind, halt=by_claude) == ("resumed", "resumed by Claude Code")
        assert told(kind, halt=by_you) == ("resumed", "resumed by you")
    nobody = replace(by_claude, ended_by=Actor.NOBODY, outcome="it works again")
    assert told("halt over", halt=nobody) == ("resumed", "works again")


@pytest.mark.parametrize("outcome", ["the session ended", "a new conversation was begun"])
def test_what_its_user_ends_is_no_news(outcome: str) -> None:
    over = replace(HALT, ended_at=NOW, ended_by=Actor.YOU, outcome=outcome)
    assert told("halt over", halt=over) is None


def test_a_resume_is_told_once_though_its_halt_ends_later() -> None:
    ours = replace(ATTEMPT, step=Step.CONFIRMED)
    went_on = replace(HALT, attempts=1, ended_at=NOW, ended_by=Actor.YOU, outcome="it went on")
    assert told("halt over", halt=went_on, attempt=ours) is None
    finished = "resumed, and the turn was finished"
    over = replace(went_on, ended_by=Actor.US, outcome=finished)
    assert told("halt over", halt=over, attempt=ours) is None
    # But it met the limit again, and then somebody else went on.
    stood_again = replace(went_on, record="r2")
    assert told("halt over", halt=stood_again, attempt=ours) == ("resumed", "resumed by you")


def test_a_skip_that_nobody_made_is_no_news() -> None:
    assert told("skipped", halt=None) is None
    assert told("skipped", halt=replace(HALT, ended_at=NOW, ended_by=Actor.NOBODY)) is None


def test_doubt_and_giving_up() -> None:
    why = "Enter was pressed, but no turn appeared in the transcript"
    halt = replace(HALT, needs_human=why)
    asked = replace(ATTEMPT, step=Step.NEEDS_HUMAN, reason=why)
    assert told("needs you", halt=halt, attempt=asked) == ("needs-you", f"needs you: {why}")
    ended = replace(HALT, needs_human="it ended right after each of 5 starts")
    gave_up = replace(ATTEMPT, step=Step.GAVE_UP)
    assert told("needs you", halt=ended, attempt=gave_up) == (
        "gave-up",
        "gave up: it ended right after each of 5 starts",
    )
    assert told("needs you", halt=None, attempt=asked) is None  # whoever sent it is looking on


def test_held_back() -> None:
    words = "quiet hours until Tue 07:00 (CET)"
    assert told("held", words) == ("held", f"held back: {words}")


def test_an_abandoned_session() -> None:
    words = "abandoned: nothing for 9h, 3 files are not committed"
    assert told("abandoned", words, halt=None) == ("abandoned", words)


def test_a_lost_session() -> None:
    lost = replace(SESSION, state=State.LOST, reason="it was killed by KILL")
    assert told("state", "working → lost", halt=None, session=lost) == (
        "lost",
        "lost: it was killed by KILL",
    )
    limited = told("state", "limited → lost", session=lost)
    assert limited is not None
    assert limited[1].endswith("; it is started again when its limit is over")
    for hopeless in (replace(HALT, needs_human="spend"), replace(HALT, ended_at=NOW)):
        assert told("state", "limited → lost", halt=hopeless, session=lost) == (
            "lost",
            "lost: it was killed by KILL",
        )
    assert told("state", "lost → ended", halt=None) is None
    assert told("state", "idle → working", halt=None) is None


@pytest.mark.parametrize(
    "kind", ["started", "conversation", "stopped", "message sent", "taken up", "hold", "paused"]
)
def test_everything_else_is_no_news(kind: str) -> None:
    assert told(kind, attempt=ATTEMPT) is None


# -- what only time or a screen brings -------------------------------------------------------------


def test_a_reset_is_an_occasion_when_its_time_has_come() -> None:
    assert kinds(world(at=RESET - 0.1)) == []
    assert kinds(world(at=RESET)) == ["reset"]
    assert kinds(world(at=RESET + 9e6)) == ["reset"]
    assert kinds(world(), halt=of(LimitKind.OVERLOADED, RESET)) == []
    assert kinds(world(), halt=of(LimitKind.FIVE_HOUR)) == []
    assert kinds(world(), halt=replace(HALT, opened_at=RESET)) == []
    assert kinds(world(), halt=replace(HALT, needs_human="stale")) == []
    assert kinds(world(), halt=replace(HALT, ended_at=NOW)) == []
    assert kinds(world(), session=replace(SESSION, state=State.ENDED)) == []


def test_a_draft_is_told_at_once_when_it_will_block_the_resume() -> None:
    soon = world(at=NOW - 590, reading=DRAFT)
    assert kinds(soon) == ["draft"]
    assert kinds(replace(soon, reading=IDLE)) == []
    assert kinds(replace(soon, reading=replace(DRAFT, dialog=Dialog.OTHER))) == []
    assert kinds(soon, rules=ResumeRules(draft="stash")) == []
    assert kinds(soon, rules=ResumeRules(enabled=False)) == []
    assert kinds(soon, session=replace(SESSION, want=Want.HOLD)) == []
    assert kinds(soon, session=replace(SESSION, state=State.WORKING)) == []
    words = "your draft in the prompt box will hold up the resume; send or clear it"
    assert told("draft") == ("needs-you", words)


BLOCKS = {
    "copy mode": {"pane": PaneFacts(unread=0, in_mode=True)},
    "synchronized": {"pane": PaneFacts(unread=0, synchronized=True)},
    "input off": {"pane": PaneFacts(unread=0, input_off=True)},
    "stopped": {"life": Life.STOPPED},
    "question": {"registry": RegistryFacts("c1", Status.WAITING, SECRET)},
    "dialog": {"reading": replace(IDLE, dialog=Dialog.TRUST)},
    "draft": {"reading": DRAFT},
    "elsewhere": {"open_elsewhere": True},
}


@pytest.mark.parametrize("what", BLOCKS)
def test_what_only_its_user_can_clear_is_told_after_a_while(what: str) -> None:
    seen = world(**BLOCKS[what])
    assert "blocked" in kinds(seen, attempt=ATTEMPT)
    young = replace(ATTEMPT, opened_at=NOW - BLOCKED_SECONDS + 1)
    assert "blocked" not in kinds(seen, attempt=young)
    assert "blocked" not in kinds(seen, attempt=replace(ATTEMPT, by_hand=True))
    assert "blocked" not in kinds(seen, attempt=replace(ATTEMPT, step=Step.TYPED))
    assert "blocked" not in kinds(seen, attempt=replace(ATTEMPT, halt=6))


@pytest.mark.parametrize(
    "seen",
    [
        world(),
        world(registry=RegistryFacts("c1", Status.BUSY)),
        world(life=None),
        world(pane=PaneFacts(unread=5)),
        world(pane=PaneFacts(unread=0, human_at=NOW)),
    ],
    ids=["ready", "working", "silent", "unread", "you are there"],
)
def test_what_passes_by_itself_is_not_told(seen: Evidence) -> None:
    assert "blocked" not in kinds(seen, attempt=ATTEMPT)


def test_where_a_shell_may_be_in_front_its_user_is_told() -> None:
    byhand = replace(SESSION, opened_by_us=False)
    assert "blocked" in kinds(world(), attempt=ATTEMPT, session=byhand)
    proven = replace(byhand, program="claude")
    assert "blocked" not in kinds(world(), attempt=ATTEMPT, session=proven)


@pytest.mark.parametrize("step", [Step.DUE, Step.TYPED])
@pytest.mark.parametrize("seconds", [BLOCKED_SECONDS - 1, BLOCKED_SECONDS])
def test_what_tmux_refuses_for_a_while_is_told(step: Step, seconds: float) -> None:
    """Whatever the look says: it may be an obstacle that only the guard in tmux sees."""
    refusal = Refusal(ATTEMPT.id, step, "it is in the way", False, NOW - seconds, NOW + 1)
    past = Past(SESSION, HALT, ATTEMPT)
    told = [event.kind for event in occasions(past, world(), RULES, refusal)]
    assert ("blocked" in told) == (step is Step.DUE and seconds == BLOCKED_SECONDS)


def test_a_question_is_told_without_what_claude_code_calls_it() -> None:
    asked = replace(ATTEMPT, reason=f"it asks you something ({SECRET})")
    words = "cannot resume: it asks you something"
    assert told("blocked", attempt=asked) == ("needs-you", words)


def test_the_text_of_an_occasion_is_its_own() -> None:
    """So that it can be found in the journal again, however often it is seen."""

    def texts(halt: Halt, attempt: Attempt, at: float) -> list[str]:
        seen = world(at=at, reading=DRAFT)
        return [event.text for event in occasions(Past(SESSION, halt, attempt), seen, RULES)]

    first = texts(HALT, ATTEMPT, NOW)
    assert len(first) == 3
    assert first == texts(HALT, replace(ATTEMPT, reason="another"), NOW + 1000)
    later = texts(replace(HALT, id=8), replace(ATTEMPT, halt=8), NOW)
    assert not set(first) & set(later)
    assert first[2] != texts(HALT, replace(ATTEMPT, number=2), NOW)[2]


# -- how it is written -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;x\x07b\r\n\tc", "a ]0;x b c"),
        ("\u202eabc\u2066\u200b\ufeff", "abc"),
        ("a\u2028b\u00a0c\x9b2J", "a b c 2J"),
        ("half \ud83d emoji\udce9", "half emoji"),
        ("ünï 漢字 ❯", "ünï 漢字 ❯"),
        ("x" * 300, "x" * 199 + "…"),
        ("\0" * 9000 + "late", ""),
    ],
)
def test_a_line_holds_nothing_that_cannot_be_seen(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_words_are_plain_and_bounded_whatever_the_reason_says() -> None:
    reason = "\x1b[31m\n\u202e" + "y" * 5000
    found = told("needs you", halt=replace(HALT, needs_human=reason))
    assert found is not None
    assert len(found[1]) == notices.LONGEST
    assert found[1].isprintable()


def test_the_same_of_several_sessions_is_said_once() -> None:
    batch = [News(Topic.RESET, NOW, "has reset", name) for name in "abcde"]
    assert summary(batch) == "a, b, c and 2 more: has reset"
    other = News(Topic.LOST, NOW, "lost", "web")
    assert summary([*batch[:1], other, batch[0]]) == "a: has reset · web: lost"
    assert len(summary([News(Topic.LOST, NOW, f"{n}" * 90, "x") for n in range(9)])) == 200


def test_the_supervisors_own_news_goes_to_every_server() -> None:
    one = notices.rebuilt(Event(NOW, "", "rebuilt", SECRET), ["/a", "/b"])
    assert (one.topic, one.sockets, one.session) == (Topic.REBUILT, ("/a", "/b"), "")
    assert one.text.startswith("tmuxclaude: the database was lost")
    assert "SECRET" not in one.text
    found = json.loads(notices.as_json(one))
    assert (found["event"], found["session"], found["directory"]) == ("rebuilt", None, None)
