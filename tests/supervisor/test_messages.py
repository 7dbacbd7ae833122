"""Messages that wait: one at a time, in order, exactly once, or their user is told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w

from tests.supervisor.house import LIMIT, MENU, OURS, TASK, House, Seat
from tests.waiting import until
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client
from tmuxclaude.claude import transcript
from tmuxclaude.core import errors

FOLDED = "\n".join(f"line {number} of a long message" for number in range(40))
LONG = "word " * 400 + "end"


def queue(seat: Seat, text: str) -> int:
    return seat.house.ask(wire.Enqueue(name=seat.name, text=text), wire.Enqueued).message


def test_who_asks_again_with_the_same_key_gets_the_same_answer(house: House) -> None:
    seat = house.new("again", work_seconds=0.3).idle()
    with Client(house.paths.socket) as client:
        client.enqueue("again", "first")
        asked = [client.enqueue("again", "second", key="k-1") for _ in range(2)]
    house.kill()
    house.start()
    with Client(house.paths.socket) as client:
        until(lambda: not waiting(seat), what=seat.story)
        asked.append(client.enqueue("again", "second", key="k-1"))
        assert asked == [asked[0]] * 3
        assert asked[0].before <= 1
        with pytest.raises(errors.RefusedError, match="key"):
            client.enqueue("again", "another", key="k-1")
        with pytest.raises(errors.UsageError):
            client.enqueue("again", "x", key="k" * 65)
        assert client.enqueue("again", "second").message > asked[0].message
    until(lambda: len(seat.turns()) == 3, what=seat.story)
    assert seat.turns() == ["first", "second", "second"]


def waiting(seat: Seat) -> list[wire.MessageView]:
    return seat.house.ask(wire.Messages(name=seat.name), wire.Messaged).messages


def said(seat: Seat) -> list[str]:
    """The turns, a long paste without what marks it."""
    return [transcript.prompt_of(text) for text in seat.turns()]


def test_a_busy_session_gets_them_one_after_the_other(house: House) -> None:
    seat = house.new("busy", work_seconds=0.4).idle()
    texts = ["the first", "two\nlines", FOLDED, "the last"]
    for text in texts:
        queue(seat, text)
    assert seat.row()["queued"] == len(waiting(seat)) > 0
    with pytest.raises(errors.RefusedError, match="--queue"):
        house.ask(wire.Send(name="busy", text="me first"), wire.Progress)
    until(lambda: len(seat.turns()) == len(texts), what=seat.story)
    assert said(seat) == texts
    until(lambda: not waiting(seat), what=seat.story)
    events = [line["event"] for line in seat.log() if line.get("event") in ("submit", "lost")]
    assert events == ["submit"] * len(texts)
    queued = [event for event in seat.events() if event[0] == "message sent"]
    assert len(queued) == len(texts)
    seat.idle()  # one that is typed directly may be as long as that
    house.ask(wire.Send(name="busy", text=LONG), wire.Progress)
    until(lambda: said(seat) == [*texts, LONG], what=seat.story)
    until(lambda: seat.attempts()[-1]["step"] == "confirmed", what=seat.story)


def test_a_limited_session_gets_them_after_its_resume_and_the_turn_of_that(house: House) -> None:
    seat = house.limited("limited", work_seconds=0.3)
    for text in ("then this", "then that"):
        queue(seat, text)
    seat.never(lambda: seat.turns() != [TASK])
    assert [message.stage for message in waiting(seat)] == ["queued", "queued"]
    house.let_it_be_due()
    until(lambda: seat.turns() == [TASK, OURS, "then this", "then that"], what=seat.story)
    assert seat.halts()[0]["ended_by"] == "tmuxclaude"


def test_a_limit_between_two_messages_is_waited_out(house: House) -> None:
    seat = house.new("between", limit=LIMIT | {"after_turns": 1}).idle()
    for text in ("one", "two", "three"):
        queue(seat, text)
    seat.is_("limited").shows(MENU)
    until(lambda: seat.row()["halt"] is not None, what=seat.story)
    assert (seat.turns(), len(waiting(seat))) == (["one", "two"], 1), seat.story()
    house.let_it_be_due()
    until(lambda: seat.turns() == ["one", "two", OURS, "three"], what=seat.story)


PLACES = [
    *("due-before", "due-after", "type-after", "enter-after"),
    *("finish-after", "message-settled-before"),
]


def test_killed_at_every_place_each_arrives_once_and_in_order(house: House) -> None:
    seat = house.new("killed").idle()
    house.stop()
    texts = [f"message {place}" for place in PLACES]
    with house.books() as books:
        for text in texts:
            books.messages.add(seat.uid, text, 1.0)
    for place in PLACES:
        house.start_to_die(place)
    house.start()
    until(lambda: len(seat.turns()) >= len(texts), what=seat.story)
    seat.never(lambda: seat.turns() != texts)
    assert seat.row()["queued"] == 0


def test_one_in_doubt_is_its_users_and_stops_the_others(house: House) -> None:
    seat = house.new("doubt", enter_is_newline=True).idle()
    first, second = queue(seat, "never sent"), queue(seat, "behind it")

    def entered() -> bool:
        doubted = waiting(seat)[0].stage == "in_doubt"  # on a busy machine at once
        return doubted or any("Enter pressed" in one["reason"] for one in seat.attempts())

    until(entered, what=seat.story)
    house.shift(10)  # the turn has 5 s to appear
    until(lambda: waiting(seat)[0].stage == "in_doubt", what=seat.story)
    seat.never(lambda: seat.attempts()[-1]["text"] != "never sent")
    seat.awaits("you").waits_because(f"message {first} is in doubt")
    assert [kind for kind, _ in seat.events()].count("needs you") == 1
    with pytest.raises(errors.NotFoundError):
        house.ask(wire.Drop(name="doubt", messages=[second + 1]), wire.Dropped)
    seat.press("C-u", "C-u")
    dropped = house.ask(wire.Drop(name="doubt", messages=[first]), wire.Dropped)
    assert (dropped.dropped, dropped.left) == ([first], 1)
    until(lambda: seat.attempts()[-1]["text"] == "behind it", what=seat.story)


def test_a_draft_is_waited_for_and_never_typed_over(house: House) -> None:
    seat = house.new("draft").idle()
    seat.type("half a thought")
    queue(seat, "after you")
    seat.waits_because("your draft is in the prompt box")
    seat.never(lambda: seat.turns())
    assert len(seat.attempts()) == 1
    seat.press("C-u")
    until(lambda: seat.turns() == ["after you"], what=seat.story)


def test_one_that_waits_survives_its_process_and_goes_when_that_is_back(house: House) -> None:
    seat = house.new("dies").idle()
    seat.say(TASK)
    until(lambda: seat.turns() == [TASK], what=seat.story)
    seat.idle()
    seat.type("a draft")
    queue(seat, "later")
    seat.waits_because("your draft")
    seat.kill()
    seat.is_("lost")
    until(lambda: waiting(seat)[0].stage == "queued", what=seat.story)
    assert "needs you" not in [kind for kind, _ in seat.events()]
    assert house.resume("dies")[0].done == "reopens"
    until(lambda: seat.turns() == [TASK, "later"], what=seat.story)


def test_a_turn_that_was_interrupted_and_has_no_end_holds_up_nothing_for_long(
    house: House,
) -> None:
    seat = house.new("stopped", work_seconds=1).idle()
    seat.say(TASK)
    seat.is_("working")
    seat.press("Escape")
    seat.shows(f"❯\u00a0{TASK}")
    seat.press("C-u")
    seat.is_("idle")
    queue(seat, "after it")
    until(lambda: seat.turns() == [TASK, "after it"], what=seat.story)


def command(house: House, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tmuxclaude", *words],
        env=house.env(),
        cwd=house.project,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_reads_pipes_waits_and_prints_the_reply(house: House, tmp_path: Path) -> None:
    seat = house.new("told", reply="It is\ndone.", work_seconds=0.3).idle()
    done = command(house, "send", "told", "-", "--wait", given="from\na pipe\n")
    assert (done.returncode, done.stdout) == (0, "It is\ndone.\n"), done.stderr
    text = tmp_path / "text"
    text.write_text(FOLDED)
    done = command(
        house, "send", "--json", "--wait", "--queue", "--timeout", "20", "told", "--file", str(text)
    )
    found = json.loads(done.stdout)
    assert (found["reply"], found["ending"], found["why"]) == ("It is\ndone.", "done", "")
    assert found["conversation"] == seat.conversation
    assert 0 < found["duration"] < 20
    assert found["tokens"]["output_tokens"] > 0
    assert said(seat) == ["from\na pipe", FOLDED]
    (house.project / "notes.txt").write_text("notes")
    refused = command(house, "send", "told", "read @notes.txt please")
    assert (refused.returncode, "--attach" in refused.stderr) == (2, True)
    done = command(house, "send", "told", "read this", "--attach", "notes.txt", "--wait")
    assert done.returncode == 0, done.stderr
    assert seat.turns()[-1] == f"read this Attached: @{house.project}/notes.txt ."
    assert command(house, "send", "told", "x", "--file", str(text)).returncode == 2
    endless = command(house, "send", "told", "--file", "/dev/zero")
    assert (endless.returncode, "/dev/zero cannot be typed" in endless.stderr) == (2, True)
    assert "\x07" not in command(house, "send", "told", "a\x07b").stdout
    recap = json.loads(command(house, "recap", "told", "--json").stdout)["recap"]
    assert (recap["prompts"], recap["done"]) == (3, "It is done.")
    asked = command(house, "recap", "told", "--ask")
    assert (asked.returncode, asked.stdout) == (0, "It is\ndone.\n")
    assert "Automatic message" in seat.turns()[-1]


def test_who_waits_for_a_turn_that_was_interrupted_is_told(house: House) -> None:
    alone = house.new("alone", work_seconds=3).idle()
    before = house.new("before", work_seconds=3).idle()
    waiters = []
    for seat in (alone, before):
        call = [sys.executable, "-m", "tmuxclaude", "send", seat.name, TASK, "--wait"]
        waiters.append(subprocess.Popen(call, env=house.env(), stderr=subprocess.PIPE, text=True))
        seat.is_("working")
        seat.press("Escape")
        seat.shows(f"❯\u00a0{TASK}")
        seat.press("C-u")
        seat.is_("idle")
    assert command(house, "send", "before", "next", "--wait").returncode == 0
    for waiter, words in zip(
        waiters, ("the session is idle", "before another prompt"), strict=True
    ):
        assert words in waiter.communicate(timeout=30)[1]
        assert waiter.returncode == 4
    (path,) = house.home.glob(f"**/{alone.conversation}.jsonl")
    path.write_bytes(b"")
    assert "nothing was said" in command(house, "recap", "alone").stderr
    path.unlink()
    path.mkdir()
    assert "tmuxclaude validate alone" in command(house, "recap", "alone").stderr


def test_who_waited_for_a_turn_can_send_again_at_once(closed_house: House) -> None:
    house, rare = closed_house, tomli_w.dumps({"supervisor": {"poll_seconds": 1.5}})
    house.paths.config.write_text(rare)
    seat = house.start().new("told", work_seconds=0.3).idle()
    for number in range(2):
        done = command(house, "send", "told", f"task {number}", "--wait")
        assert done.returncode == 0, done.stderr
    assert said(seat) == ["task 0", "task 1"]


def test_what_waits_is_listed_and_dropped_and_a_limit_ends_a_wait(house: House) -> None:
    seat = house.new("waits", limit=LIMIT).idle()
    done = command(house, "send", "waits", "work", "--wait", "--timeout", "20")
    assert done.returncode == 4
    assert "the turn was stopped" in done.stderr
    until(lambda: seat.row()["halt"] is not None, what=seat.story)
    assert "is queued" in command(house, "send", "waits", "--queue", "first").stdout
    assert "behind 1" in command(house, "send", "waits", "--queue", "second").stdout
    late = command(house, "send", "waits", "--queue", "third", "--wait", "--timeout", "0.3")
    assert (late.returncode, "waits on" in late.stderr) == (4, True)
    found = json.loads(command(house, "send", "--list", "waits", "--json").stdout)["messages"]
    assert [one["text"] for one in found] == ["first", "second", "third"]
    assert "second" in command(house, "send", "waits", "--list").stdout
    [row] = json.loads(command(house, "list", "--json").stdout)["sessions"]
    assert row["queued"] == 3
    assert "3 messages wait" in command(house, "list").stdout
    assert "first" in command(house, "show", "waits").stdout
    gone = command(house, "send", "--drop", str(found[1]["id"]), "waits")
    assert (gone.returncode, "1 dropped, 2 wait" in gone.stdout) == (0, True)
    assert "2 dropped, 0 wait" in command(house, "send", "waits", "--drop", "all").stdout


def test_several_lines_go_only_where_no_shell_can_stand_behind(house: House) -> None:
    seat = house.new("adopted").idle()
    house.stop()
    with house.books() as books:
        session = books.sessions.get(seat.uid)
        assert session is not None
        books.sessions.save(replace(session, opened_by_us=False))
    house.start()
    with pytest.raises(errors.RefusedError, match="shell"):
        queue(seat, "one\ntwo")
    queue(seat, "one line")
    until(lambda: seat.turns() == ["one line"], what=seat.story)
