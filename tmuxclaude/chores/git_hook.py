"""The line in a repository's ``post-commit`` hook that has a checkpoint taken after each commit.

It stands between marks, right behind the first line of a hook that is there already, which is kept
and goes on to run. Knows where git looks for hooks; how the change is shown and made,
``tmuxclaude.chores.install`` knows.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from tmuxclaude.chores.install import Edit, changes
from tmuxclaude.core import blocks
from tmuxclaude.core.errors import RefusedError, UsageError
from tmuxclaude.edges.git.call import Git, GitError, line

PART = "git hook"
FIRST = "#!/bin/sh\n"
_SHELLS = ("sh", "bash", "dash", "ksh", "zsh")


def additions(directory: str, home: str, program: str) -> list[Edit]:
    """What adding the line to the repository around ``directory`` wants.

    ``program``: the command ``tmuxclaude``, absolute. Raises ``UsageError`` when there is no
    repository, ``RefusedError`` when its hooks cannot be added to.
    """
    hook = file(directory, home)
    _must_not_lead_out(hook)
    call = f'{shlex.quote(program)} checkpoint take --committed "$PWD"'
    return [
        Edit(
            hook,
            lambda text: _with(text, hook, f"({call} </dev/null >/dev/null 2>&1 &)"),
            executable=True,
        )
    ]


def removals(directory: str, home: str) -> list[Edit]:
    """What taking it away wants; a hook in which nothing else stands goes with it."""
    return [Edit(file(directory, home), _without)]


def installed(directory: str, home: str) -> list[Path]:
    """The hook of the repository around ``directory``, if it has the line; none outside of one.

    Raises ``RefusedError`` where hooks cannot be added to.
    """
    try:
        edits = removals(directory, home)
    except UsageError:
        return []
    return [change.path for change in changes(edits)]


def file(directory: str, home: str) -> Path:
    """The hook of the repository around ``directory``; it need not be there."""
    try:
        git = Git.at(directory, home)
        found = git.call("rev-parse", "--path-format=absolute", "--git-common-dir", check=False)
        if found.returncode:
            raise UsageError(f"{directory} is in no git repository; nothing was changed")
        for scope in ("--local", "--global"):
            elsewhere = line(git.call("config", scope, "core.hooksPath", check=False).stdout)
            if elsewhere:
                raise RefusedError(
                    f"git looks for hooks in {elsewhere} (core.hooksPath), which other "
                    "repositories may share; nothing was changed"
                )
    except GitError as problem:
        raise RefusedError(f"{directory}: {problem}; nothing was changed") from problem
    return Path(line(found.stdout)) / "hooks" / "post-commit"


def _must_not_lead_out(hook: Path) -> None:
    """A link into a work tree, or to a file that every repository of somebody has, is no place for
    a line that is meant for this one."""
    itself, real = os.path.realpath(hook.parents[1]), os.path.realpath(hook)
    if not real.startswith(f"{itself.rstrip('/')}/"):
        raise RefusedError(
            f"{hook} leads to {real}, which other repositories may share; nothing was changed"
        )


def _with(text: str | None, hook: Path, call: str) -> str:
    if text is None:
        return blocks.put(FIRST, PART, [call])
    if blocks.find(text, PART) is not None:
        return blocks.put(text, PART, [call])
    first, end, rest = text.partition("\n")
    words = first.removeprefix("#!").split()
    if not first.startswith("#!") or not any(Path(word).name in _SHELLS for word in words[:2]):
        raise RefusedError(f"it is no shell script; have it run this by itself: {call}")
    if not os.access(hook, os.X_OK):
        raise RefusedError("it is not executable, so git does not run it")
    return blocks.put(first + (end or "\n"), PART, [call]) + rest


def _without(text: str | None) -> str | None:
    if text is None:
        return None
    left = blocks.take(text, PART)
    return None if left == FIRST and left != text else left
