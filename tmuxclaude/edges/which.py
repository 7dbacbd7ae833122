"""Where a program is. Knows ``PATH``, and our own wrapper, which is never what is looked for.

Imports next to nothing, for the wrapper asks before each start of Claude Code.
"""

from __future__ import annotations

import os
import stat

BEGINNING = 4096
"""Bytes of a script that are looked at."""


def which(program: str, path: str | None) -> str | None:
    """The absolute path of ``program``, symbolic links kept; ``None`` when there is none.

    Folders of ``path`` are searched as a shell does, but a script that runs ``tmuxclaude run`` is
    passed over: it would find itself.
    """
    if "/" in program:
        folders, name = [os.path.dirname(program)], os.path.basename(program)  # noqa: PTH119, PTH120
    else:
        folders, name = (os.defpath if path is None else path).split(os.pathsep), program
    for folder in folders:
        found = os.path.abspath(os.path.join(folder, name))  # noqa: PTH100, PTH118 - keeps links
        if _runs(found) and not _is_our_wrapper(found):
            return found
    return None


def _runs(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)  # noqa: PTH116
    except (OSError, ValueError):
        return False


def _is_our_wrapper(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            beginning = file.read(BEGINNING)
    except OSError:
        return False
    if not beginning.startswith(b"#!"):
        return False
    lines = beginning.splitlines()
    return any(b" run " in line.partition(b"tmuxclaude")[2] + b" " for line in lines)
