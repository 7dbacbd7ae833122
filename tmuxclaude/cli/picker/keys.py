"""Names the keys that are pressed: ``enter``, ``ctrl-r``, ``alt-n``, ``up``, or the character."""

from __future__ import annotations

import curses

NAMES = {
    curses.KEY_UP: "up",
    curses.KEY_DOWN: "down",
    curses.KEY_PPAGE: "page-up",
    curses.KEY_NPAGE: "page-down",
    curses.KEY_HOME: "home",
    curses.KEY_END: "end",
    curses.KEY_BACKSPACE: "backspace",
    curses.KEY_ENTER: "enter",
    curses.KEY_RESIZE: "resize",
}
_PLAIN = {"\r": "enter", "\n": "ctrl-j", "\t": "tab", "\x7f": "backspace", "\x1b": "escape"}

MOVES = {
    **{"up": -1, "ctrl-p": -1, "ctrl-k": -1},
    **{"down": 1, "ctrl-n": 1, "ctrl-j": 1},
    **{"home": -100_000, "end": 100_000},
}
"""By how many rows each key moves; a page is the form's to know."""


def pressed(screen: curses.window, patience: int) -> str:
    """The next key; empty when none was pressed for so many milliseconds."""
    screen.timeout(patience)
    key = _read(screen)
    if key != "escape":
        return key
    screen.timeout(0)  # whatever stands behind it already was sent with it
    other = _read(screen)
    if not other:
        return "escape"
    return f"alt-{other}" if len(other) == 1 else other


def _read(screen: curses.window) -> str:
    try:
        key = screen.get_wch()
    except curses.error:
        return ""
    if isinstance(key, int):
        return NAMES.get(key, "unknown")
    if key in _PLAIN:
        return _PLAIN[key]
    if key == "\x08":
        return "backspace"
    return f"ctrl-{chr(ord(key) + 96)}" if ord(key) < 27 else key


def of_tmux(name: str) -> str:
    """A key in tmux's notation by our name for it: ``C-b`` is ``ctrl-b``, ``M-x`` is ``alt-x``."""
    if name.startswith("C-"):
        return f"ctrl-{name[2:].lower()}"
    return f"alt-{name[2:]}" if name.startswith("M-") else name
