"""What one screen of Claude Code says: text in, a ``Reading`` out.

It knows what may stand under the prompt box and the dialogs that replace it; the box itself is
``box``, what is above it ``history``. Structure comes first: words count only in the place where
Claude Code itself writes them. When in doubt it is no limit and no prompt, for stronger witnesses
speak too, and a screen that is misread types into the wrong thing.

Observed with Claude Code 2.1.329 in tmux 3.3a, both renderers, 40 to 200 columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tmuxclaude.claude import box, capture, history
from tmuxclaude.claude.capture import Row, joined
from tmuxclaude.claude.limits import LimitText
from tmuxclaude.core.model import Box, Dialog, LimitKind, Look, Reading

_BUSY_WORDS = "esc to interrupt"
_BUSY = re.compile(rf"\b{_BUSY_WORDS}\b")
_BEGUN = "|".join(_BUSY_WORDS[:length] for length in range(len("esc"), len(_BUSY_WORDS)))
_CUT_BUSY = re.compile(rf"\b(?:{_BEGUN})…(?: {{3}}|$)")
"""The same where a narrow pane cuts it. No hint of an idle footer begins so."""
_MODES = re.compile(rf"\s*(?:[⏵⏸]|-- [A-Z]+|{_BEGUN})")
"""How Claude Code's own row of the footer begins: with a mode of its or of vim's, or this hint. The
rows above it are its user's status line, which may say anything."""
_SELECTS = re.compile(r"\s*-- VISUAL\b")
_ARMED = re.compile(r"⚠ Usage limit reached · limit resets\b ?(?P<when>.*)")
_GAP = re.compile(r" {3,}")
_AGENT = re.compile(r"\s*([◯●]) (\S.*)")
"""A row of the list of agents under the box: a full dot before the one whose talk is shown."""
_MAIN = "main"
_TO_AN_AGENT = "Message @"
"""How the hint begins in the box of an agent, whose talk is no conversation of the session's."""

_DIALOG_RULE = re.compile(r"\s*─{10,}|.*▔")
"""What stands over a dialog; a hint may be written over all but the end of a ``▔``."""
_ANY_RULE = re.compile(r"\s*─{5}.*─|.*▔")
_CURSOR = re.compile(r"\s*❯ \S")
_OPTION = re.compile(r"(?:❯ )?\d\. (.+?)(?= (?:❯ )?\d\. | Enter to |$)")

_LIMIT_MENU = re.compile(r"What do you want to do\? (?:❯ )?1\. .* Enter to confirm · Esc to cancel")
_WAITS = re.compile(
    r"Stop and wait for limit to reset|Wait here, then continue automatically(?: at .+)?"
    r"|Don(?:'|’)t continue automatically"
)
"""The rows that only the limit menu has; besides them it may offer anything."""
_OFFERS = re.compile(
    r"Stop|Upgrade(?: your plan)?|Request more(?: usage)?|Switch to usage credits"
    r"|Add funds to continue with usage credits|Ask your admin for more usage"
)
"""Where it has none of them, no other row may be in it."""
_CONTINUES_AT = re.compile(r"Wait here, then continue automatically at (.+)")
_DISARMS = re.compile(r"Don(?:'|’)t continue automatically")
_RESUME_QUESTION = re.compile(
    r"Resume this conversation\? .{1,400} Enter to confirm · Esc to resume"
    r"|(?:.{0,80} )?This session is .{1,40} old and .{1,40} tokens\b.* Resume from summary\b.*"
)
_RESUME_ROWS = re.compile(
    r"Resume|Start a new conversation\b.*|Resume (?:from|full) .*|Don(?:'|’)t ask .*"
)
_TRUST = re.compile(
    r"Accessing workspace: .* trust this folder\b.*|Do you trust the files in this folder\?.*"
)
_QUESTION = re.compile(
    r".*\b(?:Do you want to [^?]{1,300}\? (?:❯ )?(?:1\. )?(?:Yes|No)\b.*"
    r"|(?:Exit plan mode|Ready to code|Would you like to proceed|Ready to submit your answers)\?.*"
    r"|Enter to select · (?:↑/↓|Tab/Arrow keys) to navigate\b.*)"
)
"""What Claude wants to know from its user: a permission, an answer, a plan's approval."""
_NEW_SESSIONS = re.compile(r"[▐▝▜▘▛█▀ ]*New sessions: \S.*")
"""In the head of the agents view: what its sessions begin with."""
_OF_A_KEY = "Do you want to use this API key?"


