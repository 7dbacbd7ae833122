#!/usr/bin/env python3
# Without pathlib, which would cost a good part of the start-up time.
"""Plays a `claude` process: the executable that a pane runs, by a link or a wrapper of that name.

It only brings the player up: makes its package importable (the program is run with `-I -S`, so
that it starts fast and nothing of the user's Python is seen) and takes on the name that tmux
shows for the real program. What is played is for `play`.
"""

import os
import sys


def take_the_name(name: str) -> None:
    """Show as `name` in `#{pane_current_command}` and in `ps`, as the real program does.

    On Linux tmux reads the first word of the command line, and a process may write its own; where
    that is not possible (macOS) the pane shows the interpreter.
    """
    try:
        with open("/proc/self/comm", "w") as comm:
            comm.write(name)
        with open("/proc/self/cmdline", "rb") as shown:
            room = len(shown.read())
        with open("/proc/self/stat", "rb") as stat:
            start = int(stat.read().rsplit(b")", 1)[1].split()[45])
        words = b"\0".join(os.fsencode(word) for word in [name, *sys.argv[1:]]) + b"\0"
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            memory.write(words[: room - 1].ljust(room, b"\0"))
    except (OSError, ValueError, IndexError):
        return


if __name__ == "__main__":
    take_the_name("claude")
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path.append(os.path.dirname(os.path.dirname(here)))
    from tmuxclaude.demo.play import main

    main(sys.argv[1:])
