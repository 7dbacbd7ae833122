"""What stands above the prompt: the conversation as blocks, and whether it ended on a limit.

It knows the marks of Claude Code's transcript on the screen. It does not know the prompt box, the
menus or what a limit is called. Text proves nothing here, place and ink do: in Claude Code 2.1.329
a limit hangs under a ``⎿`` as a tool's result does, and a reply may quote it word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tmuxclaude.claude import limits
from tmuxclaude.claude.capture import Ink, Row, joined
from tmuxclaude.claude.limits import LimitText

_RESULT = re.compile(r"  ⎿[ \u00a0]")
_MESSAGE = re.compile(r"  ⎿ \u00a0(?=\S)")
_MESSAGE_INDENT = 5
_USER = re.compile(r"❯ \S")
_CALL = re.compile(r"! |[●⏺] (?P<name>.*?[\w)])\(")
"""A shell command of the user's, or a tool call: ``● Bash(...)``."""
_SAID = re.compile(r"[❯!●⏺✻✢✳✶✽] |  ")
"""How a block of a conversation begins; the banner and its announcements begin otherwise."""
_SPINNER = re.compile(r"[·✢✳✶✻✽*] (?:[^·]*…(?: \(.*)?|.*\bretrying in \d.*)")
_MENU_COMMAND = "❯ /rate-limit-options"

_NOTICES = re.compile(
    r"[●⏺] (?:Usage limit reached(?: again)? · "
    r"|Automatic continue (?:cancelled|stopped|was turned off|did not run)\b"
    r"|Usage limit has reset · Press enter)"
)
"""Claude Code's remarks about its own continue after which the turn is still where it ended."""
_CONTINUES = re.compile(r"[●⏺] Usage limit (?:reached|reset|available again)\b")
"""Remarks under which the next limit may hang."""
_FIRED = re.compile(r"[●⏺] Usage limit (?:reset|available again)\b")
"""Its remarks after which a turn goes on. A server may word the others anew, but not these."""
_MARK = re.compile(r"[●⏺] ")

_TASK_LIST = re.compile(r"  (?:\d+/\d+ tasks? done\b|\d+ tasks? \(|[✔✓◼■◻□☐☒] \S)")
_TASK_DETAIL = re.compile(r" {4,}\S")
_WARNING = re.compile(r" {2,}⚠ ")
_COMMAND = re.compile(r"\s*/[a-z][a-z-]+(?:\s|$)")
"""How advice begins. A zone that is wrapped at its ``/`` goes on with a capital letter."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that belong together. ``attached``: no blank row parts it from the block above."""

    rows: tuple[Row, ...]
    attached: bool

    @property
    def text(self) -> str:
        return joined(self.rows)

    @property
    def result(self) -> bool:
        return _RESULT.match(self.rows[0].text) is not None

    @property
    def marked(self) -> bool:
        """Whether it begins at the edge, as all but results and further paragraphs do."""
        return self.rows[0].indent == 0


def blocks(rows: Sequence[Row], width: int | None = None) -> list[Block]:
    """The blocks of a conversation. ``width``: the pane's in cells, where a prompt box follows,
    for then the last rows can be hints of the box's, aligned to the right."""
    rows = list(rows)
    while width is not None and rows and _is_hint(rows[-1], width):
        rows.pop()
    found: list[list[Row]] = []
    attached: list[bool] = []
    above: Row | None = None
    for row in rows:
        if row.blank:
            above = None
            continue
        if above is None or _begins(row, found[-1][0]):
            found.append([row])
            attached.append(above is not None)
        else:
            found[-1].append(row)
        above = row
    return [Block(tuple(part), near) for part, near in zip(found, attached, strict=True)]


def works(conversation: Sequence[Block]) -> bool:
    """Whether the last thing in it is a running spinner or a retry, not a line of what is done."""
    last = next((block for block in reversed(conversation) if block.marked), None)
    return last is not None and _SPINNER.fullmatch(last.text) is not None


def ended_on(conversation: Sequence[Block], *, coloured: bool) -> LimitText | None:
    """The limit that ended the last turn, if nothing but remarks about it came after."""
    for number in reversed(range(len(conversation))):
        if not _is_remark(conversation, number):
            return limit_at(conversation, number, coloured=coloured)
    return None


def last_limit(conversation: Sequence[Block], *, coloured: bool) -> LimitText | None:
    """The last limit anywhere in it, whatever came after."""
    numbers = reversed(range(len(conversation)))
    found = (limit_at(conversation, number, coloured=coloured) for number in numbers)
    return next((limit for limit in found if limit), None)


