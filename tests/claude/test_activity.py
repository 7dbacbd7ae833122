"""What a conversation is doing, read from recorded transcripts and from records built here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tmuxclaude.claude import activity
from tmuxclaude.core.conversations import Activity

PAYLOADS = Path(__file__).parents[1] / "payloads"
ID = "11111111-2222-4333-8444-555555555555"


def read(name: str) -> Activity:
    found, offset = activity.EMPTY, 0
    for line in (PAYLOADS / name).read_bytes().splitlines(keepends=True):
        found = activity.fold(found, [(offset, json.loads(line))])
        offset += len(line)
    return found


def folded(records: Iterable[Mapping[str, object]], start: Activity = activity.EMPTY) -> Activity:
    """As if each record were a line of 100 bytes."""
    for number, record in enumerate(records):
        timed = {"timestamp": "2026-11-20T20:00:00Z", **record}
        start = activity.fold(start, [(100 * number, timed)])
    return start


def says(text: str, message: str = "m", **more: object) -> dict[str, object]:
    content = [{"type": "text", "text": text}]
    return {
        "type": "assistant",
        "message": {"id": message, "model": "x", "content": content},
        **more,
    }


def calls(name: str, **given: object) -> dict[str, object]:
    content = [{"type": "tool_use", "id": "t", "name": name, "input": given}]
    return {"type": "assistant", "message": {"id": "c", "model": "x", "content": content}}


def created(number: str, subject: str) -> dict[str, object]:
    text = f"Task #{number} created successfully: {subject}"
    content = [{"type": "tool_result", "tool_use_id": "t", "content": text}]
    return {"type": "user", "message": {"content": content}}


@pytest.mark.parametrize("number", [2**63, 99999999999999999999, 1e308, 2**53 + 2, -1, 0.5])
def test_a_number_that_cannot_be_one_of_tokens_is_none(number: float) -> None:
    record = says("done")
    record["message"] |= {"usage": {"input_tokens": number, "output_tokens": 7}}  # type: ignore[operator]
    assert folded([record]).tokens == 7


def test_a_recorded_limit_and_its_continuation() -> None:
    found = read("transcript-limit-and-autocontinue.jsonl")
    assert found.directory == "/home/me/proj2"
    assert found.first_prompt == "do a task for autocontinue"
    assert (found.prompts, found.replies, found.limits) == (2, 1, 1)
    assert found.last_reply == "Resumed fine."
    assert found.first_at is not None
    assert found.last_at is not None
    assert found.last_at - found.first_at == pytest.approx(90.461, abs=0.001)


def test_recorded_errors_are_no_replies() -> None:
    found = read("transcript-api-errors.jsonl")
    assert (found.prompts, found.replies, found.limits) == (0, 0, 5)


def test_recorded_commands_are_no_prompts() -> None:
    found = read("transcript-killed-mid-tool.jsonl")
    assert (found.prompts, found.first_prompt, found.last_prompt) == (2, "run loop", "continue")
    assert found.model == "claude-opus-5-5"
    assert found.tokens == 2442


def test_a_message_in_several_records_is_one() -> None:
    found = folded([says("one", "a"), says("two", "a"), says("three", "b")])
    assert found.replies == 2
    assert found.last_reply == "three"


def test_files_count_once_and_by_when_they_were_touched_last() -> None:
    found = folded(
        [
            calls("Edit", file_path="/p/a.py"),
            calls("Write", file_path="/p/b.py"),
            calls("Read", file_path="/p/c.py"),
            calls("NotebookEdit", notebook_path="/p/d.ipynb"),
            calls("Edit", file_path="/p/a.py"),
        ]
    )
    assert list(found.files.items()) == [("/p/b.py", 100), ("/p/d.ipynb", 300), ("/p/a.py", 400)]
    assert [found.files_since(offset) for offset in (0, 101, 400, 401)] == [3, 2, 1, 0]


def edits(call: str, path: str) -> dict[str, object]:
    content = [{"type": "tool_use", "id": call, "name": "Edit", "input": {"file_path": path}}]
    return {"type": "assistant", "message": {"id": "c", "model": "x", "content": content}}


def ends(call: str, failed: bool, **more: object) -> dict[str, object]:
    block = {"type": "tool_result", "tool_use_id": call, "content": "told", "is_error": failed}
    return {"type": "user", "message": {"content": [block]}, **more}


def test_an_edit_that_failed_modified_nothing() -> None:
    one = [edits("1", "/p/a"), ends("1", failed=False), edits("2", "/p/a")]
    assert folded(one).files == {"/p/a": 200}, "it may well do"
    assert folded([*one, ends("2", failed=True)]).files == {"/p/a": 0}
    assert folded([*one, ends("2", failed=False)]).files == {"/p/a": 200}
    assert folded([edits("1", "/p/a"), ends("1", failed=True)]).files == {}
    aside = {**edits("1", "/p/a"), "isSidechain": True}
    assert folded([aside, ends("1", failed=True, isSidechain=True)]).files == {}


@pytest.mark.parametrize(
    ("first", "second", "files"),
    [(True, True, {}), (True, False, {"/p/a": 100}), (False, True, {"/p/a": 0})],
)
def test_of_edits_at_the_same_time_each_counts_by_itself(
    first: bool, second: bool, files: dict[str, int]
) -> None:
    asked = [edits("1", "/p/a"), edits("2", "/p/a")]
    told = [ends("1", failed=first), ends("2", failed=second)]
    assert folded([*asked, *told]).files == files
    assert folded([*asked, *told[::-1]]).files == files


def test_a_subagents_edits_count_and_its_words_do_not() -> None:
    aside = {**calls("Edit", file_path="/p/a.py"), "isSidechain": True}
    spoken = says("for the other agent only", isSidechain=True)
    asked = {"type": "user", "message": {"content": "do this"}, "isSidechain": True}
    found = folded([aside, spoken, asked])
    assert found.files == {"/p/a.py": 0}
    assert (found.prompts, found.replies, found.last_reply) == (0, 0, "")


def test_open_todos_of_a_list() -> None:
    todos = [
        {"content": "read", "status": "completed"},
        {"content": "write", "status": "in_progress"},
        {"content": "test", "status": "pending"},
    ]
    found = folded([calls("TodoWrite", todos=todos)])
    assert [text for _, text in found.todos] == ["write", "test"]
    assert folded([calls("TodoWrite", todos=[])], found).todos == ()


def test_open_todos_of_tasks() -> None:
    found = folded([created("1", "read"), created("2", "write"), created("3", "test")])
    found = folded([calls("TaskUpdate", taskId="1", status="completed")], found)
    found = folded([calls("TaskUpdate", taskId="3", subject="test it")], found)
    found = folded([calls("TaskUpdate", taskId="9", status="completed")], found)
    assert [text for _, text in found.todos] == ["write", "test it"]


def usage(tokens: int) -> dict[str, object]:
    spent = {"input_tokens": 10, "cache_read_input_tokens": tokens - 10}
    return {
        "type": "assistant",
        "message": {"id": "u", "model": "x", "content": [], "usage": spent},
    }


@pytest.mark.parametrize(
    ("sizes", "window", "share"),
    [
        ([150_000], 200_000, 0.75),
        ([150_000, 20_000], 200_000, 0.1),
        ([210_000], 1_000_000, 0.21),
        ([210_000, 50_000], 1_000_000, 0.05),  # after a compaction it is the large window still
        ([], 200_000, None),
    ],
)
def test_the_window_is_the_smallest_that_held_all(
    sizes: list[int], window: int, share: float | None
) -> None:
    found = folded(map(usage, sizes))
    assert found.window == window
    assert found.context == (pytest.approx(share) if share is not None else None)


def test_a_title_of_its_users_wins() -> None:
    made = {"type": "ai-title", "aiTitle": "made"}
    given = {"type": "custom-title", "customTitle": "given"}
    assert folded([made]).title == "made"
    assert folded([made, given]).title == "given"
    assert folded([given, made]).title == "given"


@pytest.mark.parametrize(
    "record",
    [
        {"type": "user", "message": 5},
        {"type": "user", "message": {"content": [None, 5, {"type": "tool_result"}]}},
        {"type": "assistant", "message": {"content": "text", "usage": "none"}},
        {"type": "assistant", "message": {"content": [{"type": "tool_use", "name": "Edit"}]}},
        {
            "type": "assistant",
            "message": {"content": [{"type": "tool_use", "name": 5, "input": 5}]},
        },
        calls("TodoWrite", todos="all"),
        calls("TodoWrite", todos=[5, {"content": 5, "status": []}]),
        calls("TaskUpdate", taskId=5),
        {"type": "custom-title", "customTitle": ["x"]},
        {"type": "attachment", "attachment": None},
        {"type": None},
        {"timestamp": "never", "cwd": 5, "sessionId": "no uuid"},
    ],
)
def test_a_record_of_another_shape_costs_nothing(record: dict[str, object]) -> None:
    before = folded([calls("Edit", file_path="/p/a.py"), says("said", "q")])
    after = folded([record], before)
    assert (after.files, after.last_reply) in [
        (before.files, "said"),
        (before.files, "text"),
    ]


def test_prompts_and_paths_stay_bounded() -> None:
    long = {"type": "user", "message": {"content": "word " * 100_000}, "turnOrigin": "human"}
    edits = (calls("Edit", file_path=f"/p/{number}") for number in range(activity.FILES + 5))
    found = folded([long, *edits])
    assert len(found.first_prompt) == activity.CHARS
    assert len(found.files) == activity.FILES
    assert next(iter(found.files)) == "/p/5"


def test_turns_and_tokens_by_the_quarter_of_an_hour() -> None:
    def uses(message: str, at: str, spent: int) -> dict[str, object]:
        usage = {"input_tokens": spent, "output_tokens": 1, "cache_read_input_tokens": 9000}
        record = says("x", message, timestamp=f"2026-11-20T{at}:00Z")
        return {**record, "message": {"id": message, "model": "x", "content": [], "usage": usage}}

    asked = {"type": "user", "message": {"role": "user", "content": "do it"}}
    found = folded(
        [
            {**asked, "timestamp": "2026-11-20T20:00:00Z"},
            uses("m1", "20:10", 99),
            uses("m1", "20:11", 99),  # another block of the same message
            uses("m1", "20:12", 119),
            uses("m2", "21:00", 49),
            {**asked, "timestamp": "2026-11-20T21:30:00Z"},
        ]
    )
    begun = int(found.first_at or 0) // 900
    assert found.quarters == ((begun, 1, 120), (begun + 4, 0, 50), (begun + 6, 1, 0))
