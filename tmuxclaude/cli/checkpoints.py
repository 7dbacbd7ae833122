"""checkpoints, and checkpoint show, diff, restore, prune: what was kept, and the way back to it.

Reads the database and git by itself; only what changes the registry is asked of the supervisor.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tmuxclaude import app
from tmuxclaude.api import wire
from tmuxclaude.chores import comeback
from tmuxclaude.cli import accounts, layout, named
from tmuxclaude.cli import checkpoint as taking
from tmuxclaude.cli.opening import open_session
from tmuxclaude.cli.options import Verb, Verbs, as_json, tmux_server
from tmuxclaude.cli.running import if_limited
from tmuxclaude.core.checkpoints import Stage
from tmuxclaude.core.errors import TmuxclaudeError, UnreachableError, UsageError
from tmuxclaude.core.hours import length
from tmuxclaude.core.recap import Recap

Row = dict[str, Any]

HEADS = ("ID", "WHEN", "SESSION", "DIRECTORY", "WHY", "FILES", "WHAT")

DROP_PATIENCE = 60.0
"""Seconds that ``prune`` waits until git has dropped what it kept."""


class TakesByDefault(Verbs):
    """A group whose bare call takes checkpoints: what is none of its verbs belongs to ``take``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["take", *args]
        return super().resolve_command(ctx, args)


@click.command("checkpoints", cls=Verb)
@click.argument("name", required=False, shell_complete=named.complete)
@as_json
def checkpoints_command(name: str | None, as_json: bool) -> int:
    """List the checkpoints, oldest first.

    Of all conversations, or of the session NAME.
    """
    paths = app.paths()
    if name is not None:
        named.one(paths, name, tmux_server())
    rows = comeback.rows(paths.database, name=name)
    if as_json:
        layout.out(layout.json_text({"checkpoints": rows}))
    elif rows:
        now = time.time()
        fits = {"WHAT": layout.Fit(12), "DIRECTORY": layout.Fit(12, middle=True)}
        cells = (_cells(row, now) for row in rows)
        layout.out(layout.table(HEADS, cells, layout.room(), fits))
    else:
        layout.out("There are no checkpoints yet. To take them: tmuxclaude checkpoint --all")
    return 0


def _cells(row: Row, now: float) -> tuple[str, ...]:
    what = row["note"] or row["recap"].get("last") or row["recap"].get("first") or ""
    if row["stage"] != Stage.TAKEN:
        what = taking.stage(row, now)
    return (
        row["id"],
        layout.moment(row["taken_at"] or row["asked_at"], now),
        row["name"] or "",
        layout.short(row["directory"]),
        ", ".join(row["reasons"]),
        f"{row['changed']}" if row["root"] else "",
        what,
    )


@click.group("checkpoint", cls=TakesByDefault, context_settings={"ignore_unknown_options": True})
@click.pass_context
def checkpoint_command(context: click.Context) -> None:
    """Keep points to come back to, and come back to them.

    "checkpoint NAME..." and "checkpoint --all" are short for "checkpoint take".
    """
    if context.invoked_subcommand is None:
        layout.out(context.get_help())


checkpoint_command.add_command(taking.take_command)


# -- looking ---------------------------------------------------------------------------------------


@checkpoint_command.command("show")
@click.argument("checkpoint", metavar="ID")
@as_json
def show_command(checkpoint: str, as_json: bool) -> int:
    """Show all that a checkpoint holds. The beginning of its ID is enough."""
    row = comeback.one(app.paths().database, checkpoint)
    layout.out(layout.json_text(row) if as_json else _text(row, time.time()))
    return 0