def limit_at(conversation: Sequence[Block], number: int, *, coloured: bool) -> LimitText | None:
    """The limit that Claude Code itself says in this block.

    In colour, its words are red. A tool's output may be red too, so the first result of a call
    never counts. Without colour only a place counts where neither a reply nor a tool can write.
    """
    block = conversation[number]
    message = _MESSAGE.match(block.rows[0].text)
    if message is None:
        return None
    owner = _owner(conversation, number)
    call = owner is not None and _is_call(conversation[owner], coloured=coloured)
    if call and owner == number - 1:
        return None
    if not coloured and not (call or _may_own(conversation, owner)):
        return None
    said = _red_rows(block) if coloured else block.rows
    return limits.recognise(joined(_first_line(said)).removeprefix("⎿").lstrip())


def leaves_open(conversation: Sequence[Block]) -> bool:
    """Whether it does not tell how the last turn ended: nothing of it is to be seen, or its last
    word is an error of Claude Code's own in words that nobody here knows."""
    for number in reversed(range(len(conversation))):
        first = conversation[number].rows[0]
        if _is_remark(conversation, number):
            continue
        if _MESSAGE.match(first.text):
            return bool(_red_rows(conversation[number]))
        if _SAID.match(first.text):
            return False
    return True


def _is_hint(row: Row, width: int) -> bool:
    """A row of the prompt box's right above it; it ends two cells before the edge."""
    if row.indent < 2 or row.indent == _MESSAGE_INDENT or _RESULT.match(row.text):
        return False
    return width - row.width <= 3


def _begins(row: Row, block_start: Row) -> bool:
    if row.indent == 0 or _RESULT.match(row.text):
        return True
    return _RESULT.match(block_start.text) is not None and row.indent < _MESSAGE_INDENT


def _owner(conversation: Sequence[Block], number: int) -> int | None:
    """The block under which this result hangs: the next above that is none, in an unbroken line."""
    while number > 0 and conversation[number].attached:
        number -= 1
        if not conversation[number].result:
            return number
    return None


def _is_call(block: Block, *, coloured: bool) -> bool:
    """A reply may hold such words too: ``● I call f(x) now.`` A tool's name is bold."""
    row = block.rows[0]
    match = _CALL.match(row.text)
    if match is None or match["name"] is None:
        return match is not None
    return not coloured or " " not in match["name"] or row.inks[match.start("name")].bold


def _may_own(conversation: Sequence[Block], owner: int | None) -> bool:
    if owner is None:
        return False
    text = conversation[owner].rows[0].text
    return _USER.match(text) is not None or _CONTINUES.match(text) is not None


def _is_remark(conversation: Sequence[Block], number: int) -> bool:
    block = conversation[number]
    if block.result:
        owner = _owner(conversation, number)
        return owner is not None and conversation[owner].text == _MENU_COMMAND
    if not block.marked:
        return _is_furniture(block)
    if block.text == _MENU_COMMAND or _NOTICES.match(block.text):
        return True
    # In the mark's own grey speaks only Claude Code; a reply's mark is black or white.
    return (
        _MARK.match(block.text) is not None
        and _all_in(block, lambda ink: ink.grey)
        and not _FIRED.match(block.text)
    )


def _is_furniture(block: Block) -> bool:
    """What stands between the conversation and the box and tells of no turn: the list of tasks, a
    warning. In a reply the same is only a paragraph, and the reply's first block decides."""
    first, *others = (row.text for row in block.rows)
    if _TASK_LIST.match(first):
        return all(_TASK_LIST.match(text) or _TASK_DETAIL.match(text) for text in others)
    return _WARNING.match(first) is not None or _all_in(block, lambda ink: ink.yellow)


def _all_in(block: Block, ink_fits: Callable[[Ink], bool]) -> bool:
    drawn = (zip(row.text, row.inks, strict=True) for row in block.rows)
    return all(ink_fits(ink) for row in drawn for character, ink in row if character != " ")


def _red_rows(block: Block) -> tuple[Row, ...]:
    """The rows from the first on whose words are red as a whole."""
    for number, row in enumerate(block.rows):
        words = zip(row.text[_MESSAGE_INDENT:], row.inks[_MESSAGE_INDENT:], strict=True)
        if not all(ink.red for character, ink in words if character != " "):
            return block.rows[:number]
    return block.rows


def _first_line(rows: Sequence[Row]) -> Sequence[Row]:
    """Without the advice that may follow on a line of its own: ``/usage-credits to finish ...``."""
    for number, row in enumerate(rows):
        if _COMMAND.match(row.text):
            return rows[:number]
    return rows
