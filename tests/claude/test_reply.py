"""What was answered to one prompt: the last text, how long it took, what it cost, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.claude.test_transcript import prompt, records
from tmuxclaude.claude import reply
from tmuxclaude.claude.reply import Reply
from tmuxclaude.core.evidence import Ending

AT = "2026-11-20T21:20:0{}.000Z"


def said(text: str, message: str, second: int, stop: str = "end_turn") -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    content = [{"type": "text", "text": text}]
    told = {"id": message, "content": content, "stop_reason": stop, "usage": usage, "model": "m"}
    return {"type": "assistant", "message": told, "timestamp": AT.format(second)}


def heard(*lines: Mapping[str, object], to: str = "do it") -> Reply:
    found = Reply()
    for offset, line in enumerate(lines):
        found = reply.fold(found, line, offset, to)
    return found


ASKED = prompt("do it", timestamp=AT.format(1))
DURATION = {"type": "system", "subtype": "turn_duration", "durationMs": 2500}


def test_the_last_text_of_the_turn_is_the_reply() -> None:
    first = said("I look.", "m1", 2, "tool_use")
    found = heard(prompt("before"), said("no", "m0", 0), ASKED, first, said("Done.", "m2", 4))
    assert (found.text, found.ending, found.closed) == ("Done.", Ending.DONE, False)
    assert found.seconds == 3.0
    assert dict(found.tokens)["output_tokens"] == 10
    over = heard(ASKED, said("Done.", "m2", 4), DURATION, said("later", "m3", 5))
    assert (over.text, over.seconds, over.closed) == ("Done.", 2.5, True)


def test_the_blocks_of_one_message_are_counted_once() -> None:
    found = heard(ASKED, said("one", "m1", 2), said("two", "m1", 3))
    assert (found.text, dict(found.tokens)["input_tokens"]) == ("two", 10)


def test_before_its_prompt_nothing_is_heard() -> None:
    assert heard(prompt("another"), said("no", "m1", 2)).ending is Ending.NOTHING
    assert heard(prompt("another"), said("no", "m1", 2)).text == ""


def test_the_next_prompt_closes_it() -> None:
    found = heard(ASKED, said("one", "m1", 2), prompt("and that"), said("two", "m2", 3))
    assert (found.text, found.closed) == ("one", True)


def test_a_limit_ends_it_with_its_words() -> None:
    lines = [record for _, record in records("limit-and-autocontinue")]
    [asked, *_] = [line for line in lines if line.get("type") == "user" and line.get("origin")]
    found = heard(*lines, to=str(asked["message"]["content"]))
    assert (found.ending, found.closed) == (Ending.ERROR, True)
    assert found.words.startswith("You've hit your 5-hour limit")
