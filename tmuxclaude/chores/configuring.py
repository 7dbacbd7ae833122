"""Changes the configuration file: one key of it, or all of it in an editor.

Nothing is written that the rules do not allow. What a change would lose is kept beside the file.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.api.client import NobodyListensError
from tmuxclaude.core.errors import NotFoundError, RefusedError, TmuxclaudeError, UsageError
from tmuxclaude.core.rules import Rules
from tmuxclaude.edges import config, dotfiles
from tmuxclaude.edges.paths import Paths, private_directory

HEAD = "# Take away the # before a key to set it. What is not set keeps the value shown here.\n\n"

TRIES = 50
"""How often a key is set anew in a file that others changed between reading and writing it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A copy of the file to be edited. ``before``: the file as it was then, ``None`` for none;
    ``begun``: the copy as it was made."""

    path: Path
    before: str | None
    begun: str

    @property
    def untouched(self) -> bool:
        """Whether the copy is gone, or still as it was made."""
        with suppress(UsageError, RefusedError):
            return config.read(self.path) in (None, self.begun)
        return False


def set_key(where: Paths, key: str, given: str) -> Path | None:
    """Writes another value for one key; where a file with comments was kept, ``None`` otherwise.

    What others change in the same instant is kept. Raises ``UsageError`` for a key or a value that
    cannot be, and for a file that would be wrong in another key still.
    """
    for _ in range(TRIES):
        with suppress(dotfiles.ChangedError):
            return _set_key(where, key, given)
    raise RefusedError(f"{where.config} changes all the time; nothing was changed. Try again")


def _set_key(where: Paths, key: str, given: str) -> Path | None:
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
    try:
        _write(where, after, before)
    except TmuxclaudeError:
        if kept is not None:
            dotfiles.remove(kept)
        raise
    return kept


def begin_edit(where: Paths) -> Draft:
    """A copy of the file to be edited; of a file that is missing, every key as a comment."""
    before = config.read(where.config)
    begun = _all_as_comments() if before is None else before
    handle, name = tempfile.mkstemp(prefix="tmuxclaude-", suffix=".toml")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(begun)
    return Draft(Path(name), before, begun)


def end_edit(where: Paths, draft: Draft) -> bool:
    """Puts the edited copy in the file's place and removes it; false when nothing was changed.

    Raises ``UsageError``, and leaves both as they are, when the copy cannot be understood,
    ``ChangedError`` likewise when the file is not as it was when the copy was made, and
    ``NotFoundError`` when the copy is gone.
    """
    after = config.read(draft.path)
    if after is None:
        raise NotFoundError("the editor removed the file that it was given; nothing was changed")
    config.understood(where.config, after)
    changed = after != draft.begun
    if changed:
        _write(where, after, draft.before)
    draft.path.unlink()
    return changed


def reload(where: Paths) -> list[str] | None:
    """What changed for the supervisor that runs; ``None`` when none does."""
    try:
        with app.connect(where) as client:
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
