"""Recorded transcripts of Claude Code 2.1.329, and the shapes that must not hurt."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tmuxclaude.claude import transcript
from tmuxclaude.core.evidence import Ending, Notice, Origin, Tail
from tmuxclaude.core.model import LimitKind, Source
from tmuxclaude.core.texts import digest

PAYLOADS = Path(__file__).parent.parent / "payloads"
Json = dict[str, Any]


def records(name: str) -> list[tuple[int, Json]]:
    """Offset and record of each line of a recorded transcript."""
    found, offset = [], 0
    for line in (PAYLOADS / f"transcript-{name}.jsonl").read_bytes().splitlines(keepends=True):
        found.append((offset, json.loads(line)))
        offset += len(line)
    return found


def fold(lines: list[tuple[int, Json]], tail: Tail = transcript.EMPTY) -> Tail:
    for offset, record in lines:
        tail = transcript.fold(tail, record, offset)
    return tail


def until(lines: list[tuple[int, Json]], text: str) -> list[tuple[int, Json]]:
    """The lines up to the first one that holds the text."""
    for number, (_, record) in enumerate(lines):
        if text in json.dumps(record, ensure_ascii=False):
            return lines[: number + 1]
    raise AssertionError(text)


def prompt(text: str, **more: Any) -> Json:
    typed = {"origin": {"kind": "human"}, "promptSource": "typed", "turnOrigin": "human"}
    message = {"role": "user", "content": text}
    return {"type": "user", "message": message, "uuid": text, **typed, **more}


def notice(text: str, **more: Any) -> Json:
    told = {"type": "system", "subtype": "informational", "content": text, "level": "notice"}
    return told | {"timestamp": "2026-11-20T21:20:00.000Z"} | more


@pytest.fixture
def limited() -> Tail:
    """Stopped by a 5-hour limit that resets at 1795209395; native continue is armed."""
    return fold(until(records("limit-and-autocontinue"), "continuing automatically at"))


def test_a_limit_is_read_from_its_record(limited: Tail) -> None:
    assert limited.ending is Ending.ERROR
    assert limited.record == "5927c495-24cd-44eb-a00a-9c1f787e581e"
    assert limited.limit is not None
    assert limited.limit.kind is LimitKind.FIVE_HOUR
    assert limited.limit.words == "You've hit your 5-hour limit · resets 9:16pm (UTC)"
    assert limited.limit.source is Source.TRANSCRIPT
    assert limited.limit.said_at == pytest.approx(1795209357.614)
    assert limited.limit.resets_at == 1795209395.0
    assert limited.notice is Notice.ARMED
    assert limited.notice_at == pytest.approx(1795209357.62)
    assert limited.conversation == "a530bcac-77c5-4126-a048-e046753b3994"
    assert limited.cwd == "/home/me/proj2"
    assert limited.last_at == limited.notice_at


def test_native_continue_fires_and_takes_its_turn() -> None:
    lines = records("limit-and-autocontinue")
    fired = fold(until(lines, "Usage limit reset · Continuing"))
    assert (fired.ending, fired.notice) == (Ending.ERROR, Notice.FIRED)
    continued = fold(until(lines, "auto_continuation"))
    assert (continued.ending, continued.limit) == (Ending.PROMPTED, None)
    assert (continued.record, continued.notice, continued.notice_at) == ("", None, None)
    assert [turn.origin for turn in continued.turns] == [Origin.TYPED, Origin.NATIVE]
    assert continued.prompts == 2
    assert fold(lines).ending is Ending.DONE


ERRORS = [
    (LimitKind.FIVE_HOUR, 1795209609.0),
    (LimitKind.SEVEN_DAY, 1795475782.0),
    (LimitKind.AUTH, None),
    (LimitKind.CREDIT, None),
    (LimitKind.SERVER, None),
    (LimitKind.RATE, None),
    (LimitKind.SONNET, 1795389382.0),
    (LimitKind.OPUS, 1795389382.0),
    (LimitKind.OVERLOADED, None),
]


@pytest.mark.parametrize(("line", "expected"), list(enumerate(ERRORS)))
def test_every_recorded_error(line: int, expected: tuple[LimitKind, float | None]) -> None:
    offset, record = records("api-errors")[line]
    tail = transcript.fold(transcript.EMPTY, record, offset)
    assert tail.ending is Ending.ERROR
    assert tail.limit is not None
    assert (tail.limit.kind, tail.limit.resets_at) == expected


def test_a_process_killed_in_a_tool_leaves_an_open_turn() -> None:
    lines = records("killed-mid-tool")
    assert fold(until(lines, "tool_use")).ending is Ending.ANSWERING
    closed = fold(until(lines, "No response requested."))
    assert closed.ending is Ending.ANSWERING
    assert [turn.text for turn in closed.turns] == ["run loop"]
    tail = fold(lines)
    assert tail.ending is Ending.DONE
    assert [turn.text for turn in tail.turns] == ["run loop", "continue"]
    assert [turn.offset for turn in tail.turns] == [lines[0][0], lines[6][0]]


def test_commands_are_no_turns_unless_the_model_is_asked() -> None:
    tail = fold(records("commands-and-interrupts"))
    assert [turn.text.splitlines()[0] for turn in tail.turns] == [
        "first - words",
        "<bash-stdout>bang</bash-stdout><bash-stderr></bash-stderr>",
        "use the tool now",
        "queued words",
        "slow please",
        "use the tool again",
        "work till limit",
        "<command-message>init</command-message>",
    ]
    assert {turn.origin for turn in tail.turns} == {Origin.TYPED}
    assert (tail.ending, tail.title) == (Ending.DONE, "lab one")


def test_interruptions() -> None:
    lines = records("commands-and-interrupts")
    stream = fold(until(lines, "[Request interrupted by user]"))
    assert (stream.ending, stream.turns[-1].text) == (Ending.INTERRUPTED, "slow please")
    tool = fold(until(lines, "[Request interrupted by user for tool use]"))
    assert (tool.ending, tool.turns[-1].text) == (Ending.INTERRUPTED, "use the tool again")
    typed = transcript.fold(tool, prompt("[Request interrupted by user]"), 9)
    assert (typed.ending, len(typed.turns)) == (Ending.PROMPTED, len(tool.turns) + 1)


def test_a_queued_prompt_does_not_end_the_turn() -> None:
    queued = fold(until(records("commands-and-interrupts"), "queued_command"))
    assert (queued.ending, queued.turns[-1].text) == (Ending.PROMPTED, "queued words")
    assert queued.turns[-1].uuid


def test_native_off_says_nothing_of_its_own_continue() -> None:
    tail = fold(until(records("commands-and-interrupts"), "usage_limit_reached"))
    assert (tail.ending, tail.notice, tail.notice_at) == (Ending.ERROR, None, None)


def test_cancelled_and_armed_again_in_the_menu() -> None:
    lines = records("armed-by-hand")
    assert fold(until(lines, "Automatic continue cancelled")).notice is Notice.ENDED
    armed = fold(until(lines, "local-command-stdout>Claude Code will continue"))
    assert (armed.ending, armed.notice, armed.prompts) == (Ending.ERROR, Notice.ARMED, 1)
    exited = fold(lines)
    assert (exited.ending, exited.notice) == (Ending.ERROR, Notice.ENDED)


def test_reworded_notices_arm_also_before_their_record() -> None:
    lines = records("reworded")
    assert fold(until(lines, "Out of usage, picking up at 12:30am")).notice is Notice.ARMED
    tail = fold(lines)
    assert [turn.text for turn in tail.turns] == ["work till limit", "typed again"]
    assert (tail.ending, tail.notice) == (Ending.ERROR, Notice.ARMED)


def test_an_older_notice_does_not_belong_to_a_new_error(limited: Tail) -> None:
    tail = fold([(0, prompt("go on")), (1, notice("Once more at 9:16pm"))], limited)
    assert (tail.ending, tail.notice) == (Ending.PROMPTED, Notice.ARMED)
    _, error = records("api-errors")[0]
    late = transcript.fold(tail, error | {"timestamp": "2026-11-20T21:20:30.000Z"}, 2)
    assert (late.ending, late.notice) == (Ending.ERROR, None)
    soon = transcript.fold(tail, error | {"timestamp": "2026-11-20T21:20:00.035Z"}, 2)
    assert (soon.ending, soon.notice) == (Ending.ERROR, Notice.ARMED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Usage limit reached again · continuing automatically at 9pm · esc to cancel", "armed"),
        ("Usage limit reached · continuing automatically shortly · esc to cancel", "armed"),
        ("Back to it at Nov 23, 11:16pm", "armed"),
        ("Back to it shortly", "armed"),
        ("Usage limit reset · Continuing automatically", "fired"),
        ("Usage limit available again · continuing now", "fired"),
        ("Automatic continue cancelled · /rate-limit-options to re-arm", "ended"),
        (
            "Automatic continue stopped after repeated usage limit hits · This task",
            "ended",
        ),
        ("Automatic continue stopped · your login changed or ended · send a prompt", "ended"),
        ("Automatic continue was turned off · this task will not resume on its own", "ended"),
        ("Automatic continue did not run · the continuation was blocked", "ended"),
        ("Usage limit has reset · Press enter to continue", "ended"),
        ("The model is now Sonnet", None),
    ],
)
def test_notices(limited: Tail, text: str, said: str | None) -> None:
    before = transcript.fold(limited, notice("Automatic continue cancelled"), 0)
    tail = transcript.fold(before, notice(text), 1)
    assert tail.notice == (Notice(said) if said else Notice.ENDED)
    assert tail.limit == limited.limit


def test_an_unknown_notice_arms_when_it_hangs_on_the_limit(limited: Tail) -> None:
    unarmed = fold(until(records("limit-and-autocontinue"), "usage_limit_reached"))
    unknown = notice("We will take it from here", parentUuid=unarmed.record)
    assert transcript.fold(unarmed, unknown, 0).notice is Notice.ARMED
    assert transcript.fold(unarmed, unknown | {"level": "info"}, 0).notice is None
    assert transcript.fold(unarmed, unknown | {"parentUuid": "other"}, 0).notice is None


def test_a_notice_after_a_finished_turn_is_not_heeded() -> None:
    done = fold(records("limit-and-autocontinue"))
    tail = transcript.fold(done, notice("Usage limit reached · continuing automatically"), 0)
    assert (tail.ending, tail.notice, tail.notice_at) == (Ending.DONE, None, None)


def test_an_answer_is_finished_when_it_says_so() -> None:
    lines = records("limit-and-autocontinue")
    assert fold(until(lines, "Resumed fine.")).ending is Ending.DONE


def test_blocks_that_hold_no_text_are_passed_over() -> None:
    blocks = [{"type": "text", "text": 7}, "x", {"type": "image"}, {"type": "text", "text": "a"}]
    record = prompt("") | {"message": {"content": [*blocks, {"type": "text", "text": "b"}]}}
    assert transcript.fold(transcript.EMPTY, record, 0).turns[0].text == "a\nb"


def test_an_error_without_a_reset_cannot_be_armed() -> None:
    _, server_error = records("api-errors")[4]
    tail = transcript.fold(transcript.EMPTY, server_error, 0)
    about = notice("Maintenance at 9pm", parentUuid=tail.record)
    assert transcript.fold(tail, about, 1).notice is None


HOUSEKEEPING: list[Json] = [
    {"type": "mode", "mode": "normal"},
    {"type": "last-prompt", "lastPrompt": "x"},
    {"type": "permission-mode", "permissionMode": "auto"},
    {"type": "session-owner"},
    {"type": "queue-operation", "operation": "enqueue", "content": "x"},
    {"type": "file-history-snapshot", "snapshot": {}},
    {"type": "system", "subtype": "turn_duration"},
    {"type": "system", "subtype": "stop_hook_summary"},
    {"type": "attachment", "attachment": {"type": "date"}},
    prompt("a subagent's task", isSidechain=True),
    {"type": "assistant", "isSidechain": True, "message": {"stop_reason": "end_turn"}},
    {"type": "assistant", "message": {"model": "<synthetic>", "content": []}},
    {"type": "user", "isMeta": True, "message": {"content": "<local-command-caveat>…"}},
    {"type": "user", "message": {"content": "<command-name>/clear</command-name>"}},
    {"type": "user", "isCompactSummary": True, "message": {"content": "This session is"}},
    {"type": "user", "message": {"content": [{"type": "tool_result", "content": "late"}]}},
    {"type": "user", "interruptedMessageId": "x", "message": {"content": "[Request interrupted"}},
]


@pytest.mark.parametrize("record", HOUSEKEEPING, ids=lambda record: json.dumps(record)[:60])
def test_what_follows_an_error_does_not_clear_it(limited: Tail, record: Json) -> None:
    assert transcript.fold(limited, record, 99) == limited


@pytest.mark.parametrize(
    "record",
    [
        prompt("go on"),
        prompt("<b> is a tag"),
        {"type": "user", "message": {"content": "from an older build"}},
        {"type": "user", "message": {"content": [{"type": "text", "text": "blocks"}]}},
        {"type": "assistant", "message": {"model": "claude-opus-5-5", "stop_reason": "tool_use"}},
    ],
    ids=lambda record: json.dumps(record)[:60],
)
def test_work_that_goes_on_clears_an_error(limited: Tail, record: Json) -> None:
    tail = transcript.fold(limited, record, 99)
    assert tail.ending in (Ending.PROMPTED, Ending.ANSWERING)
    assert (tail.limit, tail.record, tail.notice, tail.notice_at) == (None, "", None, None)


@pytest.mark.parametrize(
    "notice",
    [
        prompt("an agent has failed", origin={"kind": "task-notification"}),
        {"type": "user", "isMeta": True, "turnOrigin": "task", "message": {"content": "done"}},
    ],
    ids=["of an agent", "of an older build"],
)
def test_a_notice_that_nobody_typed_leaves_an_error_until_it_is_answered(
    limited: Tail, notice: Json
) -> None:
    """Claude Code 2.1.329 writes it down at once, and asks the model when the limit is over."""
    told = transcript.fold(limited, notice, 99)
    assert replace(told, turns=limited.turns, prompts=limited.prompts) == limited
    assert (told.prompts, told.turns[-1].origin) == (limited.prompts + 1, Origin.OTHER)
    answer = {"type": "assistant", "message": {"stop_reason": "end_turn", "content": []}}
    answered = transcript.fold(told, answer, 200)
    assert (answered.ending, answered.limit) == (Ending.DONE, None)


def test_whose_turn_it_is() -> None:
    def origin(record: Json) -> Origin:
        return transcript.fold(transcript.EMPTY, record, 0).turns[-1].origin

    assert origin(prompt("x")) is Origin.TYPED
    assert origin(prompt("x", origin={"kind": "auto-continuation"}, isMeta=True)) is Origin.NATIVE
    assert origin(prompt("x", origin={"kind": "task-notification"})) is Origin.OTHER
    assert origin(prompt("x", origin=None, isMeta=True)) is Origin.OTHER
    assert origin(prompt("x", origin=None)) is Origin.TYPED


def test_only_the_last_turns_are_kept() -> None:
    tail = fold([(number, prompt(f"{number} " + "x" * 5000)) for number in range(50)])
    assert tail.prompts == 50
    assert [turn.offset for turn in tail.turns] == list(range(50 - transcript.TURNS, 50))
    assert {len(turn.text) for turn in tail.turns} == {transcript.TURN_CHARS}


@pytest.mark.parametrize(
    "resets_at",
    [None, "1795209395", True, -1, 0, 1e999, float("nan"), 10**400, 1795209395000, [1795209395]],
)
def test_an_insane_reset_time_is_unknown(resets_at: object) -> None:
    _, error = records("api-errors")[0]
    error["quotaLimits"]["resetsAt"] = resets_at
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert limit.resets_at is None


def test_a_claim_that_nobody_knows_is_read_by_its_words() -> None:
    _, error = records("api-errors")[7]
    error["quotaLimits"]["rateLimitType"] = "seven_day_of_tomorrow"
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert (limit.kind, limit.resets_at) == (LimitKind.OPUS, 1795389382.0)


def quota(**told: object) -> Json:
    return {"rateLimitType": "five_hour", "resetsAt": 1795209395, **told}


@pytest.mark.parametrize("status", ["allowed", "allowed_warning", "of_tomorrow"])
@pytest.mark.parametrize("line", range(len(ERRORS)))
def test_a_quota_that_is_not_used_up_says_nothing_of_an_error(line: int, status: str) -> None:
    _, error = records("api-errors")[line]
    error["quotaLimits"] = quota(status=status)
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert (limit.kind, limit.resets_at) == (ERRORS[line][0], None)
    assert transcript.error_kind(error) is ERRORS[line][0]


NO_LIMIT = (LimitKind.AUTH, LimitKind.CREDIT, LimitKind.SERVER, LimitKind.RATE)
NO_LIMITS = [n for n, (kind, _) in enumerate(ERRORS) if kind in (*NO_LIMIT, LimitKind.OVERLOADED)]


@pytest.mark.parametrize("told", [{"status": "rejected"}, {}], ids=str)
@pytest.mark.parametrize("line", NO_LIMITS)
def test_a_quota_that_is_used_up_makes_no_other_error_a_limit(line: int, told: Json) -> None:
    _, error = records("api-errors")[line]
    error["quotaLimits"] = quota(**told)
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert (limit.kind, limit.resets_at) == ERRORS[line]


def test_a_quota_without_a_status_is_used_up() -> None:
    _, error = records("api-errors")[0]
    error["quotaLimits"] = quota()
    error["message"]["content"] = "words of tomorrow"
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert (limit.kind, limit.resets_at) == (LimitKind.FIVE_HOUR, 1795209395.0)


def test_an_error_with_nothing_in_it_is_still_an_error() -> None:
    tail = transcript.fold(transcript.EMPTY, {"type": "assistant", "isApiErrorMessage": True}, 7)
    assert (tail.ending, tail.record) == (Ending.ERROR, "offset:7")
    assert tail.limit is not None
    assert tail.limit.kind is LimitKind.OTHER


def test_words_are_cut_and_can_be_stored() -> None:
    message = {"content": [{"type": "text", "text": "\ud800" + "y" * 1000}]}
    error = {"type": "assistant", "isApiErrorMessage": True, "message": message}
    limit = transcript.fold(transcript.EMPTY, error, 0).limit
    assert limit is not None
    assert len(limit.words) == 512
    assert limit.words.encode("utf-8").startswith(b"?y")


def test_no_shape_raises() -> None:
    """Every field of every recorded line replaced by things that do not belong there."""
    odd: list[Any] = [None, [], {}, "", "x", -1, 1e999, True, [[]], [None], {"type": {}}, 10**400]
    dice = random.Random(4)
    names = ["api-errors", "limit-and-autocontinue", "commands-and-interrupts", "armed-by-hand"]
    tail = transcript.EMPTY
    for offset, record in [line for name in names for line in records(name)]:
        for key in record:
            tail = transcript.fold(tail, record | {key: dice.choice(odd)}, offset)
            inner = record[key]
            if isinstance(inner, dict):
                for name in inner:
                    strange = inner | {name: dice.choice(odd)}
                    tail = transcript.fold(tail, record | {key: strange}, offset)
    assert isinstance(tail, Tail)
    json.dumps([tail.cwd, tail.title, *(turn.text for turn in tail.turns)])


@pytest.mark.parametrize("text", ["one\ntwo\nthree\nfour", '</pasted_content id="x"> and\nmore'])
def test_a_long_paste_is_read_without_what_marks_it(text: str) -> None:
    safe = text.replace("</pasted", "<\\/pasted")
    marked = f'\n\n<pasted_content id="b17b">\n{safe}\n</pasted_content id="b17b">\n'
    assert [turn.text for turn in fold([(0, prompt(marked))]).turns] == [text]
    [partly] = fold([(0, prompt(f"see{marked}"))]).turns
    assert partly.text == f"see{marked}"


def test_of_a_very_long_turn_the_beginning_is_kept_and_a_digest() -> None:
    text = "word " * 2000
    [turn] = fold([(0, prompt(text))]).turns
    assert (turn.text, turn.digest) == (text[: transcript.TURN_CHARS], digest(text))
    assert fold([(0, prompt("short"))]).turns[0].digest == ""
