"""The settings file that each session's Claude Code is started with: our hooks and the user's own.

Knows where these files lie and what ``--settings`` may hold; which hooks there are,
``claude/hooks`` knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tmuxclaude.claude import hooks
from tmuxclaude.core import errors
from tmuxclaude.edges import claude_files, spool

SETTINGS_BYTES = 1_048_576

_UID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SettingsFiles:
    """``folder`` holds one file for each session; our hooks drop theirs into ``spool``."""

    folder: Path
    spool: Path

    def write(self, uid: str, theirs: Mapping[str, object] | None, recap: str = "") -> Path:
        """The session's own settings file: our hooks, merged with the user's ``--settings``.

        ``None`` keeps the file of an earlier start. ``recap``: what Claude is told at its start.
        """
        path = self._of(uid)
        if theirs is None and path.exists():
            return path
        script = self.folder / "spool.sh"
        spool.write(script, hooks.SPOOL_SCRIPT)
        ours = hooks.settings(["/bin/sh", str(script), str(self.spool), uid])
        if recap:
            spool.write(self._recap(uid), json.dumps(hooks.context(recap)))
            ours = hooks.told_at_start(ours, str(self._recap(uid)))
        spool.write(path, json.dumps(hooks.merge(ours, dict(theirs or {}))))
        return path

    def remove(self, uid: str) -> None:
        self._of(uid).unlink(missing_ok=True)
        self._recap(uid).unlink(missing_ok=True)

    def _of(self, uid: str) -> Path:
        return self.folder / f"{uid}.json"

    def _recap(self, uid: str) -> Path:
        return self.folder / f"{uid}.recap"


def session_of(words: str | None, folder: Path) -> str:
    """The uid of the session for which this ``--settings`` in our ``folder`` was written; empty
    when it is not ours."""
    path = Path(words or "")
    ours = path.parent == folder and path.suffix == ".json"
    return path.stem if ours and _UID.fullmatch(path.stem) else ""


def given(words: str | None, directory: str) -> Mapping[str, object]:
    """The user's ``--settings``: a JSON object, or the name of a file that holds one."""
    if words is None:
        return {}
    text = words
    if not words.lstrip().startswith("{"):
        path = Path(directory) / Path(words).expanduser()
        read = claude_files.read_small(path, SETTINGS_BYTES, named_by_user=True)
        if read is None:
            raise errors.UsageError(f"--settings: the file {path} cannot be read")
        text = read
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise errors.UsageError(f"--settings is no JSON: {problem}") from problem
    if not isinstance(settings, dict):
        raise errors.UsageError("--settings must be a JSON object")
    return settings
