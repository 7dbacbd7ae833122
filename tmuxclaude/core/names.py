"""Sessions by their names: which names there can be, one for a directory, and one that nobody has.

Pure. What a name must match is ``model.NAME``; the sentences about names stand here and nowhere
else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import PurePath

from tmuxclaude.core.model import NAME

LONGEST_DEFAULT = 40
"""Characters of a name that was made of a directory's: a number has to fit behind it."""

NAMELESS = "claude"
"""The name of a session whose directory has none that could be spelled."""


def name_problem(name: str) -> str | None:
    """Why ``name`` can be no session's; ``None`` when it can."""
    if NAME.fullmatch(name):
        return None
    return (
        f"{name!r} is no session name: it begins with a letter or a digit and has at most 48 "
        "letters from A to Z, digits, - and _"
    )


def of_directory(directory: str, taken: Collection[str]) -> str:
    """A name like the directory's that is not ``taken``. Accents are dropped: ``naïve``, naive."""
    folded = unicodedata.normalize("NFKD", PurePath(directory).name)
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", bare)[:LONGEST_DEFAULT].strip("-_") or NAMELESS
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (base, *numbered) if name not in taken)


def no_such(name: str, known: Collection[str], where: str = "") -> str:
    """The sentence for a name that nobody has. ``where``: where alone it was looked for."""
    import difflib  # only needed for this message

    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See: tmuxclaude list --all"
    return f"there is no session {name!r}{where}; nothing was done. {hint}"
