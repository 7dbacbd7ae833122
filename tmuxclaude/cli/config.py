"""config show, path, get, set and edit: the user's configuration, and what becomes of a change."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import click

from tmuxclaude import app
from tmuxclaude.chores import configuring
from tmuxclaude.cli import layout
from tmuxclaude.cli.options import Verbs, as_json
from tmuxclaude.core.errors import NotFoundError, TmuxclaudeError, UsageError
from tmuxclaude.core.rules import Rules, entries, value_of
from tmuxclaude.edges.paths import Paths


def _keys(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For a shell's completion."""
    return [one.name for one in entries(Rules()) if one.name.startswith(begun)]


@click.group("config", cls=Verbs)
@click.pass_context
def config_command(context: click.Context) -> int | None:
    """Show or change the configuration. Alone: the same as "config show"."""
    return _show(False) if context.invoked_subcommand is None else None


@config_command.command("show")
@as_json
def show_config(as_json: bool) -> int:
    """Print every key with its value, as a configuration file."""
    return _show(as_json)


@config_command.command("path")
@as_json
def path(as_json: bool) -> int:
    """Print where the configuration file is, or would be."""
    file = app.paths().config
    data = {"config": str(file), "exists": file.exists()}
    layout.out(layout.json_text(data) if as_json else layout.visible(str(file)))
    return 0


@config_command.command("get")
@click.argument("key", shell_complete=_keys)
@as_json
def get(key: str, as_json: bool) -> int:
    """Print the value that a key has now."""
    value = value_of(app.rules(app.paths()), key)
    if as_json:
        layout.out(layout.json_text({"key": key, "value": value}))
    else:
        layout.out(layout.visible(value if isinstance(value, str) else json.dumps(value)))
    return 0


@config_command.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key", shell_complete=_keys)
@click.argument("value")
@as_json
def set_key(key: str, value: str, as_json: bool) -> int:
    """Give a key another value, in force at once.

    In the file, and in the supervisor that runs. VALUE is true or false, a number, a text, or a
    list as in ["a", "b"].
    """
    paths = app.paths()
    kept = configuring.set_key(paths, key, value)
    return _taken_up(paths, kept, as_json)


@config_command.command("edit")
def edit() -> int:
    """Open the file in your editor. What is saved is checked before it takes the file's place."""
    if not sys.stdin.isatty():
        raise UsageError(
            "an editor needs a terminal; nothing was changed. See: tmuxclaude config set"
        )
    paths = app.paths()
    draft = configuring.begin_edit(paths)
    while True:
        try:
            _run_editor(draft.path)
            changed = configuring.end_edit(paths, draft)
            break
        except TmuxclaudeError as problem:
            if draft.untouched:
                draft.path.unlink(missing_ok=True)
                raise
            kept = f"nothing was changed; what you wrote is kept in {draft.path}"
            if not isinstance(problem, UsageError):
                raise type(problem)(f"{problem}; {kept}") from problem
            layout.complain(f"{problem}; {kept}")  # before asking: an answer may never come
            if not click.confirm("Edit it again?", default=True):
                raise UsageError(kept) from None
    if not changed:
        layout.out("Nothing was changed.")
        return 0
    return _taken_up(paths, None, False)


def _run_editor(file: Path) -> None:
    variable = "VISUAL" if os.environ.get("VISUAL") else "EDITOR"
    try:
        words = shlex.split(os.environ.get(variable) or "vi")
    except ValueError as error:
        raise UsageError(f"{variable} cannot be read ({error}); nothing was changed") from error
    if not words:
        raise UsageError(f"{variable} names no program; nothing was changed")
    # Ctrl-C is the editor's. A function, for that is not handed down to it as "ignored" would be.
    ours = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.call([*words, str(file)])
    except OSError as error:
        raise NotFoundError(
            f"the editor {words[0]} cannot be run ({error.strerror}); nothing was changed. "
            f"Set {variable}"
        ) from error
    finally:
        signal.signal(signal.SIGINT, ours)
    if code:
        raise UsageError(f"the editor ended with status {code}; nothing was changed")


def _taken_up(paths: Paths, kept: Path | None, as_json: bool) -> int:
    """Has the supervisor read the new file, and says so. ``kept``: where the old one is."""
    problem, code, changed = "", 0, None
    try:
        changed = configuring.reload(paths)
    except TmuxclaudeError as why:
        problem, code = str(why), why.exit_code
    if as_json:
        told = {"changed": changed, "problem": problem, "backup": str(kept) if kept else None}
        layout.out(layout.json_text(told))
        return code
    if kept is not None:
        layout.out(layout.visible(f"The comments of the file are lost; it was kept as {kept}"))
    if problem:
        layout.complain(f"written, but the supervisor did not take it up: {problem}")
    elif changed is None:
        layout.out("Written. No supervisor runs.")
    else:
        layout.out("Written, and taken up." if changed else "Written. Nothing has changed by it.")
        for line in changed:
            layout.out(layout.visible(line))
    return code


def _show(as_json: bool) -> int:
    rules = app.rules(app.paths())
    if as_json:
        layout.out(layout.json_text({entry.name: entry.value for entry in entries(rules)}))
    else:
        layout.out(app.config_text(rules).rstrip("\n"))
    return 0
