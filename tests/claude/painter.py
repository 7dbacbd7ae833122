"""Paints screens as Claude Code 2.1.329 draws them, with words of a test's choice in them.

The shapes and inks are those of the recorded screens (tests/screens); every function gives rows.
"""

from __future__ import annotations

import re
import textwrap

import pytest

NBSP = "\u00a0"
GREY, WHITE, RED, YELLOW, BLUE = (f"\x1b[38;5;{n}m" for n in (246, 231, 211, 220, 153))
RULE_INK, USER_BACK, OFF, NO_BACK = "\x1b[38;5;244m", "\x1b[48;5;237m", "\x1b[39m", "\x1b[49m"
INVERSE, DIM, PLAIN = "\x1b[7m", "\x1b[0;2m", "\x1b[0m"

BANNER = [
    f"{GREY} ▐▛███▛█   Claude Code v2.1.329{OFF}",
    f"{GREY}▝▜██████▀  Opus 5.5 · Claude Max{OFF}",
    f"{GREY} ▝▝   ▝▝   /home/me/proj{OFF}",
]
DONE = ["", f"{GREY}✻{OFF} {GREY}Brewed for 12s · done 9:15 PM{OFF}"]
SPINNER = ["", f"{GREY}✶{OFF} {GREY}Transmuting…{OFF}"]
MODE = f"  {YELLOW}⏵⏵ auto mode on{GREY} (shift+tab to cycle){OFF}"
BUSY_MODE = f"  {YELLOW}⏵⏵ auto mode on{GREY} (shift+tab to cycle) · esc to interrupt{OFF}"
ARMED = [
    f"  {WHITE}⚠ Usage limit reached · limit resets 9:25pm{OFF}",
    f"    {WHITE}Continuing automatically at 9:25pm · Esc to cancel{OFF}",
]
MENU_ROWS = (
    "Stop and wait for limit to reset",
    "Wait here, then continue automatically at Nov 23, 11:16pm",
    "Switch to usage credits",
)
FILLER_LINES = 60
FIVE = "You've hit your 5-hour limit · resets 9:25pm (UTC)"

PLACES = pytest.mark.parametrize(
    "place", [{}, {"full": True}, {"at_bottom": False}, {"height": 24, "full": True}], ids=str
)
"""Where the words stand: a young screen, a full one, the box under a short history, a low pane."""


def user(text: str) -> list[str]:
    first, *rest = text.split("\n")
    rows = [f"{USER_BACK}❯ {WHITE}{first}{OFF}{NO_BACK}"]
    return ["", *rows, *(f"{USER_BACK}  {WHITE}{row}{OFF}{NO_BACK}" for row in rest)]


def reply(text: str) -> list[str]:
    first, *rest = text.split("\n")
    return ["", f"{WHITE}●{OFF} {first}", *(f"  {row}" if row else "" for row in rest)]


def notice(text: str) -> list[str]:
    return ["", f"{GREY}●{OFF} {GREY}{text}{OFF}"]


def tool(call: str, result: str, ink: str = OFF) -> list[str]:
    first, *rest = result.split("\n")
    return [
        "",
        f"\x1b[38;5;114m●{OFF} \x1b[1mBash{PLAIN}({call})",
        f"{GREY}  ⎿ {NBSP}{ink}{first}{OFF}",
        *(f"     {ink}{row}{OFF}" for row in rest),
    ]


def collapsed_tool() -> list[str]:
    return ["", f"  {GREY}Ran \x1b[1m1{PLAIN}{GREY} shell command{OFF}"]


def shell(command: str, output: str) -> list[str]:
    return ["", f"{RED}! {WHITE}{command}{OFF}", f"{GREY}  ⎿ {NBSP}{OFF}{output}"]


def limit(text: str, ink: str = RED) -> list[str]:
    first, *rest = text.split("\n")
    return [f"{GREY}  ⎿ {NBSP}{ink}{first}{OFF}", *(f"     {ink}{row}{OFF}" for row in rest)]


def filler() -> list[str]:
    lines = "\n".join(f"Line {number} of a long reply." for number in range(FILLER_LINES))
    return [*user("tell me more"), *reply(lines), *DONE]


def box(
    draft: str = "", *, hint: str = "", width: int = 120, title: str = "", mark: str = "❯"
) -> list[str]:
    """The prompt box with a draft (wrapped as Claude Code wraps it) or a dim hint in it."""
    upper = f"{'─' * (width - len(title) - 3)} {title} ─" if title else "─" * width
    first, *rest = wrapped(draft, width - 4) if draft else [""]
    inside = f"{INVERSE}{hint[0]}{DIM}{hint[1:]}{PLAIN}" if hint else first
    cursor = "" if hint else f"{INVERSE} {PLAIN}"
    rows = [f"{mark}{NBSP}{inside}", *(f"  {row}" for row in rest)]
    rows[-1] += cursor
    return [f"{RULE_INK}{upper}{OFF}", *rows, f"{RULE_INK}{'─' * width}{OFF}"]


def wrapped(draft: str, area: int) -> list[str]:
    rows = [textwrap.wrap(line, area, break_on_hyphens=False) or [""] for line in draft.split("\n")]
    return [row for line in rows for row in line]


def menu(options: tuple[str, ...] = MENU_ROWS, *, width: int = 120, cursor: int = 1) -> list[str]:
    rows = [
        f"  {BLUE}{'❯' if number == cursor else ' '} {number}. {option}{OFF}"
        for number, option in enumerate(options, start=1)
    ]
    title = f"  {BLUE}What do you want to do?{OFF}"
    foot = f"  {GREY}Enter to confirm · Esc to cancel{OFF}"
    return [f"{BLUE}{'▔' * width}{OFF}", title, "", *rows, "", foot]


def screen(
    above: list[str],
    below: list[str] | None = None,
    *,
    height: int = 40,
    full: bool = False,
    at_bottom: bool = True,
) -> str:
    """A whole screen. ``below``: the box with its footer, or a dialog; by default an idle box.

    ``full``: long history scrolled off at the top; else the banner, and blank rows to the bottom,
    above the box (``at_bottom``) or below everything.
    """
    if below is None:
        below = [*box(), MODE]
    if full:
        return "\n".join([*filler(), *above, *below][-height:])
    blanks = [""] * (height - len(BANNER) - len(above) - len(below))
    rows = [*BANNER, *above, *(blanks if at_bottom else []), *below]
    return "\n".join([*rows, *([] if at_bottom else blanks)])


def without_ink(painted: str) -> str:
    """The same as ``capture-pane -p`` without ``-e`` would give it."""
    return "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", row).rstrip(" ") for row in painted.split("\n"))