def _text(row: Row, now: float) -> str:
    when = row["taken_at"] or row["asked_at"]
    lines = [
        ("checkpoint", row["id"]),
        ("when", f"{layout.stamp(when)} ({layout.span(now - when)} ago)"),
        ("stage", "" if row["stage"] == Stage.TAKEN else taking.stage(row, now)),
        ("why", ", ".join(row["reasons"])),
        ("note", row["note"]),
        ("session", row["name"] or ""),
        ("conversation", f"{row['conversation']}, {row['offset']} bytes of it"),
        ("directory", layout.short(row["directory"])),
        ("context", f"{row['tokens']} tokens" if row["tokens"] else ""),
        ("commit", " on ".join(filter(None, (row["head"], row["branch"])))),
        ("snapshot", row["snapshot"]),
        ("but", row["problem"] if row["stage"] == Stage.TAKEN else ""),
        *Recap.read(row["recap"]).pairs(),
    ]
    parts = [layout.pairs([(name, value) for name, value in lines if value])]
    if row["files"]:
        more = row["changed"] - len(row["files"])
        files = [f"  {change}  {layout.visible(path)}" for path, change, *_ in row["files"]]
        parts.append("\n".join(["files:", *files, *([f"  and {more} more"] if more > 0 else [])]))
    if row["snapshot"]:
        parts.append(f"To come back: tmuxclaude checkpoint restore {row['id']} --resume")
    return "\n\n".join(parts)


@checkpoint_command.command("diff")
@click.argument("checkpoint", metavar="ID")
@click.argument("other", metavar="[ID2|now]", default="now")
@as_json
def diff_command(checkpoint: str, other: str, as_json: bool) -> int:
    """Compare the work of a checkpoint with another, or with now."""
    database = app.paths().database
    before = comeback.one(database, checkpoint)
    after = None if other == "now" else comeback.one(database, other)
    found = comeback.difference(before, after, _home())
    if as_json:
        names = ("path", "became")
        files = [dict(zip(names, one, strict=True)) for one in found.files]
        layout.out(layout.json_text({"patch": found.patch, "files": files}))
        return 0
    shown = found.patch.splitlines() or [f"{became}: {path}" for path, became in found.files]
    for line in shown or ["No difference."]:
        layout.out(layout.visible(line))
    return 0


# -- coming back -----------------------------------------------------------------------------------


@checkpoint_command.command("restore")
@click.argument("checkpoint", metavar="ID")
@click.option("--to", metavar="DIR", help="A directory that is not there yet, or is empty.")
@click.option("--resume", is_flag=True, help="Open a session there, on a fork of the conversation.")
@click.option("--wait", "waits", is_flag=True, help="While limited: wait for the reset.")
@click.option("--force", is_flag=True, help="While limited: start all the same.")
@as_json
def restore_command(
    checkpoint: str, to: str | None, resume: bool, waits: bool, force: bool, as_json: bool
) -> int:
    """Put the work of a checkpoint into a new work tree of git.

    Nothing that is there now is changed. With --resume the conversation goes on in it, as a fork:
    the old one stays as it is, and knows nothing of the new.
    """
    choice = if_limited(waits, force)
    if choice and not resume:
        raise UsageError("--wait and --force go with --resume; nothing was made")
    if to == "":
        raise UsageError("--to needs a directory; nothing was made")
    paths = app.paths()
    row = comeback.one(paths.database, checkpoint)
    if resume:
        comeback.needs_transcript(row)
        app.check_tmux()
        app.find_claude(app.rules_in_force(paths)[0], os.environ)
    place = comeback.restore(row, to, _home())
    opened = _open(row, place, choice) if resume else None
    if as_json:
        session = layout.untagged(wire.plain(opened)) if opened is not None else None
        layout.out(layout.json_text({"directory": str(place), "session": session}))
        return 0
    lines = [("directory", layout.short(str(place)))]
    if opened is not None:
        lines += [("session", opened.name), *(("note", note) for note in opened.notes)]
        lines += [("go there", f"tmuxclaude attach {opened.name}")]
    lines += [("to remove it", f"git -C {_word(str(place))} worktree remove {_word(str(place))}")]
    layout.out(layout.pairs(lines))
    return 0


