"""Screens as they look: what `capture-pane -e` prints, told apart from how it spells colours."""

from __future__ import annotations

import re
from pathlib import Path

SCREENS = Path(__file__).parent.parent / "screens"
_PIECE = re.compile(r"\x1b\[([0-9;]*)m|(.)", re.DOTALL)
_CARET = re.compile(r"<[0-9:a-z,]*inverse>[ \xa0]*$")
"""tmux 3.3a leaves out a blank at the end of a row or not, inverse or not."""
_SLOTS = {"1": "bold", "2": "dim", "7": "inverse"}


def rows(captured: str) -> list[str]:
    """Each row as text with `<colours>` where they change; blanks have none that can be seen."""
    state: dict[str, str] = {}
    made = []
    for line in captured.rstrip("\n").split("\n"):
        row, now = "", ""
        for codes, char in _PIECE.findall(line):
            if not char:
                _apply(state, codes.split(";") if codes else ["0"])
                continue
            look = ",".join(state[slot] for slot in sorted(state))
            seen = char not in " \xa0" or "bg" in state or "inverse" in state
            if seen and look != now:
                row += f"<{look}>"
                now = look
            row += char
        made.append(_CARET.sub("", row).rstrip())
    return made


def recorded(stem: str) -> list[str]:
    """A recorded screen of the real program."""
    return rows((SCREENS / f"{stem}.ansi.txt").read_text())


def _apply(state: dict[str, str], codes: list[str]) -> None:
    while codes:
        code = codes.pop(0)
        if code == "0":
            state.clear()
        elif code in ("38", "48"):
            state["fg" if code == "38" else "bg"] = f"{code}:{codes[1]}"
            del codes[:2]
        elif code in ("39", "49"):
            state.pop("fg" if code == "39" else "bg", None)
        else:
            state[_SLOTS[code]] = _SLOTS[code]