def read(screen: str, *, dead: bool = False) -> Reading:
    """What the screen shows.

    ``screen``: all rows of ``tmux capture-pane -p -e -J``. Without ``-e`` a draft is told from a
    hint, and a limit from a quoted one, only as well as the words and the places allow. ``dead``:
    tmux says that the pane's process is gone; what it left on the screen then means nothing.

    A screen that is not Claude Code's at all (a shell, an editor, nothing) reads as a dialog
    ``OTHER`` without a box, which means: this is not Claude Code's prompt, never type here.
    """
    if dead:
        return Reading(Look.EXITED, Box.NONE)
    rows = capture.rows(screen)
    coloured = any(ink.colour for row in rows for ink in row.inks)
    prompt = box.find(rows, inked=capture.inked(screen))
    if prompt is None:
        return _dialog(rows, coloured=coloured)
    return _at_prompt(rows, prompt, coloured=coloured)


def _at_prompt(rows: Sequence[Row], prompt: box.PromptBox, *, coloured: bool) -> Reading:
    footer = rows[prompt.bottom + 1 :]
    if _is_a_subagents(prompt, rows[prompt.top + 1], footer):
        return Reading(Look.DIALOG, Box.NONE, dialog=Dialog.SUBAGENT_VIEW)
    conversation = history.blocks(rows[: prompt.top], prompt.width)
    armed = _armed(footer)
    look, limit = Look.IDLE, None
    modes = _modes(footer)
    if _says_busy(modes) or history.works(conversation):
        look = Look.WORK
    elif armed is not None:
        look = Look.LIMIT
        limit = history.last_limit(conversation, coloured=coloured) or armed
    else:
        limit = history.ended_on(conversation, coloured=coloured)
        look = Look.LIMIT if limit else Look.IDLE
    return Reading(
        look,
        prompt.holds,
        draft=prompt.draft,
        limit_kind=limit.kind if limit else None,
        limit_words=limit.words if limit else "",
        reset_text=limit.reset_text if limit else "",
        native_pending=armed is not None,
        folded=prompt.folded,
        label=prompt.label,
        label_cut=prompt.label_cut,
        hidden=prompt.hidden,
        unended=prompt.unended,
        selects=any(_SELECTS.match(row.text) for row in modes),
        area=prompt.area,
        hint=rows[prompt.top + 1].text[2:].strip() if prompt.holds is Box.PLACEHOLDER else "",
        room=box.room(prompt.width, box.height(rows)),
    )


def _is_a_subagents(prompt: box.PromptBox, first: Row, footer: Sequence[Row]) -> bool:
    """Whether what is typed into this box goes to a subagent, whose view was opened."""
    hinted = prompt.holds is Box.PLACEHOLDER and first.text[2:].startswith(_TO_AN_AGENT)
    agents = [match.groups() for row in footer if (match := _AGENT.fullmatch(row.text.rstrip()))]
    another = any(dot == "●" and name != _MAIN for dot, name in agents)
    return hinted or (another and ("◯", _MAIN) in agents)


def _modes(footer: Sequence[Row]) -> Sequence[Row]:
    """Claude Code's own row of the footer, with what follows it."""
    starts = [number for number, row in enumerate(footer) if _MODES.match(row.text)]
    return footer[starts[-1] :] if starts else ()


