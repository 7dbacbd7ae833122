"""install and uninstall: our lines in a user's own files, shown first, then written or taken away.

What the lines are and where they go is for ``tmuxclaude.chores.install`` to say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from tmuxclaude import app
from tmuxclaude.chores import git_hook as hooking
from tmuxclaude.chores import install, keeping
from tmuxclaude.chores.install import PARTS, Change, Place
from tmuxclaude.cli import layout
from tmuxclaude.cli.completion import script
from tmuxclaude.cli.options import Verb, as_json, tmux_server
from tmuxclaude.core.errors import RefusedError, TmuxclaudeError, UsageError

HOOK = "a checkpoint after each commit, in the hook of this repository or of DIR's"
FITS = {"INSTALLED IN": layout.Fit(24, middle=True), "IS": layout.Fit(20)}

Body = TypeVar("Body", bound=Callable[..., int])


def _parts(body: Body) -> Body:
    """One flag for each part, and what both verbs have besides."""
    for part in reversed(PARTS):
        body = click.option(f"--{part}", is_flag=True, help=f"{PARTS[part].capitalize()}.")(body)
    git_hook = click.option(
        "--git-hook", metavar="[DIR]", is_flag=False, flag_value=".", help=f"{HOOK.capitalize()}."
    )
    body = git_hook(body)
    body = click.option("--yes", is_flag=True, help="Do not ask.")(body)
    return as_json(body)


@click.command("install", cls=Verb)
@_parts
def install_command(yes: bool, as_json: bool, git_hook: str | None, **chosen: bool) -> int:
    """Add tmuxclaude to your tmux and your shell, after asking.

    Or to your service manager. Alone it says what there is to install, and what is installed.
    """
    parts = [part for part in PARTS if chosen[part]]
    place = _place()
    if not parts and git_hook is None:
        return _overview(place, as_json)
    edits = [edit for part in parts for edit in place.additions(part)]
    if git_hook is not None:
        edits += hooking.additions(git_hook, str(place.home), place.program)
    changes = install.changes(edits)
    service = "service" in parts and any(one.path == place.keeper.file for one in changes)
    if not _agreed(changes, yes, as_json):
        return _done([], ["Nothing was changed."] if changes else [], as_json)
    if service:
        keeping.trial(os.environ, place.paths)
    _make(changes)
    notes = keeping.hand_over(place.keeper, place.paths) if service else []
    return _done(changes, [*notes, *_afterwards(place, parts, changes, yes or as_json)], as_json)


@click.command("uninstall", cls=Verb)
@_parts
def uninstall_command(yes: bool, as_json: bool, git_hook: str | None, **chosen: bool) -> int:
    """Take away what install added, and nothing else."""
    parts = [part for part in PARTS if chosen[part]]
    place = _place()
    if not parts and git_hook is None:
        return _overview(place, as_json)
    edits = [edit for part in parts for edit in place.removals(part)]
    if git_hook is not None:
        edits += hooking.removals(git_hook, str(place.home))
    changes = install.changes(edits)
    if not _agreed(changes, yes, as_json):
        return _done([], ["Nothing was changed."] if changes else [], as_json)
    service = any(one.path == place.keeper.file for one in changes)
    notes = keeping.take_back(place.keeper) if service else []
    _make(changes)
    if service:
        keeping.forget(place.keeper)
    if "tmux" in parts:
        notes.append("A tmux server that runs keeps its keys until it is started again.")
    return _done(changes, notes, as_json)


def _place() -> Place:
    paths = app.own_paths()  # a service has the directories of this shell, not of who runs now
    home = Path(os.environ.get("HOME") or Path.home())
    program = install.program(sys.argv[0], os.environ)
    keeper = keeping.keeper(home, os.environ, paths)
    return Place(home, os.environ, paths, program, keeper, script)


def _overview(place: Place, as_json: bool) -> int:
    rows = [(part, *_found(partial(place.installed, part)), PARTS[part]) for part in PARTS]
    rows.append(("git-hook", *_found(lambda: hooking.installed(".", str(place.home))), HOOK))
    if as_json:
        data = [
            {
                "name": part,
                "installed": bool(files),
                "files": [str(file) for file in files],
                "problem": problem,
                "meaning": meaning,
            }
            for part, files, problem, meaning in rows
        ]
        layout.out(layout.json_text({"parts": data}))
        return 0
    heads = ("PART", "INSTALLED IN", "IS")
    cells = [
        (f"--{part}", ", ".join(str(file) for file in files) or problem, meaning)
        for part, files, problem, meaning in rows
    ]
    layout.out(layout.table(heads, cells, layout.room(), FITS))
    return 0


def _found(look: Callable[[], list[Path]]) -> tuple[list[Path], str]:
    """The files in which a part is now, or why it cannot be in them."""
    try:
        return look(), ""
    except (RefusedError, UsageError) as why:
        return [], str(why)


# -- showing and asking ----------------------------------------------------------------------------


def _agreed(changes: list[Change], yes: bool, as_json: bool) -> bool:
    """Shows the changes and asks; false when there are none, or they are not wanted.

    Raises ``UsageError`` where nobody can be asked.
    """
    if not as_json:
        for change in changes:
            for line in change.diff().splitlines():
                layout.out(layout.visible(line))
        layout.flush()
    if not changes or yes:
        return bool(changes)
    if as_json or not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed, for nobody can be asked here. To make these changes, add --yes"
        )
    return click.confirm("Make these changes?", default=False)


def _make(changes: list[Change]) -> None:
    """Makes them one after the other; where one fails, says which were made."""
    made: list[str] = []
    for change in changes:
        try:
            change.make()
        except TmuxclaudeError as problem:
            before = f" Changed before that: {', '.join(made)}" if made else ""
            raise type(problem)(f"{problem}.{before}" if before else str(problem)) from problem
        made.append(str(change.path))


def _done(changes: list[Change], notes: list[str], as_json: bool) -> int:
    if as_json:
        data = [{"file": str(one.path), "diff": one.diff()} for one in changes]
        layout.out(layout.json_text({"changes": data, "notes": notes}))
        return 0
    for note in notes or ([] if changes else ["Nothing to change."]):
        layout.out(layout.visible(note))
    return 0


# -- afterwards ------------------------------------------------------------------------------------


def _afterwards(place: Place, parts: list[str], changes: list[Change], unasked: bool) -> list[str]:
    """What is left to do; our lines are read into a tmux server that runs."""
    notes = _load_into_tmux(place, changes, unasked) if "tmux" in parts else []
    shells = {"completion", "wrapper"} & set(parts)
    if shells:
        notes.append("Shells that you open from now on have it.")
    return notes


def _load_into_tmux(place: Place, changes: list[Change], unasked: bool) -> list[str]:
    socket = tmux_server().socket
    [file, *_] = place.installed("tmux")
    if not changes or not place.tmux_runs(socket):
        return [f"tmux reads {file} when it starts."]
    if not unasked and not click.confirm("Load it into the tmux server that runs?", default=True):
        return [f"To load it later: tmux source-file {file}"]
    problem = place.load_into_tmux(socket)
    if problem:
        return [f"The tmux server at {socket} complained: {problem}"]
    return [f"The tmux server at {socket} has read these lines."]
