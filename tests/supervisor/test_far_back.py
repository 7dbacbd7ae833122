"""Conversations whose last prompt lies further back than a first look begins: nothing is taken for
new, and nothing is sent twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import session as registered
from tests.supervisor.house import LIMIT, MENU, OURS, TASK, House, Seat
from tests.supervisor.test_adopting import ByHand, adopted
from tests.waiting import until
from tmuxclaude.core.evidence import Ending, Tail
from tmuxclaude.edges.claude_files import FIRST_LOOK_BYTES, FURTHEST_BYTES
from tmuxclaude.supervisor.files import OwnFiles, is_spoken_in

RECORDED = Path(__file__).parent.parent / "payloads" / "transcript-api-errors.jsonl"
LIMITED: dict[str, Any] = json.loads(RECORDED.read_text().splitlines()[0])
CONVERSATION = "0a1b2c3d-0000-4000-8000-000000000001"
AT = "2026-11-21T10:00:00Z"
NOW = 1_800_000_000.0


def prompt(text: str, number: int = 0) -> dict[str, Any]:
    return {
        "type": "user",
        "uuid": f"00000000-0000-4000-8000-{number:012d}",
        "sessionId": CONVERSATION,
        "timestamp": AT,
        "promptSource": "typed",
        "origin": {"kind": "human"},
        "message": {"role": "user", "content": text},
    }


def reply(number: int, size: int = 0, **more: object) -> dict[str, Any]:
    content = [{"type": "text", "text": "x" * size}]
    message = {"role": "assistant", "id": f"msg_{number}", "content": content, **more}
    kept = {"sessionId": CONVERSATION, "timestamp": AT, "message": message}
    return {"type": "assistant", "uuid": f"r{number}", **kept}


def filling(total: int, of: int = 50_000) -> list[dict[str, Any]]:
    """What Claude Code writes in the course of a turn: about so many bytes of it."""
    kept = {"type": "file-history-snapshot", "sessionId": CONVERSATION, "timestamp": AT}
    return [kept | {"data": "x" * of} for _ in range(total // of)]


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


# One transcript


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str], Path]:
    folder = tmp_path / ".claude" / "projects" / "-p"
    folder.mkdir(parents=True)

    def write(text: str) -> Path:
        path = folder / f"{CONVERSATION}.jsonl"
        path.write_text(text)
        os.utime(path, (1, 1))
        return path

    return write


def looked(home: Path, files: OwnFiles | None = None) -> Tail:
    """What the transcript says when its end was reached."""
    files, seat = files or OwnFiles(), registered("far", home)
    for _ in range(100):
        tail = files.tail(seat, CONVERSATION, NOW)
        if not files.behind:
            assert tail is not None
            return tail
        assert tail is None, "before its end is reached it says nothing"
    raise AssertionError("it never ends")


@pytest.mark.parametrize("mebibytes", [1.5, 5, 20])
def test_a_first_look_goes_back_to_the_last_prompt(
    tmp_path: Path, files: Callable[[str], Path], mebibytes: float
) -> None:
    limited = LIMITED | {"sessionId": CONVERSATION}
    much = filling(int(mebibytes * FIRST_LOOK_BYTES))
    files(lines(*filling(300_000), prompt("do it"), limited, *much))
    tail = looked(tmp_path)
    assert [turn.text for turn in tail.turns] == ["do it"]
    assert (tail.ending, tail.record) == (Ending.ERROR, LIMITED["uuid"])


def test_what_was_found_so_far_back_is_not_read_again(
    tmp_path: Path, files: Callable[[str], Path]
) -> None:
    path = files(lines(prompt("do it"), *filling(20 * FIRST_LOOK_BYTES)))
    mine, seat = OwnFiles(), registered("far", tmp_path)
    tail = looked(tmp_path, mine)
    mine.seek_anew()
    assert (mine.reaches_far, mine.tail(seat, CONVERSATION, NOW)) == (True, tail)
    folder = path.parent.with_name("-q")
    path.parent.rename(folder)
    mine.seek_anew()
    assert looked(tmp_path, mine).turns == tail.turns


def test_it_stops_when_that_is_very_far_back(tmp_path: Path, files: Callable[[str], Path]) -> None:
    path = files(lines(prompt("do it"), reply(1)))
    os.truncate(path, FURTHEST_BYTES + 10_000)
    with path.open("a") as file:
        file.write("\n" + lines(reply(2)))
    tail = looked(tmp_path)
    assert (tail.turns, tail.replies, tail.spoken) == ((), 1, True)
    assert tail.begins > 0
    with path.open("a") as file:
        file.write(lines(prompt("and this")))
    again = OwnFiles()
    assert [turn.text for turn in looked(tmp_path, again).turns] == ["and this"]


def test_what_must_be_known_is_read_from_there_on(
    tmp_path: Path, files: Callable[[str], Path]
) -> None:
    before = lines(prompt("ours", 1))
    later = [prompt(f"later {number}", number) for number in range(3)]
    files(before + lines(prompt("ours", 2), *filling(2 * FIRST_LOOK_BYTES), *later))
    assert "ours" not in [turn.text for turn in looked(tmp_path).turns]
    tail = looked(tmp_path, OwnFiles(since=len(before)))
    assert (tail.turns[0].text, tail.turns[0].offset) == ("ours", len(before))
    assert (len(tail.turns), tail.holds_turns_since(len(before))) == (4, True)


def test_more_turns_than_are_kept_are_not_all_of_them(
    tmp_path: Path, files: Callable[[str], Path]
) -> None:
    files(lines(*(prompt(f"turn {number}", number) for number in range(40))))
    tail = looked(tmp_path)
    assert not tail.holds_turns_since(0)
    assert tail.holds_turns_since(tail.turns[0].offset)
    assert not tail.holds_turns_since(tail.size + 1), "the file was longer once"
    assert not replace(tail, prompts=len(tail.turns), begins=1).holds_turns_since(0)


TITLE = {"type": "custom-title", "customTitle": "far", "sessionId": CONVERSATION}
SPOKEN: list[tuple[str, bool]] = [
    ("", False),
    (lines(TITLE), False),
    (lines(TITLE, prompt("hello")), True),
    (lines(TITLE, reply(1)), True),
    (lines(LIMITED), True),
    ("no record\n", True),
]


@pytest.mark.parametrize(("text", "spoken"), SPOKEN)
def test_whether_there_are_messages(files: Callable[[str], Path], text: str, spoken: bool) -> None:
    assert is_spoken_in(files(text)) is spoken


# A whole session


def transcript(house: House, seat: Seat) -> Path:
    [path] = (house.home / ".claude" / "projects").glob(f"*/{seat.conversation}.jsonl")
    return path


def far_back(path: Path) -> None:
    """Puts very much between the last prompt and what ended its turn."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    at = next(i for i, record in enumerate(records) if record.get("isApiErrorMessage"))
    much = filling(FIRST_LOOK_BYTES * 3 // 2)
    for record in much:
        record["sessionId"] = records[at]["sessionId"]
    path.write_text(lines(*records[:at], *much, *records[at:]))


def test_a_long_turn_of_one_that_was_adopted_goes_on_in_its_conversation(house: House) -> None:
    byhand = ByHand(house, "long", limit=LIMIT).up()
    house.server.say("send-keys", "-t", byhand.pane, "-l", TASK)
    until(lambda: TASK in byhand.screen(), what=byhand.screen)
    house.server.say("send-keys", "-t", byhand.pane, "Enter")
    until(lambda: MENU in byhand.screen(), what=byhand.screen)
    [path] = (house.home / ".claude" / "projects").glob("*/*.jsonl")
    far_back(path)
    assert [one["done"] for one in adopted(house, byhand.pane)] == ["adopted"]
    seat = byhand.seat().is_("limited")
    os.kill(json.loads(byhand.entries()[0].read_text())["pid"], 9)
    seat.is_("lost")
    house.let_it_be_due()
    until(lambda: seat.row()["step"] == "confirmed", what=seat.story)
    assert seat.row()["conversation"] == seat.conversation
    assert seat.prompts() == [TASK, OURS]


def test_a_long_conversation_that_was_opened_here_is_opened_again(house: House) -> None:
    old = house.new("old").idle()
    old.say(TASK)
    until(lambda: old.prompts() == [TASK], what=old.story)
    old.idle()
    house.run("stop", "old")
    old.is_("ended")
    with transcript(house, old).open("a") as file:
        much = filling(FIRST_LOOK_BYTES * 3 // 2)
        file.write(lines(*(one | {"sessionId": old.conversation} for one in much)))
    seat = house.new("again", ("--resume", old.conversation)).idle()
    seat.kill()
    seat.is_("lost")
    [done] = house.resume("again")
    assert (done.done, done.why, done.notes) == ("reopens", "its conversation, without text", [])
    assert seat.idle().row()["conversation"] == old.conversation


@pytest.mark.parametrize("what", ["titled", "gone"])
def test_without_messages_a_person_is_asked_and_nothing_is_begun(house: House, what: str) -> None:
    seat = house.limited("empty")
    seat.kill()
    seat.is_("lost")
    house.stop()
    path = transcript(house, seat)
    if what == "titled":
        path.write_text(lines(TITLE | {"sessionId": seat.conversation}))
        with house.books() as books:
            session = books.sessions.get(seat.uid)
            assert session is not None
            books.sessions.save(replace(session, recorded=False))
    else:
        path.unlink()
    house.let_it_be_due()
    house.start()
    until(lambda: seat.row()["step"] == "needs_human", what=seat.story)
    seat.waits_because("Begin a new one: tmuxclaude new")
    seat.never(lambda: len(seat.log("start")) > 1)
    assert (seat.row()["conversation"], seat.halts()[0]["ended_at"]) == (seat.conversation, None)


@pytest.mark.parametrize("place", ["launch-after", "launched-after"])
@pytest.mark.parametrize(("more", "step"), [(0, "confirmed"), (40, "needs_human")])
def test_a_text_that_was_sent_unseen_is_not_sent_again(
    house: House, place: str, more: int, step: str
) -> None:
    seat = house.limited("unseen")
    path = transcript(house, seat)
    seat.kill()
    seat.is_("lost")
    house.stop()
    house.let_it_be_due()
    house.start_to_die(place)
    until(lambda: seat.prompts() == [TASK, OURS], what=seat.story)
    [child] = [int(seat.server.say("display-message", "-p", "-t", seat.pane, "#{pane_pid}"))]
    os.kill(child, 9)
    until(lambda: seat.show("#{pane_dead}") == "1", what=seat.story)
    behind = filling(FIRST_LOOK_BYTES * 3 // 2)
    later = [prompt("go on", number) for number in range(more)]
    with path.open("a") as file:
        file.write(lines(*behind, *later, reply(9, stop_reason="tool_use")))
    house.start()
    until(lambda: seat.attempts()[0]["step"] == step, what=seat.story)
    seat.never(lambda: len(seat.log("start")) > 2)
    assert (seat.prompts().count(OURS), len(seat.attempts())) == (1, 1), seat.story()


def test_a_limit_with_much_behind_it_is_still_found_after_a_restart(house: House) -> None:
    seat = house.limited("snapshots")
    house.kill()
    with transcript(house, seat).open("a") as file:
        much = filling(FIRST_LOOK_BYTES * 3 // 2)
        duration = {"type": "system", "subtype": "turn_duration"}
        after = [one | {"sessionId": seat.conversation} for one in (*much, duration)]
        file.write(lines(*after))
    house.start()
    until(lambda: "You've hit" in house.explain("snapshots"), what=seat.story)
    assert (seat.state, seat.halts()[0]["ended_at"]) == ("limited", None), seat.story()
    house.let_it_be_due()
    seat.has_turns(TASK, OURS)