def _says_busy(modes: Sequence[Row]) -> bool:
    cut = any(_CUT_BUSY.search(row.text) for row in modes)
    return cut or _BUSY.search(joined(modes)) is not None


def _armed(footer: Sequence[Row]) -> LimitText | None:
    """Claude Code's own continue: the first thing under the box, and a deeper line below it.

    The second line's words come from a server, so only its place counts. Here no zone is printed.
    """
    rows = [row for row in footer if not row.blank]
    deeper = next((number for number, row in enumerate(rows) if row.indent >= 4), None)
    if not deeper:
        return None
    # The classic renderer writes its hints at the right end of a footer's row.
    match = _ARMED.fullmatch(" ".join(_GAP.split(row.text.strip())[0] for row in rows[:deeper]))
    if match is None:
        return None
    return LimitText(LimitKind.USAGE, match[0].removeprefix("⚠ "), match["when"])


def _dialog(rows: Sequence[Row], *, coloured: bool) -> Reading:
    """Any screen without the prompt box."""
    start = _dialog_start(rows)
    text = joined(row for row in rows[start or 0 :] if not _ANY_RULE.fullmatch(row.text))
    options = _OPTION.findall(text)
    if start and _LIMIT_MENU.fullmatch(text) and _offers_to_wait(options):
        return _limit_menu(rows[: start - 1], options, coloured=coloured)
    look, dialog = Look.DIALOG, Dialog.OTHER
    if start and _RESUME_QUESTION.fullmatch(text) and _all(_RESUME_ROWS, options):
        dialog = Dialog.RESUME_QUESTION
    elif start and _TRUST.fullmatch(text):
        dialog = Dialog.TRUST
    elif box.is_agents(rows) and any(_NEW_SESSIONS.fullmatch(row.text) for row in rows):
        dialog = Dialog.AGENTS_VIEW
    elif _QUESTION.fullmatch(text) and _OF_A_KEY not in text:
        look = Look.QUESTION  # in a low pane its rule may be above the edge
    return Reading(look, Box.NONE, dialog=dialog)


def _dialog_start(rows: Sequence[Row]) -> int | None:
    """The row after the rule over the dialog: the last rule that a cursor follows."""
    cursor = False
    for number in reversed(range(len(rows))):
        if cursor and _DIALOG_RULE.fullmatch(rows[number].text):
            return number + 1
        cursor = cursor or _CURSOR.match(rows[number].text) is not None
    return None


def _offers_to_wait(options: Sequence[str]) -> bool:
    """Whether these rows are those of the limit menu, and of no other menu under its title."""
    return any(map(_WAITS.fullmatch, options)) or _all(_OFFERS, options)


def _all(form: re.Pattern[str], options: Sequence[str]) -> bool:
    return bool(options) and all(map(form.fullmatch, options))


def _limit_menu(above: Sequence[Row], options: Sequence[str], *, coloured: bool) -> Reading:
    """The menu opens by itself at a limit, but a user can open it at any time.

    So it is a limit only where the conversation ends on one, where the menu offers to stop Claude
    Code's own continue, or where nothing is to be seen that would contradict it.
    """
    conversation = history.blocks(above)
    armed = any(map(_DISARMS.match, options))
    limit = history.ended_on(conversation, coloured=coloured)
    if limit is None and armed:
        limit = history.last_limit(conversation, coloured=coloured)
    if limit is None and (armed or history.leaves_open(conversation)):
        times = [match[1] for match in map(_CONTINUES_AT.fullmatch, options) if match]
        limit = LimitText(LimitKind.USAGE, "", next(iter(times), ""))
    return Reading(
        Look.LIMIT if limit else Look.DIALOG,
        Box.NONE,
        limit_kind=limit.kind if limit else None,
        limit_words=limit.words if limit else "",
        reset_text=limit.reset_text if limit else "",
        native_pending=armed,
        dialog=Dialog.LIMIT_MENU,
    )
