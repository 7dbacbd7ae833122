"""conversations: what every conversation of every account is doing, whether we opened it or not."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from tmuxclaude import app
from tmuxclaude.cli import in_force, layout
from tmuxclaude.cli.opening import zone_name
from tmuxclaude.cli.options import Verb, as_json
from tmuxclaude.core import hours
from tmuxclaude.core.errors import UsageError
from tmuxclaude.edges.git import looks
from tmuxclaude.survey import overview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tmuxclaude.core.conversations import Conversation, Uncommitted

SINCE = "7d"

MUCH_BYTES = 50_000_000
"""From so many bytes on a scan takes long enough to show how far it has come."""

HEADS = (
    *("TITLE", "DIRECTORY", "SESSION", "LAST", "MESSAGES", "FILES", "UNCOMMITTED", "CONTEXT"),
    *("MODEL", "LIMITS", "CHECKPOINT", "ID"),
)
SHORT = {looks.NO_REPOSITORY.why: "no git", looks.GONE.why: "gone"}
"""Why nothing is known of a work tree, in a table."""

FITS = {
    "MODEL": layout.Fit(may_go=True),
    "LIMITS": layout.Fit(may_go=True),
    "ID": layout.Fit(9),  # enough for ``validate``
    "DIRECTORY": layout.Fit(12, middle=True),
    "TITLE": layout.Fit(12),
    "SESSION": layout.Fit(4, may_go=True),
    "CHECKPOINT": layout.Fit(may_go=True),
    "CONTEXT": layout.Fit(may_go=True),
    "FILES": layout.Fit(may_go=True),
    "MESSAGES": layout.Fit(may_go=True),
}


@click.command("conversations", cls=Verb)
@click.option("--all", "every", is_flag=True, help="However old they are.")
@click.option("--since", metavar="TIME", help=f"7d, 12h or 2026-03-01; {SINCE} by default.")
@click.option("--dir", "directory", metavar="DIR", help="Only those that began in DIR or below.")
@as_json
def conversations_command(
    every: bool, since: str | None, directory: str | None, as_json: bool
) -> int:
    """Show every conversation of Claude Code on this machine.

    What was said and done in it, when, and what is not committed. It reads Claude Code's
    transcripts, of every known account, and of them only what is new. It needs no supervisor.
    """
    if every and since is not None:
        raise UsageError("--all and --since contradict each other; give one of them")
    paths, now = app.paths(), time.time()
    after = None if every else hours.ago(since or SINCE, now, zone_name(os.environ))
    progress = Progress()
    try:
        found, problems = overview.look(
            paths, in_force.rules(), os.environ, after, directory, progress.tell
        )
    finally:
        progress.end()
    found = overview.with_work(found, os.environ.get("HOME", ""))
    if as_json:
        told = [{"path": path, "why": why} for path, why in problems.items()]
        data = {"conversations": [plain(one, now) for one in found], "problems": told}
        layout.out(layout.json_text(data))
        return 0
    layout.out(_text(found, now, layout.room()))
    complain(problems)
    return 0


class Progress:
    """Says on a terminal how far a long scan has come."""

    def __init__(self) -> None:
        self._bar: Any = None

    def tell(self, done: int, total: int) -> None:
        if self._bar is None:
            if total < MUCH_BYTES or not sys.stderr.isatty():
                return
            label = "reading transcripts"
            self._bar = click.progressbar(length=total, label=label, file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


def complain(problems: dict[str, str]) -> None:
    """Names what could not be read, on standard error."""
    for path, why in problems.items():
        layout.complain(f"{layout.short(path)}: {why}")


def called(one: Conversation) -> str:
    """What a conversation is called: its title, else how it began."""
    return one.activity.title or one.activity.first_prompt


def plain(one: Conversation, now: float) -> dict[str, Any]:
    """One conversation as ``--json`` shows it."""
    told, kept, work = one.activity, one.kept, one.uncommitted
    return {
        "id": one.transcript.conversation,
        "account": one.transcript.account,
        "path": one.transcript.path,
        "session": one.session or None,
        "title": told.title,
        "first_prompt": told.first_prompt,
        "directory": told.directory or None,
        "messages": {"user": told.prompts, "assistant": told.replies},
        "files": len(told.files),
        "files_since_checkpoint": told.files_since(one.since),
        "first_at": told.first_at,
        "last_at": told.last_at,
        "idle_minutes": None if told.last_at is None else max(0.0, now - told.last_at) / 60,
        "model": told.model or None,
        "context_tokens": told.tokens or None,
        "context_window": told.window if told.tokens else None,
        "context_share": told.context,
        "limits": told.limits,
        "uncommitted": work.files if work is not None else None,
        "uncommitted_why": work.why if work is not None else "",
        "checkpoint": None if kept is None else {"id": kept.id, "at": kept.at},
    }


def _text(found: Sequence[Conversation], now: float, room: int | None) -> str:
    if not found:
        return "No conversations; older ones: tmuxclaude conversations --all"
    return layout.table(HEADS, [_cells(one, now) for one in found], room, FITS)


def _cells(one: Conversation, now: float) -> tuple[str, ...]:
    told, kept = one.activity, one.kept
    files = str(len(told.files))
    if kept is not None:
        files = f"{told.files_since(one.since)} of {files}"
    idle = "" if told.last_at is None else f" ({layout.span(now - told.last_at)})"
    share = "" if told.context is None else f"{told.tokens / 1000:.0f}k {100 * told.context:.0f}%"
    return (
        layout.cut(layout.visible(called(one)), 40),
        layout.short(told.directory),
        one.session,
        f"{layout.moment(told.last_at, now)}{idle}",
        f"{told.prompts}/{told.replies}",
        files,
        _work(one.uncommitted),
        share,
        told.model,
        str(told.limits or ""),
        "" if kept is None else layout.moment(kept.at, now),
        one.transcript.conversation,
    )


def _work(known: Uncommitted | None) -> str:
    if known is None or known.files is None:
        return SHORT.get(known.why, "?") if known is not None else "?"
    return str(known.files) if known.files else "none"
