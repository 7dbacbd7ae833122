"""Recorded screens are data: a file and a row in tests/screens/expected.csv. Below them stand
painted ones, for what nobody recorded."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.claude import painter as paint
from tests.claude.painter import FIVE, NBSP, PLACES
from tmuxclaude.claude.screen import read
from tmuxclaude.core.model import Box, Dialog, LimitKind, Look, Reading

SCREENS = Path(__file__).parent.parent / "screens"
with (SCREENS / "expected.csv").open(encoding="utf-8", newline="") as table:
    EXPECTED = list(csv.DictReader(table))
FORMS = [
    pytest.param(row, form, id=f"{row['stem']}{form}")
    for row in EXPECTED
    for form in (".ansi.txt", ".txt")
    if (SCREENS / (row["stem"] + form)).exists()
]


def recorded(stem: str, form: str = ".ansi.txt") -> Reading:
    facts = SCREENS / f"{stem}.facts.txt"
    dead = facts.exists() and " dead=1 " in facts.read_text(encoding="utf-8")
    return read((SCREENS / (stem + form)).read_text(encoding="utf-8"), dead=dead)


@pytest.mark.parametrize(("row", "form"), FORMS)
def test_recorded_screens(row: dict[str, str], form: str) -> None:
    found = recorded(row["stem"], form)
    assert {
        "stem": row["stem"],
        "look": found.look,
        "limit_kind": found.limit_kind or "",
        "reset_text": found.reset_text,
        "native_pending": "yes" if found.native_pending else "no",
        "draft": found.box,
        "draft_text": found.draft,
        "dialog": found.dialog or "",
    } == row


def test_every_recorded_screen_is_expected() -> None:
    files = {path.name.removesuffix(".ansi.txt") for path in SCREENS.glob("*.ansi.txt")}
    assert files == {row["stem"] for row in EXPECTED}
    assert len(files) > 80


@pytest.mark.parametrize(
    ("stem", "hidden", "unended"),
    [
        ("draft-scrolled-80x24", 1, False),
        ("draft-scrolled-lines-80x24", 24, False),
        ("draft-scrolled-at-the-edge-80x10", 28, False),
        ("draft-scrolled-up-80x24", 0, True),
        ("draft-at-the-edge-60x11", 0, False),
        ("draft-below-the-edge-30x8", 3, True),
        ("name-cut-draft-scrolled-40x16", 1, False),
        ("draft-three-lines-40x30", 0, False),
    ],
)
def test_how_much_of_a_draft_is_not_shown(stem: str, hidden: int, unended: bool) -> None:
    found = recorded(stem)
    assert (found.hidden, found.unended) == (hidden, unended)


@pytest.mark.parametrize(
    ("stem", "label", "cut"),
    [
        ("name-cut-11x40", "splitvn…", True),
        ("name-cut-draft-scrolled-40x16", "an123456789012345678901…", True),
        ("name-fills-48x24", "n12345678901234567890123456789012345678948_24", False),
        ("draft-scrolled-80x24", "s80x24b", False),
        ("draft-at-the-edge-60x11", "l60x11", False),
    ],
)
def test_the_name_on_the_box_as_it_is_drawn(stem: str, label: str, cut: bool) -> None:
    found = recorded(stem)
    assert (found.label, found.label_cut) == (label, cut)


def test_vims_visual_mode_is_told() -> None:
    assert [recorded(f"{stem}-120x40").selects for stem in ("vim-visual", "sub-draft")] == [
        *(True, False)
    ]


@pytest.mark.parametrize(
    ("stem", "room"),
    [
        ("draft-below-the-edge-30x8", 2),
        ("name-cut-11x40", 15),
        ("draft-at-the-edge-60x11", None),
        ("draft-scrolled-80x24", None),
    ],
)
def test_how_many_rows_are_surely_shown(stem: str, room: int | None) -> None:
    assert recorded(stem).room == room


# Limits, painted: they must be seen, or the traps below would prove nothing

ARMED_NOTICE = "Usage limit reached · continuing automatically at 9:25pm · esc to cancel"
WAITS = paint.tool("date", "Fri") + paint.limit(FIVE)
REWORDED = [*paint.user("go on"), *paint.limit(FIVE), *paint.notice("Out of usage, back at 9:25pm")]
CANCELLED = "Automatic continue cancelled · /rate-limit-options to re-arm"
TASKS = [
    "",
    f"  {paint.GREY}\x1b[1m1/3{paint.PLAIN}{paint.GREY} tasks done · 1 in progress{paint.OFF}",
    f"  \x1b[38;5;114m✔{paint.OFF} {paint.GREY}Read the file{paint.OFF}",
    "  \x1b[38;5;174m◼\x1b[39m \x1b[1mWrite it anew\x1b[0m",
    f"    {paint.GREY}Writing it anew…{paint.OFF}",
    "  ◻ Run the tests",
]
LIMITED = {
    "after a prompt": [*paint.user("go on"), *paint.limit(FIVE)],
    "after a tool's result": [*paint.user("go on"), *WAITS],
    "after a shell command": [*paint.shell("date", "Fri"), *paint.limit(FIVE)],
    "after a collapsed tool": [*paint.user("go"), *paint.collapsed_tool(), *paint.limit(FIVE)],
    "after words and a hidden tool": [*paint.reply("I plan it."), *paint.limit(FIVE)],
    "with advice under it": [
        *paint.user("go on"),
        *paint.limit(FIVE),
        f"     {paint.GREY}/usage-credits to finish what you’re working on.{paint.OFF}",
    ],
    "wrapped": [*paint.user("go on"), *paint.limit(FIVE.replace("resets ", "resets\n"))],
    "with a suffix": [*paint.user("go on"), *paint.limit(f"{FIVE} · out of usage credits")],
    "armed": [*paint.user("go on"), *paint.limit(FIVE), *paint.notice(ARMED_NOTICE)],
    "after a first try": [
        *paint.user("go on"),
        *paint.limit(FIVE),
        *paint.notice("Usage limit reset · Continuing automatically"),
        *paint.limit(FIVE),
    ],
    "told to wait": [
        *paint.user("go on"),
        *paint.limit(FIVE),
        *paint.user("/rate-limit-options"),
        f"{paint.GREY}  ⎿ {NBSP}Claude Code will continue automatically at 9:25pm.{paint.OFF}",
        *paint.notice("Automatic continue cancelled · /rate-limit-options to re-arm"),
    ],
    "given up": [
        *paint.user("go on"),
        *paint.limit(FIVE),
        *paint.notice("Automatic continue stopped after repeated usage limit hits · This task ..."),
    ],
    "armed in other words": REWORDED,
    "armed in other words and cancelled": [*REWORDED, *paint.notice(CANCELLED)],
    "over the list of tasks": [*paint.user("go on"), *paint.limit(FIVE), *TASKS],
    "over a warning": [*paint.user("go on"), *paint.limit(FIVE), "", "  ⚠ The disk is nearly full"],
    "over a yellow warning": [
        *paint.user("go on"),
        *paint.limit(FIVE),
        "",
        f"  {paint.YELLOW}The disk is nearly full,{paint.OFF}",
        f"  {paint.YELLOW}says somebody.{paint.OFF}",
    ],
    "after words that hold a call": [*paint.reply("I call parse(x) now."), *paint.limit(FIVE)],
}
UNTELLABLE_WITHOUT_INK = {
    "after a collapsed tool",
    "after words and a hidden tool",
    "armed in other words",
    "armed in other words and cancelled",
    "over a yellow warning",
    "after words that hold a call",
}


@PLACES
@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_seen(name: str, place: dict[str, Any]) -> None:
    shown = paint.screen(LIMITED[name], **place)
    found = read(shown)
    assert (found.look, found.box) == (Look.LIMIT, Box.EMPTY)
    assert (found.limit_kind, found.reset_text) == (LimitKind.FIVE_HOUR, "9:25pm (UTC)")
    assert found.limit_words.startswith(FIVE)
    plain = read(paint.without_ink(shown))
    assert plain == (replace(found, look=Look.IDLE, limit_kind=None, limit_words="", reset_text="")
                     if name in UNTELLABLE_WITHOUT_INK else found)  # fmt: skip


@pytest.mark.parametrize("ink", ["\x1b[31m", "\x1b[91m", "\x1b[38;5;131m", "\x1b[38;2;171;43;63m"])
def test_the_red_of_every_theme_counts(ink: str) -> None:
    above = [*paint.reply("I plan it."), *paint.limit(FIVE, ink)]
    assert read(paint.screen(above)).look is Look.LIMIT


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hints_over_the_box_do_not_hide_a_limit(count: int) -> None:
    hints = [
        f"{text:>118}" for text in ("tmux focus-events off", "◐ medium · /effort", "draft stashed")
    ]
    above = [*paint.user("go"), *paint.limit(FIVE)]
    shown = paint.screen(above, [*hints[:count], *paint.box(), paint.MODE])
    assert read(shown).look is Look.LIMIT
    assert read(paint.without_ink(shown)).look is Look.LIMIT


@pytest.mark.parametrize(
    "rows",
    [
        "resets 9:25pm\n(America/Argentina\n/Buenos_Aires)",
        "resets 9:25pm (America\n/North_Dakota/Center)",
        "resets 9:25pm (America/North_Dakota\n/Center)\n/usage-credits to\nfinish what",
    ],
)
def test_a_zone_that_a_low_width_wraps_is_no_advice(rows: str) -> None:
    shown = paint.screen([*paint.user("go"), *paint.limit(f"You've hit your limit ·\n{rows}")])
    zone = rows.split("(")[1].split(")")[0].replace("\n", " ")
    assert read(shown).reset_text == f"9:25pm ({zone})"
    assert read(paint.without_ink(shown)).reset_text == f"9:25pm ({zone})"


def test_a_limit_as_wide_as_a_hint_is_no_hint() -> None:
    width = len(f"  ⎿ {NBSP}{FIVE}") + 2
    above, below = [*paint.user("go"), *paint.limit(FIVE)], [*paint.box(width=width), paint.MODE]
    assert read(paint.screen(above, below, at_bottom=False)).look is Look.LIMIT


# Claude Code's own continue


def test_the_footer_says_armed_whatever_the_server_calls_it() -> None:
    footer = [paint.ARMED[0], "    Picking it up again at 10:23pm - Esc stops that", "  mine"]
    above = [
        *paint.user("go"),
        *paint.limit(FIVE),
        *paint.notice("Out of usage, picking up at 9pm"),
    ]
    found = read(paint.screen(above, [*paint.box(), *footer, paint.MODE]))
    assert (found.look, found.native_pending) == (Look.LIMIT, True)
    assert (found.limit_kind, found.reset_text) == (LimitKind.FIVE_HOUR, "9:25pm (UTC)")


@pytest.mark.parametrize("hint", ["", f"{' ' * 40}{paint.GREY}◐ medium · /effort{paint.OFF}"])
def test_armed_without_the_limit_in_sight(hint: str) -> None:
    footer = [paint.ARMED[0] + hint, paint.ARMED[1]]
    found = read(paint.screen(paint.reply("..."), [*paint.box(), *footer, paint.MODE]))
    assert (found.look, found.native_pending) == (Look.LIMIT, True)
    assert (found.limit_kind, found.reset_text) == (LimitKind.USAGE, "9:25pm")


def test_the_notice_alone_is_history() -> None:
    above = [*paint.user("go"), *paint.limit(FIVE), *paint.notice(ARMED_NOTICE)]
    assert not read(paint.screen(above)).native_pending


# Work


def test_work_beats_an_old_limit_and_an_old_spinner_does_not() -> None:
    limited = [*paint.user("go"), *paint.limit(FIVE)]
    for above, mode in (
        ([*limited, *paint.user("go"), *paint.SPINNER], paint.MODE),
        ([*limited, *paint.user("go")], paint.BUSY_MODE),
        ([*limited, *paint.user("go"), "", "✻ 529 Overloaded · retrying in 4s · attempt 4/10"],
         paint.MODE),
    ):  # fmt: skip
        assert read(paint.screen(above, [*paint.box(), mode])).look is Look.WORK
    stale = [*paint.user("go"), *paint.SPINNER, *paint.user("go"), *paint.limit(FIVE)]
    assert read(paint.screen(stale)).look is Look.LIMIT


HINT = "esc to interrupt"


@pytest.mark.parametrize("kept", range(3, len(HINT)))
@pytest.mark.parametrize("more", ["", f"{' ' * 20}◐ medium · /effort"])
def test_a_hint_that_a_narrow_pane_cuts_is_still_work(kept: int, more: str) -> None:
    mode = paint.BUSY_MODE.replace(HINT, f"{HINT[:kept]}…{more}")
    assert read(paint.screen(paint.reply("..."), [*paint.box(), mode])).look is Look.WORK


@pytest.mark.parametrize("cut", ["…", "← for…", "esc again to…", "◐ medi…", "esc… mine", "desc…"])
def test_another_hint_that_is_cut_is_no_work(cut: str) -> None:
    mode = paint.BUSY_MODE.replace(HINT, cut)
    assert read(paint.screen(paint.reply("..."), [*paint.box(), mode])).look is Look.IDLE


# The menu and other dialogs

OTHER_ORDER = ("Switch to usage credits", "Stop and wait for limit to reset")
TEAM = ("Request more", "Stop and wait for limit to reset")
PLAN = ("Upgrade your plan", "Stop and wait for limit to reset")


@pytest.mark.parametrize("options", [paint.MENU_ROWS, OTHER_ORDER, TEAM, PLAN])
@pytest.mark.parametrize("cursor", [1, 2])
def test_the_limit_menu_in_any_order(options: tuple[str, ...], cursor: int) -> None:
    menu = paint.menu(options, cursor=cursor)
    found = read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], menu))
    assert (found.look, found.box, found.dialog) == (Look.LIMIT, Box.NONE, Dialog.LIMIT_MENU)
    assert (found.limit_kind, found.reset_text) == (LimitKind.FIVE_HOUR, "9:25pm (UTC)")


@pytest.mark.parametrize(
    "above",
    [[], paint.user("/rate-limit-options"), [*paint.user("go"), *paint.limit("New words.")]],
)
def test_the_menu_alone_is_a_limit_where_nothing_contradicts(above: list[str]) -> None:
    found = read(paint.screen(above, paint.menu()))
    assert (found.look, found.dialog) == (Look.LIMIT, Dialog.LIMIT_MENU)
    assert (found.limit_kind, found.reset_text) == (LimitKind.USAGE, "Nov 23, 11:16pm")


def test_a_menu_that_the_user_opened_after_good_work_is_a_dialog() -> None:
    above = [*paint.user("go"), *paint.reply("Done."), *paint.DONE]
    expected = Reading(Look.DIALOG, Box.NONE, dialog=Dialog.LIMIT_MENU)
    assert read(paint.screen(above, paint.menu())) == expected


def test_a_menu_that_offers_to_disarm_is_armed() -> None:
    options = ("Stop and wait for limit to reset", "Don’t continue automatically")
    found = read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], paint.menu(options)))
    assert (found.look, found.native_pending) == (Look.LIMIT, True)


def test_an_armed_menu_is_a_limit_whatever_came_after() -> None:
    options = ("Stop and wait for limit to reset", "Don’t continue automatically")
    above = [*paint.user("go"), *paint.limit(FIVE), *paint.user("/usage")]
    found = read(paint.screen(above, paint.menu(options)))
    assert (found.look, found.reset_text) == (Look.LIMIT, "9:25pm (UTC)")


ADMIN = ("Ask your admin for more usage", "Add funds to continue with usage credits", "Stop")


def test_a_menu_with_nothing_but_its_offers_is_the_limit_menu() -> None:
    found = read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], paint.menu(ADMIN)))
    assert (found.look, found.dialog) == (Look.LIMIT, Dialog.LIMIT_MENU)


@pytest.mark.parametrize(
    "options",
    [
        *(("Red", "Blue"), ("Yes", "No"), ("Stop", "Go on"), ("Request more data", "Stop")),
        ("Upgrade dependencies", "Roll back the deploy"),
        ("Upgrade your plan", "Stop and wait for limit to reset the counters"),
    ],
)
def test_another_menu_under_the_same_title_is_another_dialog(options: tuple[str, ...]) -> None:
    found = read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], paint.menu(options)))
    assert (found.look, found.dialog) == (Look.DIALOG, Dialog.OTHER)


def test_a_permission_that_shows_a_limit_menu_is_a_question() -> None:
    asked = [" Do you want to proceed?", " ❯ 1. Yes", "   2. No", "", " Esc to cancel"]
    found = read(paint.screen(paint.user("go"), [*paint.menu(), *asked]))
    assert (found.look, found.dialog) == (Look.QUESTION, Dialog.OTHER)


RESUME = [
    "▔" * 120,
    "  Resume this conversation?",
    "  This conversation has been inactive for 10h 8m and is 91.2k tokens long.",
    "",
    "    1. Resume",
    "  ❯ 2. Start a new conversation  Claude can look this one up if you refer to it later",
    "",
    "  Enter to confirm · Esc to resume",
]
RESUME_SUMMARY = [
    "─" * 120,
    "  This session is 5h old and 120k tokens.",
    "",
    "  ❯ 1. Resume from summary (instant, recommended)",
    "    2. Resume full session as-is",
    "    3. Don't ask again",
]


@pytest.mark.parametrize(
    "rows",
    [
        ["  ❯ 1. Yes, delete it", "    2. No", "", "  Esc to resume"],
        ["  ❯ 1. Yes, delete it", "    2. No", "", "  Enter to confirm · Esc to resume"],
        ["  ❯ Yes, delete it", "    No", "", "  Enter to confirm · Esc to resume"],
        ["  ❯ 1. Resume and delete it", "    2. No", "", "  Enter to confirm · Esc to resume"],
    ],
)
def test_a_question_that_only_sounds_like_it_is_another_dialog(rows: list[str]) -> None:
    dialog = [*RESUME[:2], "  It deletes what came after.", "", *rows]
    found = read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], dialog))
    assert (found.look, found.dialog) == (Look.DIALOG, Dialog.OTHER)


@pytest.mark.parametrize("dialog", [RESUME, RESUME_SUMMARY])
def test_the_resume_question(dialog: list[str]) -> None:
    expected = Reading(Look.DIALOG, Box.NONE, dialog=Dialog.RESUME_QUESTION)
    assert read(paint.screen([*paint.user("go"), *paint.limit(FIVE)], dialog)) == expected


# The box


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 160, 200])
@pytest.mark.parametrize(
    "text",
    [
        "Automatic message from tmuxclaude, not a new instruction. Please continue the interrupted "
        "task and do not repeat finished work.",
        "short",
        "see https://example.com/" + "path/" * 60 + "end and stop",
        "日本語 mixed with " + "words " * 40 + "end",
    ],
)
def test_a_wrapped_draft_reads_as_it_was_typed(width: int, text: str) -> None:
    shown = paint.screen(paint.user("hi"), [*paint.box(text, width=width), paint.MODE])
    assert read(shown).draft == text
    assert read(paint.without_ink(shown)).draft == text


def test_lines_of_a_draft_stay_lines() -> None:
    below = [*paint.box("first line\n\n  third, indented\nlast"), paint.MODE]
    assert read(paint.screen([], below)).draft == "first line\n\n  third, indented\nlast"


def test_a_dim_hint_is_no_draft_whatever_it_says() -> None:
    below = [*paint.box(hint="run the tests again"), paint.MODE]
    shown = paint.screen(paint.reply("Done."), below)
    assert read(shown) == Reading(Look.IDLE, Box.PLACEHOLDER)
    assert read(paint.without_ink(shown)).box is Box.DRAFT  # in doubt it is somebody's text


@pytest.mark.parametrize("hint", ['Try "fix lint errors"', "Press up to edit queued messages"])
def test_a_known_hint_is_told_without_ink(hint: str) -> None:
    shown = paint.screen([], [*paint.box(hint=hint), paint.MODE])
    assert read(paint.without_ink(shown)) == Reading(Look.IDLE, Box.PLACEHOLDER)


def test_a_cursor_on_the_first_letter_does_not_make_a_hint() -> None:
    rows = paint.box()
    rows[1] = f"❯{NBSP}{paint.INVERSE}h{paint.PLAIN}alf a draft"
    assert read(paint.screen([], [*rows, paint.MODE])).draft == "half a draft"
    rows[1] = f"❯{NBSP}{paint.INVERSE}h{paint.PLAIN}"
    assert read(paint.screen([], [*rows, paint.MODE])).draft == "h"


def test_a_suggested_ending_belongs_to_nobody() -> None:
    rows = paint.box()
    rows[1] = f"❯{NBSP}half a{paint.INVERSE} {paint.DIM}draft{paint.PLAIN}"
    assert read(paint.screen([], [*rows, paint.MODE])).draft == "half a"


@pytest.mark.parametrize("blanks", ["   ", NBSP, f"{NBSP} {NBSP}", "\n", "\n\n  "])
def test_blanks_that_somebody_typed_are_a_draft(blanks: str) -> None:
    rows = blanks.split("\n")
    drawn = [f"❯{NBSP}{rows[0]}", *(f"  {row}" for row in rows[1:])]
    drawn[-1] += f"{paint.INVERSE} {paint.PLAIN}"
    upper, _, lower = paint.box()
    found = read(paint.screen([], [upper, *drawn, lower, paint.MODE]))
    assert (found.box, found.draft) == (Box.DRAFT, blanks)


def test_a_cursor_before_no_break_spaces_hides_none() -> None:
    upper, _, lower = paint.box()
    row = f"❯{NBSP}{paint.INVERSE}{NBSP}{paint.PLAIN}{NBSP}"
    found = read(paint.screen([], [upper, row, lower, paint.MODE]))
    assert (found.box, found.draft) == (Box.DRAFT, 2 * NBSP)


NAMED = [
    # what Claude Code reckons for the name; tmux 3.3a and our table say otherwise
    *(("🛠️ build", 8), ("❤️ demo", 7), ("☁️ x", 4), ("1️⃣ one", 6)),
    *(("👩‍💻 pair", 7), ("👍🏽 ok", 5), ("👨‍👩‍👧‍👦", 2), ("🇩🇪 de", 5), ("日本語", 6)),
]


def named(label: str, rule: int) -> list[str]:
    """A box 100 cells wide whose upper rule has so many strokes before the name."""
    upper, *rest = paint.box(width=100)
    return [upper.replace("─" * 100, f"{'─' * rule} {label} ─"), *rest, paint.MODE]


@pytest.mark.parametrize(("label", "reckoned"), NAMED)
def test_a_name_that_terminals_measure_differently_hides_no_box(label: str, reckoned: int) -> None:
    found = read(paint.screen(paint.reply("Done."), named(label, 100 - reckoned - 3)))
    assert found == Reading(Look.IDLE, Box.EMPTY, label=label)


@pytest.mark.parametrize(
    ("label", "rule"), [("demo", 92), ("demo", 94), ("demo", 60), ("❤️ demo", 60), ("demo ❤️", 99)]
)
def test_a_rule_of_another_width_is_not_the_boxs(label: str, rule: int) -> None:
    assert read(paint.screen(paint.reply("Done."), named(label, rule))).box is Box.NONE


@pytest.mark.parametrize("draft", ["", "rm -rf x"])
def test_a_box_in_shell_mode_is_never_empty(draft: str) -> None:
    found = read(paint.screen([], [*paint.box(draft, mark="!"), "  ! for shell mode"]))
    assert (found.box, found.draft) == (Box.DRAFT, f"!{draft}")
