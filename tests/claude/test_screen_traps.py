"""What must not be taken for a limit, a prompt or Claude Code, and what holds for any text."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.claude import painter as paint
from tests.claude.painter import FIVE, NBSP, PLACES
from tmuxclaude.claude.screen import read
from tmuxclaude.core.model import Box, Dialog, Look, Reading

QUOTED = [
    FIVE,
    "You've hit your session limit · resets 3:45pm (Europe/Berlin)",
    "5-hour limit reached ∙ resets 2am",
    "Claude usage limit reached. Your limit will reset at 9am (America/Chicago).",
    "Claude AI usage limit reached|1760000400",
    "You've used 97% of your session limit · resets 11am",
    "Rate limits │ No issues detected",
    "a1b2c3d fix: weekly limit resets at midnight",
    "Server is temporarily limiting requests (not your usage limit) · resets 3pm",
    f"⎿ {NBSP}{FIVE}",
    f"  ⎿ {NBSP}{FIVE}",
    f"⚠ Usage limit reached · limit resets 9pm\n    Continuing automatically at 9pm · {FIVE}",
    "What do you want to do?\n\n  ❯ 1. Stop and wait for limit to reset\n    2. Switch to usage "
    "credits\n\n  Enter to confirm · Esc to cancel",
    "esc to interrupt",
    "Retrying in 5s · attempt 3/10",
    "Do you want to proceed?\n ❯ 1. Yes\n   2. No\n Esc to cancel",
]


def named_tool(name: str, result: str) -> list[str]:
    rows = paint.tool("x", result, paint.RED)
    return [row.replace("Bash", name) for row in rows]


TALK = {
    "a reply": lambda text: [*paint.user("what?"), *paint.reply(text)],
    "a finished reply": lambda text: [*paint.user("what?"), *paint.reply(text), *paint.DONE],
    "the end of a reply": lambda text: [*paint.user("what?"), *paint.reply(f"It said:\n\n{text}")],
    "a fenced block": lambda text: [
        *paint.reply("It said:"), "",
        *(f"    {paint.BLUE}{row}{paint.OFF}" for row in text.split("\n")),
    ],
    "a reply drawn like a limit": lambda text: [
        *paint.user("what?"), *paint.limit(text), *paint.DONE,
    ],
    "a limit of an earlier turn": lambda text: [
        *paint.user("go on"), *paint.limit(text), *paint.user("go on"), *paint.reply("Done."),
    ],
    "a limit that was continued": lambda text: [
        *paint.user("go on"), *paint.limit(text),
        *paint.notice("Usage limit reset · Continuing automatically"), *paint.reply("Done."),
    ],
    "a tool's result": lambda text: paint.tool("cat log", text),
    "a tool's red result": lambda text: paint.tool("cat log", text, paint.RED),
    "a tool's second line": lambda text: paint.tool("cat log", f"log:\n{text}", paint.RED),
    "a failed tool": lambda text: paint.tool("cat log", f"Error: Exit code 1\n{text}", paint.RED),
    "a tool call": lambda text: paint.tool(f'grep "{text}"', "(No output)"),
    "a shell command": lambda text: paint.shell(f'echo "{text}"', text.split("\n")[0]),
    "a red result of a tool with a long name": lambda text: named_tool("Web Search", text),
    "a red result of a server's tool": lambda text: named_tool("hub - list (MCP)", text),
    "a reply in paragraphs": lambda text: [
        *paint.user("what?"), *paint.reply(f"{text}\n\n✔ one\n◻ two\n\n⚠ Mind the gap."),
    ],
    "a reply that ends with a warning": lambda text: [
        *paint.user("go on"), *paint.limit(text), *paint.user("what?"),
        *paint.reply("Done."), "", f"  {paint.YELLOW}⚠ Mind the gap.{paint.OFF}",
    ],
    "a limit that has just been continued": lambda text: [
        *paint.user("go on"), *paint.limit(text),
        *paint.notice("Usage limit available again · continuing now"),
    ],
    "a reply in grey": lambda text: [
        *paint.user("go on"), *paint.limit(text), *paint.user("what?"),
        "", f"{paint.WHITE}●{paint.OFF} {paint.GREY}Done.{paint.OFF}",
    ],
    "a prompt": lambda text: [*paint.user(text), *paint.reply("I see.")],
    "a prompt alone": lambda text: paint.user(f"why do I see\n{text}"),
}  # fmt: skip


@PLACES
@pytest.mark.parametrize("text", QUOTED)
@pytest.mark.parametrize("name", TALK)
def test_talk_about_limits_is_nothing(name: str, text: str, place: dict[str, Any]) -> None:
    assert read(paint.screen(TALK[name](text), **place)) == Reading(Look.IDLE, Box.EMPTY)


ALMOST = {
    "words right under it": [*paint.limit(FIVE), "  and so on"],
    "another mark": [f"  ⎿  {paint.RED}{FIVE}{paint.OFF}"],
    "red on the ground of a prompt": [f"{paint.USER_BACK}  ⎿ {NBSP}{paint.RED}{FIVE}{paint.OFF}"],
    "partly red": paint.limit(FIVE.replace("limit", f"{paint.OFF}limit{paint.RED}")),
    "another colour": paint.limit(FIVE, paint.YELLOW),
    "deeper": [f"  {row}" for row in paint.limit(FIVE)],
    "a tool that ran since": [*paint.limit(FIVE), *paint.collapsed_tool()],
    "another paragraph": [*paint.limit(FIVE), "", "  and so on"],
    "a paragraph that begins like a task": [*paint.limit(FIVE), "", "  ◻ Do it", "  and so on"],
    "a mark that is not grey": [*paint.limit(FIVE), "", f"{paint.WHITE}● Done.{paint.OFF}"],
    "a remark that is partly grey": [
        *paint.limit(FIVE),
        "",
        f"{paint.GREY}● Done{paint.OFF} it.",
    ],
}


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_only_like_a_limit_is_nothing(name: str) -> None:
    above = [*paint.user("go on"), *ALMOST[name]]
    assert read(paint.screen(above)) == Reading(Look.IDLE, Box.EMPTY)


def test_a_limit_without_ink_must_hang_under_its_turn() -> None:
    above = [*paint.user("go on"), "", *paint.limit(FIVE)]
    assert read(paint.without_ink(paint.screen(above))) == Reading(Look.IDLE, Box.EMPTY)


PLAIN_TALK = ("a reply", "the end of a reply", "a tool's result", "a tool call", "a shell command")


@pytest.mark.parametrize("text", QUOTED)
@pytest.mark.parametrize("name", PLAIN_TALK)
def test_talk_is_nothing_without_ink_either(name: str, text: str) -> None:
    shown = paint.without_ink(paint.screen(TALK[name](text)))
    assert read(shown) == Reading(Look.IDLE, Box.EMPTY)


@pytest.mark.parametrize("text", QUOTED)
def test_a_draft_about_limits_is_a_draft(text: str) -> None:
    found = read(paint.screen(paint.user("hi"), [*paint.box(text), paint.MODE]))
    assert (found.look, found.box) == (Look.IDLE, Box.DRAFT)
    assert found.draft.split() == text.split()


def test_a_session_named_like_a_limit_is_a_name() -> None:
    shown = paint.screen(paint.reply("Done."), [*paint.box(title=FIVE), paint.MODE])
    assert read(shown) == Reading(Look.IDLE, Box.EMPTY, label=FIVE)


def test_a_status_line_cannot_arm_and_cannot_halt() -> None:
    for lines in (["  myline", *paint.ARMED], [f"  {FIVE}"], ["  ⚠ Usage limit reached"]):
        shown = paint.screen(paint.reply("Done."), [*paint.box(), *lines, paint.MODE])
        assert read(shown) == Reading(Look.IDLE, Box.EMPTY)


@pytest.mark.parametrize("line", ["tip: esc to interrupt", "a · esc to interrupt", "esc to in…"])
@pytest.mark.parametrize("mode", [paint.MODE, "  -- INSERT -- ⏸ manual mode on"])
def test_a_status_line_cannot_say_that_it_works(line: str, mode: str) -> None:
    shown = paint.screen(paint.reply("Done."), [*paint.box(), f"  {line}", mode])
    assert read(shown) == Reading(Look.IDLE, Box.EMPTY)


def test_a_mode_of_vim_does_not_hide_that_it_works() -> None:
    mode = "  -- INSERT -- ⏸ manual mode on · esc to interrupt"
    shown = paint.screen(paint.reply("..."), [*paint.box(), "  mine", mode])
    assert read(shown).look is Look.WORK


def test_a_status_line_selects_nothing() -> None:
    shown = paint.screen([], [*paint.box(), "  -- VISUAL --", paint.MODE])
    assert not read(shown).selects


EDGE = [*paint.user("go"), *paint.box("half a draft", title="api")[:-1]]


def test_a_draft_that_reaches_the_edge_of_the_pane_is_one() -> None:
    for more in ("", "\n"):
        found = read("\n".join(EDGE) + more)
        assert (found.box, found.draft, found.unended) == (Box.DRAFT, "half a draft", False)
    assert read(paint.without_ink("\n".join(EDGE))).unended  # its cursor is not to be seen


@pytest.mark.parametrize("below", [["", ""], ["$ "], ["  more", "$ "], ["❯ 1. Yes"]])
def test_what_stands_above_something_else_is_not_at_the_edge(below: list[str]) -> None:
    assert read("\n".join([*EDGE, *below])) == NOT_HERE


@pytest.mark.parametrize("upper", ["─── ↑ x more ──", "── ↑ 2 more ───", "─── ↓ 2 more ──"])
def test_a_rule_that_counts_nothing_above_is_no_box(upper: str) -> None:
    rows = [*paint.user("go"), upper.ljust(120, "─"), "  the end of a draft", "─" * 120, paint.MODE]
    assert read("\n".join(rows)) == NOT_HERE


def test_the_picker_of_conversations_is_a_dialog() -> None:
    rows = ["─" * 120, "  Resume session (1 of 30)", "", f"  ❯ {FIVE}", "    5 seconds ago"]
    assert read("\n".join(rows)) == Reading(Look.DIALOG, Box.NONE, dialog=Dialog.OTHER)


def test_errors_that_are_no_usage_limit_leave_it_idle() -> None:
    for text in ("Credit balance too low · Add funds: https://x.example", "Interrupted · What"):
        assert read(paint.screen([*paint.user("go"), *paint.limit(text)])).look is Look.IDLE


# Never type here

NOT_HERE = Reading(Look.DIALOG, Box.NONE, dialog=Dialog.OTHER)
PROMPT = [*paint.BANNER, *paint.user("go"), *paint.limit(FIVE), *paint.box(), paint.MODE]


@pytest.mark.parametrize(
    "rows",
    [
        [""],
        ["user@host:~/proj$ ls", "a  b", "user@host:~/proj$ "],
        ["~", "~", '"notes.txt" 12L, 340B'],
        [*PROMPT, "user@host:~/proj$ "],
        [*PROMPT, "zsh: killed     claude", "% "],
        [*PROMPT, "", "❯ "],
        [*PROMPT, "Pane is dead (signal 9, Fri Nov 20 23:19:57 2026)"],
        [*PROMPT, *paint.user("later"), *paint.reply("text")],
        PROMPT[:-2],
        [*PROMPT[:-4], *PROMPT[-3:]],
        [*paint.box()[:-1], "─" * 80, paint.MODE],
        ["─" * 120, "❯ a prompt with a plain space", "─" * 120, paint.MODE],
    ],
)
def test_what_is_not_the_prompt_is_left_alone(rows: list[str]) -> None:
    assert read("\n".join(rows)) == NOT_HERE
    assert read(paint.without_ink("\n".join(rows))) == NOT_HERE


def test_a_dead_pane_is_exited_whatever_it_shows() -> None:
    shown = paint.screen([*paint.user("go"), *paint.limit(FIVE)], [*paint.box(), *paint.ARMED])
    assert read(shown, dead=True) == Reading(Look.EXITED, Box.NONE)


# On any text at all

PIECES = st.sampled_from(
    [
        *("❯", NBSP, "─" * 12, "─" * 40, "\n", "\n  ", "\n     ", "  ⎿ " + NBSP, "● ", "! "),
        *("✻ ", "…", FIVE, "\x1b[2m", "\x1b[7m", "\x1b[0m", "\x1b[38;5;211m", "\x1b[", "\x1b]8;;"),
        *("⚠ Usage limit reached · limit resets 9pm", "esc to interrupt", "▔" * 40, "❯ 1. "),
        *(
            "What do you want to do?",
            "Enter to confirm · Esc to cancel",
            "2. ",
            "日",
            "\x1b[38;2;9",
        ),
    ]
)
ANYTHING = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map("".join)


@given(ANYTHING)
def test_any_text_can_be_read_and_only_a_box_is_a_box(text: str) -> None:
    found = read(text)
    rows = paint.without_ink(text).split("\n")
    marks = [row for row in rows if len(row) > 1 and row[1] == NBSP]
    if found.box is not Box.NONE:
        assert marks
        assert any(set(row) == {"─"} for row in rows)
    if found.look in (Look.IDLE, Look.WORK):
        assert found.box is not Box.NONE
    if found.look is Look.LIMIT:
        assert found.limit_kind is not None
        assert found.box is not Box.NONE or found.dialog is Dialog.LIMIT_MENU
    assert (found.limit_kind is None) == (found.look is not Look.LIMIT)
    assert bool(found.draft) == (found.box is Box.DRAFT)


SLOW = [
    "resets " * 100,
    " " * 600 + "x",
    "a a" * 200 + "!",
    "You've hit your 5-hour limit · " * 20,
    "in 1d " * 100,
    f"⎿ {NBSP}" * 200,
    "❯ 1. " * 120,
    "\x1b[2" * 150,
    "\x1b[38;2;" + "9" * 500,
    "(" * 600,
]


@pytest.mark.parametrize("row", SLOW, ids=range(len(SLOW)))
def test_no_screen_takes_long_to_read(row: str) -> None:
    began = time.process_time()
    read("\n".join([row] * 100))
    read(paint.screen(paint.limit(row * 5)))
    assert time.process_time() - began < 0.5


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=40)


@given(
    name=st.sampled_from(["a reply", "the end of a reply", "a tool's red result", "a prompt"]),
    limit=st.sampled_from(QUOTED[:5]),
    before=WORDS,
    after=WORDS,
    full=st.booleans(),
)
def test_prose_around_a_limit_is_never_one(
    name: str, limit: str, before: str, after: str, full: bool
) -> None:
    found = read(paint.screen(TALK[name](f"{before}\n{limit}\n{after}"), full=full))
    assert found.look is not Look.LIMIT
