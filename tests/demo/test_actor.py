"""The traps that the actor must play: what typing does to its box, its menus, its questions."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.demo.conftest import Actor, Plays
from tests.demo.parts import (
    MENU,
    MENU_OPEN,
    RESUME,
    UUID,
    menu,
)
from tmuxclaude.demo.keys import Keyboard

# Typing


@pytest.mark.parametrize("send", [Actor.type, Actor.paste])
def test_a_long_line_stands_in_the_box_and_is_submitted_by_enter(play: Plays, send: Any) -> None:
    actor = play().start().ready()
    send(actor, RESUME)
    actor.box_holds(RESUME.replace("repeat finished", "repeat\nfinished"))
    actor.press("Enter")
    actor.shows("● Done.")
    assert actor.submitted() == [RESUME]
    assert actor.records(type="user")[0]["message"]["content"] == RESUME
    assert actor.box() == ""


def test_a_word_without_blanks_is_broken_four_columns_before_the_edge(play: Plays) -> None:
    actor = play().start().ready()
    actor.type("x" * 300)
    actor.box_holds("\n".join(["x" * 116, "x" * 116, "x" * 68]))


def test_one_short_write_with_enter_is_submitted(play: Plays) -> None:
    actor = play().start().ready()
    actor.type(f"{'x' * 60}\r")
    actor.shows("● Done.")
    assert actor.submitted() == ["x" * 60]


def test_one_long_write_with_enter_is_a_paste(play: Plays) -> None:
    actor = play().start().ready()
    actor.type(f"{'x' * 67}\r")
    actor.box_holds("x" * 67 + "\n")
    assert actor.submitted() == []
    actor.press("Enter")
    actor.wait(lambda: actor.submitted() == ["x" * 67])


def test_a_very_long_paste_is_a_mark_until_it_is_sent(play: Plays) -> None:
    actor = play().start().ready()
    text = "\n".join(f"line {number}" for number in range(31))
    actor.paste(text)
    actor.box_holds("[Pasted text #1 +30 lines]")
    actor.press("Enter")
    marked = f'\n\n<pasted_content id="e3b5">\n{text}\n</pasted_content id="e3b5">\n'
    actor.wait(lambda: actor.submitted() == [marked])


def test_control_u_takes_one_row(play: Plays) -> None:
    actor = play().start().ready()
    actor.paste("one\ntwo")
    for left in ("one\n", "one", ""):
        actor.press("C-u")
        actor.box_holds(left)


def test_a_draft_is_kept_over_a_limit_and_its_menu(play: Plays) -> None:
    actor = play(**MENU_OPEN, work_seconds=0.6).start().ready()
    actor.enter("a task")
    actor.type("draft typed while busy")
    actor.shows(MENU)
    actor.press("Escape")
    actor.box_holds("draft typed while busy")


def test_what_is_entered_while_it_works_is_queued_and_taken_in(play: Plays) -> None:
    actor = play(work_seconds=1.0).start().ready()
    actor.enter("go")
    actor.shows("esc to interrupt")
    actor.enter("more")
    actor.shows("Queued · ctrl+x ctrl+s to send now")
    assert "❯\u00a0Press up to edit queued messages" in actor.screen()
    actor.shows("● Done.")
    assert [r["message"]["content"] for r in actor.records(type="user")] == ["go", "more"]


def test_escape_interrupts_and_gives_the_prompt_back(play: Plays) -> None:
    actor = play(work_seconds=600).start().ready()
    actor.enter("hang please")
    actor.wait(lambda: actor.status() == ("busy", ""))
    actor.press("Escape")
    actor.box_holds("hang please")
    assert actor.status() == ("idle", "")


def test_an_exclamation_mark_runs_a_shell_command(play: Plays) -> None:
    actor = play().start().ready()
    actor.enter("!echo out of $((40 + 2))")
    actor.shows("⎿ \u00a0out of 42")
    assert actor.submitted() == []


def test_slow_echo_delays_what_a_key_does(play: Plays) -> None:
    actor = play(slow_echo=0.5).start().ready()
    actor.type("slow")
    actor.wait(lambda: actor.bytes() == "slow")
    read_at = time.time()
    assert actor.box() == ""
    actor.box_holds("slow")
    assert time.time() - read_at > 0.3


def test_enter_can_be_only_a_new_line(play: Plays) -> None:
    actor = play(enter_is_newline=True).start().ready()
    actor.enter("never sent")
    actor.box_holds("never sent\n")
    assert actor.submitted() == []


def test_the_log_has_every_byte_and_none_when_nothing_was_sent(play: Plays) -> None:
    actor = play(autostart_prompt="begin").start()
    actor.shows("● Done.")
    assert actor.bytes() == ""
    actor.type("é ✓")
    actor.press("C-s", "Escape", "M-x")
    actor.wait(lambda: actor.bytes() == "é ✓\x13\x1b\x1bx")


# Dialogs


def test_text_is_lost_in_the_menu_and_enter_takes_its_row(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    menu(actor)
    assert actor.status() == ("waiting", "dialog open")
    actor.enter("continue")
    actor.ready().box_holds("")
    assert [line["row"] for line in actor.log("row")] == ["stop"]
    assert actor.submitted() == ["do a task"]
    assert actor.status() == ("idle", "")


def test_enter_on_a_menu_with_credits_first_spends(play: Plays) -> None:
    actor = play(**MENU_OPEN, credits_first=True)
    menu(actor)
    assert "❯ 1. Switch to usage credits" in actor.screen()
    actor.press("Enter")
    actor.wait(lambda: [line["row"] for line in actor.log("row")] == ["credits"])


def test_a_digit_picks_at_once(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    menu(actor)
    actor.type("2")
    actor.shows("⚠ Usage limit reached · limit resets")
    assert "Claude Code will continue automatically at" in actor.screen()


def test_escape_with_text_right_behind_it_is_lost_as_alt(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    menu(actor)
    actor.server.say(
        "send-keys", "-t", actor.pane, "Escape", ";", "send-keys", "-t", actor.pane, "-l", "text"
    )
    actor.wait(lambda: actor.bytes().endswith("\x1btext"))
    actor.wait(lambda: [line["key"] for line in actor.log("lost")] == ["alt('t')", "text('ext')"])
    assert MENU in actor.screen()


def test_the_alt_key_needs_its_character_soon() -> None:
    keyboard = Keyboard()
    assert keyboard.feed(b"\x1b", 10.0) == []
    assert keyboard.expire(10.05) == []
    assert [repr(key) for key in keyboard.feed(b"text", 10.05)] == ["alt('t')", "text('ext')"]
    assert keyboard.feed(b"\x1b", 20.0) == []
    assert [repr(key) for key in keyboard.expire(20.1)] == ["escape"]
    assert [repr(key) for key in keyboard.feed(b"text", 20.1)] == ["text('text')"]


def test_sequences_and_letters_may_come_in_pieces() -> None:
    keyboard = Keyboard()
    pieces = [b"\x1b[200~one\r", b"two\x1b[20", b"1~\xe2\x9c", b"\x93\x1b[", b"B\x1b[<35;1;1M\x13"]
    heard = [repr(key) for piece in pieces for key in keyboard.feed(piece, 1.0)]
    assert heard == ["paste('one\\ntwo')", "text('✓')", "down", "other", "ctrl-s"]


def test_escape_and_then_text_reaches_the_box(play: Plays) -> None:
    actor = play(**MENU_OPEN)
    menu(actor)
    actor.press("Escape")
    actor.ready().type("text")
    actor.box_holds("text")


def test_a_permission_is_asked_and_runs_nothing_by_itself(play: Plays) -> None:
    actor = play(permission={"command": "touch was-run"}).start().ready()
    actor.enter("go")
    actor.shows("Do you want to proceed?")
    assert actor.status() == ("waiting", "permission prompt")
    actor.press("Escape")
    actor.shows("Interrupted · What should Claude do instead?")
    assert not (actor.directory / "was-run").exists()


def test_enter_on_a_permission_runs_the_command(play: Plays) -> None:
    actor = play(permission={"command": "touch was-run"}).start().ready()
    actor.enter("go")
    actor.shows("Do you want to proceed?")
    actor.press("Enter")
    actor.shows("● Done.")
    assert (actor.directory / "was-run").exists()


def test_before_the_folder_is_trusted_there_is_no_registry_entry(play: Plays) -> None:
    actor = play(trust=True).start()
    actor.shows("Accessing workspace:")
    assert actor.registry() == {}
    actor.press("Down", "Enter")
    actor.ready().wait(lambda: actor.status() == ("idle", ""))


def test_an_untrusted_folder_ends_it(play: Plays) -> None:
    actor = play(trust=True).start()
    actor.shows("Accessing workspace:")
    actor.press("Enter")
    actor.wait(lambda: actor.dead() == "1")


def test_the_resume_question_keeps_the_conversation_on_escape(play: Plays) -> None:
    actor = play(resume_question=True).start("--session-id", UUID).ready()
    actor.enter("/exit")
    actor.wait(lambda: actor.dead() == "0")
    assert "Resume this session" not in actor.screen()
    actor.start("--session-id", UUID, "a task").shows("● Done.")
    actor.press("C-c", "C-c")
    actor.wait(lambda: actor.dead() == "0")
    actor.start("--resume", UUID).shows("Resume this conversation?")
    assert actor.status() == ("waiting", "dialog open")
    actor.press("Escape")
    actor.ready()
    assert actor.registry()["sessionId"] == UUID
