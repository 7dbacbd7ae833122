"""Which texts may be typed into Claude Code's prompt box. Pure; knows nothing of panes or keys.

Every function returns the sentence that says what is wrong, or ``None`` when nothing is. It quotes
no part of the text but single characters by their number, so the sentence is safe to print.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2000
LONGEST_RESUME = 200

LONGEST_MESSAGE = 16_000
"""A message of four-byte characters still fits into one request of the socket."""

_COMMANDING = {
    "/": "a command",
    "!": "a shell command",
    "#": "a memory",
    "@": "a file",
    "?": "the help",
}
"""What Claude Code 2.1.329 makes of a first character."""

_LEAVING = frozenset({"exit", "quit", ":q", ":q!", ":wq", ":wq!"})
"""Whole prompts with which Claude Code 2.1.329 ends, as with ``/exit``."""

_UNSEEN = {
    "Cc": "a control character or a line break",
    "Cf": "an invisible character or one that changes the direction of writing",
    "Cs": "a character that is not text",
    "Zl": "a line break",
    "Zp": "a line break",
}
"""Unicode categories that end a line, drive a terminal, or make a text look like another one."""

RECOGNISED = (
    *("limit", "unlimit", "reset", "usage", "rate", "quota", "credit", "upgrade"),
    *("overload", "error", "hit", "reach", "approach", "retry", "try again"),
    *("continuing", "wait here", "stop and wait", "available again", "resume this"),
    *("press", "enter", "esc", "cancel", "to interrupt", "what do you want", "login", "trust"),
)
"""How the words and phrases begin by which a screen or a transcript is recognised: a text of ours
that holds one could be taken for a limit, a dialog or a notice when it is read back."""

_RECOGNISED = re.compile(r"\b(?:" + "|".join(RECOGNISED) + r")[a-z]*")
_INERT = re.compile(r"[A-Za-z ,.]*")


def text_problem(text: str) -> str | None:
    """What is wrong with a line that a person wants typed (``--prompt``)."""
    return _problem(text, LONGEST, "", "one plain line is typed")


def message_problem(text: str) -> str | None:
    """What is wrong with a message of a person's (``send``): it may have lines, and tabs."""
    return _problem(text, LONGEST_MESSAGE, "\n\t", "text, tabs and plain line breaks are typed")


def _problem(text: str, longest: int, besides: str, typed: str) -> str | None:
    """``besides``: control characters that are allowed; ``typed``: what a text may be, in words."""
    if not text.strip():
        return "the text is empty"
    if len(text) > longest:
        return f"the text has {len(text)} characters; at most {longest} are typed"
    for place, character in enumerate(text, start=1):
        found = _UNSEEN.get(unicodedata.category(character))
        if found is not None and character not in besides:
            if "\n" in besides:
                found = found.removesuffix(" or a line break")
            return f"character {place} (U+{ord(character):04X}) is {found}; {typed}"
    if not unicodedata.is_normalized("NFC", text):
        return "the text is not in Unicode's composed form (NFC)"
    if text != text.strip():
        return "the text begins or ends with a space"
    if text[0] in _COMMANDING:
        what = _COMMANDING[text[0]]
        return f"the text begins with {text[0]}, which means {what} to Claude Code"
    if text in _LEAVING:
        return "the text alone ends Claude Code; say more, or use `tmuxclaude stop`"
    if text.endswith("\\"):
        return (
            "the text ends with a backslash, with which Enter is a line break to Claude Code and "
            "sends nothing; let it end with anything else"
        )
    if text.split()[-1].startswith("@"):
        return "the text ends with a word that begins with @: Enter would choose a file there"
    return None


def bare(text: str) -> str:
    """The text without its blanks: what stays the same when a terminal wraps it."""
    return "".join(text.split())


def digest(text: str) -> str:
    """Texts that differ in more than blanks have different ones."""
    from hashlib import sha256  # 3 MB of memory, for long texts only

    return sha256(bare(text).encode("utf-8", "replace")).hexdigest()


def resume_text_problem(text: str) -> str | None:
    """What is wrong with a text that is typed unasked (``resume.text``).

    It is stricter than for a person's line, for nobody looks on: the text must do nothing in a
    shell, and must not be read back as something that Claude Code said.
    """
    problem = text_problem(text)
    if problem:
        return problem
    if len(text) > LONGEST_RESUME:
        return f"the text has {len(text)} characters; at most {LONGEST_RESUME} are allowed"
    if not text[0].isalpha() or not _INERT.fullmatch(text):
        return (
            "the text must begin with a letter and hold nothing but letters from A to Z, spaces, "
            "commas and full stops"
        )
    if "  " in text:
        return "the text has two spaces in a row"
    told = _RECOGNISED.search(text.lower())
    if told:
        return f'the text holds "{told[0]}", which could be taken for a message of Claude Code'
    if " " not in text:
        # A relaunch gives the text as an argument, and "claude doctor" runs a command.
        return "the text is one word, and Claude Code could take it for one of its commands"
    return None
