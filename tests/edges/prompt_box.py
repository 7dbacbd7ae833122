"""Plays a program with Claude Code's prompt line in a real pane.

``prompt_box.py LOG [SCREEN]``: shows SCREEN (default: an empty prompt), asks for bracketed paste,
and keeps each byte that it reads in LOG. ``-`` as LOG reads nothing, so that input stays unread.
"""

import os
import sys
import time
import tty
from pathlib import Path

PROMPT = "❯\u00a0"


def main() -> None:
    log, *screen = sys.argv[1:]
    tty.setraw(0)
    os.write(1, b"\x1b[?2004h" + (screen[0] if screen else PROMPT).encode())
    if log == "-":
        time.sleep(1000)
    with Path(log).open("ab", buffering=0) as file:
        while data := os.read(0, 4096):
            file.write(data)


if __name__ == "__main__":
    main()
