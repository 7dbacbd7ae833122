"""Changes the configuration file: one key of it, or all of it in an editor.

Nothing is written that the rules do not allow. What a change would lose is kept beside the file.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.api.client import Client, NobodyListensError
from tmuxclaude.core.errors import NotFoundError, UsageError
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import config, dotfiles
from tmuxclaude.edges.paths import Paths, private_directory

HEAD = "# Take away the # before a key to set it. What is not set keeps the value shown here.\n\n"


def set_key(where: Paths, key: str, given: str) -> Path | None:
    """Writes another value for one key; where a file with comments was kept, ``None`` otherwise.

    Raises ``UsageError`` for a key or a value that cannot be, and for a file that would be wrong in
    another key still.
    """
    file = where.config
    before = config.read(file)
    try:
        after = config.changed(file, before or "", key, given)
    except UsageError as problem:
        raise UsageError(f"{problem}; nothing was changed") from problem
    kept = None
    if before is not None and config.has_comments(file, before):
        kept = _free_name(file)
        dotfiles.write(kept, before, None)
    _write(where, after, before)
    return kept


def begin_edit(where: Paths) -> Path:
    """A copy of the file to be edited; of a file that is missing, every key as a comment."""
    text = config.read(where.config)
    handle, name = tempfile.mkstemp(prefix="tmuxclaude-", suffix=".toml")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(_all_as_comments() if text is None else text)
    return Path(name)


def end_edit(where: Paths, draft: Path) -> bool:
    """Puts the edited copy in the file's place and removes it; false when nothing was changed.

    Raises ``UsageError``, and leaves both as they are, when the copy cannot be understood, and
    ``NotFoundError`` when it is gone.
    """
    before = config.read(where.config)
    after = config.read(draft)
    if after is None:
        raise NotFoundError("the editor removed the file that it was given; nothing was changed")
    config.understood(where.config, after)
    changed = after != (_all_as_comments() if before is None else before)
    if changed:
        _write(where, after, before)
    draft.unlink()
    return changed


def reload(where: Paths) -> list[str] | None:
    """What changed for the supervisor that runs; ``None`` when none does."""
    try:
        with Client(where.socket) as client:
            return client.ask(wire.Reload(), wire.Reloaded).changed
    except NobodyListensError:
        return None


def _write(where: Paths, text: str, before: str | None) -> None:
    if before is None and not where.config.parent.exists():
        private_directory(where.config.parent)
    dotfiles.write(where.config, text, before)


def _free_name(file: Path) -> Path:
    """A name beside the file that nothing has yet."""
    names = (file.with_name(f"{file.name}.bak{number}") for number in ("", *range(2, 1000)))
    return next(name for name in names if not os.path.lexists(name))


def _all_as_comments() -> str:
    lines = app.config_text(Rules()).splitlines()
    commented = (line if line.startswith(("#", "[")) or not line else f"#{line}" for line in lines)
    return HEAD + "\n".join(commented) + "\n"
