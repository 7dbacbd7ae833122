"""What the command line of a running Claude Code tells of the words that its user gave it.

Pure. A process that gave itself another title has lost its words; then none are found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

_INTERPRETER = re.compile(r"(node|nodejs|bun|deno|python[0-9.]*|ba?sh|dash|zsh|env)")


def words_of(arguments: Sequence[str]) -> list[str]:
    """The words behind the program: behind Claude Code itself, or an interpreter and its script."""
    words = list(arguments)
    while words and not words[-1]:  # what a longer title leaves behind
        words.pop()
    interpreted = bool(words) and _INTERPRETER.fullmatch(PurePath(words[0]).name) is not None
    words = words[1:]
    if not interpreted:
        return words
    while words and words[0].startswith("-"):
        words.pop(0)
    return words[1:]