def _word(path: str) -> str:
    """A path as a word for the shell: short where nothing in it must be quoted, and in the quotes
    of bash, zsh and ksh where it holds what cannot be shown."""
    if not path.isprintable():
        shown = os.fsencode(path).decode("latin-1").encode("unicode_escape").decode()
        return "$'" + shown.replace("'", "\\'") + "'"
    return layout.short(path) if shlex.quote(path) == path else shlex.quote(path)


def _open(row: Row, place: Path, choice: wire.IfLimited) -> wire.Opened:
    """A session in the new work tree; what hinders it takes nothing of that away."""
    directory = str(comeback.working_directory(row, place))
    words = ["--resume", row["conversation"], "--fork-session"]
    config_dir = accounts.config_dir(row["account"])
    try:
        return open_session(directory, words, select=True, if_limited=choice, config_dir=config_dir)
    except TmuxclaudeError as problem:
        again = f"tmuxclaude new -c {shlex.quote(directory)} -- {' '.join(words)}"
        raise type(problem)(f"{place} is made, and no session opened: {problem}. {again}") from None


def _home() -> str:
    return os.environ.get("HOME") or str(Path.home())


# -- pruning ---------------------------------------------------------------------------------------


@checkpoint_command.command("prune")
@click.option("--older-than", "age", metavar="AGE", help="Such as 30d or 12h.")
@click.option("--keep", metavar="N", type=click.IntRange(1, 10_000), help="At least so many [1].")
@click.option("--gone", is_flag=True, help="Also those whose repository is gone for good.")
@click.option("--dry-run", is_flag=True, help="Only say which they are.")
@as_json
def prune_command(
    age: str | None, keep: int | None, gone: bool, dry_run: bool, as_json: bool
) -> int:
    """Drop checkpoints that are old. Of each conversation the newest N stay."""
    if age is None and keep is None:
        raise UsageError("say which: --older-than AGE, --keep N, or both; nothing was dropped")
    before = time.time() - length(age) if age is not None else None
    order = wire.PruneCheckpoints(before=before, keep=keep or 1, gone=gone, dry_run=dry_run)
    paths = app.paths()
    with app.connect(paths) as client:
        ids = client.ask(order, wire.CheckpointsDropped).ids
    left = _left(paths.database, ids, gone, 0.0 if dry_run else DROP_PATIENCE)
    away = [row for row in left if not gone and _away(row)]
    rest = [row["id"] for row in left if not dry_run and row not in away]
    stays = [row["id"] for row in away] + rest
    dropped = [one for one in ids if one not in stays]
    if as_json:
        layout.out(layout.json_text({"dropped": dropped, "left": stays, "dry_run": dry_run}))
    elif not ids:
        layout.out("There is nothing to drop.")
    else:
        done = f"{'Would drop' if dry_run else 'Dropped'} {len(dropped)}"
        layout.out(": ".join(filter(None, (done, " ".join(dropped)))))
    for row in away if not as_json else ():
        why = "is not there; --gone drops it all the same"
        layout.complain(f"{row['id']} stays: its repository {row['repository']} {why}")
    if rest and not as_json:
        layout.complain(f"still there: {' '.join(rest)}; the supervisor's log says why")
    return UnreachableError.exit_code if stays and not dry_run else 0


def _left(database: Path, ids: Sequence[str], gone: bool, seconds: float) -> list[Row]:
    """Those that are still there when all others are dropped, or after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        left = [row for row in comeback.rows(database) if row["id"] in ids]
        waits = any(gone or not _away(row) for row in left)
        if not waits or time.monotonic() >= until:
            return left
        time.sleep(taking.LOOK_SECONDS)


def _away(row: Row) -> bool:
    """Whether the repository that keeps its snapshot is not there: gone, moved, or unmounted."""
    return bool(row["snapshot"]) and not Path(row["repository"]).is_dir()
